"""The embedded stack: broker, database, services and workers on one machine's loopback."""
