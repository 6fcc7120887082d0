"""Gold sets as bodies for the APIs: the mapping, and errors by file, line and field."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet, format_field, read_set
from shared.ids import derived_id

REQUEST: dict[str, Any] = {
    "id": "R1",
    "country": "SEN",
    "language": "fr",
    "title": "Marquage",
    "description": "Quatre machines.",
    "needs": [
        {
            "line": 1,
            "theme": "marking",
            "kind": "equipment",
            "quantity": 4,
            "unit": "machines",
            "amount_usd": 168000,
        },
        {
            "line": 2,
            "theme": "marking",
            "kind": "training",
            "quantity": 24,
            "unit": "persons",
            "amount_usd": None,
        },
    ],
    "priority": "high",
    "window": {"from": "2026-07-01", "to": "2027-12-31"},
    "channel": "trust-fund",
}
OFFER: dict[str, Any] = {
    "id": "O1",
    "donor": "Agency A",
    "donor_type": "state",
    "donor_country": "JPN",
    "language": "en",
    "title": "Machines",
    "description": "We give machines.",
    "provisions": [
        {
            "line": 1,
            "theme": "marking",
            "kind": "equipment",
            "capacity": 5,
            "unit": "machines",
            "amount_usd": None,
        }
    ],
    "eligibility": {"countries": [], "regions": ["Western Africa"], "groups": ["LDC"]},
    "conditions": ["A room is provided."],
    "window": {"from": "2026-06-01", "to": "2028-12-31"},
}
ACTIVITY: dict[str, Any] = {
    "id": "A1",
    "country": "SEN",
    "provider": "Agency B",
    "language": "fr",
    "title": "Stage",
    "description": "Un stage.",
    "theme": "tracing",
    "kind": "training",
    "quantity": 24,
    "unit": "officiers",
    "amount_usd": 30000,
    "start": "2026-05-01",
    "end": "2027-03-31",
    "status": "ongoing",
}


def write(directory: Path, **files: list[Any]) -> Path:
    directory.mkdir(exist_ok=True)
    for name, rows in files.items():
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (directory / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return directory


@pytest.fixture
def gold(tmp_path: Path) -> GoldSet:
    directory = write(tmp_path / "set", requests=[REQUEST], offers=[OFFER], activities=[ACTIVITY])
    return read_set(directory)


def test_a_request_becomes_a_body_with_its_external_id(gold: GoldSet) -> None:
    (row,) = gold.requests
    assert row.id == derived_id("request", "SEN", "set", "R1")
    assert row.body["external_id"] == {"source": "set", "id": "R1"}
    assert row.body["needs"][0] == {
        "theme": "marking",
        "kind": "equipment",
        "quantity": 4,
        "unit": "machines",
        "amount": 168000,
        "currency": "USD",
    }
    assert row.body["needs"][1]["amount"] is None
    assert row.body["needs"][1]["currency"] is None
    kept = ("country", "language", "title", "description", "priority", "window", "channel")
    assert {name: row.body[name] for name in kept} == {name: REQUEST[name] for name in kept}


def test_an_offer_names_its_donor_as_an_organisation(gold: GoldSet) -> None:
    (row,) = gold.offers
    donor = next(o for o in gold.organisations if o.external == "Agency A")
    assert donor.body == {"name": "Agency A", "type": "state", "country": "JPN"}
    assert donor.id == derived_id("organisation", "set", "Agency A")
    assert row.body["organisation"] == donor.id
    assert row.id == derived_id("offer", donor.id, "set", "O1")
    assert row.body["eligibility"] == OFFER["eligibility"]
    assert [condition["text"] for condition in row.body["conditions"]] == ["A room is provided."]
    assert row.body["provisions"][0]["capacity"] == 5


def test_an_activity_has_a_window_and_its_provider(gold: GoldSet) -> None:
    (row,) = gold.activities
    assert row.id == derived_id("activity", "organisation", row.body["organisation"], "set", "A1")
    assert row.body["window"] == {"from": "2026-05-01", "to": "2027-03-31"}
    assert (row.body["amount"], row.body["currency"]) == (30000, "USD")
    assert row.body["status"] == "ongoing"
    assert "Agency B" in {organisation.external for organisation in gold.organisations}


def test_text_only_hides_lines_and_priority_and_keeps_the_rest(tmp_path: Path) -> None:
    directory = write(tmp_path / "set", requests=[REQUEST], offers=[OFFER])
    gold = read_set(directory, text_only=True)
    (request,), (offer,) = gold.requests, gold.offers
    assert request.body["needs"] == []
    assert request.body["priority"] is None
    assert request.body["window"] == REQUEST["window"]
    assert request.body["description"] == REQUEST["description"]
    assert offer.body["provisions"] == []
    assert offer.body["eligibility"] == OFFER["eligibility"]
    assert "marking" not in json.dumps([request.body, offer.body])


def without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{", "requests.jsonl:2: not JSON"),
        ("[]", "requests.jsonl:2: must be an object"),
        (without(REQUEST, "window"), "requests.jsonl:2: window: is missing"),
        (REQUEST | {"colour": 1}, "requests.jsonl:2: colour: is not a field of the format"),
        (REQUEST | {"needs": {}}, "requests.jsonl:2: needs: must be a list"),
        (REQUEST | {"needs": [1]}, "requests.jsonl:2: needs[0]: must be an object"),
        (
            REQUEST | {"needs": [without(REQUEST["needs"][0], "unit")]},
            "requests.jsonl:2: needs[0].unit: is missing",
        ),
        (
            REQUEST | {"needs": [REQUEST["needs"][1]]},
            "requests.jsonl:2: needs[0].line: must be 1: lines count from 1",
        ),
        (REQUEST | {"window": {"from": "2026-01-01"}}, "requests.jsonl:2: window.to: is missing"),
        (REQUEST | {"id": " "}, "requests.jsonl:2: id: must be a text that is not empty"),
        (REQUEST | {"id": "R0"}, "requests.jsonl:2: id: R0 was given on line 1 already"),
        ('{"id": NaN}', "requests.jsonl:2: not JSON: NaN is not a number"),
        ("[" * 100_000, "requests.jsonl:2: not JSON"),
    ],
)
def test_a_wrong_row_is_told_by_line_and_field_and_the_others_stay(
    tmp_path: Path, row: object, expected: str
) -> None:
    rows = [REQUEST | {"id": "R0"}, row, REQUEST | {"id": "R2"}]
    gold = read_set(write(tmp_path / "set", requests=rows))
    assert [str(error)[: len(expected)] for error in gold.errors] == [expected]
    assert [found.external for found in gold.requests] == ["R0", "R2"]


def test_a_donor_that_contradicts_itself_is_told(tmp_path: Path) -> None:
    offers = [OFFER, OFFER | {"id": "O2", "donor_type": "ngo"}]
    gold = read_set(write(tmp_path / "set", offers=offers))
    assert [(e.line, e.field) for e in gold.errors] == [(2, "donor_type, donor_country")]


def test_illustrative_is_accepted_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    rows = ["", REQUEST | {"illustrative": True}, "  "]
    gold = read_set(write(tmp_path / "set", requests=rows))
    assert gold.errors == ()
    assert len(gold.requests) == 1
    assert "illustrative" not in gold.requests[0].body


def test_an_empty_directory_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GoldSetError, match=r"has none of offers\.jsonl"):
        read_set(tmp_path)
    (tmp_path / "requests.jsonl").write_bytes(b"\n\xff\xfe")
    with pytest.raises(GoldSetError, match="cannot be read: line 2"):
        read_set(tmp_path)


def test_of_a_file_that_ends_in_the_middle_of_a_line_nothing_is_taken(tmp_path: Path) -> None:
    text = json.dumps(REQUEST | {"title": "é"}, ensure_ascii=False)
    for whole in (text, f"{text}\n"):
        (tmp_path / "requests.jsonl").write_text(whole, encoding="utf-8")
        assert len(read_set(tmp_path).requests) == 1
    half = f"{text}\n{text.replace('R1', 'R2')[:-9]}"
    (tmp_path / "requests.jsonl").write_text(half, encoding="utf-8")
    with pytest.raises(GoldSetError, match="ends in the middle of line 2"):
        read_set(tmp_path)
    cut = half[: half.rindex("é")].encode() + b"\xc3"
    (tmp_path / "requests.jsonl").write_bytes(cut)
    with pytest.raises(GoldSetError, match="line 2"):
        read_set(tmp_path)


@pytest.mark.parametrize(
    ("kind", "field", "expected"),
    [
        ("request", "needs[0].amount", "needs[0].amount_usd"),
        ("request", "needs[0].theme", "needs[0].theme"),
        ("request", "external_id.id", "id"),
        ("offer", "organisation", "donor"),
        ("offer", "conditions[2].text", "conditions[2]"),
        ("organisation", "country", "donor_country"),
        ("activity", "amount", "amount_usd"),
        ("activity", "window.from", "start"),
    ],
)
def test_a_services_field_is_told_by_the_formats_name(kind: Any, field: str, expected: str) -> None:
    assert format_field(kind, field) == expected


def test_the_examples_are_all_of_the_right_shape() -> None:
    gold = read_set(Path(__file__).parents[3] / "examples")
    assert gold.errors == ()
    assert gold.requests
    assert gold.offers
    assert gold.activities
