"""The register of requests: what States ask for, and where to write to them."""
