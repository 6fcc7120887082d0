"""What a record's texts seem to say: shown to those who see to it, confirmed by its author.

Both work on what `shared.language.read` inferred, in the form that inferred_lines.as_data gives it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from shared.language.contradictions import contradicting_kind, contradicting_theme
from shared.language.evidence import MOST_SPANS
from shared.language.measuring import LIKELY
from shared.registers.measures import amount_of
from shared.web.problems import FieldError, invalid

Inferred = Mapping[str, Any]
Measure = Literal["quantity", "capacity"]
View = dict[str, Any]


def inferred_view(inferred: Inferred, own: Sequence[Any], measure: Measure) -> View:
    """For an InferredView; facts that are hardly likely are left out.

    `own` are the record's stored lines, none of a draft's; `measure` is what a line's quantity is
    called.
    """
    facts = inferred["facts"]
    lines = inferred["lines"]
    return {
        "themes": [_coded(*told) for told in inferred["themes"]],
        "kinds": [_coded(*told) for told in inferred["kinds"]],
        "lines": [_line(i, line, inferred, own, measure) for i, line in enumerate(lines)],
        "quantities": _facts(facts["quantities"], _quantity),
        "amounts": _facts(facts["amounts"], _amount),
        "places": _facts(facts["places"], _place),
        "dates": _facts(facts["dates"], _dates),
        "contradictions": list(_contradictions(inferred, own)),
    }


def confirmed_lines(
    inferred: Inferred, chosen: Sequence[Mapping[str, Any]], measure: Measure
) -> list[dict[str, Any]]:
    """The inferred lines that loaded LineEdits choose, with what these change.

    As a line's schema loads them: theme, kind, the measure, unit, amount, currency and whatever
    else the edits have. A measure that an edit takes away takes its unit or currency along. Raises
    the 422 problem for a line that is not there or is chosen twice, and for measures cut in half.
    """
    lines = inferred["lines"]
    errors: list[FieldError] = []
    confirmed = []
    seen: set[int] = set()
    for place, edits in enumerate(chosen):
        index = edits["index"]
        if index >= len(lines):
            message = f"There is no inferred line {index}: there are {len(lines)}, from 0."
            errors.append(FieldError(f"lines[{place}].index", message, "unknown-line"))
            continue
        if index in seen:
            message = f"The inferred line {index} was sent twice."
            errors.append(FieldError(f"lines[{place}].index", message, "repeated-line"))
        seen.add(index)
        line = _edited(lines[index], edits, measure)
        errors.extend(_halves(line, measure, f"lines[{place}]"))
        confirmed.append(line)
    if errors:
        raise invalid(errors)
    return confirmed


def _edited(line: Sequence[Any], edits: Mapping[str, Any], measure: Measure) -> dict[str, Any]:
    theme, kind, _, quantity, unit, cents, currency, *_ = line
    edited = {
        "theme": theme,
        "kind": kind,
        measure: _decimal(quantity),
        "unit": unit,
        "amount": amount_of(cents),
        "currency": currency,
        **{name: value for name, value in edits.items() if name != "index"},
    }
    for whole, part in ((measure, "unit"), ("amount", "currency")):
        if edited[whole] is None and part not in edits:
            edited[part] = None
    return edited


def _halves(line: Mapping[str, Any], measure: Measure, field: str) -> Iterator[FieldError]:
    if line["unit"] is not None and line[measure] is None:
        yield FieldError(f"{field}.{measure}", "A unit needs a quantity.", "required")
    if line["amount"] is not None and line["currency"] is None:
        yield FieldError(f"{field}.currency", "An amount needs its currency.", "required")
    if line["currency"] is not None and line["amount"] is None:
        yield FieldError(f"{field}.amount", "A currency needs an amount.", "required")


def _line(
    index: int, line: Sequence[Any], inferred: Inferred, own: Sequence[Any], measure: Measure
) -> View:
    theme, kind, probability, quantity, unit, cents, currency, counted, paid = line
    same = (known.line for known in own if (known.theme, known.kind) == (theme, kind))
    return {
        "index": index,
        "inferred": True,
        "line": next(same, None),
        "theme": theme,
        "kind": kind,
        "probability": probability,
        measure: _decimal(quantity),
        "unit": unit,
        "amount": amount_of(cents),
        "currency": currency,
        "spans": [
            *_evidence("theme", theme, inferred["themes"]),
            *_evidence("kind", kind, inferred["kinds"]),
            *_source("quantity", counted),
            *_source("amount", paid),
        ],
    }


def _evidence(of: str, code: str, told: Sequence[Sequence[Any]]) -> Iterator[View]:
    for known, probability, spans in told:
        if known == code:
            for span in spans:
                yield {"of": of, **_span(*span), "probability": probability}


def _source(of: str, source: Sequence[Any] | None) -> Iterator[View]:
    if source is not None:
        *span, probability = source
        yield {"of": of, **_span(*span), "probability": probability}


def _coded(code: str, probability: float, spans: Sequence[Sequence[Any]]) -> View:
    return {
        "code": code,
        "probability": probability,
        "spans": [_span(*span) for span in spans],
    }


def _span(field: str, start: int, end: int) -> View:
    return {"field": field, "start": start, "end": end}


def _facts(rows: Sequence[Sequence[Any]], told: Callable[..., View]) -> list[View]:
    """Facts as `told` makes them, what is told more than once with all its places."""
    found: dict[tuple[Any, ...], View] = {}
    for *fact, field, start, end, probability in rows:
        if probability < LIKELY:
            continue
        view = found.setdefault(tuple(fact), {**told(*fact), "probability": 0.0, "spans": []})
        view["probability"] = max(view["probability"], probability)
        if len(view["spans"]) < MOST_SPANS:
            view["spans"].append(_span(field, start, end))
    return list(found.values())


def _quantity(value: float, unit: str | None) -> View:
    return {"quantity": Decimal(repr(value)), "unit": unit}


def _amount(cents: int, currency: str) -> View:
    return {"amount": amount_of(cents), "currency": currency}


def _place(code: str) -> View:
    return {"code": code}


def _dates(first: str, last: str) -> View:
    return {"from": date.fromisoformat(first), "to": date.fromisoformat(last)}


def _contradictions(inferred: Inferred, own: Sequence[Any]) -> Iterator[View]:
    themes = list(dict.fromkeys(line.theme for line in own))
    kinds = list(dict.fromkeys(line.kind for line in own))
    for of, coded, told, contradicting in (
        ("theme", themes, inferred["themes"], contradicting_theme),
        ("kind", kinds, inferred["kinds"], contradicting_kind),
    ):
        code = contradicting(coded, {known: probability for known, probability, _ in told})
        for known, probability, spans in told:
            if known == code:
                yield {"of": of, "coded": coded, **_coded(known, probability, spans)}


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))
