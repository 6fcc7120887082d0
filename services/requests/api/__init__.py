"""The HTTP API of the register of requests: a module a noun, HTTP in and out and nothing else."""
