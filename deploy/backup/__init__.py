"""Backups of what the services hold, and bringing them back."""
