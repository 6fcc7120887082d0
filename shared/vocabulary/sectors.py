"""The OECD DAC (and IATI) sectors in and around small-arms control."""

from typing import Final

from shared.vocabulary.tables import read_table
from shared.vocabulary.terms import Term, Vocabulary, load_terms

SECTORS: Vocabulary[Term] = Vocabulary("sectors", load_terms("sectors.tsv"))

SALW_SECTOR = "15240"
"""The sector under which assistance in small-arms control is reported."""

_NEIGHBOURS: Final = {row["theme"]: row["sector"] for row in read_table("theme_sectors.tsv")}


def theme_sectors(theme: str) -> tuple[str, ...]:
    """The sectors that a theme is reported under: that of small arms, and its neighbour if any."""
    neighbour = _NEIGHBOURS.get(theme)
    return (SALW_SECTOR,) if neighbour is None else (SALW_SECTOR, neighbour)
