"""Numbers as they stand in fields, in the reader's language."""

from services.portal.pages.wording import here
from services.portal.sheets import values
from shared.vocabulary.counts import number_text


def read_number(text: str) -> int | float | None:
    """A number as the reader's language writes it, or plainly; ValueError for anything else."""
    left = text.strip()
    if not left:
        return None
    found = values.read_number(left, here())
    return int(found) if found == found.to_integral_value() else float(found)


def shown_number(value: float | None) -> str:
    """A number as it stands in a field, to be read again by `read_number`; empty for none."""
    if value is None:
        return ""
    return number_text(value, here())
