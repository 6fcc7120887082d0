"""Offers and activities out of spreadsheets and into them, as a donor does it."""

import csv
import io
import threading
from collections.abc import Callable
from typing import Any

import pytest

from entraide.client import Answer
from services.portal.services import AwayError, Services
from services.portal.sheets.reading import read_sheet
from shared.ids import new_id
from tests.pages.beside import portal_beside
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
HEADER = "reference,title,description,theme,kind,quantity,unit"


def offers_of(portal: Portal, mark: str) -> list[dict[str, object]]:
    """The donor's offers whose reference begins so."""
    found = portal.api("donor").items("offers", "/v1/offers", external_source="spreadsheet")
    return [one for one in found if str(one["external_id"]["id"]).startswith(mark)]


def choose(donor: Visitor, name: str, text: str) -> None:
    """Send a file to be looked at."""
    donor.open(f"/{name}/spreadsheet")
    donor.send(files={"file": (f"{name}.csv", text.encode())})


def test_offers_of_a_spreadsheet_are_brought_in_once(portal: Portal, visitor: Visiting) -> None:
    mark, donor = f"t{new_id()}", visitor("donor")
    rows = [
        f"{mark}-1,=1+1,Six machines and training.,Marking,Equipment,6,machines",
        f"{mark}-1,,,Marking,Training,40,persons",
        f"{mark}-2,Lockers,Steel lockers.,Stockpile management,Equipment,14,units",
    ]
    choose(donor, "offers", "\n".join([HEADER, *rows]))
    assert "What is understood" in donor.page.text, donor.page.text
    page = donor.path
    assert offers_of(portal, mark) == []
    donor.send()
    assert "Brought in: 2." in donor.page.text
    made = {str(one["title"]): one for one in offers_of(portal, mark)}
    assert set(made) == {"=1+1", "Lockers"}
    assert len(made["=1+1"]["provisions"]) == 2  # type: ignore[arg-type]
    donor.open(page)
    assert donor.status == 200
    assert "Brought in" in donor.page.text
    choose(donor, "offers", "\n".join([HEADER, *rows]))
    assert "There is nothing to bring in." in donor.page.text
    assert len(offers_of(portal, mark)) == 2
    export = donor.session.get(f"{donor.url}/offers/export.csv", timeout=60)
    (row,) = (one for one in csv.reader(io.StringIO(export.text)) if f"{mark}-2" in one)
    assert "Lockers" in row
    assert "'=1+1" in export.text
    assert ",=1+1" not in export.text
    book = donor.session.get(f"{donor.url}/offers/export.xlsx", timeout=60)
    titles = [line[1] for line in read_sheet(book.content).rows]
    assert "=1+1" in titles


class Failing(Services):
    """The running services, of which the register goes away amid what is sent: two writes are
    answered, the third is done and its answer lost; from then on it answers nobody."""

    writes = 0
    lock = threading.Lock()

    def send(
        self, reader: Any, method: str, service: str, path: str, *args: Any, **more: Any
    ) -> Answer:
        """Write while it lasts."""
        with self.lock:
            Failing.writes += 1
            if Failing.writes > 3:
                raise AwayError(service)
            answer = super().send(reader, method, service, path, *args, **more)
            if Failing.writes == 3:
                raise AwayError(service)
            return answer

    def fetch(self, reader: Any, asked: Any) -> Answer:
        """Read while it lasts."""
        if Failing.writes > 2:
            raise AwayError(asked.service)
        return super().fetch(reader, asked)


def test_a_file_cut_short_by_an_outage_is_brought_in_whole_and_once(
    portal: Portal, visitor: Visiting
) -> None:
    mark = f"t{new_id()}"
    rows = [
        f"{mark}-{number},Lockers {number},Steel.,Marking,Equipment,{number},units"
        for number in range(1, 7)
    ]
    text = "\n".join([HEADER, *rows])
    with portal_beside(portal, Failing) as (beside, _):
        donor = beside.visitor("donor")
        choose(donor, "offers", text)
        place = donor.path
        donor.send()
    assert donor.status == 503, donor.page.text
    assert "2 of 6 are brought in. Send this again" in donor.page.text
    assert "The register of offers cannot be reached just now." in donor.page.text
    assert "Choose it again later, and only the others come in." in donor.page.text
    assert "Bring in 4" in donor.page.text
    made = {str(one["id"]): one["version"] for one in offers_of(portal, mark)}
    assert len(made) == 3  # the answer of one of them was lost
    donor = visitor("donor")
    choose(donor, "offers", text)
    assert "Bring in 3" in donor.page.text
    donor.open(place)  # the file that the portal kept says the same
    assert "Bring in 3" in donor.page.text
    donor.send()
    assert "Brought in: 3." in donor.page.text
    now = {str(one["id"]): one["version"] for one in offers_of(portal, mark)}
    assert len(now) == 6
    assert made.items() <= now.items()


def test_one_wrong_row_keeps_all_rows_out_and_is_told_by_its_cell(
    portal: Portal, visitor: Visiting
) -> None:
    mark, donor = f"t{new_id()}", visitor("donor", "fr")
    rows = [
        f"{mark}-1,Machines,Six machines.,Marking,Equipment,6,machines",
        f"{mark}-2,<script>alert(1)</script>,Others.,Markin,Equipment,many,machines",
    ]
    donor.open("/offers?language=fr")
    choose(donor, "offers", "\n".join([HEADER, *rows]))
    assert donor.status == 422
    assert "D3" in donor.page.text
    assert "Vouliez-vous dire" in donor.page.text
    assert "F3" in donor.page.text
    assert len(donor.page.forms) == 1  # signing out: there is nothing to confirm
    assert offers_of(portal, mark) == []


def test_activities_of_a_spreadsheet_are_brought_in(portal: Portal, visitor: Visiting) -> None:
    mark, donor = f"t{new_id()}", visitor("donor")
    header = f"{HEADER},country,status,from,to"
    row = f"{mark},Lockers,Steel lockers.,Stockpile management,Equipment,14,units,Senegal,Ongoing"
    choose(donor, "activities", f"{header}\n{row},1 March 2026,31.12.2026")
    donor.send()
    assert "Brought in: 1." in donor.page.text, donor.page.text
    found = portal.api("donor").items("offers", "/v1/activities", external_id=mark)
    (one,) = list(found)
    assert (one["country"], one["window"]) == ("SEN", {"from": "2026-03-01", "to": "2026-12-31"})


def test_what_cannot_be_read_is_told_of(portal: Portal, visitor: Visiting) -> None:
    donor = visitor("donor")
    for content, told in (
        ("Défense".encode("windows-1252"), "CSV UTF-8"),
        (b"a,b\n" * 100_000, "more than 500 rows"),
        (b"PK\x03\x04", "no spreadsheet"),
    ):
        donor.open("/offers/spreadsheet")
        donor.send(files={"file": ("x.csv", content)})
        assert donor.status == 422
        assert told in donor.page.text


def test_needs_of_a_national_report_become_drafts(portal: Portal, visitor: Visiting) -> None:
    """Text alone is read, and its lines are for the State to confirm; nothing is made twice."""
    mark, state = f"t{new_id()}", visitor("requester")
    rows = [
        f"{mark}-1,Marking,Six machines and training.,Marking,Equipment,6,machines,All are marked",
        f"{mark}-1,,,Marking,Training,40,persons,",
        f"{mark}-2,Stores,Our armouries need steel doors and better locks.,,,,,",
    ]
    state.open("/requests")
    assert state.links("/requests/spreadsheet")
    choose(state, "requests", "\n".join([f"{HEADER},objective", *rows]))
    assert "What is understood" in state.page.text, state.page.text
    assert "The text seems to ask for this" in state.page.text
    state.send()
    assert "Brought in: 2." in state.page.text, state.page.text
    found = portal.api("requester").items("requests", "/v1/requests", external_source="spreadsheet")
    made = {one["external_id"]["id"]: one for one in found}
    marking, stores = made[f"{mark}-1"], made[f"{mark}-2"]
    assert [need["quantity"] for need in marking["needs"]] == [6, 40]
    assert (marking["status"], stores["status"], stores["needs"]) == ("draft", "draft", [])
    choose(state, "requests", "\n".join([f"{HEADER},objective", *rows]))
    assert "There is nothing to bring in." in state.page.text
    export = state.session.get(f"{state.url}/requests/export.csv", timeout=60)
    assert len([row for row in csv.reader(io.StringIO(export.text)) if f"{mark}-1" in row]) == 2


def test_all_that_a_report_says_is_shown_before_it_comes_in(
    portal: Portal, visitor: Visiting
) -> None:
    """Who will see it above all; in the reader's language where it is no text of the State's."""
    mark, state = f"t{new_id()}", visitor("requester", "fr")
    header = (
        "reference,title,description,language,request_priority,theme,kind,quantity,unit,priority,"
        "objective,indicator,baseline,target,reached_by,received,report,report_year,action_plan,level"
    )
    row = (
        f"{mark},Marking,Six machines for the stores.,English,Critical,Marking,Equipment,6,"
        "machines,High,All stocks are marked,Share marked,20 per cent,All of them,2028-12-31,"
        "Two machines,National report,2026,National action plan,Public"
    )
    state.open("/requests?language=fr")
    choose(state, "requests", f"{header}\n{row}")
    text = state.page.text
    for told in (
        *(
            "Publique",
            "Critique",
            "Élevée",
            "Six machines for the stores.",
            "All stocks are marked",
        ),
        *("Share marked", "20 per cent", "All of them", "31 déc. 2028", "Two machines"),
        *("National report", "2026", "National action plan", "anglais"),
    ):
        assert told.casefold() in text.casefold(), told
    assert 'lang="en" dir="ltr">All stocks are marked<' in state.shown.text
    choose(state, "requests", f"{HEADER}\n{mark}-2,Stores,Steel doors for armouries.,,,,")
    assert "Tous les donateurs" in state.page.text, state.page.text


@pytest.mark.parametrize("name", ["offers", "activities"])
def test_who_will_see_what_a_donor_brings_in_is_shown(
    name: str, portal: Portal, visitor: Visiting
) -> None:
    mark, donor = f"t{new_id()}", visitor("donor")
    header = f"{HEADER},country" if name == "activities" else f"{HEADER},condition"
    row = "Lockers,Steel lockers.,Marking,Equipment,14,units,Senegal"
    choose(donor, name, f"{header},public\n{mark}-1,{row},public\n{mark}-2,{row},")
    text = donor.page.text
    assert "Everybody, also without an account" in text
    assert "Only those who have an account here" in text
    assert "Steel lockers." in text
    assert ("Planned" if name == "activities" else "Condition") in text


def test_what_a_file_changes_is_shown_with_who_sees_it_then(
    portal: Portal, visitor: Visiting
) -> None:
    mark, donor = f"t{new_id()}", visitor("donor")
    header, row = f"{HEADER},country", "Steel lockers.,Marking,Equipment,14,units,Senegal"
    choose(donor, "activities", f"{header}\n{mark},Lockers,{row}")
    donor.send()
    (made,) = (one for one in activities_of(portal, mark) if one["external_id"])
    edited = f"{header},public,id\n{mark},Lockers for stores,{row},public,{made['id']}"
    choose(donor, "activities", edited)
    assert "What changes" in donor.page.text, donor.page.text
    assert "Lockers for stores" in donor.page.text
    assert "Everybody, also without an account" in donor.page.text


def test_a_priority_of_a_report_is_the_requests_and_comes_out_again(
    portal: Portal, visitor: Visiting
) -> None:
    mark, state = f"t{new_id()}", visitor("requester")
    header = f"{HEADER},Priority of the request,Priority of this need"
    rows = [
        f"{mark}-1,Marking,Six machines.,Marking,Equipment,6,machines,High,Low",
        f"{mark}-2,Stores,Our armouries need steel doors and better locks.,,,,,Critical,",
    ]
    choose(state, "requests", "\n".join([header, *rows]))
    state.send()
    assert "Brought in: 2." in state.page.text, state.page.text
    found = portal.api("requester").items("requests", "/v1/requests", external_source="spreadsheet")
    made = {one["external_id"]["id"]: one for one in found}
    assert [made[f"{mark}-{n}"]["priority"] for n in (1, 2)] == ["high", "critical"]
    assert made[f"{mark}-1"]["needs"][0]["priority"] == "low"
    state.open(f"/requests/{made[f'{mark}-1']['id']}/check")
    assert "How urgent is it" not in state.page.text, state.page.text
    export = state.session.get(f"{state.url}/requests/export.csv", timeout=60)
    export.encoding = "utf-8-sig"
    names, *lines = csv.reader(io.StringIO(export.text))
    own = [line for line in lines if line[0].startswith(mark)]
    told = {line[0][-1]: line[names.index("Priority of the request")] for line in own}
    assert told == {"1": "High", "2": "Critical"}
    out = io.StringIO()
    csv.writer(out).writerows([names, *own])
    choose(state, "requests", out.getvalue())
    assert "There is nothing to bring in." in state.page.text, state.page.text


def test_an_activity_that_came_out_is_changed_in_one_cell(
    portal: Portal, visitor: Visiting
) -> None:
    """And in that alone; the others of the file stay as they are."""
    mark, donor = f"t{new_id()}", visitor("donor")
    header = f"{HEADER},country"
    rows = [
        f"{mark}-{number},Lockers {number},Steel.,Marking,Equipment,{number},units,Senegal"
        for number in (1, 2)
    ]
    choose(donor, "activities", "\n".join([header, *rows]))
    donor.send()
    assert "Brought in: 2." in donor.page.text, donor.page.text
    export = donor.session.get(f"{donor.url}/activities/export.csv", timeout=60)
    export.encoding = "utf-8-sig"
    names, *lines = csv.reader(io.StringIO(export.text))
    own = [line for line in lines if line[0].startswith(mark)]
    place = names.index("How much")
    next(line for line in own if line[0] == f"{mark}-2")[place] = "9"
    out = io.StringIO()
    csv.writer(out).writerows([names, *own])
    before = {one["id"]: one for one in activities_of(portal, mark)}
    choose(donor, "activities", out.getvalue())
    assert "What changes" in donor.page.text, donor.page.text
    donor.send()
    assert "Changed: 1." in donor.page.text, donor.page.text
    moved = {"quantity", "updated_at", "version", "history"}
    for one in activities_of(portal, mark):
        changed = {name for name in one if one[name] != before[one["id"]][name]}
        is_second = one["title"] == "Lockers 2"
        assert ("quantity" in changed) is is_second
        assert changed <= (moved if is_second else set())


def activities_of(portal: Portal, mark: str) -> list[dict[str, object]]:
    """The donor's activities whose reference begins so."""
    found = portal.api("donor").items("offers", "/v1/activities", external_source="spreadsheet")
    return [one for one in found if str(one["external_id"]["id"]).startswith(mark)]


def test_a_unit_comes_out_by_its_name_and_goes_in_as_no_change(
    portal: Portal, visitor: Visiting
) -> None:
    """Also where it was kept by its name, as forms did once."""
    mark, donor = f"t{new_id()}", visitor("donor", "ru")
    for number, unit in enumerate(("items", "единиц", "crates of six")):
        body = {
            "organisation": portal.donor,
            "title": f"Lockers {unit}",
            "description": "Steel.",
            "country": "SEN",
            "theme": "marking",
            "kind": "equipment",
            "status": "ongoing",
            "quantity": 2,
            "unit": unit,
            "external_id": {"source": "spreadsheet", "id": f"{mark}-{number}"},
        }
        portal.api("donor").post("offers", "/v1/activities", body)
    donor.open("/activities?language=ru")
    export = donor.session.get(f"{donor.url}/activities/export.csv", timeout=60)
    export.encoding = "utf-8-sig"
    names, *lines = csv.reader(io.StringIO(export.text))
    own = [line for line in lines if line[0].startswith(mark)]
    shown = [line[names.index("Чего")] for line in own]
    assert sorted(shown) == ["crates of six", "единиц", "единиц"]
    out = io.StringIO()
    csv.writer(out).writerows([names, *own])
    before = activities_of(portal, mark)
    choose(donor, "activities", out.getvalue())
    assert donor.status == 200, donor.page.text
    assert [form.action for form in donor.page.forms if "/sign-out" not in form.action] == []
    assert activities_of(portal, mark) == before
