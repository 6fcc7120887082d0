"""Which lines a proposal is about: those that it promised, and those that it may serve still.

What is committed wholly is not among what a proposal `serves` any more, so neither pages nor
files read that alone of a match.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.lifecycle import GIVEN

Record = Mapping[str, Any]
_NUMBERS = {"request": "need", "offer": "provision"}


def promised_of(one: Record, side: str) -> list[Record]:
    """The lines of a side of which something is pledged or committed."""
    return [line for line in one.get("promised", ()) if line["side"] == side]


def committed_of(one: Record, side: str) -> list[Record]:
    """The lines of a side of which something is committed."""
    return [line for line in promised_of(one, side) if line["committed"]]


def may_serve(one: Record) -> list[Record]:
    """What a proposal may do beyond what is committed: nothing once all is delivered."""
    return [] if _is_given(one) else list(one["serves"])


def lines_of(one: Record, side: str) -> set[int]:
    """The numbers of the lines of a side that a proposal is about.

    Once all is delivered that is what was committed, whatever else was pledged.
    """
    told = committed_of(one, side) if _is_given(one) else promised_of(one, side)
    return {
        *(serving[_NUMBERS[side]] for serving in may_serve(one)),
        *(line["line"] for line in told),
    }


def concerned(one: Record) -> Iterator[Record]:
    """The need lines that a proposal is about, with theme and kind: what is committed first."""
    seen = set()
    for line in committed_of(one, "request"):
        if line["theme"] is not None:
            seen.add(line["line"])
            yield {**line, "need": line["line"]}
    yield from (serving for serving in may_serve(one) if serving["need"] not in seen)


def _is_given(one: Record) -> bool:
    return one.get("status") in GIVEN and bool(committed_of(one, "offer"))
