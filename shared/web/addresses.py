"""How long an address may be: what names many records does so in its query."""

from typing import Final

MOST_REQUEST_LINE: Final = 8190
"""Bytes of a request's first line that are read, the most that gunicorn can be told."""

MOST_ADDRESS: Final = MOST_REQUEST_LINE - 190
"""Bytes of an address without the host; what is left has room for the method and a language."""
