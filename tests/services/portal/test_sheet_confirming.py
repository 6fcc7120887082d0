"""What a preview of a file showed is what is done; where records changed since, it shows that."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account, HeldFile
from services.portal.held_files import hold, settle
from services.portal.house import House
from services.portal.pages.spreadsheets import bringing
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services
from services.portal.sheets.writing import csv_pieces
from tests.services.portal.browsing import Browser

ACTIVITY: Mapping[str, Any] = {
    "title": "Lockers",
    "description": "Steel.",
    "language": "en",
    "country": "SEN",
    "organisation": "acme",
    "donor_country": None,
    "theme": "marking",
    "kind": "equipment",
    "quantity": 6,
    "unit": None,
    "amount": None,
    "currency": None,
    "window": None,
    "status": "ongoing",
    "partners": [],
    "public": False,
    "external_id": None,
}
SINCE = "Something has changed since this page was shown, so nothing was brought in."


class Register:
    """A donor's activities as the register keeps them; `written` counts what it took."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.written = 0

    def keep(self, id_: str, **more: Any) -> None:
        """As a colleague writes it in the portal."""
        self.kept[id_] = {**self.kept.get(id_, ACTIVITY), **more, "id": id_}
        self.versions[id_] = self.versions.get(id_, 0) + 1

    def read(self, path: str) -> Answer:
        if path == "/v1/activities":
            named = [one for one in self.kept.values() if one["external_id"]]
            return Answer({"items": named, "next": None})
        id_ = path.rpartition("/")[2]
        if id_ not in self.kept:
            raise RefusedError("offers", 404, {})
        return Answer(self.kept[id_], f'"{self.versions[id_]}"')

    def write(self, method: str, path: str, body: dict[str, Any], seen: str | None) -> Answer:
        id_ = path.rpartition("/")[2] if method == "PUT" else f"made-{body['external_id']['id']}"
        if method == "POST" and id_ in self.kept:
            raise RefusedError("offers", 409, {})
        if method == "PUT" and seen != f'"{self.versions[id_]}"':
            raise RefusedError("offers", 412, {})
        self.written += 1
        self.keep(id_, **body)
        return Answer(self.kept[id_], f'"{self.versions[id_]}"')


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    kept = Register()

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if not one.path.startswith("/v1/activities"):
            raise AwayError(one.service)
        return kept.read(one.path)

    def send(
        _services: Services,
        _reader: Reader,
        method: str,
        _service: str,
        path: str,
        body: Any,
        **more: Any,
    ) -> Answer:
        return kept.write(method, path, body, more.get("if_match"))

    monkeypatch.setattr(Services, "fetch", fetch)
    monkeypatch.setattr(Services, "send", send)
    return kept


Opening = Callable[..., Browser]


@pytest.fixture
def opened(app: Flask, house: House, make_account: Callable[..., Account]) -> Opening:
    """Opens the preview of a file of these rows in a donor's browser."""
    account = make_account("donor")

    def open_(*rows: Mapping[str, Any], language: str = "en") -> Browser:
        content = "".join(csv_pieces(list(rows[0]), [list(row.values()) for row in rows])).encode()
        file = hold(account.id, "activities", "file.csv", content, house.clock())
        browser = Browser(app).enter(house, account)
        browser.open(f"/activities/spreadsheet/{file}?language={language}")
        return browser

    return open_


def row(id_: str = "", mark: str = "", **more: Any) -> dict[str, Any]:
    named = {name: ACTIVITY[name] for name in ("title", "description", "country", "theme", "kind")}
    return {"reference": mark, "id": id_, **named, "quantity": ACTIVITY["quantity"], **more}


def test_what_is_as_the_preview_showed_it_is_changed(register: Register, opened: Opening) -> None:
    register.keep("a1")
    browser = opened(row("a1", quantity=9))
    assert "What changes" in browser.page.text
    browser.send()
    assert "Changed: 1." in browser.page.text, browser.page.text
    assert (register.kept["a1"]["quantity"], register.written) == (9, 1)


def test_what_a_colleague_changed_meanwhile_is_shown_before_it_is_taken_back(
    register: Register, opened: Opening
) -> None:
    register.keep("a1")
    browser = opened(row("a1", quantity=9), row(mark="r-1"))
    register.keep("a1", title="Lockers for stores")
    browser.send()
    assert browser.status == 409
    assert SINCE in browser.page.text
    assert (register.kept["a1"]["title"], register.written) == ("Lockers for stores", 0)
    assert browser.page.text.count("Title") > 1  # it is among what changes now
    browser.send()
    assert "Changed: 1." in browser.page.text, browser.page.text
    assert register.kept["a1"]["title"] == "Lockers"


def test_a_change_of_what_the_file_leaves_as_it_is_is_shown_too(
    register: Register, opened: Opening
) -> None:
    """Who confirms has seen the record in that version."""
    register.keep("a1")
    browser = opened(row("a1", quantity=9))
    register.keep("a1", donor_country="JPN")
    browser.send()
    assert (browser.status, register.written) == (409, 0)


def test_a_record_that_is_changed_only_since_the_preview_is_not_changed_back(
    register: Register, opened: Opening
) -> None:
    register.keep("a1")
    browser = opened(row("a1"), row(mark="r-1"))
    assert "What changes" not in browser.page.text
    register.keep("a1", quantity=7)
    browser.send()
    assert (browser.status, register.written) == (409, 0)
    assert "What changes" in browser.page.text


@pytest.mark.parametrize("seen", [None, "", "0" * 64])
def test_a_form_that_does_not_say_what_it_showed_shows_it_again(
    register: Register, opened: Opening, seen: str | None
) -> None:
    """As pages of an earlier release do."""
    register.keep("a1")
    browser = opened(row("a1", quantity=9), row(mark="r-1"))
    assert browser.answer is not None
    (form,) = (one for one in browser.page.forms if not one.action)
    values = {name: value for name, value in form.values.items() if name != "seen"}
    data = values if seen is None else {**values, "seen": seen}
    browser.answer = browser.client.post(browser.path, data=data)
    assert (browser.status, register.written) == (409, 0)
    assert SINCE in browser.page.text
    browser.send()
    assert register.written == 2


def test_who_confirms_twice_changes_nothing_the_second_time(
    register: Register, opened: Opening
) -> None:
    register.keep("a1")
    browser = opened(row("a1", quantity=9), row(mark="r-1"))
    assert browser.answer is not None
    answer, address = browser.answer, browser.path
    files = HeldFile.objects(id=address.rpartition("/")[2])
    kept = files.first()
    browser.send()
    assert register.written == 2
    # Whose answer was lost on the way is told it by the next, and so is who comes back for it.
    assert _came_of(browser, browser.send, answer) == (200, "/activities", True)
    assert _came_of(browser, lambda: browser.open(address)) == (200, "/activities", True)
    assert register.written == 2
    assert files.first().content == b""
    # What was sent twice at once finds the file still, as the first was not done with it.
    files.delete()
    kept.save(force_insert=True)
    browser.answer = answer
    browser.send()
    assert (browser.status, register.written) == (200, 2)
    assert "There is nothing to bring in." in browser.page.text


def _came_of(
    browser: Browser, act: Callable[[], object], page: Any = None
) -> tuple[int | None, str, bool]:
    """The status, where it led, and whether it told what was brought in and changed."""
    browser.answer = page or browser.answer
    act()
    text = browser.page.text
    return browser.status, browser.path, "Brought in: 1." in text and "Changed: 1." in text


def test_of_two_who_confirm_a_file_at_once_the_later_takes_nothing_from_what_is_told(
    opened: Opening, register: Register, house: House
) -> None:
    browser = opened(row(mark="r-1"), row(mark="r-2"))
    browser.send()
    assert "Brought in: 2." in browser.page.text
    (file,) = HeldFile.objects(content=b"", outcome__made=2)
    # One who began when the first record was there has one to bring in, and answers last.
    told = settle(file.account, file.id, house.clock(), "most", made=1, changed=0)
    assert told == {"made": 2, "changed": 0}
    assert "Brought in: 2." in browser.open(f"/activities/spreadsheet/{file.id}").text


def test_a_file_that_is_no_longer_kept_is_chosen_again(register: Register, opened: Opening) -> None:
    browser = opened(row(mark="r-1"))
    HeldFile.objects.delete()
    browser.send()
    assert (browser.status, browser.path) == (200, "/activities/spreadsheet")
    assert "This file is no longer kept. Choose it again." in browser.page.text
    assert register.written == 0


def test_new_records_that_others_brought_in_meanwhile_hold_nothing_up(
    register: Register, opened: Opening
) -> None:
    browser = opened(row(mark="r-1"), row(mark="r-2"))
    register.keep("made-r-1", external_id={"source": "spreadsheet", "id": "r-1"}, title="Theirs")
    browser.send()
    assert "Brought in: 1." in browser.page.text, browser.page.text
    assert (register.kept["made-r-1"]["title"], register.written) == ("Theirs", 1)


def test_a_record_that_vanished_is_told_by_its_cell(register: Register, opened: Opening) -> None:
    register.keep("a1")
    register.keep("a2")
    browser = opened(row("a1", quantity=9), row("a2", quantity=9))
    del register.kept["a2"]
    browser.send()
    assert (browser.status, register.written) == (422, 0)
    assert "There is no record of yours with the id “a2”." in browser.page.text


def test_a_file_that_is_read_otherwise_in_another_language_is_shown_again(
    register: Register, opened: Opening
) -> None:
    browser = opened(row(mark="r-1", quantity="1,200"))
    shown = browser.answer
    browser.open(f"{browser.path}?language=fr")
    browser.answer = shown
    (form,) = (one for one in browser.page.forms if not one.action)
    browser.answer = browser.client.post(browser.path, data=form.values)
    assert (browser.status, register.written) == (409, 0)
    browser.send()
    assert register.kept["made-r-1"]["quantity"] == 1.2


def test_what_was_refused_is_sent_again_from_the_page_that_says_so(
    register: Register, opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its form carries what it shows, the rest; no look at it is asked for in between."""
    for id_ in ("a1", "a2"):
        register.keep(id_)
    browser = opened(row("a1", quantity=9), row("a2", quantity=9))
    write = register.write

    def fail(method: str, path: str, *more: Any) -> Answer:
        if path.endswith("a2"):
            raise AwayError("offers")
        return write(method, path, *more)

    monkeypatch.setattr(register, "write", fail)
    browser.send()
    assert (browser.status, register.written) == (503, 1)
    monkeypatch.setattr(register, "write", write)
    browser.send()
    assert "Changed: 1." in browser.page.text, browser.page.text
    assert register.written == 2


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Previews that list no more than two of anything."""
    monkeypatch.setattr(bringing, "_TOLD", 2)


def test_of_changes_that_are_not_all_listed_it_is_said_how_many_are_left(
    register: Register, opened: Opening, few: None
) -> None:
    ids = [f"known-{number}" for number in range(5)]
    for id_ in ids:
        register.keep(id_)
    rows = [row(id_, title="Cabinets") for id_ in ids]
    assert "And 3 more." in opened(*rows).page.text
    assert "And" not in opened(*rows[:2]).page.text.split()


def test_of_notes_that_are_not_all_listed_it_is_said_how_many_are_left(
    register: Register, opened: Opening, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.portal.sheets.rows.has_rate", lambda _currency: False)
    rows = [row("", f"new-{number}", amount=5, currency="XOF") for number in range(6)]
    text = opened(*rows).page.text
    assert text.count("And 4 more.") == 2  # of the notes, and of the records


def test_of_refusals_that_are_not_all_told_it_is_said_how_many_are_left(
    register: Register, opened: Opening, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = opened(*(row("", f"new-{number}") for number in range(7)))

    def refuse(*_told: Any, **_more: Any) -> Answer:
        raise RefusedError("offers", 422, {})

    monkeypatch.setattr(Services, "send", refuse)
    assert browser.page.text.count("And 5 more.") == 1
    assert browser.send().text.count("And 5 more.") == 2  # of the records, and of what is wrong
