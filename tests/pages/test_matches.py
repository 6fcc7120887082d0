"""Matches as State, donor, coordinator and auditor play them in a browser without scripts."""

from collections.abc import Callable

import pytest

from services.portal.services import Services
from tests.pages.beside import portal_beside
from tests.pages.giving import HOSTILE
from tests.pages.meeting import AIMS, endorsed_of_another, make_match, pass_months
from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
TWISTED = f"Cela nous convient. {HOSTILE}"


def actions(browser: Visitor) -> set[str]:
    """What the forms of the page do."""
    return {
        form.action.rpartition("/do/")[2] for form in browser.page.forms if "/do/" in form.action
    }


def conditions(portal: Portal, match: str) -> list[str]:
    """The hashes of the offer's conditions."""
    found = portal.api("requester").get("matcher", f"/v1/proposals/{match}/life").body
    return [one["hash"] for one in found["conditions"]]


def test_a_match_goes_from_its_endorsement_to_what_was_delivered(
    portal: Portal, visitor: Visiting
) -> None:
    match = make_match(portal)
    page = f"/matches/{match}"
    donor, state, coordinator = visitor("donor"), visitor("requester"), visitor("coordinator")
    state.open("/matches")
    assert page in state.links(page)
    assert "Your answer" in state.page.text
    state.open(page)
    assert actions(state) == {"agree", "decline"}
    assert "A report each year" in state.page.text
    # Nothing is agreed to before each condition is ticked, and what was typed stays.
    state.send(f"{page}/do/agree", reason=TWISTED)
    assert state.status == 422
    assert "Tick each condition" in state.page.text
    assert "Cela nous convient." in state.page.text
    state.send(f"{page}/do/agree", reason=TWISTED, accepts=conditions(portal, match))
    assert (state.status, state.path) == (200, page)
    assert "Agreed by the State" in state.page.text
    donor.open(page)
    assert "<script>alert" not in donor.shown.text
    donor.send(f"{page}/do/agree", **{"line-1": "6000"})
    assert (donor.status, "line-1-amount-error" in donor.shown.text) == (422, True)
    assert "This is more than is left of this line." in donor.page.text
    donor.send(f"{page}/do/agree", **{"line-1": "6"})
    assert donor.status == 200
    donor.open(page)
    assert actions(donor) == {"decline"}
    coordinator.open(page)
    coordinator.send(f"{page}/do/commit", **{"need-1": "4", "give-1": "2.5", "give-2": ""})
    assert (coordinator.status, "give-1-amount-error" in coordinator.shown.text) == (422, True)
    coordinator.send(f"{page}/do/commit", **{"need-1": "4", "give-1": "4", "give-2": ""})
    assert "Held" in coordinator.page.text
    donor.open(page)
    donor.send(f"{page}/do/start", reason="Shipped today.")
    donor.send(f"{page}/do/figures", **{"line-1": "4"})
    assert "Shipped today." in donor.page.text
    state.open(page)
    state.send(f"{page}/do/figures", **{"line-1": "three"})
    assert (state.status, "This is no number." in state.page.text) == (422, True)
    state.send(f"{page}/do/figures", **{"line-1": "2.5"})
    assert (state.status, "This is counted whole." in state.page.text) == (422, True)
    assert "line-1-amount-error" in state.shown.text
    state.send(f"{page}/do/figures", **{"line-1": "3"})
    assert "1 machine" in state.page.text  # the difference
    state.send(f"{page}/do/deliver")
    assert "Will be asked on" in state.page.text
    pass_months(portal, 4)
    state.open(page)
    assert AIMS[1] in state.page.text
    assess = f"{page}/do/assess-3"
    state.send(assess, **{"reached-3": ["1"]}, adequate="4", effective="5", sustainable="2")
    assert "1 / 2" in state.page.text
    donor.open(page)
    assert actions(donor) >= {"reply-3"}
    auditor = visitor("auditor")
    auditor.open(page)
    assert (auditor.status, actions(auditor)) == (200, set())


def test_who_decides_on_what_has_changed_is_told_and_loses_nothing(
    portal: Portal, visitor: Visiting
) -> None:
    match = make_match(portal)
    page = f"/matches/{match}"
    first, second, donor = visitor("requester"), visitor("requester"), visitor("donor")
    for browser in (first, second, donor):
        browser.open(page)
    donor.send(f"{page}/do/agree")
    second.send(f"{page}/do/decline", reason=f"Notre plan a changé. {HOSTILE}")
    assert second.status == 412
    assert "What happened meanwhile" in second.page.text
    assert "The donor agreed" in second.page.text
    assert "Notre plan a changé." in second.page.text
    second.send(f"{page}/do/decline", reason="Notre plan a changé.")
    assert second.status == 200
    # The first window can do nothing any more, and keeps what was typed there.
    first.send(f"{page}/do/agree", reason="We are glad.", accepts=conditions(portal, match))
    assert first.status == 412
    assert "We are glad." in first.page.text
    assert actions(first) == set()
    donor.open(f"{page}?language=fr")
    assert "Déclinée" in donor.page.text
    assert "Notre plan a changé." in donor.page.text


def test_what_was_typed_when_the_session_ended_is_not_lost(
    portal: Portal, visitor: Visiting
) -> None:
    page = f"/matches/{make_match(portal)}"
    donor, back = visitor("donor"), visitor("donor")
    donor.open(page)
    donor.session.cookies.clear()
    donor.send(f"{page}/messages", text="When do the machines arrive?")
    assert donor.status == 403
    assert "You were signed out" in donor.page.text
    assert "When do the machines arrive?" in donor.shown.text
    donor.session.cookies.update(back.session.cookies)
    sent = {"text": "When do the machines arrive?"}
    donor.answer = donor.session.post(f"{portal.url}{page}/messages", data=sent, timeout=60)
    assert donor.status == 422
    donor.send(f"{page}/messages")
    assert (donor.status, donor.path) == (200, page)


def test_sent_twice_it_is_done_once(portal: Portal, visitor: Visiting) -> None:
    match = make_match(portal)
    page = f"/matches/{match}"
    donor = visitor("donor")
    donor.open(page)
    (form,) = (one for one in donor.page.forms if one.action == f"{page}/messages")
    for _ in range(2):
        sent = {**form.values, "text": f"When? {HOSTILE}"}
        answer = donor.session.post(portal.url + form.action, data=sent, timeout=60)
        assert answer.status_code == 200
    donor.open(page)
    assert donor.page.text.count("When?") == 1
    donor.send(f"{page}/messages", text="x" * 10_000)
    assert (donor.status, "Characters: 10,000, at most: 4,000." in donor.page.text) == (422, True)
    donor.send(f"{page}/messages", text=" ")
    assert donor.status == 422


def test_questions_answers_and_files_are_both_sides_in_another_language(
    portal: Portal, visitor: Visiting
) -> None:
    match = make_match(portal)
    page = f"/matches/{match}"
    state, donor = visitor("requester", "ar"), visitor("donor")
    state.open(f"{page}?language=ar")
    state.send(f"{page}/messages", text="متى تصل الآلات؟", language="ar", signed="Bureau")
    assert state.status == 200
    donor.open(page)
    arabic = [attrs for _, attrs in donor.page.tags if attrs.get("lang") == "ar"]
    assert any(attrs.get("dir") == "rtl" for attrs in arabic)
    assert "UTC new" in donor.page.text
    donor.open(page)
    assert "UTC new" not in donor.page.text
    donor.send(f"{page}/messages", text="In March.", about="1")
    assert "on message 1" in donor.page.text
    pdf = ("Plan d'action.pdf", b"%PDF-1.4\n%\xe2\xe3\nplan", "application/pdf")
    donor.send(f"{page}/files", files={"file": pdf})
    assert "not scanned for viruses" in donor.page.text
    (link,) = donor.links(f"{page}/files/")
    state.open(link)
    headers = state.shown.headers
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert state.shown.content == pdf[1]
    donor.open(page)
    donor.send(f"{page}/files", files={"file": ("plan.pdf", b"MZ\x00\x01", "application/pdf")})
    assert donor.status == 422
    donor.send(f"{page}/messages/2/strike")
    assert "In March." not in donor.page.text
    donor.send(f"{link}/remove")
    assert "No file is attached." in donor.page.text


def test_an_organisation_offers_to_join_and_leaves(portal: Portal, visitor: Visiting) -> None:
    match = endorsed_of_another(portal)
    page, state, outsider = f"/matches/{match}", visitor("requester"), visitor("donor")
    outsider.open(page)
    assert outsider.status == 404
    outsider.open(f"{page}/join")
    outsider.send(f"{page}/join", role="expertise", text=f"Our trainers are near. {HOSTILE}")
    assert "sent to both sides" in outsider.page.text
    state.open("/matches")
    assert f"{page}#joinings" in state.links(page)
    assert portal.donor not in state.page.text  # by its name
    state.open("/matches?joins=1")
    assert f"{page}#joinings" in state.links(page)
    donor = portal.api("donor").get("offers", f"/v1/organisations/{portal.donor}").body
    assert donor["name"] in state.page.text
    coordinator = visitor("coordinator")
    coordinator.open("/matches?joins=1")
    asked, offered = match.split(".")
    assert {f"/requests/{asked}", f"/offers/{offered}"} <= set(coordinator.links())
    assert not coordinator.links(f"{page}#")  # who oversees is told of pairs without a page too
    state.open(page)
    (answer,) = (one.action for one in state.page.forms if "/joinings/" in one.action)
    state.send(answer, answer="agree")
    assert "Agreed by the State" in state.page.text
    outsider.open(f"{page}/join")
    (leave,) = (one.action for one in outsider.page.forms if one.action.endswith("/leave"))
    outsider.send(leave)
    assert "Withdrawn" in outsider.page.text
    # The State had the page open: its no comes too late, and is told so.
    state.send(answer, answer="decline", reason="Too late.")
    assert "changed while you had the page open" in state.page.text


def test_further_offers_to_join_have_pages_of_their_own(
    portal: Portal, visitor: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    outsider = visitor("donor")
    with portal_beside(portal, Services) as (beside, _app):
        monkeypatch.setattr("services.portal.pages.matches.listing._FIRST_JOINED", 1)
        monkeypatch.setattr("services.portal.pages.matches.listing._JOINED", 1)
        pages = [f"/matches/{endorsed_of_another(portal)}" for _ in range(2)]
        for page in pages:
            outsider.open(f"{page}/join")
            outsider.send(f"{page}/join", role="expertise", text="Our trainers are near.")
        state = beside.visitor("requester")
        state.open("/matches")
        assert state.links(f"{pages[1]}#")
        assert not state.links(f"{pages[0]}#")
        (further,) = state.links("/matches?joins=1")
        state.open(further)
        assert state.links(f"{pages[0]}#")
        assert not state.links(f"{pages[1]}#")


def test_what_is_not_for_a_reader_is_not_there(portal: Portal, visitor: Visiting) -> None:
    for role in ("requester", "donor", "coordinator", "auditor"):
        browser = visitor(role)
        browser.open("/matches/none.none")
        assert browser.status == 404
        browser.open("/matches?status=nonsense&cursor=nonsense")
        assert browser.status in {200, 422}
    operator = visitor("operator")
    operator.open("/matches")
    assert operator.status == 403
    nobody = visitor()
    nobody.open("/matches")
    assert nobody.path == "/sign-in"
