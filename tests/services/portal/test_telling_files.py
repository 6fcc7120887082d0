"""Who is told of files that are attached to requests and offers, and removed again."""

from collections.abc import Callable
from typing import Any

import pytest

from services.portal.documents import Account
from services.portal.note_documents import Followed, Notification
from services.portal.sentences import sentence
from shared.events.envelope import OFFER, REQUEST
from shared.lifecycle import FILING
from shared.web.languages import LANGUAGES
from tests.services.portal.conftest import Clock
from tests.services.portal.events import ENDORSED, ORGANISATION, event, matched, step
from tests.services.portal.told import told, told_of

People = dict[str, Account]
Hear = Callable[..., None]
OVERSEERS = {"coordinator", "west"}


@pytest.fixture(autouse=True)
def empty(app: object) -> None:
    for kind in (Notification, Followed, Account):
        kind.objects.delete()


def filed(
    clock: Clock,
    *files: tuple[str, str],
    by: str | None = None,
    status: str = "circulated",
    **changes: Any,
) -> Any:
    """A circulated request that tells of files: of each the action and the code."""
    early = clock.now
    history = [
        step("submit", "draft", "submitted", early, role="requester", party="SEN"),
        step("circulate", "authenticated", "circulated", early, role="service"),
    ]
    who = {"role": "requester", "party": "SEN", **({"subject": by} if by else {})}
    for number, (action, code) in enumerate(files):
        at = early.replace(microsecond=number)
        history.append(step(action, "circulated", "circulated", at, reason=code, **who))
    if status != "circulated":
        history.append(step("withdraw", "circulated", status, early, role="requester", party="SEN"))
    return event(REQUEST, history, len(history), **changes)


def endorsed(clock: Clock) -> Any:
    return matched(clock, ENDORSED)


def test_parties_state_and_coordinators_hear_of_a_request_s_files_but_who_did_it(
    people: People, hear: Hear, clock: Clock
) -> None:
    hear(endorsed(clock))
    clock.forward(minutes=1)
    own = people["colleague"].id
    hear(filed(clock, ("attach", "file-a"), by=own))
    assert told_of(people, "attach") == {"state", "donor", *OVERSEERS}
    hear(filed(clock, ("attach", "file-a"), by=own))
    hear(filed(clock, ("attach", "file-a"), ("detach", "file-a"), by=own))
    assert told_of(people, "detach") == {"state", "donor", *OVERSEERS}
    assert {kind for _, action, kind in told(people) if action in FILING} == {"message"}


def test_a_file_of_a_level_of_its_own_is_told_to_those_who_see_it(
    people: People, hear: Hear, clock: Clock
) -> None:
    hear(endorsed(clock))
    clock.forward(minutes=1)
    hear(filed(clock, ("attach", "file-coordinators-a"), ("detach", "file-parties-b")))
    assert told_of(people, "attach") == {"state", "colleague", *OVERSEERS}
    assert told_of(people, "detach") == {"state", "colleague", "donor", *OVERSEERS}


@pytest.mark.parametrize(("level", "heard"), [("parties", True), ("coordinators", False)])
def test_who_does_not_read_the_request_hears_of_no_file_of_it(
    people: People, hear: Hear, clock: Clock, level: str, heard: bool
) -> None:
    hear(endorsed(clock))
    clock.forward(minutes=1)
    hear(filed(clock, ("attach", "file-a"), visibility=level))
    assert ("donor" in told_of(people, "attach")) == heard
    hear(filed(clock, ("attach", "file-a"), ("detach", "file-a"), status="withdrawn"))
    assert "donor" not in told_of(people, "detach")


def test_a_donor_hears_of_files_from_the_endorsement_on_in_whatever_order_it_comes(
    people: People, hear: Hear, clock: Clock
) -> None:
    early = filed(clock, ("attach", "file-a"))
    clock.forward(minutes=1)
    known = endorsed(clock)
    clock.forward(minutes=1)
    later = filed(clock, ("detach", "file-a"))
    both = [*early.data["history"], later.data["history"][-1]]
    hear(event(REQUEST, both, 9))
    assert told_of(people, "detach") == {"state", "colleague", *OVERSEERS}
    hear(known)
    hear(known)
    assert told_of(people, "detach") == {"state", "colleague", "donor", *OVERSEERS}
    assert "donor" not in told_of(people, "attach")


def test_a_proposal_that_is_none_any_more_makes_nobody_hear_of_files(
    people: People, hear: Hear, clock: Clock
) -> None:
    hear(matched(clock, ENDORSED, ("decline", "endorsed", "declined")))
    clock.forward(minutes=1)
    hear(filed(clock, ("attach", "file-a")))
    assert "donor" not in told_of(people, "attach")


@pytest.mark.parametrize("late", [False, True])
def test_donor_coordinators_and_states_of_its_proposals_hear_of_an_offer_s_files(
    people: People, hear: Hear, clock: Clock, late: bool
) -> None:
    known = endorsed(clock)
    clock.forward(minutes=1)
    own = {"role": "donor", "party": ORGANISATION}
    history = [
        step("submit", "draft", "submitted", clock(), **own),
        step("publish", "submitted", "published", clock()),
        step("attach", "published", "published", clock(), reason="file-a", **own),
    ]
    offer = event(OFFER, history, organisation=ORGANISATION)
    for one in (offer, known) if late else (known, offer):
        hear(one)
    assert told_of(people, "attach") == {"other-donor", "coordinator", "state", "colleague"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_kind_of_record_says_it_in_words_of_its_own(language: str) -> None:
    facts = {"country": "SEN", "reason": "file-parties-a"}
    every = {
        sentence(language, record, action, facts)
        for record in ("request", "offer", "match")
        for action in FILING
    }
    assert len(every) == 6
    assert not any("file-parties" in one for one in every)
