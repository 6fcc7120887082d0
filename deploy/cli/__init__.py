"""The command `entraide`."""
