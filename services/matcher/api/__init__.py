"""The HTTP API of the matcher: a module a noun, HTTP in and out and nothing else."""
