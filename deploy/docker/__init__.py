"""The container image, and how a container tells that it is healthy."""
