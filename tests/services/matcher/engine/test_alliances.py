"""Who makes a joint project with whom, whatever came first."""

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.affinity import features, joining, shipped
from services.matcher.engine.asks import Ask, Asks
from services.matcher.engine.bonds import Bond, Bonds, bond, common_organisations
from services.matcher.engine.geography import Geography
from tests.services.matcher.engine.arbitrary import few
from tests.services.matcher.engine.asked import DEPOT, MARKING, ask, ask_data, formation, settled
from tests.services.matcher.engine.samples import TODAY, need

PLAIN = {"confidential": False}


def formed(*asks: Ask) -> dict[str, tuple[str, ...]]:
    found = formation()
    for one in asks:
        found.put(one)
    return settled(found)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("KEN", "KEN", Bond.SAME),
        ("CMR", "NGA", Bond.NEIGHBOUR),
        ("SEN", "BEN", Bond.REGION),
        ("ZAF", "TZA", Bond.ORGANISATION),
        ("SEN", "KEN", Bond.NONE),
        ("XXX", "KEN", Bond.NONE),
    ],
)
def test_bonds(one: str, other: str, expected: Bond) -> None:
    geography = Geography.of_vocabulary(TODAY)
    assert bond(one, other, geography) is expected is bond(other, one, geography)


def test_common_organisations_leave_out_those_of_whole_continents() -> None:
    assert common_organisations(["SEN", "BEN", "CIV"], TODAY) == ("ECOWAS",)


def test_alike_needs_of_bound_states_make_one_alliance() -> None:
    found = formed(ask("r1", "SEN"), ask("r2", "BEN"), ask("r3", "GHA"))
    assert found == {"r1": ("r1", "r2", "r3")}


@pytest.mark.parametrize(
    "other",
    [
        ask("r2", "JAM"),
        ask("r2", "BEN", DEPOT),
        ask("r2", "SEN"),
        ask("r2", "BEN", window={"from": "2027-03-01", "to": "2028-01-31"}),
        ask("r2", "BEN", status="withdrawn"),
        ask("r2", "BEN", window={"from": "2025-01-01", "to": "2025-12-31"}),
        ask("r2", "BEN", needs=[{**need(), "confidential": True}]),
    ],
    ids=["far", "otherwise", "one State", "later", "withdrawn", "over", "confidential"],
)
def test_what_makes_no_alliance(other: Ask) -> None:
    assert formed(ask("r1", "SEN"), other) == {}


def test_a_confidential_line_does_not_count() -> None:
    hidden = {**need(2, theme="ammunition"), "confidential": True}
    plain = ask_data("r2", "BEN")
    told = {**plain, "needs": [*plain["needs"], hidden]}
    found = formation()
    for data in (ask_data("r1", "SEN"), told, plain | {"id": "r3"}):
        found.put(Ask.of_event(data))
    assert found.likeness("r1", ["r2"]) == found.likeness("r1", ["r3"])


def test_likeness_is_the_same_from_either_side() -> None:
    found = formation()
    found.put(ask("r1", "SEN"))
    found.put(ask("r2", "BEN", DEPOT))
    found.put(ask("r3", "GHA", signature=None, needs=[]))
    for one, other in (("r1", "r2"), ("r1", "r3"), ("r2", "r3")):
        assert found.likeness(one, [other]) == found.likeness(other, [one])


def test_only_an_organisation_in_common_asks_for_more() -> None:
    affinity = shipped()
    assert affinity.least < affinity.least_far
    assert formed(ask("r1", "ZAF"), ask("r2", "TZA", DEPOT)) == {}


def test_a_withdrawn_anchor_leaves_its_alliance_to_the_others() -> None:
    gone = ask("r1", "SEN", status="withdrawn")
    assert formed(gone, ask("r2", "BEN"), ask("r3", "GHA")) == {"r1": ("r2", "r3")}
    assert formed(gone, ask("r2", "BEN")) == {}


def test_who_is_barred_is_never_in_it_again_and_may_be_in_another() -> None:
    found = formation()
    for one in (ask("r1", "SEN"), ask("r2", "BEN"), ask("r3", "GHA")):
        found.put(one)
    found.agree("r1", kept=[], barred=["r3"])
    assert settled(found) == {"r1": ("r1", "r2")}
    found.put(ask("r3", "GHA", priority="high"))
    assert settled(found) == {"r1": ("r1", "r2")}
    found.agree("r1", kept=[], barred=[])
    assert settled(found) == {"r1": ("r1", "r2", "r3")}


def test_an_anchor_that_is_barred_leaves_the_others_together() -> None:
    found = formation()
    for one in (ask("r1", "SEN"), ask("r2", "BEN"), ask("r3", "GHA")):
        found.put(one)
    found.agree("r1", kept=[], barred=["r1"])
    assert settled(found) == {"r1": ("r2", "r3")}


def test_who_is_kept_stays_whatever_becomes_of_its_needs() -> None:
    found = formation()
    for one in (ask("r1", "SEN"), ask("r2", "BEN"), ask("r3", "GHA")):
        found.put(one)
    settled(found)
    found.agree("r1", kept=["r1", "r2"], barred=[])
    found.put(ask("r2", "BEN", DEPOT))
    found.put(ask("r0", "SEN", day="2026-01-01"))
    groups = settled(found)
    assert set(groups["r1"]) >= {"r1", "r2"}


def test_records_that_cannot_be_read_are_out() -> None:
    found = formation()
    found.put(ask("r1", "SEN"))
    found.put(ask("r2", "BEN"))
    broken = ask("r2", "BEN")
    with pytest.raises(OverflowError):
        found.put(replace(broken, since=2**40))
    assert settled(found) == {}
    found.put(broken)
    assert settled(found) == {"r1": ("r1", "r2")}


registers = st.lists(
    st.tuples(
        st.sampled_from(["SEN", "BEN", "GHA", "KEN", "UGA", "ZAF", "CMR", "NGA"]),
        st.sampled_from([MARKING, MARKING, DEPOT]),
        st.integers(1, 3),
        st.sampled_from(["published", "published", "published", "withdrawn"]),
    ),
    min_size=1,
    max_size=9,
)


def asks_of(rows: list[Any], prefix: str = "r") -> list[Ask]:
    return [
        ask(f"{prefix}{number}", country, text, f"2026-01-0{day}", status=status)
        for number, (country, text, day, status) in enumerate(rows)
    ]


@few
@given(registers, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(rows: list[Any], chance: random.Random) -> None:
    asks = asks_of(rows)
    expected = formed(*asks)
    shuffled = list(asks)
    chance.shuffle(shuffled)
    found = formation()
    for one in shuffled:
        # What it was before, and that it was settled halfway, leave no trace.
        found.put(ask(one.id, "KEN", DEPOT, "2026-01-02"))
        if chance.random() < 0.5:
            settled(found)
        found.put(one)
    assert settled(found) == expected


@few
@given(registers, st.integers(0, 8), st.randoms(use_true_random=False))
def test_what_is_removed_was_never_there(rows: list[Any], at: int, chance: random.Random) -> None:
    asks = asks_of(rows)
    gone = asks[at % len(asks)]
    found = formation()
    for one in asks:
        found.put(one)
    if chance.random() < 0.5:
        settled(found)
    found.remove(gone.id)
    assert settled(found) == formed(*(one for one in asks if one is not gone))


@few
@given(registers, st.sampled_from(["SEN", "KEN", "NGA"]), st.sampled_from([MARKING, DEPOT]))
def test_a_new_request_joins_or_founds_and_moves_nobody(
    rows: list[Any], country: str, text: str
) -> None:
    asks = asks_of(rows)
    before = formed(*asks)
    after = formed(*asks, ask("new", country, text, "2026-01-09"))
    joined = [anchor for anchor, members in after.items() if "new" in members]
    assert len(joined) <= 1
    for anchor, members in after.items():
        others = tuple(one for one in members if one != "new")
        # An alliance that the new one made possible had members of one State before.
        assert others == before.get(anchor, others)
    assert before.keys() <= after.keys()


def test_what_a_brief_look_rules_out_would_not_have_joined() -> None:
    asks, chance = Asks(Bonds(Geography.of_vocabulary(TODAY))), random.Random(5)
    texts = (MARKING, DEPOT, f"{MARKING}. {DEPOT}", "Help")
    for number in range(120):
        lines = [
            {**need(at, theme=chance.choice(("marking", "ammunition", "tracing"))), **PLAIN}
            for at in range(1, chance.randint(1, 3) + 1)
        ]
        country = chance.choice(("SEN", "BEN", "KEN", "UGA", "ZAF", "TZA"))
        asks.put(ask(f"r{number}", country, chance.choice(texts), needs=lines))
    rows, joined = np.arange(120), 0
    for affinity in (shipped(), replace(shipped(), least=0.2, least_far=0.3)):
        for number in range(120):
            every = features(asks, f"r{number}", rows)
            scores = affinity.probabilities(every)
            expected = affinity.joins(every, scores)
            found, told = joining(affinity, asks, f"r{number}", rows)
            assert found.tolist() == rows[expected].tolist()
            assert told.tolist() == scores[expected].tolist()
            joined += len(found)
    assert 240 < joined < 2 * 120 * 120
