"""Why nothing is committed: a code, by which it is said in a reader's language, and the words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.matcher.domain import SCALES

_AMOUNTS = ("pledged", "asked")


@dataclass(frozen=True)
class Refused:
    """Why a commitment is not made. As text it is the words.

    `line` is the line of the offer with what it is counted in, what was pledged of it and what was
    asked, as in the ledger, where more was asked than its donor pledged.
    """

    code: str
    words: str
    line: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        return self.words

    def data(self) -> dict[str, Any]:
        """As a commitment keeps it."""
        return {"code": self.code, **(self.line or {})}


def because_view(because: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What a commitment keeps of it, amounts in the line's unit; None where it keeps nothing."""
    return in_unit(because, _AMOUNTS) if because else None


def in_unit(kept: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What is kept of a line, with those of these amounts that it has in the line's unit: one of
    quantity, or a currency."""
    amounts = {name: kept[name] / SCALES[kept["measure"]] for name in names if name in kept}
    return {**kept, **amounts}
