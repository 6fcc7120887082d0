"""Arms embargoes in the engine: what is barred is never proposed, what is exempt until its day."""

from datetime import date, timedelta
from itertools import permutations

import pytest

from services.matcher.engine import search
from services.matcher.engine.codes import KIND_CODES
from services.matcher.engine.embargoes import Embargo, Exemption, ruling
from services.matcher.engine.matching import Engine, Pairing
from services.matcher.engine.profiles import ALWAYS, OfferProfile, RequestProfile
from tests.services.matcher.engine.samples import (
    TODAY,
    engine,
    need,
    offer,
    provision,
    put,
    request,
)

DAY = TODAY.toordinal()
ENDLESS = (date(2020, 1, 1).toordinal(), ALWAYS[1])
TRAINING = need(2, theme="marking", kind="training", quantity=20, unit="persons")
COURSE = provision(1, theme="marking", kind="training", capacity=40, unit="persons")
MONEY = provision(1, kind="funding", capacity=None, unit=None)


def embargo(id_: str = "E1", *exemptions: Exemption, **fields: object) -> Embargo:
    """An embargo on Senegal, here for the sake of the example, that allows nothing."""
    usual: dict[str, object] = {"country": "SEN", "allowed": frozenset(), "days": ENDLESS}
    return Embargo(id=id_, exemptions=exemptions, **{**usual, **fields})  # type: ignore[arg-type]


def exemption(
    *kinds: str, request: str | None = None, until: int = DAY, id_: str = "1"
) -> Exemption:
    """An exemption from the day before on."""
    return Exemption(id_, frozenset(kinds), request, (DAY - 1, until))


def under(*embargoes: Embargo, records: tuple[RequestProfile | OfferProfile, ...]) -> Engine:
    """An engine that holds the records and the embargoes."""
    made = engine(*records)
    for one in embargoes:
        made.set_embargo(one.id, one)
    return made


def listed(made: Engine, of: str = "R1") -> tuple[Pairing, ...]:
    return made.shortlist(of).entries


def test_what_is_lifted_leaves_no_trace() -> None:
    records = (request("R1"), request("R2", country="KEN"), offer("O1"), offer("O2"))
    plain, made = engine(*records), engine(*records)
    assert made.set_embargo("E1", embargo()) == {"SEN"}
    assert listed(made, "R2") == listed(plain, "R2")
    assert listed(made, "R1") == ()
    assert made.set_embargo("E1", None) == {"SEN"}
    assert listed(made, "R1") == listed(plain, "R1")
    assert len(listed(made, "R1")) == 2


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [((), "embargo"), (("training",), "embargo"), (("equipment",), None), (KIND_CODES, None)],
)
def test_a_kind_is_barred_unless_it_is_allowed(
    allowed: tuple[str, ...], expected: str | None
) -> None:
    made = under(embargo(allowed=frozenset(allowed)), records=(request(), offer()))
    assert made.barred("R1", "O1") == expected
    assert bool(listed(made)) is bool(made.requests_for("O1")) is (expected is None)


def test_an_embargo_bars_on_its_days_only() -> None:
    coming = embargo(days=(DAY + 1, DAY + 2))
    made = under(coming, records=(request(), offer()))
    found = []
    for later in range(4):
        made.advance(TODAY + timedelta(days=later))
        found.append(bool(listed(made)))
    assert found == [True, False, False, True]


def test_of_a_request_only_the_lines_that_are_allowed_are_served() -> None:
    both = (request(needs=[need(), TRAINING]), offer("O1"), offer("O2", provisions=[COURSE]))
    made = under(embargo(allowed=frozenset({"training"})), records=both)
    (entry,) = listed(made)
    assert entry.offer == "O2"
    assert [one["need"] for one in entry.serves] == [2]
    assert made.open_needs("R1") == (2,)
    assert made.barred("R1", "O1") == "embargo"


def test_of_an_offer_only_the_lines_that_are_allowed_serve() -> None:
    money = {**MONEY, "line": 2}
    mixed = offer(provisions=[COURSE, money])
    asked = request(needs=[TRAINING, {**TRAINING, "line": 3, "kind": "expertise"}])
    plain = listed(engine(asked, mixed))[0]
    assert {one["provision"] for one in plain.serves} == {1, 2} or len(plain.serves) == 2
    made = under(embargo(allowed=frozenset({"training", "expertise"})), records=(asked, mixed))
    assert {one["provision"] for one in listed(made)[0].serves} == {1}
    only_money = under(
        embargo(allowed=frozenset({"training", "expertise"})),
        records=(asked, offer(provisions=[money])),
    )
    assert listed(only_money) == ()
    assert only_money.barred("R1", "O1") == "embargo"


def test_what_states_no_kind_is_barred_while_anything_is() -> None:
    unstated = (request(needs=[]), offer())
    assert listed(engine(*unstated))
    assert under(embargo(), records=unstated).barred("R1", "O1") == "embargo"
    allowing = embargo(allowed=frozenset({"training"}))
    assert under(allowing, records=unstated).barred("R1", "O1") == "embargo"
    assert (
        under(embargo(allowed=frozenset(KIND_CODES)), records=unstated).barred("R1", "O1") is None
    )
    lacking = (request(), offer(provisions=[]))
    equipment = embargo(allowed=frozenset({"equipment"}))
    assert under(equipment, records=lacking).barred("R1", "O1") == "embargo"


def test_an_exemption_is_for_its_request_its_kinds_and_its_days() -> None:
    records = (request("R1"), request("R2"), offer())
    made = under(embargo("E1", exemption("equipment", request="R1")), records=records)
    assert (bool(listed(made, "R1")), bool(listed(made, "R2"))) == (True, False)
    made.advance(TODAY + timedelta(days=1))
    assert listed(made, "R1") == ()
    of_all = under(embargo("E1", exemption("equipment")), records=records)
    assert listed(of_all, "R1")
    assert listed(of_all, "R2")
    other = under(embargo("E1", exemption("training")), records=records)
    assert listed(other, "R1") == ()


def test_two_embargoes_bar_what_either_bars() -> None:
    exempting = embargo("E1", exemption("equipment", until=DAY + 5))
    other = embargo("E2", allowed=frozenset({"training"}))
    assert under(exempting, other, records=(request(), offer())).barred("R1", "O1") == "embargo"
    found = ruling([other, exempting], "R1", DAY)
    assert found == ruling([exempting, other], "R1", DAY)
    assert found.bars("equipment") == ("E2",)
    assert found.bars("training") == ("E1",)
    assert found.bars("a kind of tomorrow") == ("E1", "E2")


def test_of_several_exemptions_the_one_that_lasts_longest_is_told() -> None:
    several = embargo("E1", exemption("equipment"), exemption("equipment", until=DAY + 9, id_="2"))
    assert dict(ruling([several], "R1", DAY).exempt)["equipment"] == (("E1", "2"),)


def test_the_order_of_arrival_does_not_matter() -> None:
    allowing = embargo(allowed=frozenset({"training"}))
    things = (request(needs=[need(), TRAINING]), offer("O1"), offer("O2", provisions=[COURSE]))
    found = []
    for order in permutations([*things, allowing]):
        made = engine()
        for one in order:
            if isinstance(one, Embargo):
                made.set_embargo(one.id, one)
            else:
                put(made, one)
        found.append(listed(made))
    assert found == [found[0]] * len(found)


def test_what_is_committed_of_a_barred_line_counts_once_it_is_lifted() -> None:
    made = under(embargo(), records=(request(), offer()))
    made.set_committed("request", "R1", 1, "quantity", 4_000)
    assert made.barred("R1", "O1") == "embargo"
    made.set_embargo("E1", None)
    assert made.barred("R1", "O1") == "not-open"


@pytest.mark.parametrize("kinds", [(), ("training",), ("equipment", "training"), KIND_CODES])
def test_a_large_register_keeps_to_it_too(
    monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...]
) -> None:
    stock = [provision(1, kind=kind) for kind in KIND_CODES]
    offers = [offer(f"O{n:02}", provisions=[stock[n % len(stock)]]) for n in range(60)]
    records = (request(needs=[need(), {**need(2), "kind": "training"}]), *offers)
    made = under(embargo(allowed=frozenset(kinds)), records=records)
    monkeypatch.setattr(search, "LARGE", 10)
    quick = {entry.offer for entry in made.shortlist("R1", 60).entries}
    exact = {entry.offer for entry in made.shortlist("R1", 60, exact=True).entries}
    assert quick == exact
    given = {number % len(stock) for number in (int(id_[1:]) for id_ in quick)}
    assert {KIND_CODES[number] for number in given} == set(kinds)
