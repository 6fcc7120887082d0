"""What a State does with its requests in a browser without scripts, and what others see of them."""

from collections.abc import Callable
from typing import Any

import pytest

from deploy.local.servers import wait_until
from services.portal.pages.requests.bodies import body_of
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
TEXT = (
    "The customs service keeps its seized weapons in two rooms without shelves. We ask for 12 "
    "racks and 2 courses for storekeepers."
)
HOSTILE = "<script>alert(1)</script> \u202egnihtyna\u202c " + "x" * 40


def written(browser: Visitor, title: str) -> str:
    """A draft with one line, as its State writes it; its id."""
    browser.open("/requests/new")
    browser.send("", title=title, description=TEXT)
    assert browser.path.endswith("/edit/lines")
    identifier = browser.path.split("/")[2]
    browser.send("", go="add")
    browser.send(
        "",
        go="next",
        **{
            "row-0-theme": "stockpile-management",
            "row-0-kind": "equipment",
            "row-0-quantity": "12",
            "row-0-unit": "racks",
        },
    )
    assert browser.path.endswith("/edit/plan"), browser.page.text
    return identifier


def stored(portal: Portal, identifier: str) -> dict[str, object]:
    found = portal.api("requester").get("requests", f"/v1/requests/{identifier}").body
    return dict(found)


def test_a_request_from_its_first_word_to_circulation(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("requester")
    identifier = written(browser, "Rooms for seized weapons (illustrative)")
    browser.send("", go="add", window_from="2027-01-01", window_to="2028-12-31", priority="high")
    browser.send(
        "", go="next", **{"row-0-text": "Every seized weapon is on a rack", "row-0-target": "all"}
    )
    assert browser.path.endswith("/edit/papers"), browser.page.text
    browser.send("", go="next", action_plan_title="Plan 2030", gender_marker="significant")
    assert browser.path.endswith("/edit/check"), browser.page.text
    browser.send(f"/requests/{identifier}/steps/submit", consent="express")
    assert browser.path == f"/requests/{identifier}"
    assert "A coordinator now checks" in browser.page.text
    assert browser.page.text.index("What you can do now") < browser.page.text.index("Need lines")
    kept = stored(portal, identifier)
    assert (kept["status"], kept["consent"], kept["priority"]) == ("submitted", "express", "high")
    assert kept["objectives"][0]["target"] == "all"  # type: ignore[index]
    assert [need["quantity"] for need in kept["needs"]] == [12]  # type: ignore[attr-defined]
    browser.send(f"/requests/{identifier}/steps/withdraw", reason="mistaken")
    assert stored(portal, identifier)["status"] == "withdrawn"


def test_a_draft_is_gone_on_with_elsewhere_and_posted_twice_is_one(
    portal: Portal, visitor: Visiting
) -> None:
    first = visitor("requester", "fr")
    first.open("/requests/new?language=fr")
    (form,) = (form for form in first.page.forms if form.action == "")
    sent = {**form.values, "title": "Râteliers (à titre d'illustration)", "description": TEXT}
    places = {
        first.session.post(f"{portal.url}/requests/new", data=sent, timeout=60).url
        for _ in range(2)
    }
    assert len(places) == 1
    identifier = places.pop().split("/")[-3]
    other = visitor("requester", "fr")
    other.open(f"/requests/{identifier}/edit/need?language=fr")
    assert TEXT in other.shown.text
    other.send("", go="out", description=f"{TEXT} Fin.")
    assert other.path == f"/requests/{identifier}"
    assert "Besoin" in other.page.text or "besoin" in other.page.text
    assert str(stored(portal, identifier)["description"]).endswith("Fin.")


def test_a_part_changed_elsewhere_shows_both(portal: Portal, visitor: Visiting) -> None:
    one, other = visitor("requester"), visitor("requester")
    identifier = written(one, "Two at once (illustrative)")
    for browser in (one, other):
        browser.open(f"/requests/{identifier}/edit/need")
    one.send("", go="out", title="Two at once, first (illustrative)")
    other.send("", go="out", title="Two at once, second (illustrative)")
    assert other.status == 412
    assert "Two at once, first" in other.page.text
    assert "Two at once, second" in other.shown.text
    other.send("", go="out")
    assert stored(portal, identifier)["title"] == "Two at once, second (illustrative)"


def keep(browser: Visitor, path: str, **typed: object) -> dict[str, Any]:
    """What the page is told that keeps by itself what is typed so far."""
    (form,) = (form for form in browser.page.forms if form.action == "")
    body = {**form.values, **typed, "go": "keep"}
    answer = browser.session.post(browser.url + path, data=body, timeout=60)
    told: dict[str, Any] = answer.json()
    return told


def test_what_is_typed_is_kept_by_itself_and_never_over_what_another_kept(
    portal: Portal, visitor: Visiting
) -> None:
    browser = visitor("requester")
    browser.open("/requests/new")
    text = {"title": "Kept while typed (illustrative)", "description": TEXT}
    first = keep(browser, "/requests/new", **text)
    assert first["state"] == "saved"
    assert keep(browser, "/requests/new", **text)["id"] == first["id"], "sent twice is one"
    need = f"{first['edit']}/need"
    more = {**text, "description": f"{TEXT} And shelves.", "etag": first["etag"]}
    second = keep(browser, need, **more)
    assert second["state"] == "saved"
    assert keep(browser, need, **more)["etag"] == second["etag"], "the same again is no change"
    stale = keep(browser, need, **{**more, "description": "Something else", "etag": first["etag"]})
    assert stale["state"] == "stale"
    assert "And shelves." in stale["shown"]
    assert str(stored(portal, first["id"])["description"]).endswith("And shelves.")

    browser.open(f"{first['edit']}/lines")
    browser.send("", go="add")
    line = {"row-0-theme": "stockpile-management", "row-0-kind": "equipment", "row-0-quantity": "3"}
    kept = keep(browser, f"{first['edit']}/lines", **line, **{"row-0-unit": "racks"})
    assert (kept["state"], len(kept["lines"])) == ("saved", 1)
    again = {**line, "row-0-unit": "racks", "row-0-line": kept["lines"][0], "etag": kept["etag"]}
    again = {**again, "row-0-quantity": "4"}
    assert keep(browser, f"{first['edit']}/lines", **again)["lines"] == kept["lines"]
    browser.session.cookies.clear()
    (form,) = (form for form in browser.page.forms if form.action == "")
    out = browser.session.post(
        f"{portal.url}{first['edit']}/lines", data={**form.values, "go": "keep"}, timeout=60
    )
    assert out.status_code == 403


def test_what_is_not_whole_is_held_as_it_was_typed_and_is_there_on_another_device(
    portal: Portal, visitor: Visiting
) -> None:
    one, other = visitor("requester"), visitor("requester")
    one.open("/requests/new")
    told = keep(one, "/requests/new", title="Only a title (illustrative)")
    assert (told["state"], told["lacking"]) == ("held", "What is needed, and why")
    other.open("/requests/new")
    assert "Only a title (illustrative)" in other.shown.text
    assert "for you alone and on every device" in other.page.text
    assert "Fill this in." in other.page.text
    other.send("", go="next", description=TEXT)
    assert other.path.endswith("/edit/lines")
    identifier = other.path.split("/")[2]
    assert "Only a title" not in one.open("/requests/new").text

    lines = f"/requests/{identifier}/edit/lines"
    other.send("", go="add", **{"row-0-theme": ""})
    one.open(lines)
    one.send("", go="add")
    typed = {"row-0-theme": "stockpile-management", "row-0-quantity": "a dozen"}
    told = keep(one, lines, **typed)
    lacking = "Need line 1, Kind of help · Need line 1, How many"
    assert (told["state"], told["lacking"]) == ("held", lacking)
    assert stored(portal, identifier)["needs"] == []
    assert "not finished and not part of the request" in one.open(f"{lines[:-5]}check").text
    # What was opened before that is shown both, and replaces nothing by itself.
    whole = {"row-0-theme": "marking", "row-0-kind": "training", "row-0-quantity": "40"}
    stale = keep(other, lines, **whole)
    assert stale["state"] == "stale"
    assert "a dozen" in stale["shown"]
    other.send("", go="next", **whole)
    assert (other.status, "a dozen" in other.page.text) == (412, True)
    other.send("", go="next")
    assert [need["kind"] for need in stored(portal, identifier)["needs"]] == ["training"]
    assert "a dozen" not in one.open(lines).text


def test_who_throws_away_what_is_not_finished_has_what_is_kept(
    portal: Portal, visitor: Visiting
) -> None:
    browser = visitor("requester")
    identifier = written(browser, "As it is kept (illustrative)")
    need = f"/requests/{identifier}/edit/need"
    browser.open(need)
    browser.send("", go="next", title="")
    assert browser.status == 422
    browser.open(need)
    assert "for you alone and on every device" in browser.page.text
    found = portal.api("requester").get("requests", f"/v1/requests/{identifier}")
    body = body_of(found.body) | {"title": "Changed by somebody meanwhile (illustrative)"}
    portal.api("requester").put("requests", f"/v1/requests/{identifier}", body, if_match=found.etag)
    browser.open(need)
    assert "Changed by somebody meanwhile" in browser.page.text
    browser.send("", go="discard")
    assert "for you alone and on every device" not in browser.page.text
    assert 'value="Changed by somebody meanwhile (illustrative)"' in browser.shown.text


def test_what_others_see_already_is_not_changed_by_typing(
    portal: Portal, visitor: Visiting
) -> None:
    browser = visitor("requester")
    identifier = written(browser, "Submitted (illustrative)")
    browser.open(f"/requests/{identifier}/edit/check")
    browser.send(f"/requests/{identifier}/steps/submit")
    need = f"/requests/{identifier}/edit/need"
    browser.open(need)
    assert 'id="saving"' not in browser.shown.text
    assert keep(browser, need, title="By typing")["state"] == "unfinished"
    assert stored(portal, identifier)["title"] == "Submitted (illustrative)"


def test_lines_come_and_go(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("requester")
    identifier = written(browser, "Lines (illustrative)")
    browser.open(f"/requests/{identifier}/edit/lines")
    browser.send("", go="add", **{"row-0-quantity": "ten"})
    assert "ten" in browser.shown.text
    browser.send("", go="next")
    assert browser.status == 422
    assert "Write a number" in browser.page.text
    browser.send("", go="remove-0")
    browser.send("", go="next")
    assert browser.path.endswith("/edit/plan")
    assert stored(portal, identifier)["needs"] == []


def test_a_unit_is_read_by_the_name_that_is_shown(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("requester")
    identifier = written(browser, "Units (illustrative)")
    page = f"/requests/{identifier}/edit/lines"
    before = stored(portal, identifier)
    assert before["needs"][0]["unit"] == "racks"  # type: ignore[index]
    for language, name in (("ar", "رفوف"), ("es", "estantes"), ("fr", "râteliers"), ("zh", "架")):
        browser.open(f"{page}?language={language}")
        assert browser.page.forms[-1].values["row-0-unit"] == name
        assert f'<option value="{name}">' in browser.shown.text
        browser.send("", go="next")
        assert stored(portal, identifier)["version"] == before["version"]
    browser.open(f"{page}?language=fr")
    browser.send("", go="next", **{"row-0-unit": "Jours"})
    assert stored(portal, identifier)["needs"][0]["unit"] == "days"  # type: ignore[index]


def test_what_is_typed_with_bad_intent_is_only_text(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("requester")
    browser.open("/requests/new")
    browser.send("", title=HOSTILE, description=HOSTILE * 200)
    assert browser.path.endswith("/edit/lines"), browser.page.text
    identifier = browser.path.split("/")[2]
    for page in ("", "/edit/need", "/edit/check", "/offers"):
        browser.open(f"/requests/{identifier}{page}")
        assert browser.status == 200
        assert "<script>alert" not in browser.shown.text
    browser.open(f"/requests/{identifier}/edit/papers")
    browser.send("", go="next", action_plan_url="javascript:alert(1)", action_plan_title="x")
    assert browser.status == 422
    assert "javascript:alert(1)" in browser.shown.text
    browser.open("/requests/new")
    browser.send("", title="x" * 10_000, description="y")
    assert browser.status == 422
    assert "Characters: 10,000, at most: 300." in browser.page.text
    assert "x" * 10_000 in browser.shown.text


def test_a_file_is_attached_and_only_downloaded(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("requester")
    identifier = written(browser, "Files (illustrative)")
    browser.open(f"/requests/{identifier}")
    action = f"/requests/{identifier}/files"
    browser.send(action, {"file": ("plan.csv", b"a,b\n1,2\n", "text/csv")})
    assert "plan.csv" in browser.page.text
    (link,) = browser.links(f"{action}/")
    answer = browser.session.get(portal.url + link, timeout=60)
    assert answer.content == b"a,b\n1,2\n"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    browser.send(action, {"file": ("plan.pdf", b"no pdf at all", "application/pdf")})
    assert browser.status == 422
    browser.open(f"/requests/{identifier}")
    (form,) = (one.action for one in browser.page.forms if one.action.endswith("/remove"))
    browser.send(form)
    assert "plan.csv" not in browser.page.text


def test_others_see_what_is_circulated_and_may_endorse(portal: Portal, visitor: Visiting) -> None:
    identifier = portal.requests["E-R01"]
    donor = visitor("donor", "ar")
    donor.open(f"/requests/{identifier}?language=ar")
    assert donor.status == 200
    action = f"/requests/{identifier}/steps/endorse"
    donor.send(action, text="")
    assert donor.status == 422
    donor.send(action, text="It fits our programme (illustrative).")
    assert "It fits our programme" in donor.page.text
    own = visitor("requester")
    own.open(f"/requests/{identifier}")
    assert "It fits our programme" in own.page.text
    own.send(f"/requests/{identifier}/steps/show-endorsement")
    assert "not shown to others" in own.page.text
    donor.open(f"/requests/{identifier}?language=ar")
    donor.send(f"/requests/{identifier}/steps/withdraw-endorsement")
    assert "It fits our programme" not in donor.page.text


def test_a_draft_is_nobody_elses(visitor: Visiting) -> None:
    identifier = written(visitor("requester"), "Only ours (illustrative)")
    for role in ("donor", "coordinator"):
        browser = visitor(role)
        browser.open(f"/requests/{identifier}")
        assert browser.status == 404
        browser.open(f"/requests/{identifier}/edit/need")
        assert browser.status == 403


def test_offers_that_fit_have_reasons_in_the_readers_language(
    portal: Portal, visitor: Visiting
) -> None:
    browser = visitor("requester", "es")
    browser.open(f"/requests/{portal.requests['E-R01']}/offers?language=es")
    assert browser.links("/matches/")
    assert "La solicitud" in browser.page.text


def test_the_list_is_filtered_by_its_address(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("donor")
    browser.open(f"/requests?country={portal.state}")
    assert f"/requests/{portal.requests['E-R01']}" in browser.links("/requests/")
    browser.open(f"/requests?country={portal.state}&status=closed&theme=nonsense")
    assert "No request fits this choice" in browser.page.text
    browser.open("/requests?q=%20")
    assert browser.status == 200


def test_points_of_contact_are_named_confirmed_and_erased(
    portal: Portal, visitor: Visiting
) -> None:
    browser = visitor("requester")
    browser.open("/contacts/edit")
    browser.send(
        "", go="keep", **{"office-0-office": "Arms desk (illustrative)", "office-0-email": "no"}
    )
    assert browser.status == 422
    assert "Arms desk (illustrative)" in browser.shown.text
    browser.send("", go="keep", **{"office-0-email": "desk@state.example"})
    assert browser.path == "/contacts"
    assert "desk@state.example" in browser.page.text
    browser.send("/contacts/confirm")
    assert "confirmed as of today" in browser.page.text
    browser.send("/contacts/erase")
    assert "desk@state.example" not in browser.page.text
    donor = visitor("donor")
    donor.open("/contacts")
    assert donor.status == 200


def test_points_of_contact_that_are_sent_twice_are_no_conflict(
    portal: Portal, visitor: Visiting
) -> None:
    desk = {"office-0-office": "Desk  for arms (illustrative)", "office-0-languages": ["fr", "ar"]}
    browser, late = visitor("donor"), visitor("donor")
    for one in (browser, late):
        one.open("/contacts/edit")
    for one in (browser, late):  # on the version that the first was sent on
        one.send("", go="keep", **desk)
        assert (one.path, one.status) == ("/contacts", 200)
        assert "confirmed as of today" in one.page.text
    for one in (browser, late):
        one.open("/contacts/edit")
    browser.send("", go="keep", **{**desk, "office-0-email": "desk@state.example"})
    late.send("", go="keep", **{**desk, "office-0-email": "other@state.example"})
    assert late.status == 412
    assert "were changed since you opened this page" in late.page.text


def test_nothing_typed_is_lost_when_the_session_ended(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("requester", "ru")
    browser.open("/requests/new?language=ru")
    session = browser.session.cookies.get("entraide-session")
    browser.session.cookies.clear()
    written = {"title": 'Кавычки "и" <знаки> (пример)', "description": "\nпервая\nвторая"}
    browser.send("", **written)
    assert browser.status == 403
    assert browser.path == "/requests/new"
    browser.session.cookies.set("entraide-session", session, domain="127.0.0.1", path="/")
    browser.send("")
    assert browser.status == 422
    (form,) = (form for form in browser.page.forms if form.action == "")
    assert form.values["title"] == written["title"]
    assert form.values["description"].split() == ["первая", "вторая"]
    browser.send("")
    assert browser.path.endswith("/edit/lines")


def hints(browser: Visitor, part: str, **typed: object) -> Visitor:
    """Ask for the hints on what is typed, as the page's script does with its form."""
    (form,) = (one for one in browser.page.forms if one.action == "" and "csrf_token" in one.values)
    browser.answer = browser.session.post(
        f"{browser.url}/requests/hints/{part}", data={**form.values, **typed}, timeout=60
    )
    assert browser.status == 200
    return browser


def test_hints_come_while_a_request_is_written(portal: Portal, visitor: Visiting) -> None:
    browser, title = visitor("requester"), "Weapons storage (illustrative)"
    asked = (
        "We need 12 weapons racks for armouries; 2 training courses in physical security and "
        "stockpile management for storekeepers."
    )
    browser.open("/requests/new")
    need = hints(browser, "need", title=title, description=asked).page.text
    assert need.startswith("Your text seems to ask for")
    assert "Stockpile management · Equipment · 12 racks" in need
    assert "Stockpile management · Training · 2 courses" in need
    assert "You can take these lines over in the next part." in need
    first = written(browser, title)
    browser.open(f"/requests/{first}/edit/lines")
    lines = hints(browser, "lines", **{"row-0-quantity": "", "row-0-unit": ""}).page
    assert "What would help" in lines.text
    assert "How much is needed?" in lines.text
    browser.open(f"/requests/{first}/edit/plan")
    assert "What would help" in hints(browser, "plan", window_from="", window_to="").page.text
    second = written(browser, title)

    def alike() -> bool:
        """Requests are compared once the matcher's index has them."""
        browser.open(f"/requests/{second}/edit/need")
        hints(browser, "need")
        return f"/requests/{first}" in browser.links("/requests/")

    wait_until(alike, 120, "the request that says the same")
    assert "Looks like another request" in browser.page.text
    browser.open(f"/requests/{second}/edit/check")
    assert f"/requests/{first}" in browser.links("/requests/")
    assert "What would help" in browser.page.text
    other = visitor("requester", "fr")
    other.open(f"/requests/{second}/edit/need?language=fr")
    assert "Ressemble à une autre demande" in other.page.text


def test_hints_are_for_who_has_the_page_alone(visitor: Visiting) -> None:
    browser = visitor("requester")
    browser.open("/requests/new")
    for part, typed in (("need", {"csrf_token": ""}), ("nothing", {})):
        (form,) = (one for one in browser.page.forms if one.action == "")
        address = f"{browser.url}/requests/hints/{part}"
        answer = browser.session.post(address, data={**form.values, **typed}, timeout=60)
        assert answer.status_code == 404, part
