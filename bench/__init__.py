"""Benchmarks: every figure beside its floor or its peers, in one run."""
