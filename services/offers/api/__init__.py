"""The HTTP API of the register of offers: a module a noun, HTTP in and out and nothing else."""
