"""Alliances as they are written: what follows from requests, answers and decisions."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from services.matcher import alliance_keeping, alliances, commitments
from services.matcher.actors import Actor
from services.matcher.alliance_documents import Alliance, alliance_id
from services.matcher.alliance_keeping import AllianceKeeper
from services.matcher.alliance_rules import Found
from services.matcher.documents import Commitment
from services.matcher.domain import LineLimit
from services.matcher.engine.geography import Geography
from services.matcher.ledger import Limits, set_limits
from shared.events import validation
from shared.events.envelope import Event
from shared.events.outbox import StaleVersion
from shared.events.versions import Version
from shared.lifecycle import IllegalTransition
from tests.services.matcher.records import NOW, agreed, commitment_line, request_event, tombstone
from tests.services.matcher.world import received

pytestmark = pytest.mark.usefixtures("database")

COORDINATOR = Actor("coordinator")
DAY = NOW.date()


class Keeping:
    """A worker that owns every partition and hears its own alliances' events."""

    def __init__(self) -> None:
        self.keeper = AllianceKeeper(Geography.of_vocabulary(DAY))

    def hears(self, *events: Event, on: date = DAY) -> None:
        """Take the events in, and act on them until nothing more follows."""
        for event in events:
            self.keeper.hear(received(event))
        while self.turn(on):
            for alliance in Alliance.objects():
                self.keeper.hear(received(alliance.event()))
            if not self.turn(on):
                break

    def turn(self, on: date) -> int:
        while not self.keeper.form():
            pass
        return self.keeper.write({0, 1, 2}, on, NOW)


@pytest.fixture
def keeping() -> Keeping:
    return Keeping()


def asked(id_: str, country: str, number: int = 1, **fields: Any) -> Event:
    return request_event(id_, number, country=country, **fields)


def standings(anchor: str = "r1") -> dict[str, str]:
    stored = Alliance.objects.get(id=alliance_id(anchor))
    return {member.request: member.standing for member in stored.members}


def stored(anchor: str = "r1") -> Alliance:
    return Alliance.objects.get(id=alliance_id(anchor))


def three(keeping: Keeping) -> Alliance:
    keeping.hears(asked("r1", "SEN"), asked("r2", "BEN"), asked("r3", "GHA"))
    return stored()


def endorse(alliance: Alliance) -> Alliance:
    return alliances.decide(alliance.id, "endorse", None, alliance.version, COORDINATOR, NOW)


def say(request: str, agrees: bool, reason: str | None = None) -> Alliance:
    alliance = stored()
    country = alliance.member(request).country
    actor = Actor("requester", country)
    return alliances.answer(alliance.id, request, agrees, reason, alliance.version, actor, NOW)


def test_three_that_ask_alike_are_proposed_together_with_an_event(keeping: Keeping) -> None:
    alliance = three(keeping)
    assert alliance.status == "proposed"
    assert standings() == {"r1": "proposed", "r2": "proposed", "r3": "proposed"}
    assert alliance.states == ["BEN", "GHA", "SEN"]
    data = alliance.event().data
    assert validation.problem("entraide.alliance.v1", data) is None
    assert len(alliance.pending_events) == 1


def test_one_alone_and_others_elsewhere_are_not(keeping: Keeping) -> None:
    keeping.hears(asked("r1", "SEN"), asked("r2", "JAM"), asked("r3", "SEN"))
    assert Alliance.objects.count() == 0


def test_the_order_of_events_does_not_matter(keeping: Keeping) -> None:
    events = [
        asked("r1", "SEN"),
        asked("r2", "BEN", 1, status="withdrawn"),
        asked("r2", "BEN", 2),
        asked("r3", "GHA"),
        asked("r4", "KEN"),
        asked("r4", "KEN", 3, status="closed"),
    ]
    random.Random(4).shuffle(events)
    keeping.hears(*events, *events)
    assert standings() == {"r1": "proposed", "r2": "proposed", "r3": "proposed"}
    assert stored().number == 1


def test_a_new_request_joins_and_moves_nobody(keeping: Keeping) -> None:
    three(keeping)
    keeping.hears(asked("r9", "CIV"))
    assert list(standings()) == ["r1", "r2", "r3", "r9"]
    assert stored().number == 2


def test_endorsed_and_agreed_by_all_it_is_agreed(keeping: Keeping) -> None:
    endorse(three(keeping))
    say("r1", agrees=True)
    say("r2", agrees=True)
    assert stored().status == "endorsed"
    say("r3", agrees=True)
    assert stored().status == "agreed"
    keeping.hears(asked("r9", "CIV"))
    assert stored().status == "endorsed"
    assert standings()["r9"] == "proposed"


def test_a_state_that_declines_is_never_asked_again(keeping: Keeping) -> None:
    three(keeping)
    say("r3", agrees=False, reason="we do it alone")
    keeping.hears(stored().event(), asked("r3", "GHA", 2, priority="critical"))
    keeping.hears(asked("r9", "CIV"), on=DAY + timedelta(days=1))
    assert standings()["r3"] == "declined"
    assert stored().states == ["BEN", "CIV", "SEN"]
    with pytest.raises(IllegalTransition):
        say("r3", agrees=True)
    # Nor by a worker that starts anew and hears everything again.
    later = Keeping()
    later.hears(stored().event(), *(asked(f"r{n}", s) for n, s in ((1, "SEN"), (2, "BEN"))))
    later.hears(asked("r3", "GHA", 2))
    assert standings()["r3"] == "declined"


def test_too_few_left_dissolve_it_with_the_reason(keeping: Keeping) -> None:
    keeping.hears(asked("r1", "SEN"), asked("r2", "BEN"))
    say("r2", agrees=False)
    assert (stored().status, stored().cause) == ("dissolved", "declined")
    assert standings() == {"r1": "proposed", "r2": "declined"}


@pytest.mark.parametrize(
    ("gone", "cause"),
    [
        (asked("r2", "BEN", 2, status="withdrawn"), "withdrawn"),
        (asked("r2", "BEN", 2, status="closed"), "closed"),
        (tombstone(asked("r2", "BEN")), "gone"),
        (
            asked("r2", "BEN", 2, window={"from": "2025-01-01", "to": "2025-12-31"}),
            "over",
        ),
    ],
    ids=["withdrawn", "closed", "vanished", "over"],
)
def test_a_member_that_goes_after_the_endorsement_dissolves_it(
    keeping: Keeping, gone: Event, cause: str
) -> None:
    keeping.hears(asked("r1", "SEN"), asked("r2", "BEN"))
    endorse(stored())
    say("r1", agrees=True)
    say("r2", agrees=True)
    assert stored().status == "agreed"
    keeping.hears(stored().event(), gone)
    assert (stored().status, stored().cause) == ("dissolved", cause)
    assert standings() == {"r1": "agreed", "r2": "left"}


def test_what_was_settled_does_not_fall_apart_when_needs_change(keeping: Keeping) -> None:
    endorse(three(keeping))
    keeping.hears(stored().event(), asked("r2", "BEN", 2, needs=[], signature=None))
    assert standings()["r2"] == "proposed"


def test_what_is_only_proposed_follows_the_needs(keeping: Keeping) -> None:
    three(keeping)
    keeping.hears(asked("r2", "BEN", 2, needs=[], signature=None))
    assert standings() == {"r1": "proposed", "r2": "left", "r3": "proposed"}
    assert stored().member("r2").cause == "unlike"
    keeping.hears(asked("r2", "BEN", 3))
    assert standings()["r2"] == "proposed"


def test_a_dissolved_one_comes_back_with_another_and_asks_anew(keeping: Keeping) -> None:
    keeping.hears(asked("r1", "SEN"), asked("r2", "BEN"))
    say("r1", agrees=True)
    say("r2", agrees=False)
    keeping.hears(stored().event(), asked("r9", "CIV"))
    assert (stored().status, stored().cause) == ("proposed", None)
    assert standings() == {"r1": "proposed", "r2": "declined", "r9": "proposed"}


def test_a_dismissed_one_comes_back_only_with_another_state(keeping: Keeping) -> None:
    alliance = three(keeping)
    alliances.decide(alliance.id, "dismiss", "no", alliance.version, COORDINATOR, NOW)
    keeping.hears(stored().event(), asked("r4", "SEN"), asked("r1", "SEN", 2))
    assert stored().status == "dismissed"
    keeping.hears(asked("r5", "CIV"))
    assert stored().status == "proposed"


def test_decisions_are_made_on_what_was_seen(keeping: Keeping) -> None:
    alliance = three(keeping)
    keeping.hears(asked("r9", "CIV"))
    with pytest.raises(StaleVersion):
        endorse(alliance)


def test_what_was_committed_for_its_sake_is_given_back(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    endorse(three(keeping))
    for number in (1, 2):
        say(f"r{number}", agrees=True)
        _held(f"c{number}", f"r{number}")
    assert [hold.commitment for hold in stored().holds] == ["c1", "c2"]

    def crash(*_: object) -> None:
        raise AutoReconnect

    keeping.hears(stored().event())
    keeping.keeper.hear(received(asked("r2", "BEN", 2, status="withdrawn")))
    with monkeypatch.context() as patched:
        patched.setattr(alliances, "_release", crash)
        with pytest.raises(AutoReconnect):
            keeping.turn(DAY)
    assert stored().owes
    assert _status("c2") == "held"
    assert alliances.sweep() == 1
    assert alliances.sweep() == 0
    assert (_status("c1"), _status("c2")) == ("held", "released")
    keeping.hears(stored().event())
    alliance = stored()
    alliances.decide(alliance.id, "dismiss", "no", alliance.version, COORDINATOR, NOW)
    assert _status("c1") == "released"
    assert (stored().holds, stored().owes) == ([], False)


def _held(id_: str, request: str) -> None:
    match = agreed(request, "o1")
    lines = [commitment_line("request", request, 1_000), commitment_line("offer", "o1", 1_000)]
    for line in lines:
        limits = [LineLimit(1, "quantity", "machines", 9_000)]
        set_limits([Limits(line.side, line.record, Version(1, 1), True, limits)], NOW)
    commitments.begin(id_, match, lines, None, COORDINATOR, NOW, alliance=stored().id)
    assert commitments.finish(id_, NOW).status == "held"


def _status(id_: str) -> str:
    return str(Commitment.objects.get(id=id_).status)


def test_only_the_owner_of_the_first_requests_partition_writes(
    database: Database[dict[str, Any]],
) -> None:
    keeper = AllianceKeeper(Geography.of_vocabulary(DAY))
    for event in (asked("r1", "SEN"), asked("r2", "BEN")):
        keeper.hear(received(event))
    partition = received(asked("r1", "SEN")).partition
    assert keeper.form()
    assert keeper.write({partition + 1}, DAY, NOW) == 0
    assert Alliance.objects.count() == 0
    assert keeper.write({partition}, DAY, NOW) == 1
    assert Alliance.objects.count() == 1


def test_one_that_cannot_be_written_holds_up_no_other(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(anchor: str, *others: Any) -> None:
        if anchor == "r1":
            raise ValueError("too large")
        alliances.follow(anchor, *others)

    monkeypatch.setattr(alliance_keeping, "follow", breaks)
    for number, state in enumerate(("SEN", "BEN", "GHA"), start=1):
        keeping.keeper.hear(received(asked(f"r{number}", state)))
    for number, state in enumerate(("FJI", "TON", "WSM"), start=4):
        keeping.keeper.hear(received(asked(f"r{number}", state)))
    keeping.turn(DAY)
    assert [one.anchor for one in Alliance.objects()] == ["r4"]


def test_two_that_write_at_once_write_the_same() -> None:
    one, other = Keeping(), Keeping()
    for keeping in (one, other):
        for event in (asked("r1", "SEN"), asked("r2", "BEN")):
            keeping.keeper.hear(received(event))
    one.turn(DAY)
    other.turn(DAY)
    assert stored().number == 1


def test_found_again_nothing_is_written() -> None:
    found = [Found("r1", "SEN"), Found("r2", "BEN")]
    for _ in range(2):
        alliances.follow("r1", found, {}, NOW)
    assert stored().number == 1
