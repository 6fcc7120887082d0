"""Committed matches as IATI: valid by the standard's schemas, and read back without loss, by
another library and by another installation of our own, whose report then counts the same."""

# ruff: noqa: F401, F811 (fixtures of the matcher are used by their names)
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import mongoengine
import pytest
from okfn_iati import IatiMultiCsvConverter
from okfn_iati.iati_schema_validator import IatiValidator

from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.life_documents import Report, ToldLine
from services.offers.app import create_app as offers_app
from services.offers.documents import AssistanceOffer
from services.portal.iati.activities import Records, activity_of
from services.portal.iati.elements import plain, shares
from services.portal.iati.files import PATH, NothingError, pieces
from shared.registers.match_figures import MATCH_FIGURES
from shared.settings import Settings
from tests.services.matcher.conftest import (
    api_clock,
    api_settings,
    app,
    call,
    clock,
    coordinator,
    database,
    world,
)
from tests.services.matcher.records import need, request_event
from tests.services.matcher.test_report import small_world
from tests.services.matcher.world import Caller, World
from tests.services.offers.conftest import Caller as OffersCaller

NOW = datetime(2026, 11, 27, tzinfo=UTC)
ORGANISATIONS = {
    "ghana": {"name": "Ghana (illustrative)", "type": "state"},
    "germany": {"name": "Germany (illustrative)", "type": "state"},
    "brazil": {"name": "Brazil (illustrative)", "type": "state"},
}
OBJECTIVES = [
    {"text": "Mark", "indicator": "Share marked", "baseline": "0", "target": "95.5", "date": None},
    {"text": "Trace", "indicator": None, "baseline": "none", "target": "all", "date": "2027-12-31"},
]
NEED = {"line": 1, "confidential": False, "objectives": [OBJECTIVES[1]]}
REQUEST = {
    "title": "Marking =1+1 \x0b\ud800<b>",
    "description": "Machines that mark & \x00trace. Illustrative.",
    "language": "fr",
    "window": {"from": "2026-01-01", "to": "2026-02-01"},
    "objectives": [OBJECTIVES[0]],
    "needs": [NEED],
}


@dataclass
class Told:
    """What one reader of the matcher is told, and of some requests the text."""

    caller: Caller
    limit: int = 2
    confidential: bool = False

    def page(self, cursor: str | None) -> Mapping[str, Any]:
        query = {"limit": self.limit, "confidential": self.confidential}
        more = {} if cursor is None else {"cursor": cursor}
        answer = self.caller.get(PATH, **query, **more)
        assert answer.status_code == 200, answer.json
        found: Mapping[str, Any] = answer.json
        return found

    def find(
        self, requests: Sequence[str], offers: Sequence[str], organisations: Sequence[str]
    ) -> Mapping[str, Mapping[str, Any]]:
        offered = {"title": "Funds for marking", "description": "Illustrative.", "language": None}
        return {
            "requests": {id_: REQUEST for id_ in requests if id_ == "r"},
            "offers": dict.fromkeys(offers, offered),
            "organisations": ORGANISATIONS,
        }

    def file(self, own: str | None = None) -> str:
        return b"".join(pieces(self, NOW, own=own)).decode()


@pytest.fixture
def rich_world(small_world: World) -> World:
    """Two matches have more: one was paid in parts, one gave machines; they are allies."""
    match = Match.objects(id="r.germany").first()
    for day, cents in (("2026-03-01", 40_000), ("2026-04-01", 100_000)):
        line = ToldLine(line=1, measure="money", unit="USD", amount=cents)
        told = {"side": "donor", "up_to": day, "at": NOW, "subject": "x", "lines": [line]}
        match.reports.append(Report(**told))
    match.save()
    for id_ in ("r.ghana", "s.un"):
        held = Commitment.objects(id=f"{id_}.c").first()
        held.alliance = "an-alliance"
        if id_ == "r.ghana":
            machines = {"measure": "quantity", "unit": "machine", "amount": 3_500, "line": 2}
            held.lines = [CommitmentLine(side="offer", record="ghana", **machines)]
        held.save()
    return small_world


def told_of(xml: str) -> dict[str, Element]:
    root = fromstring(xml)
    return {str(one.findtext("iati-identifier")): one for one in root.findall("iati-activity")}


def attributes(activity: Element, path: str, *names: str) -> list[tuple[str | None, ...]]:
    return [tuple(one.get(name) for name in names) for one in activity.findall(path)]


@pytest.mark.usefixtures("rich_world")
def test_a_file_is_valid_and_holds_what_the_match_is(coordinator: Caller) -> None:
    xml = Told(coordinator).file()
    assert IatiValidator().validate(xml) == (True, {"schema_errors": [], "ruleset_errors": []})
    found = told_of(xml)
    assert set(found) == {"ghana-r.ghana", "germany-r.germany", "brazil-s.brazil", "un-s.un"}
    paid = found["germany-r.germany"]
    assert paid.findtext("title/narrative") == "Marking =1+1 <b>"
    assert attributes(paid, "reporting-org", "ref", "secondary-reporter") == [("germany", "1")]
    roles = attributes(paid, "participating-org", "ref", "role")
    assert {("germany", "1"), ("SEN", "2"), ("germany", "3")} <= set(roles)
    assert attributes(paid, "recipient-country", "code", "percentage") == [("SN", "100")]
    assert attributes(paid, "activity-status", "code") == [("3",)]
    money = [
        (one.find("transaction-type").get("code"), one.find("value").get("currency"), amount)
        for one in paid.findall("transaction")
        if (amount := one.findtext("value"))
    ]
    assert money[0] == ("2", "USD", "1000")
    assert sorted(amount for _, _, amount in money[1:]) == ["400", "600"]
    # Who pays for a neighbour's know-how stands in the neighbour's activity too.
    know_how = found["ghana-r.ghana"]
    incoming = [
        one.find("provider-org").get("provider-activity-id")
        for one in know_how.findall("transaction")
        if one.find("transaction-type").get("code") == "11"
    ]
    assert incoming == ["germany-r.germany"]
    refs = attributes(know_how, "related-activity", "ref")
    assert refs == [("germany-r.germany",), ("un-s.un",)]
    titles = [one.findtext("narrative") for one in know_how.findall("result/indicator/title")]
    assert titles[:3] == ["Share marked", "Trace", "machine (line 2 of the offer)"]
    targets = attributes(know_how, "result/indicator/period/target", "value")
    assert targets[:3] == [("95.5",), (None,), ("3.5",)]
    own = told_of(Told(coordinator).file(own="germany"))["germany-r.germany"]
    assert own.find("reporting-org").get("secondary-reporter") is None


def test_what_was_confidential_is_there_only_for_who_may_see_it_and_asks(
    rich_world: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    secret = need(1, confidential=True)
    rich_world.hears([request_event("s", country="JAM", needs=[secret], number=2)])
    donor = call("donor", organisation="un")
    assert set(told_of(Told(coordinator).file())) == {"ghana-r.ghana", "germany-r.germany"}
    assert "un-s.un" in told_of(Told(coordinator, confidential=True).file())
    # Its own donor sees none of that line, and so none of the match that is for it alone.
    assert Told(donor, confidential=True).page(None)["items"] == []
    with pytest.raises(NothingError):
        Told(donor).file()
    with pytest.raises(NothingError):
        Told(call("donor", organisation="nobody")).file()
    state = told_of(Told(call("requester", state="SEN")).file())
    assert set(state) == {"ghana-r.ghana", "germany-r.germany"}


@pytest.mark.usefixtures("rich_world")
def test_another_library_reads_it_back_without_loss(coordinator: Caller, tmp_path: Any) -> None:
    path, folder, back = tmp_path / "a.xml", tmp_path / "csv", tmp_path / "b.xml"
    path.write_text(Told(coordinator).file())
    converter = IatiMultiCsvConverter()
    assert converter.xml_to_csv_folder(path, folder)
    assert converter.csv_folder_to_xml(folder, back)
    # Related activities and tags have no place in its tables.
    before, after = told_of(path.read_text()), told_of(back.read_text())
    assert set(before) == set(after)
    for id_, one in before.items():
        for element in ("transaction", "result/indicator", "participating-org"):
            assert len(one.findall(element)) == len(after[id_].findall(element)), (id_, element)
        for path_, names in (
            ("transaction/value", ("currency", "value-date")),
            ("activity-date", ("type", "iso-date")),
            ("activity-status", ("code",)),
            ("recipient-country", ("code",)),
            ("result/indicator/period/actual", ("value",)),
        ):
            kept = sorted(map(str, attributes(one, path_, *names)))
            assert kept == sorted(map(str, attributes(after[id_], path_, *names))), (id_, path_)
        amounts = [float(value.text or "") for value in one.findall("transaction/value")]
        again = [float(value.text or "") for value in after[id_].findall("transaction/value")]
        assert sorted(amounts) == sorted(again)


def of_matches(answer: Any) -> dict[Any, Any]:
    """The figures that matches are counted for, by group and name."""
    assert answer.status_code == 200, answer.json
    return {
        (group["by"], group["code"], one["name"]): one
        for group in answer.json["groups"]
        for one in group["figures"]
        if one["name"] in MATCH_FIGURES
    }


@pytest.fixture
def elsewhere(
    api_settings: Settings, token: Callable[..., dict[str, str]]
) -> Iterator[Callable[..., Callable[..., OffersCaller]]]:
    """Makes an empty installation's register of offers, in place of the matcher."""

    def begin() -> Callable[..., OffersCaller]:
        mongoengine.disconnect()
        name = f"test_elsewhere_{uuid.uuid4().hex[:12]}"
        client = offers_app(replace(api_settings, service="offers", database=name)).test_client()
        return lambda role, **claims: OffersCaller(client, token(role, **claims))

    yield begin
    mongoengine.disconnect()


def brought_in(caller: OffersCaller, xml: str) -> dict[str, Any]:
    answer = caller.client.post(
        "/v1/activities/import",
        data=xml.encode(),
        content_type="application/xml",
        headers=caller.headers,
    )
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.usefixtures("rich_world")
def test_an_empty_installation_reports_the_same_figures_of_it(
    coordinator: Caller, elsewhere: Callable[..., Callable[..., OffersCaller]]
) -> None:
    xml = Told(coordinator).file()
    before = of_matches(coordinator.get("/v1/report"))
    assert before[None, None, "matches"]["value"] == 4
    assert before[None, None, "matches-value"]["value"] == 3_000
    caller = elsewhere()
    operator = caller("operator")
    first = brought_in(operator, xml)
    assert (first["created"], first["refused"]) == (4, 0), first
    assert of_matches(operator.get("/v1/report")) == before
    assert brought_in(operator, xml)["unchanged"] == 4
    assert of_matches(operator.get("/v1/report")) == before
    behind = operator.get("/v1/report/records", query_string={"figure": "effective-12"}).json
    assert behind["count"] == 2
    west = caller("coordinator", regions=frozenset({"Western Africa"}))
    assert of_matches(west.get("/v1/report"))[None, None, "matches"]["value"] == 2
    (kept,) = operator.get(
        "/v1/activities", query_string={"country": "SEN", "q": "Marking", "limit": 1}
    ).json["items"]
    assert (kept["theme"], kept["status"]) == ("marking", "completed")


@pytest.mark.usefixtures("rich_world")
def test_a_donors_own_file_adds_nothing_to_the_report_and_faults_are_told_by_element(
    coordinator: Caller, elsewhere: Callable[..., Callable[..., OffersCaller]]
) -> None:
    xml = Told(coordinator).file()
    caller = elsewhere()
    operator = caller("operator")
    body = {"name": "An agency", "type": "state", "country": "DEU"}
    assert operator.put("/v1/organisations/org-1", body).status_code == 201
    own = brought_in(caller("donor", organisation="org-1"), xml)
    assert own["created"] == 4
    assert of_matches(operator.get("/v1/report"))[None, None, "matches"]["value"] == 0
    wrong = (
        ('currency="USD" ', "", "transaction/value", "required"),
        ('urn:entraide:year-of-commitment" code="2026', "{same}6", "tag", "date"),
        ('iso-date="2026-01-01"', 'iso-date="20026-01-01"', "activity-date", "date"),
        ('percentage="100" />', 'percentage="140" />', "recipient-country", "percentages"),
        ('code="marking">', 'code="marqing">', "tag", "unknown-code"),
    )
    for old, new, field, code in wrong:
        text = xml.replace('default-currency="USD"', "") if code == "required" else xml
        assert old in text, old
        told = brought_in(operator, text.replace(old, new.replace("{same}", old)))
        found = {(one["field"], one["code"]) for one in told["refusals"]}
        assert (field, code) in found, (old, told["refusals"])


@pytest.mark.usefixtures("rich_world")
def test_the_installation_that_has_the_match_itself_does_not_count_it_twice(
    coordinator: Caller, elsewhere: Callable[..., Callable[..., OffersCaller]]
) -> None:
    xml = Told(coordinator).file()
    operator = elsewhere()("operator")
    AssistanceOffer._get_collection().insert_one({"_id": "germany"})
    told = brought_in(operator, xml)
    assert (told["created"], told["refused"]) == (3, 1)
    (refusal,) = told["refusals"]
    assert (refusal["field"], refusal["code"]) == ("other-identifier", "repeated")


def test_shares_add_up_to_a_hundred_and_texts_are_xml() -> None:
    assert shares({"a": 1, "b": 1, "c": 1}) == {"a": "33.34", "b": "33.33", "c": "33.33"}
    assert shares({}) == {}
    assert plain("a\x00\ud800\ufffeb\tc") == "ab\tc"


def test_a_match_of_a_text_alone_is_an_activity_too() -> None:
    bare: dict[str, Any] = {
        **dict.fromkeys(("request", "offer", "organisation"), "x"),
        **dict.fromkeys(("serves", "held", "told", "partners", "allied", "funders"), ()),
        "id": "x.x",
        "country": "SEN",
        "status": "committed",
        "themes": [],
        "figures": (),
        "year": None,
        "modality": None,
        "history": [{"action": "commit", "at": "2026-01-02T00:00:00+00:00"}],
    }
    activity = activity_of(bare, Records({}, {}, {}), at_second_hand=False)
    assert attributes(activity, "sector", "code", "percentage") == [("15240", "100")]
    assert attributes(activity, "activity-date", "type", "iso-date") == [("1", "2026-01-02")]
