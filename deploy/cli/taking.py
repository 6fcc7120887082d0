"""Rows that a service would refuse for their form, taken all the same by the engine.

It reads whatever text there is and bounds its own work, so texts are taken whole, and what a line
or a tag does not tell is taken as not told. Nothing is taken silently. What the format has no
meaning for (an unknown code, State or day) stays refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import marshmallow as ma

from deploy.cli.goldformat import RowError
from deploy.cli.goldset import Body, GoldSet, Row, format_field
from shared.registers.schemas import MAX_DESCRIPTION, MAX_LINES, MAX_TITLE, MAX_UNIT
from shared.vocabulary import LANGUAGES
from shared.web.schemas import NO_CHARACTERS, Amount, Quantity, Text

_TEXTS = {
    "title": Text(MAX_TITLE, single_line=True, required=True),
    "description": Text(MAX_DESCRIPTION, required=True),
}
_CONDITION = Text(2_000, required=True)
_UNIT = Text(MAX_UNIT, single_line=True, allow_none=True)
_QUANTITY, _AMOUNT = Quantity(allow_none=True), Amount(allow_none=True)
_LINES = {"request": ("needs", "quantity"), "offer": ("provisions", "capacity")}
_STANDS_FOR = "-"


@dataclass
class _Taking:
    """One row, and what was odd in it."""

    row: Row
    told: list[RowError] = field(default_factory=list)

    def tell(self, name: str, what: str) -> None:
        """Keep what is odd with a field of the body, by the format's own name."""
        named = format_field(self.row.kind, name)
        self.told.append(RowError(self.row.file, self.row.line, named, what))


def taken(gold: GoldSet) -> tuple[GoldSet, tuple[RowError, ...]]:
    """The set as the engine takes it, and what was odd in it: nothing in a set that services take.

    Bodies that cannot be taken stay as they are.
    """
    told: list[RowError] = []

    def rows(some: Sequence[Row]) -> tuple[Row, ...]:
        found = []
        for row in some:
            taking = _Taking(row)
            found.append(replace(row, body=_body(taking)))
            told.extend(taking.told)
        return tuple(found)

    changed = replace(
        gold,
        offers=rows(gold.offers),
        activities=rows(gold.activities),
        requests=rows(gold.requests),
    )
    return changed, tuple(told)


def loaded(schema: ma.Schema, body: Mapping[str, Any]) -> dict[str, Any]:
    """A body as its schema loads it, title and description as they are where it would refuse them.

    ValidationError for all else that the schema refuses.
    """
    texts = {
        name: body[name]
        for name, form in _TEXTS.items()
        if isinstance(body.get(name), str) and not _is_taken(form, body[name])
    }
    payload: dict[str, Any] = schema.load({**body, **dict.fromkeys(texts, _STANDS_FOR)})
    return payload | texts


def _body(taking: _Taking) -> Body:
    body = dict(taking.row.body)
    for name, form in _TEXTS.items():
        body[name] = _text(taking, name, form, body[name])
    if body["language"] is not None and body["language"] not in LANGUAGES:
        taking.tell("language", "is none of the six languages: the text is to tell")
        body["language"] = None
    if "conditions" in body:
        body["conditions"] = list(_conditions(taking, body["conditions"]))
    if taking.row.kind not in _LINES:
        return _line(taking, "", "quantity", body)
    name, measure = _LINES[taking.row.kind]
    if len(body[name]) > MAX_LINES:
        taking.tell(name, f"has more than {MAX_LINES} lines: the first ones are taken")
    lines = enumerate(body[name][:MAX_LINES])
    body[name] = [_line(taking, f"{name}[{at}].", measure, line) for at, line in lines]
    return body


def _text(taking: _Taking, name: str, form: Text, value: Any) -> Any:
    """A text without what is no character, as long as it is; empty where nothing is left."""
    if value is None:
        taking.tell(name, "is null: taken as empty")
        return ""
    if not isinstance(value, str) or _is_taken(form, value):
        return value
    plain = NO_CHARACTERS.sub("", value)
    if plain != value:
        taking.tell(name, "has characters that are none: taken without them")
    whole = Text(2 * len(plain) + 1, single_line=form.single_line, allow_none=True)
    text: str = whole.deserialize(plain) or ""
    if not text:
        taking.tell(name, "is blank: taken as empty")
    elif len(text) > form.max_length:
        taking.tell(name, f"has more than {form.max_length} characters: taken whole")
    return text


def _conditions(taking: _Taking, conditions: Sequence[Body]) -> Iterator[Body]:
    for at, condition in enumerate(conditions):
        text = _text(taking, f"conditions[{at}].text", _CONDITION, condition["text"])
        if text:
            yield {**condition, "text": text[: _CONDITION.max_length]}


def _line(taking: _Taking, path: str, measure: str, line: Mapping[str, Any]) -> Body:
    """A line with what it does not tell in numbers left out."""
    quantity = _number(taking, path + measure, _QUANTITY, line[measure])
    unit, amount = line["unit"], _number(taking, f"{path}amount", _AMOUNT, line["amount"])
    if not _is_taken(_UNIT, unit):
        taking.tell(f"{path}unit", "is no name of a unit: passed over")
        unit = None
    elif unit is not None and quantity is None:
        taking.tell(f"{path}unit", "has no quantity: passed over")
        unit = None
    currency = None if amount is None else line["currency"]
    return {**line, measure: quantity, "unit": unit, "amount": amount, "currency": currency}


def _number(taking: _Taking, name: str, form: Quantity | Amount, value: Any) -> Any:
    if _is_taken(form, value):
        return value
    if isinstance(value, float) and _is_taken(form, rounded := round(value, form.places)):
        taking.tell(name, f"has more than {form.places} decimals: taken as {rounded}")
        return rounded
    taking.tell(name, "is no number that can be counted with: taken as not stated")
    return None


def _is_taken(form: ma.fields.Field[Any], value: Any) -> bool:
    try:
        form.deserialize(value)
    except ma.ValidationError:
        return False
    return True
