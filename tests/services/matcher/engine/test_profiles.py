from datetime import date

import pytest

from services.matcher.engine.profiles import ALWAYS, OfferProfile, RequestProfile, Text
from services.matcher.material import material
from shared.events.envelope import OFFER, REQUEST
from shared.events.validation import example
from tests.services.matcher.engine.samples import eligibility, need, offer, request, signed


def test_profiles_are_made_of_the_examples_of_events() -> None:
    of_request = RequestProfile.of_event(example(REQUEST))
    of_offer = OfferProfile.of_event(example(OFFER))
    assert of_request.lines
    assert of_offer.lines


def test_who_endorses_a_request_is_nothing_that_it_is_ranked_by() -> None:
    data = example(REQUEST)
    assert data["endorsements"]
    known = RequestProfile.of_event(data)
    for others in ([], ["a", "b", "c"]):
        assert RequestProfile.of_event({**data, "endorsements": others}) == known
        assert material("request", {**data, "endorsements": others}) == material("request", data)


def test_quantities_become_thousandths_and_days_numbers() -> None:
    profile = request(
        needs=[need(quantity=2.125, window={"from": "2026-05-01", "to": "2026-06-30"})]
    )
    assert profile.lines[0].quantity == 2125
    assert profile.lines[0].window == (
        date(2026, 5, 1).toordinal(),
        date(2026, 6, 30).toordinal(),
    )


def test_what_is_not_stated_stays_unknown() -> None:
    profile = request(
        window=None,
        signature=None,
        needs=[need(quantity=None, unit=None, amount_cents=None, currency=None)],
    )
    assert profile.window == ALWAYS
    assert profile.text == Text()
    assert (profile.lines[0].quantity, profile.lines[0].amount) == (None, None)


@pytest.mark.parametrize("status", ["submitted", "closed", "withdrawn"])
def test_only_what_is_published_is_open(status: str) -> None:
    assert not request(status=status).open
    assert not offer(status=status).open
    assert offer().open


def test_an_offer_without_lists_is_open_to_all() -> None:
    assert offer().open_to_all()
    assert not offer(eligibility=eligibility(groups=("LDC",))).open_to_all()


def test_a_broken_vector_is_refused() -> None:
    with pytest.raises(ValueError):
        request(signature={**signed("arms"), "vector": "AAAA"})
