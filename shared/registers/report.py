"""The report of paragraph 40(p)(i): figures of what one service owns, with the records behind them.

A service tells facts; each is of one record, stands under codes (its theme, its region, its year …)
and counts for one figure. From these all groups are made (report_table.py), and what stands behind
a figure is found by the same rule that counted it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from marshmallow import fields, validate

from shared.vocabulary.countries import AREAS, country, groups, income_group
from shared.vocabulary.languages import LANGUAGES
from shared.vocabulary.lists import GROUPS, INCOME_GROUPS
from shared.vocabulary.themes import THEMES
from shared.web.paging import PageQuery
from shared.web.schemas import Code, StrictSchema

MODALITIES: Final = ("north-south", "south-south", "triangular", "multilateral", "north-north")
DIMENSIONS: Final = (
    *("theme", "region", "year", "report_year", "group", "income", "language", "modality"),
)
"""What figures are told by, beside all together."""
MOST_RECORDS: Final = 1_000
"""How many records behind a figure are told at once."""
NO_GROUP: Final = "none"
"""Code of States that are in none of the groups of countries."""
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
    limit = fields.Integer(
        load_default=MOST_RECORDS,
        validate=validate.Range(1, MOST_RECORDS),
        metadata={"description": "How many records at most."},
    )
    asked = {"figure": figure, "limit": limit}
    return type("ReportRecordsQuery", (ReportQuery, PageQuery), asked)


class ReportRecordsView(StrictSchema):
    """The ids of the records behind a figure, a page of them; `count` is of how many."""

    records = fields.List(fields.String(), required=True)
    count = fields.Integer(required=True)
    next = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The cursor of the next page; null on the last."},
    )


def place_codes(alpha3: str, now: datetime) -> dict[str, tuple[str, ...]]:
    """The region, the groups of countries and the income group of a State, on that day."""
    held = sorted(groups(alpha3, now.date()) & {term.code for term in GROUPS})
    income = income_group(alpha3, now.date())
    return {
        "region": (country(alpha3).area,),
        "group": tuple(held) or (NO_GROUP,),
        "income": () if income is None else (income,),
    }
