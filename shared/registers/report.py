"""The report of paragraph 40(p)(i): figures of what one service owns, with the records behind them.

A service tells facts; each is of one record, stands under codes (its theme, its region, its year …)
and counts for one figure. From these all groups are made in one pass, and what stands behind a
figure is found by the same rule that counted it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median, quantiles
from typing import Any, Final, Literal, NamedTuple

from marshmallow import fields, validate

from shared.vocabulary.countries import AREAS, country, groups, income_group
from shared.vocabulary.languages import LANGUAGES
from shared.vocabulary.lists import GROUPS, INCOME_GROUPS
from shared.vocabulary.themes import THEMES
from shared.web.schemas import Code, StrictSchema

MODALITIES: Final = ("north-south", "south-south", "triangular", "multilateral", "north-north")
DIMENSIONS: Final = (
    *("theme", "region", "year", "report_year", "group", "income", "language", "modality"),
)
"""What figures are told by, beside all together."""
NO_GROUP: Final = "none"
"""Code of States that are in none of the groups of countries."""
FEW: Final = 5
"""Of fewer values no quartiles are told: they would say little."""
MOST_RECORDS: Final = 1_000

Form = Literal["share", "sum", "spread"]
Codes = Mapping[str, Sequence[str]]


class Fact(NamedTuple):
    """What one record adds to a figure: `part` of `whole`, or a value where there is no whole."""

    figure: str
    record: str
    codes: Codes
    part: float
    whole: float | None = None


class ReportQuery(StrictSchema):
    """Which facts count. All conditions must hold; of what knows no such code none does."""

    theme = Code(THEMES, retired=True, load_default=None)
    region = Code(AREAS, retired=True, load_default=None)
    year = fields.Integer(load_default=None, validate=validate.Range(2000, 2200))
    report_year = fields.Integer(
        load_default=None,
        validate=validate.Range(2000, 2200),
        metadata={"description": "The year of the national report that a request is taken from."},
    )
    group = fields.String(
        load_default=None,
        validate=validate.OneOf([*(term.code for term in GROUPS), NO_GROUP]),
        metadata={"description": "A group of countries; `none`: States that are in none of them."},
    )
    income = Code(
        INCOME_GROUPS,
        retired=True,
        load_default=None,
        metadata={"description": "The World Bank's group by income a head, of today."},
    )
    language = fields.String(load_default=None, validate=validate.OneOf(LANGUAGES))
    modality = fields.String(load_default=None, validate=validate.OneOf(MODALITIES))


class FigureView(StrictSchema):
    """A figure: a share (`part` of `whole`), a sum, or the median and quartiles of a spread.

    `count` is how many facts it is made of. Quartiles are null of fewer than five. Money is US
    dollars at the rates of today.
    """

    name = fields.String(required=True)
    form = fields.String(required=True, validate=validate.OneOf(("share", "sum", "spread")))
    value = fields.Float(required=True, allow_none=True)
    part = fields.Float(required=True, allow_none=True)
    whole = fields.Float(required=True, allow_none=True)
    lower = fields.Float(required=True, allow_none=True)
    upper = fields.Float(required=True, allow_none=True)
    count = fields.Integer(required=True)


class ReportGroupView(StrictSchema):
    """The figures of what stands under one code; `by` is null for all together."""

    by = fields.String(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    figures = fields.List(fields.Nested(FigureView), required=True)


class ReportView(StrictSchema):
    """A service's figures, all together and by each code of each dimension that it knows."""

    as_of = fields.AwareDateTime(format="iso", required=True)
    groups = fields.List(fields.Nested(ReportGroupView), required=True)


def records_query(forms: Mapping[str, Form]) -> type[ReportQuery]:
    """The schema of a question for the records behind one figure of those that a service tells."""
    figure = fields.String(required=True, validate=validate.OneOf([*forms]))
    return type("ReportRecordsQuery", (ReportQuery,), {"figure": figure})


class ReportRecordsView(StrictSchema):
    """The ids of the records behind a figure, at most a thousand; `count` is of how many."""

    records = fields.List(fields.String(), required=True)
    count = fields.Integer(required=True)


def place_codes(alpha3: str, now: datetime) -> dict[str, tuple[str, ...]]:
    """The region, the groups of countries and the income group of a State, on that day."""
    held = sorted(groups(alpha3, now.date()) & {term.code for term in GROUPS})
    income = income_group(alpha3, now.date())
    return {
        "region": (country(alpha3).area,),
        "group": tuple(held) or (NO_GROUP,),
        "income": () if income is None else (income,),
    }


def asked_for(facts: Iterable[Fact], args: Mapping[str, Any]) -> Iterator[Fact]:
    """The facts for which the conditions of a `ReportQuery` hold."""
    wanted = {name: str(args[name]) for name in DIMENSIONS if args.get(name) is not None}
    for fact in facts:
        if all(code in fact.codes.get(name, ()) for name, code in wanted.items()):
            yield fact


def report(forms: Mapping[str, Form], facts: Iterable[Fact], now: datetime) -> dict[str, Any]:
    """A `ReportView` of the facts; `forms` names the figures in their order."""
    held: dict[tuple[str | None, str | None], dict[str, list[Fact]]] = defaultdict(
        lambda: defaultdict(list)
    )
    held[None, None] = defaultdict(list)
    for fact in facts:
        held[None, None][fact.figure].append(fact)
        for by, codes in fact.codes.items():
            for code in codes:
                held[by, code][fact.figure].append(fact)
    order = (None, *DIMENSIONS)
    keys = sorted(held, key=lambda key: (order.index(key[0]), key[1] or ""))
    return {
        "as_of": now,
        "groups": [
            {
                "by": by,
                "code": code,
                "figures": [
                    _figure(name, form, held[by, code][name])
                    for name, form in forms.items()
                    if by is None or held[by, code].get(name)
                ],
            }
            for by, code in keys
        ],
    }


def records_behind(facts: Iterable[Fact], figure: str) -> dict[str, Any]:
    """A `ReportRecordsView` of the facts of a figure."""
    found = sorted({fact.record for fact in facts if fact.figure == figure})
    return {"records": found[:MOST_RECORDS], "count": len(found)}


def _figure(name: str, form: Form, facts: Sequence[Fact]) -> dict[str, Any]:
    part = whole = value = lower = upper = None
    if form == "spread":
        values = [fact.part for fact in facts]
        value = round(median(values), 1) if values else None
        if len(values) >= FEW:
            lower, _, upper = (round(one, 1) for one in quantiles(values, n=4, method="inclusive"))
    else:
        part = round(sum(fact.part for fact in facts), 4)
        value = part
    if form == "share":
        whole = round(sum(fact.whole or 0 for fact in facts), 4)
        value = round(part / whole, 4) if whole and part is not None else None
    told = {"value": value, "part": part, "whole": whole, "lower": lower, "upper": upper}
    return {"name": name, "form": form, **told, "count": len(facts)}
