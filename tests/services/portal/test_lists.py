"""Lists as files: columns with HXL tags, rows of records, texts that are no formulas."""

import csv
import io
import json
import re
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest

from services.portal.lists.fields import Listing, Record
from services.portal.lists.files import CSV, JSONL, XLSX, pieces_of
from services.portal.lists.matching import MATCHING
from services.portal.lists.registers import PUBLIC, REGISTERS
from services.portal.sheets.reading import read_sheet
from shared.vocabulary import LANGUAGES

# Those of the core hashtags of HXL 1.1 that are used here.
HASHTAGS = frozenset(
    {
        *("access", "activity", "capacity", "channel", "country", "currency", "date"),
        *("description", "event", "group", "indicator", "meta", "modality", "org", "output"),
        *("region", "service", "sector", "severity", "status", "value"),
    }
)
TAG = re.compile(r"#([a-z][a-z0-9_]*)(\+[a-z][a-z0-9_]*)*")
EVERY = [
    *(pytest.param(one, id=name) for name, one in {**REGISTERS, **MATCHING}.items()),
    *(pytest.param(one, id=f"public-{name}") for name, one in PUBLIC.items()),
]
REQUEST = {
    "id": "r1",
    "country": "SEN",
    "title": "=1+1",
    "description": "@SUM(A1)",
    "language": "fr",
    "status": "circulated",
    "priority": "high",
    "window": {"from": "2026-01-01", "to": "2026-12-31"},
    "source_report": None,
    "partners": [],
    "needs": [
        {
            "line": 1,
            "theme": "marking",
            "kind": "equipment",
            "quantity": 6,
            "unit": "machine",
            "amount": 40000,
            "currency": "USD",
            "priority": None,
            "committed": {"quantity": 2, "amount": None, "whole": False},
        },
        {
            "line": 2,
            "theme": "marking",
            "kind": "training",
            "quantity": None,
            "unit": None,
            "amount": None,
            "currency": None,
            "priority": "low",
            "committed": {"quantity": 0, "amount": None, "whole": True},
        },
    ],
}


def content(
    listing: Listing, ending: str, records: Sequence[Record], language: str = "en"
) -> bytes:
    """The file of these records, without names that have to be looked up."""
    return b"".join(pieces_of(listing, ending, [records], lambda _: {}, language))


@pytest.mark.parametrize("listing", EVERY)
def test_columns_have_names_of_their_own_and_tags_of_the_standard(listing: Listing) -> None:
    tags = listing.tags()
    for language in LANGUAGES:
        header = listing.header(language)
        assert len(header) == len(tags)
        assert len(set(header)) == len(header), (language, sorted(header))
    assert len(set(tags)) == len(tags), sorted(tags)
    for tag in tags:
        found = TAG.fullmatch(tag)
        assert found is not None, tag
        assert found[1] in HASHTAGS, tag


def test_a_request_has_a_row_for_each_need_line_with_codes_and_names() -> None:
    rows = list(
        csv.reader(io.StringIO(content(REGISTERS["requests"], CSV, [REQUEST]).decode("utf-8-sig")))
    )
    header, tags, *lines = rows
    assert len(lines) == 2
    first = dict(zip(tags, lines[0], strict=True))
    assert (first["#country+v_iso3+code"], first["#country+v_iso3+name"]) == ("SEN", "Senegal")
    assert (first["#sector+code"], first["#sector+name"]) == ("marking", "Marking")
    assert (first["#status+code"], first["#status+name"]) == ("circulated", "Circulated")
    assert (first["#indicator+needed+num"], first["#indicator+committed+num"]) == ("6", "2")
    assert (first["#date+start"], first["#date+end"]) == ("2026-01-01", "2026-12-31")
    second = dict(zip(tags, lines[1], strict=True))
    assert (second["#severity+priority+code"], second["#severity+line+code"]) == ("high", "low")
    assert header[tags.index("#description+title")] == "Title"


def test_texts_are_no_formulas_in_any_table_and_whole_in_json_lines() -> None:
    listing = REGISTERS["requests"]
    text = content(listing, CSV, [REQUEST]).decode("utf-8-sig")
    assert "'=1+1" in text
    assert ",=1+1" not in text
    assert ",@SUM" not in text
    sheet = read_sheet(content(listing, XLSX, [REQUEST], "fr"))
    assert not sheet.formulas
    assert sheet.rows[1][listing.tags().index("#description+title")] == "=1+1"
    assert [json.loads(line) for line in content(listing, JSONL, [REQUEST]).splitlines()] == [
        REQUEST
    ]


def test_names_of_other_records_are_looked_up_once_a_page() -> None:
    proposal = {
        "id": "r1.o1",
        "request": "r1",
        "offer": "o1",
        "country": "SEN",
        "organisation": "org-1",
        "status": "proposed",
        "rank": 1,
        "score": 0.9,
        "modality": "south-south",
        "serves": [
            {"need": 1, "theme": "marking", "kind": "training"},
            {"need": 2, "theme": "marking", "kind": "equipment"},
        ],
        "reasons": [{"sentence": "It fits."}],
        "against": [],
    }
    asked = []

    def look(ids: object) -> dict[str, dict[str, Record]]:
        asked.append(ids)
        return {
            "organisations": {"org-1": {"name": "A fund"}},
            "requests": {"r1": {"title": "Ours"}},
        }

    listing = MATCHING["proposals"]
    text = b"".join(pieces_of(listing, CSV, [[proposal, proposal]], look, "en")).decode("utf-8-sig")
    _, tags, row, _ = csv.reader(io.StringIO(text))
    told = dict(zip(tags, row, strict=True))
    assert asked == [{"requests": {"r1"}, "offers": {"o1"}, "organisations": {"org-1"}}]
    assert told["#org+funder+name"] == "A fund"
    assert (told["#activity+request+name"], told["#activity+offer+name"]) == ("Ours", "")
    assert told["#service+code"] == "training; equipment"


def test_a_match_whose_lines_are_committed_wholly_is_still_about_them() -> None:
    line = {"side": "request", "line": 1, "theme": "tracing", "kind": "software", "committed": 1.0}
    promised = [line, {**line, "side": "offer"}]
    match = {"id": "r1.o1", "serves": [], "promised": promised, "status": "delivered"}
    (row,) = MATCHING["matches"].rows(match)
    assert (row["themes"], row["kinds"]) == (["tracing"], ["software"])


@pytest.mark.parametrize("ending", [CSV, JSONL, XLSX])
def test_a_long_list_takes_no_more_memory_than_a_page(ending: str) -> None:
    """Ten times the records take about the same: what is made is passed on, or is on disk."""

    def peak(pages: int) -> int:
        records: Iterator[Sequence[Record]] = (
            [{**REQUEST, "id": f"{n}"}] * 20 for n in range(pages)
        )
        tracemalloc.start()
        for _piece in pieces_of(REGISTERS["requests"], ending, records, lambda _: {}, "en"):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)  # what is imported and kept by the first is nobody's
    assert (
        peak(20) < 2 * peak(2) + 1_200_000
    )  # the file of an xlsx may take 1 MB before it is on disk
