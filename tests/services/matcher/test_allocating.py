"""What is open as a problem of allocation: who makes a joint project."""

import pytest

from services.matcher.alliance_documents import Alliance, AllianceMember
from services.matcher.allocating import situation
from shared.events.outbox import Transition, create
from tests.services.matcher.records import NOW, need, offer_event, provision, request_event
from tests.services.matcher.world import World


def ally(*standings: str) -> None:
    """An endorsed alliance of r1 and r2, who stand in it so."""
    members = [
        AllianceMember(request=request, country=country, standing=standing, since=NOW)
        for request, country, standing in zip(("r1", "r2"), ("SEN", "MLI"), standings, strict=True)
    ]
    step = Transition(
        source="proposed", target="endorsed", action="endorse", at=NOW, role="coordinator"
    )
    alliance = Alliance(id="a", anchor="r1", status="endorsed", members=members, history=[step])
    create(alliance, NOW)


@pytest.mark.parametrize(
    ("standings", "joint"),
    [(("agreed", "agreed"), True), (("agreed", "proposed"), False), (("agreed", "left"), False)],
)
def test_those_who_agreed_to_ally_are_one_project(
    world: World, standings: tuple[str, ...], *, joint: bool
) -> None:
    world.hears(
        [
            request_event("r1", country="SEN", needs=[need(1, quantity=2)]),
            request_event("r2", country="MLI", needs=[need(1, quantity=2)]),
            offer_event("o1", provisions=[provision(1, capacity=4)]),
        ]
    )
    ally(*standings)
    found = situation(NOW.date()).joints
    assert [one.pairs for one in found] == (
        [((("r1", 1), ("o1", 1)), (("r2", 1), ("o1", 1)))] if joint else []
    )
