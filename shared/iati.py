"""What the register writes into IATI files of its own, and reads in those of others of its kind.

The standard lets a publisher add vocabularies of its own: code 99, with an address that tells them
apart. These hold what no code of the standard tells.
"""

from typing import Final

OWN: Final = "99"
"""The standard's code for a publisher's own vocabulary (of tags, sectors, results, indicators)."""

THEME: Final = "urn:entraide:theme"
KIND: Final = "urn:entraide:kind"
MODALITY: Final = "urn:entraide:modality"
REQUEST_LANGUAGE: Final = "urn:entraide:language-of-request"
YEAR: Final = "urn:entraide:year-of-commitment"
FIGURE: Final = "urn:entraide:report-figure"
"""Addresses of the vocabularies: of tags (and sectors), the last one of indicators."""

MATCH: Final = "A1"
"""The type of the other-identifier that holds a match's id: the reporting organisation's own."""
