"""What an alliance is about, who could serve it, what it saves."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.joint import (
    AskedLine,
    Left,
    Party,
    added_lines,
    common_lines,
    joint_offers,
    once,
    saving,
)
from tests.services.matcher.engine.arbitrary import few

COURSE = AskedLine(1, "tracing", "training", 40_000, "persons", 4_000_000)
MACHINES = AskedLine(2, "marking", "equipment", 2_000, "machines", 8_000_000)


def party(request: str, country: str, *lines: AskedLine) -> Party:
    return Party(request, country, lines)


def test_common_is_what_two_states_ask_for() -> None:
    one, twin = party("r1", "SEN", COURSE, MACHINES), party("r2", "SEN", MACHINES)
    other = party("r3", "BEN", AskedLine(7, "tracing", "training", 20_000, "persons"))
    (common,) = common_lines([one, twin, other])
    assert (common.theme, common.kind) == ("tracing", "training")
    assert common.states == ("BEN", "SEN")
    assert common.lines == (("r1", 1), ("r3", 7))
    assert common.quantities == {"persons": 60_000}
    assert (common.cents, common.unpriced) == (4_000_000, 1)
    assert added_lines(one, [common]) == (MACHINES,)
    assert added_lines(other, [common]) == ()


def test_what_is_spent_once_is_saved_for_all_but_the_costliest_state() -> None:
    amounts = {"SEN": 4_000_000, "BEN": 3_000_000, "GHA": 1_000_000}
    parties = [
        party(state, state, AskedLine(1, "tracing", "training", cents=cents))
        for state, cents in amounts.items()
    ]
    found = saving(common_lines(parties))
    assert found.apart == 8_000_000
    assert found.saved == round(once("training") * 4_000_000)
    assert found.together == found.apart - found.saved


def test_one_states_two_requests_save_nothing_of_one_another() -> None:
    apart = [party("r1", "SEN", COURSE), party("r2", "SEN", COURSE), party("r3", "BEN", COURSE)]
    assert saving(common_lines(apart)).saved == round(once("training") * 4_000_000)


def serving(need: int, line: AskedLine, provision: int = 1) -> dict[str, Any]:
    return {
        "need": need,
        "provision": provision,
        "theme": line.theme,
        "kind": line.kind,
        "quantity": None,
        "of": (line.quantity or 0) / 1000,
        "unit": line.unit,
        "fit": 1.0,
        "amount": None,
        "amount_of": None,
    }


def entry(score: float, *serves: dict[str, Any]) -> dict[str, Any]:
    return {"score": score, "serves": list(serves)}


PARTIES = [party("r1", "SEN", COURSE), party("r2", "BEN", COURSE), party("r3", "GHA", COURSE)]


def entries(**offers: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one.request: dict(offers) for one in PARTIES}


def test_whole_is_who_is_for_all_and_has_enough_for_the_sum() -> None:
    shortlists = entries(
        enough=entry(0.5, serving(1, COURSE)),
        scarce=entry(0.9, serving(1, COURSE)),
        other=entry(0.9),
    )
    shortlists["r1"]["only-here"] = entry(1.0, serving(1, COURSE))
    left = {("enough", 1): Left("persons", 120_000), ("scarce", 1): Left("persons", 60_000)}
    found = joint_offers(PARTIES, shortlists, left)
    assert [(one.offer, one.whole, one.part) for one in found] == [
        ("enough", True, 1.0),
        ("scarce", False, 0.5),
    ]


def test_who_reaches_not_every_member_is_not_whole() -> None:
    shortlists = entries(course=entry(0.5, serving(1, COURSE)))
    shortlists["r3"]["course"] = entry(0.5)
    (found,) = joint_offers(PARTIES, shortlists, {("course", 1): Left("persons", 10**6)})
    assert (found.part, found.whole) == (1.0, False)


def test_what_cannot_be_compared_is_not_called_whole() -> None:
    shortlists = entries(course=entry(0.5, serving(1, COURSE)))
    (found,) = joint_offers(PARTIES, shortlists, {("course", 1): Left("places", 10**6)})
    assert (found.part, found.whole) == (None, False)


def test_one_course_for_all_is_worth_more_than_as_many_for_one_each() -> None:
    shortlists = entries(course=entry(0.5, serving(1, COURSE)))
    (found,) = joint_offers(PARTIES, shortlists, {("course", 1): Left("persons", 10**6)})
    assert found.worth > len(PARTIES) * 0.5


def test_a_confidential_line_is_neither_told_nor_counted() -> None:
    # Lines that a party does not tell are not in it; a shortlist still serves them.
    shortlists = entries(course=entry(0.5, serving(9, COURSE)))
    assert joint_offers(PARTIES, shortlists, {("course", 1): Left("persons", 1)}) == ()


def test_a_member_without_a_shortlist_has_no_offers_yet() -> None:
    shortlists = entries(course=entry(0.5, serving(1, COURSE)))
    del shortlists["r2"]
    assert joint_offers(PARTIES, shortlists, {}) == ()


lines = st.builds(
    AskedLine,
    line=st.integers(1, 5),
    theme=st.sampled_from(["tracing", "marking"]),
    kind=st.sampled_from(["training", "equipment", "funding", "unheard-of"]),
    cents=st.none() | st.integers(0, 10**12),
)
parties = st.lists(
    st.builds(
        Party,
        request=st.sampled_from(["r1", "r2", "r3"]),
        country=st.sampled_from(["SEN", "BEN", "GHA"]),
        lines=st.lists(lines, max_size=4).map(tuple),
    ),
    max_size=5,
)


@few
@given(parties)
def test_together_never_costs_more_nor_less_than_the_costliest(found: list[Party]) -> None:
    commons = common_lines(found)
    total = saving(commons)
    assert 0 <= total.together <= total.apart
    assert commons == common_lines(found[::-1])
