from datetime import date

import pytest

from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from tests.services.matcher.engine.samples import (
    eligibility,
    engine,
    need,
    offer,
    provision,
    request,
)


def bar(of: RequestProfile, by: OfferProfile) -> str | None:
    made = engine(of, by)
    assert_never_proposed_if_barred(made, of.id, by.id)
    return made.barred(of.id, by.id)


def assert_never_proposed_if_barred(made: Engine, of: str, by: str) -> None:
    proposed = [entry.offer for entry in made.shortlist(of).entries]
    suited = [entry.request for entry in made.requests_for(by)]
    assert (by in proposed) == (of in suited) == (made.barred(of, by) is None)


def test_a_pair_without_a_bar() -> None:
    assert bar(request(), offer()) is None


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (eligibility(countries=("SEN",)), None),
        (eligibility(regions=("Western Africa",)), None),
        (eligibility(groups=("LDC",)), None),
        (eligibility(countries=("KEN",), groups=("LDC",)), None),
        (eligibility(countries=("KEN",)), "geography"),
        (eligibility(regions=("Eastern Africa", "Caribbean")), "geography"),
        (eligibility(groups=("LLDC", "SIDS")), "geography"),
        (eligibility(regions=("Atlantis",)), "geography"),
    ],
)
def test_a_state_is_eligible_if_any_list_names_it(
    who: dict[str, list[str]], expected: str | None
) -> None:
    assert bar(request(country="SEN"), offer(eligibility=who)) == expected


def test_a_code_that_is_no_country_may_be_named_and_may_have_what_is_for_all() -> None:
    odd = request(country="ZZZ")
    assert bar(odd, offer()) is None
    assert bar(odd, offer(eligibility=eligibility(countries=("ZZZ",)))) is None
    assert bar(odd, offer(eligibility=eligibility(groups=("ODA",)))) == "geography"


def test_states_past_the_room_for_them_may_have_only_what_is_for_all() -> None:
    made = engine(offer("O1"), offer("O2", eligibility=eligibility(groups=("ODA",))))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for number in range(400):
        code = f"{letters[number // 26 % 26]}{letters[number % 26]}9"
        made.put_request(request(f"R{number}", country=code))
    assert [entry.offer for entry in made.shortlist("R399").entries] == ["O1"]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"from": "2027-02-28", "to": "2028-01-01"}, None),
        ({"from": "2027-03-01", "to": "2028-01-01"}, "window"),
        ({"from": "2025-01-01", "to": "2026-02-28"}, "window"),
        (None, None),
    ],
)
def test_windows_have_to_share_a_day(window: dict[str, str] | None, expected: str | None) -> None:
    assert bar(request(), offer(window=window)) == expected


def test_a_window_that_is_over_bars_once_the_day_has_come() -> None:
    made = engine(request(), offer())
    made.advance(date(2027, 2, 28))
    assert made.barred("R1", "O1") is None
    made.advance(date(2027, 3, 1))
    assert made.barred("R1", "O1") == "window"
    assert not made.shortlist("R1").entries


def test_groups_are_those_of_the_day() -> None:
    long = {"from": "2026-01-01", "to": "2028-12-31"}
    made = engine(
        request(country="NPL", window=long),
        offer(window=long, eligibility=eligibility(groups=("LDC",))),
    )
    assert made.barred("R1", "O1") is None
    made.advance(date(2026, 11, 24))
    assert made.barred("R1", "O1") == "geography"


def test_only_published_records_meet() -> None:
    assert bar(request(status="closed"), offer()) == "not-open"
    assert bar(request(), offer(status="withdrawn")) == "not-open"


def test_a_declined_pair_comes_back_when_the_no_is_taken_back() -> None:
    made = engine()
    made.decline("R1", "O1")
    made.put_request(request())
    made.put_offer(offer())
    assert made.barred("R1", "O1") == "declined"
    assert_never_proposed_if_barred(made, "R1", "O1")
    made.undecline("R1", "O1")
    assert made.barred("R1", "O1") is None


@pytest.mark.parametrize("side", ["request", "offer"])
def test_nothing_left_bars_until_something_is_released(side: str) -> None:
    made = engine(request(), offer())
    limit = 4_000 if side == "request" else 10_000
    record = "R1" if side == "request" else "O1"
    made.set_committed(side, record, 1, "quantity", limit)  # type: ignore[arg-type]
    assert made.barred("R1", "O1") == "not-open"
    made.set_committed(side, record, 1, "quantity", limit - 1)  # type: ignore[arg-type]
    assert made.barred("R1", "O1") is None


def test_a_line_without_figures_is_given_away_as_one_whole() -> None:
    plain = provision(capacity=None, unit=None, amount_cents=None, currency=None)
    made = engine(request(), offer(provisions=[plain]))
    made.set_committed("offer", "O1", 1, "quantity", 1_000)
    assert made.barred("R1", "O1") == "not-open"


def test_a_record_with_one_line_left_is_not_spent() -> None:
    made = engine(request(needs=[need(1), need(2)]), offer())
    made.set_committed("request", "R1", 1, "money", 16_000_000)
    assert made.barred("R1", "O1") is None
    assert [serving["need"] for serving in made.shortlist("R1").entries[0].serves] == [2]


def test_the_ledger_may_speak_before_the_record_comes() -> None:
    made = engine(request())
    made.set_committed("offer", "O1", 1, "quantity", 10_000)
    made.put_offer(offer())
    assert made.barred("R1", "O1") == "not-open"


def test_asking_about_an_unknown_record_is_an_error() -> None:
    with pytest.raises(KeyError):
        engine(request()).barred("R1", "O1")
