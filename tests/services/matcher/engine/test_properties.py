"""What holds whatever the records are: order of arrival, both directions, whom a change moves."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine, Shortlist
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.track_records import Standing
from tests.services.matcher.engine.arbitrary import (
    few,
    ledgers,
    offers,
    registers,
    standings,
    texts,
    unbarred,
)
from tests.services.matcher.engine.samples import (
    DONOR,
    TEXTS,
    TODAY,
    engine,
    need,
    offer,
    provision,
    put,
    request,
    signed,
)


def lists(made: Engine, of: list[RequestProfile]) -> dict[str, Shortlist]:
    return {one.id: made.shortlist(one.id) for one in of}


@few
@given(
    registers(),
    ledgers(),
    st.sets(st.sampled_from(["R0.O0", "R1.O1", "R0.O2"])),
    standings,
    st.data(),
)
def test_the_order_of_arrival_does_not_matter(
    register: tuple[list[RequestProfile], list[OfferProfile]],
    ledger: list[tuple[Any, ...]],
    declined: set[str],
    standing: Standing,
    data: st.DataObject,
) -> None:
    asked, given_ = register
    steps: list[Callable[[Engine], None]] = [
        *(lambda made, record=record: put(made, record) for record in (*asked, *given_)),
        *(lambda made, entry=entry: made.set_committed(*entry) for entry in ledger),
        *(lambda made, pair=pair: made.decline(*pair.split(".")) for pair in sorted(declined)),
        lambda made: made.judge(DONOR, standing),
    ]
    usual, shuffled = engine(size=3), engine(size=3)
    for step in steps:
        step(usual)
    passing = [offer("O9"), request("R9"), offer("O0", provisions=[])]
    for record in passing:
        put(shuffled, record)
    shuffled.remove_offer("O9")
    shuffled.remove_request("R9")
    for step in data.draw(st.permutations(steps)):
        step(shuffled)
        if data.draw(st.booleans()):
            shuffled.shortlist("R0")
    shuffled.advance(TODAY)
    assert lists(shuffled, asked) == lists(usual, asked)
    for one in given_:
        assert shuffled.requests_for(one.id) == usual.requests_for(one.id)


@few
@given(st.booleans().flatmap(registers), st.data())
def test_affected_names_every_request_whose_list_changes(
    register: tuple[list[RequestProfile], list[OfferProfile]], data: st.DataObject
) -> None:
    asked, given_ = register
    made = engine(*asked, *given_, size=2)
    before = lists(made, asked)
    changed = data.draw(st.sampled_from([one.id for one in given_] + ["O99"]))
    told = set(made.affected(changed))
    how = data.draw(st.sampled_from(["put", "remove", "commit"]))
    if how == "put":
        new = data.draw(offers(changed))
        made.put_offer(unbarred(new) if data.draw(st.booleans()) else new)
    elif how == "remove":
        made.remove_offer(changed)
    else:
        made.set_committed("offer", changed, 1, "quantity", data.draw(st.integers(1, 50_000)))
    told_after = set(made.affected(changed))
    after = lists(made, asked)
    moved = {id_ for id_ in before if before[id_].entries != after[id_].entries}
    assert moved <= told_after
    # It names nobody for nothing: each one lists it, listed it, or would if a tie went its way.
    may_stand = {
        one.id
        for one in asked
        if changed in {entry.offer for entry in made.shortlist(one.id, 1000).entries}
    }
    assert told_after <= may_stand | told


@few
@given(registers())
def test_both_directions_agree_on_every_pair(
    register: tuple[list[RequestProfile], list[OfferProfile]],
) -> None:
    asked, given_ = register
    made = engine(*asked, *given_)
    forward = {
        (entry.request, entry.offer): (entry.score, entry.features, entry.serves, entry.evidence)
        for one in asked
        for entry in made.shortlist(one.id).entries
    }
    reverse = {
        (entry.request, entry.offer): (entry.score, entry.features, entry.serves, entry.evidence)
        for one in given_
        for entry in made.requests_for(one.id)
    }
    assert forward == reverse
    assert all(made.barred(*pair) is None for pair in forward)
    for score_, features, _, _ in forward.values():
        assert 0.0 <= score_ <= 1.0
        assert all(0.0 <= value <= 1.0 for value in features)


def _may(asking: RequestProfile, giving: OfferProfile) -> bool:
    """Whether the rules let a pair be, reckoned from the records without the index."""
    days = [max(asking.window[0], giving.window[0], TODAY.toordinal())]
    days.append(min(asking.window[1], giving.window[1]))
    geography = Geography.of_vocabulary(TODAY)
    admitted = (
        not (giving.countries or giving.regions or giving.groups)
        or asking.country in giving.countries
        or geography.area(asking.country) in giving.regions
        or bool(geography.groups(asking.country) & giving.groups)
    )
    return asking.open and giving.open and admitted and days[0] <= days[1]


@few
@given(registers(), texts, st.sets(st.sampled_from(["R0.O0", "R1.O1", "R0.O2"])), st.booleans())
def test_a_barred_pair_is_never_proposed_however_alike_its_texts(
    register: tuple[list[RequestProfile], list[OfferProfile]],
    text: dict[str, Any] | None,
    declined: set[str],
    used_up: bool,
) -> None:
    asked, given_ = register
    if text is not None:
        alike = request(signature=text).text
        asked = [replace(one, text=alike) for one in asked]
        given_ = [replace(one, text=alike) for one in given_]
    made = engine(*asked, *given_)
    for pair in declined:
        made.decline(*pair.split("."))
    spent = set()
    if used_up:
        made.set_committed("offer", "O0", 1, "quantity", 10**12)
        spent = {one.id for one in given_ if one.id == "O0" and len(one.lines) == 1}
    allowed = {
        (asking.id, giving.id)
        for asking in asked
        for giving in given_
        if _may(asking, giving)
        and f"{asking.id}.{giving.id}" not in declined
        and giving.id not in spent
    }
    proposed = {
        (entry.request, entry.offer) for one in asked for entry in made.shortlist(one.id).entries
    }
    proposed |= {
        (entry.request, entry.offer) for one in given_ for entry in made.requests_for(one.id)
    }
    assert proposed <= allowed


def ranking_of_a_few() -> str:
    """The lists of a small register, as text."""
    asked = [
        request(f"R{n}", signature=signed(text), needs=[need(quantity=n + 1)][: n % 3])
        for n, text in enumerate(TEXTS)
    ]
    given_ = [
        offer(f"O{n}", signature=signed(text), provisions=[provision(capacity=n + 1)][: n % 2])
        for n, text in enumerate(TEXTS)
    ]
    made = engine(*asked, *given_)
    return repr([made.shortlist(one.id) for one in asked]) + repr(
        [made.requests_for(one.id) for one in given_]
    )


def test_another_process_ranks_alike_whatever_its_hashes_and_threads() -> None:
    code = (
        "from tests.services.matcher.engine.test_properties import ranking_of_a_few;"
        "print(ranking_of_a_few())"
    )
    for seed, threads in (("1", "1"), ("77", "2")):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        there = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, **dict.fromkeys(names, threads)},
        )
        assert there.stdout.strip() == ranking_of_a_few()
