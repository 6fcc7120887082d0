"""The lists of what the matcher keeps: proposals, matches, commitments, cases, allocations."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.portal.catalogues import N_
from services.portal.lists.fields import (
    CHANGED,
    CURRENCY,
    DONOR,
    ID,
    KIND,
    MADE,
    OFFER,
    REQUEST,
    SCORE,
    STATE,
    STATUS,
    THEME,
    UNIT,
    Field,
    Listing,
    Record,
    Row,
    as_it_is,
    by_lines,
    coded,
    flat,
)
from services.portal.promised import concerned
from services.portal.sheets.columns import country_labels
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import PRIORITIES
from shared.vocabulary.themes import THEMES

_THEMES = coded("themes", N_("Theme"), "#sector", THEMES)
_KINDS = coded("kinds", N_("Kind of help"), "#service", KINDS)
_STATES = Field("states", N_("States"), "#country+v_iso3", country_labels)
_CASE = Field("status", N_("Where it stands"), "#status+code")
_WHY = Field("why", N_("Why"), "#description+reason")
_PRIORITY = coded("priority", N_("Priority"), "#severity+priority", PRIORITIES)
_QUANTITY = Field("quantity", N_("How many"), "#indicator+num")
_AMOUNT = Field("amount", N_("Amount"), "#value")
_PROPOSAL = Field("proposal", N_("Proposal"), "#activity+proposal+id")
_SIDE = Field("side", N_("Side"), "#meta+side+code")
_LINE = Field("line", N_("Line"), "#meta+line+num")
_MEASURED = (_QUANTITY, _AMOUNT, UNIT)


def _pair_rows(record: Record) -> list[Row]:
    """A proposal or a match: the themes and kinds that it is about, the sentences that explain
    it."""
    told = [*record.get("reasons", ()), *record.get("against", ())]
    lines = list(concerned(record))
    return [
        {
            **record,
            "themes": _distinct(lines, "theme"),
            "kinds": _distinct(lines, "kind"),
            "why": " ".join(one["sentence"] for one in told),
        }
    ]


def _duplicate_rows(record: Record) -> list[Row]:
    """A pair; titles are looked up where both are requests, or both offers."""
    ends = {end: record[end]["id"] for end in ("left", "right")}
    register = "request" if record["side"] == "request" else "offer"
    found = {f"{register}_{end}": id_ for end, id_ in ends.items()}
    return [{**record, **found, "why": _said(record["evidence"])}]


def _coverage_rows(record: Record) -> list[Row]:
    return [{**record, "why": _said(record["evidence"])}]


def _alliance_rows(record: Record) -> list[Row]:
    return [
        {
            **record,
            "requests": [one["request"] for one in record["members"] if one["request"]],
            "why": _said(record["common"]),
        }
    ]


def _unmet_rows(record: Record) -> list[Row]:
    measures = ("quantity", "amount", "unit")
    return [
        flat(
            record,
            **{name: ("unmet", name) for name in measures},
            **{f"open_{name}": ("open", name) for name in measures[:2]},
        )
    ]


def _distinct(lines: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(line[name] for line in lines))


def _said(evidence: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(one["sentence"] for one in evidence)


_lines = by_lines("lines", "line_")
_both = (REQUEST, OFFER, STATE, DONOR)

MATCHING = {
    "proposals": Listing(
        N_("Proposals"),
        "matcher",
        "/v1/proposals",
        (
            *(ID, *_both, STATUS),
            Field("rank", N_("Rank"), "#indicator+rank+num"),
            SCORE,
            Field("modality", N_("Form of cooperation"), "#modality+code"),
            *(_THEMES, _KINDS, _WHY),
        ),
        _pair_rows,
    ),
    "matches": Listing(
        N_("Matches"),
        "matcher",
        "/v1/matches",
        (
            *(ID, *_both, STATUS, _THEMES, _KINDS),
            Field("answer_by", N_("To be answered by"), "#date+due"),
            *(MADE, CHANGED),
        ),
        _pair_rows,
    ),
    "commitments": Listing(
        N_("Commitments"),
        "matcher",
        "/v1/commitments",
        (
            *(ID, _PROPOSAL, *_both, _CASE, _SIDE, _LINE),
            Field("measure", N_("Counted in"), "#meta+measure+code"),
            *_MEASURED,
            Field("expires_at", N_("Held until"), "#date+end"),
            *(MADE, CHANGED),
        ),
        _lines,
    ),
    "joinings": Listing(
        N_("Organisations that join"),
        "matcher",
        "/v1/joinings",
        (
            *(ID, _PROPOSAL, replace(DONOR, title=N_("Organisation"), tag="#org+partner")),
            Field("role", N_("Role"), "#org+role+code"),
            *(_CASE, Field("text", N_("Description"), "#description+text")),
        ),
        as_it_is,
    ),
    "duplicates": Listing(
        N_("Duplicates"),
        "matcher",
        "/v1/duplicates",
        (
            *(ID, _SIDE),
            *(
                replace(one, key=f"{one.key}_{end}", title=title, tag=f"{one.tag}+{end}")
                for one, end, title in (
                    (REQUEST, "left", N_("First request")),
                    (REQUEST, "right", N_("Second request")),
                    (OFFER, "left", N_("First offer")),
                    (OFFER, "right", N_("Second offer")),
                )
            ),
            *(_CASE, SCORE, _WHY, MADE, CHANGED),
        ),
        _duplicate_rows,
    ),
    "coverage": Listing(
        N_("Needs that assistance under way covers"),
        "matcher",
        "/v1/coverage",
        (
            *(ID, REQUEST, _LINE),
            Field("activity", N_("Activity"), "#activity+id"),
            *(STATE, DONOR, _CASE, SCORE),
            Field("part", N_("Part of the line"), "#indicator+share+num"),
            *(*_MEASURED, _WHY, MADE, CHANGED),
        ),
        _coverage_rows,
    ),
    "alliances": Listing(
        N_("Joint projects"),
        "matcher",
        "/v1/alliances",
        (
            *(ID, _STATES, replace(REQUEST, key="requests", title=N_("Requests"))),
            *(_CASE, _WHY, MADE, CHANGED),
        ),
        _alliance_rows,
    ),
    "applications": Listing(
        N_("Applications to calls"),
        "matcher",
        "/v1/applications",
        (
            *(ID, Field("call", N_("Call"), "#meta+call+id"), DONOR, _CASE),
            *(_STATES, REQUEST, _LINE, THEME, KIND, _QUANTITY, UNIT, _AMOUNT, CURRENCY),
            *(MADE, CHANGED),
        ),
        _lines,
    ),
    "embargoes": Listing(
        N_("Embargoes"),
        "matcher",
        "/v1/embargoes",
        (
            *(ID, STATE, Field("resolution", N_("Resolution"), "#meta+source"), _CASE),
            Field("in_force", N_("In force today"), "#indicator+in_force"),
            coded("allowed", N_("Kinds of help that are allowed"), "#service+allowed", KINDS),
            Field("from", N_("First day"), "#date+start"),
            Field("to", N_("Last day"), "#date+end"),
            *(Field("stated_on", N_("As of"), "#date+stated"), MADE, CHANGED),
        ),
        as_it_is,
    ),
    "allocated": Listing(
        N_("Commitments that an allocation proposes"),
        "matcher",
        "/v1/allocations/{}/commitments",
        (*(_PROPOSAL, *_both, _PRIORITY, _SIDE, _LINE), *_MEASURED),
        _lines,
    ),
    "unmet": Listing(
        N_("Needs that an allocation leaves open"),
        "matcher",
        "/v1/allocations/{}/unmet",
        (
            *(REQUEST, _LINE, STATE, _PRIORITY, *_MEASURED),
            Field("open_quantity", N_("Open, how many"), "#indicator+open+num"),
            Field("open_amount", N_("Open, amount"), "#value+open"),
            Field("sentence", N_("Why"), "#description+reason"),
        ),
        _unmet_rows,
    ),
    "trail": Listing(
        N_("Audit trail"),
        "",
        "/v1/audit/{}",
        (
            Field("number", N_("Line"), "#meta+line+num"),
            Field("at", N_("When"), "#date"),
            Field("what", N_("What"), "#event+type+code"),
            Field("action", N_("Step"), "#event+code"),
            Field("source", N_("Before"), "#status+before+code"),
            Field("target", N_("After"), "#status+after+code"),
            Field("role", N_("Role"), "#meta+role+code"),
            Field("party", N_("For whom"), "#org+id"),
            Field("subject", N_("Account"), "#meta+account+id"),
            Field("reason", N_("Why"), "#description+reason"),
        ),
        as_it_is,
    ),
}
"""The matcher's lists, each as its reader may see it; of the trail the service is to be said."""
