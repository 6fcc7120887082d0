"""What of a record is material: whoever said no to it is asked again only when that changes.

Material is what a proposal, a duplicate or a coverage is judged by:

- a request's State; an offer's eligibility and the kinds of its conditions (not their order), its
  ceiling for one project; an activity's State;
- the lines, whatever their order and numbers: theme, kind, quantity, unit, amount, currency, and
  the window (the record's, where the line has none). An activity is one line. Of a record without
  lines: what its texts seem to describe, for the matcher serves it by that;
- of the texts: the set of concepts that the description names and the set that it rules out (the
  title's, where the description does neither), and half of the words or more.

Not material: a slip of the pen in a title or a description, another order of words, a translation,
a line numbered anew, priorities, confidentiality, objectives, evidence, partners, initiatives,
channel, points of contact, states (whether it is open is asked elsewhere), and a new way of reading
the same texts.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

MaterialSide = Literal["request", "offer", "activity"]

_SKETCHED = 24
_DIGITS = 8
_LEAST_ALIKE = 0.5


def material(side: MaterialSide, data: Mapping[str, Any]) -> str:
    """The digest of what is material in the data of a record's event; compare by `changed`.

    A printable text of at most 350 characters without any of the record's words, for keeping
    beside a decision; the same for the same data on every machine.
    """
    signature = data["signature"] or {}
    parts = [
        _digest([_PARTIES[side](data), _lines(side, data, signature)]),
        signature.get("method", ""),
        _digest([_concepts(signature, "concepts"), _concepts(signature, "excluded")]),
        signature.get("language", ""),
        _sketch(signature.get("terms", ())),
    ]
    return " ".join(parts)


def changed(before: str, after: str) -> bool:
    """Whether a record changed materially between two of its digests.

    Texts that were read by different methods are not compared, nor the words of two languages.
    """
    codes, method, concepts, language, words = before.split(" ")
    codes_now, method_now, concepts_now, language_now, words_now = after.split(" ")
    if codes != codes_now:
        return True
    if method != method_now:
        return not (method and method_now)  # with a text where there was none, or the reverse
    if concepts != concepts_now:
        return True
    return language == language_now and _alike(words, words_now) < _LEAST_ALIKE


def _request(data: Mapping[str, Any]) -> Any:
    return data["country"]


def _offer(data: Mapping[str, Any]) -> Any:
    eligible = data["eligibility"]
    return [
        [sorted(eligible[name]) for name in ("countries", "regions", "groups")],
        sorted({condition["kind"] for condition in data["conditions"]}),
        [data["ceiling_cents"], data["ceiling_currency"]],
    ]


_PARTIES = {"request": _request, "offer": _offer, "activity": _request}


def _lines(
    side: MaterialSide, data: Mapping[str, Any], signature: Mapping[str, Any]
) -> list[list[Any]]:
    if side == "activity":
        lines: Sequence[Mapping[str, Any]] = [data]
    else:
        lines = data["needs"] if side == "request" else data["provisions"]
    found = [
        [
            *(line["theme"], line["kind"]),
            *(_number(line.get("capacity", line.get("quantity"))), line["unit"]),
            *(line["amount_cents"], line["currency"]),
            _days(line.get("window") or data["window"]),
        ]
        for line in lines
    ]
    if not found:
        window = _days(data["window"])
        found = [
            [theme, kind, _number(quantity), unit, cents, currency, window]
            for theme, kind, _, quantity, unit, cents, currency in signature.get("lines", ())
        ]
    return sorted(found, key=json.dumps)


def _number(quantity: float | None) -> str | None:
    """4 and 4.0 are one quantity."""
    return None if quantity is None else str(Decimal(str(quantity)).normalize())


def _days(window: Mapping[str, str] | None) -> list[str] | None:
    return None if window is None else [window["from"], window["to"]]


def _concepts(signature: Mapping[str, Any], name: str) -> list[str]:
    """The concepts that a text names or rules out; a title counts where no other text does."""
    every = [*signature.get("concepts", ()), *signature.get("excluded", ())]
    only_title = all(field == "title" for _, field, *_ in every)
    mentions = signature.get(name, ())
    return sorted({concept for concept, field, *_ in mentions if only_title or field != "title"})


def _sketch(terms: Sequence[Sequence[Any]]) -> str:
    """The smallest hashes of the terms: a bottom-k sketch of the set (Cohen and Kaplan, 2007)."""
    hashes = sorted({term[:_DIGITS] for term, *_ in terms})
    return "".join(hashes[:_SKETCHED])


def _alike(one: str, other: str) -> float:
    """What the two sets have in common, as a part of both together (Jaccard), as estimated."""
    ones, others = _hashes(one), _hashes(other)
    lowest = sorted(ones | others)[:_SKETCHED]
    if not lowest:
        return 1.0
    return sum(hash_ in ones and hash_ in others for hash_ in lowest) / len(lowest)


def _hashes(sketch: str) -> set[str]:
    return {sketch[at : at + _DIGITS] for at in range(0, len(sketch), _DIGITS)}


def _digest(parts: Any) -> str:
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
