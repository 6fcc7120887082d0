"""Fields for a unit of measure: read and shown by its name, kept by its code."""

from collections.abc import Sequence
from typing import Any

from wtforms import StringField

from services.portal.pages import wording
from services.portal.pages.choices import labels
from services.portal.sheets.columns import unit_of
from shared.vocabulary.units import UNITS, is_counted_whole

_NAMES = "units"
"""The id of the list that every such field of a page is helped by; see `units` in parts.html."""


class UnitField(StringField):
    """A unit as its reader names it; `data` has its code, or what was typed where that is none."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, render_kw={"list": _NAMES}, **values)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take what was typed."""
        if valuelist:
            self.data = unit_of(valuelist[0])

    def _value(self) -> str:
        return wording.label(UNITS, self.data) if self.data else ""


def has_part_of_one(count: float | None, unit: str | None) -> bool:
    """Whether a number, as it is read from a field, has a part of what is counted whole; a unit of
    which nothing is known may have parts."""
    is_part = isinstance(count, float)
    return is_part and unit is not None and unit in UNITS and is_counted_whole(unit)


def unit_names() -> list[str]:
    """The names of the units, to be helped along while typing."""
    return [name for _code, name in labels(UNITS)]
