"""Forms of cooperation; neighbours' know-how; a funder beside it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matcher.engine.cooperation import expert_state, modality
from services.matcher.engine.cooperation_wording import cooperation_text, trio_text
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.triangular import Candidate, trios
from shared.vocabulary import LANGUAGES
from tests.services.matcher.engine.arbitrary import few, registers
from tests.services.matcher.engine.samples import TODAY, offer, provision, request


@pytest.mark.parametrize(
    ("donor_type", "country", "recipient", "expected"),
    [
        ("state", "DEU", "SEN", "north-south"),
        ("state", "GHA", "SEN", "south-south"),
        ("state", "CHL", "SEN", "south-south"),
        ("state", "ALB", "SEN", "south-south"),
        ("state", "SEN", "FRA", "north-south"),
        ("state", "DEU", "FRA", "north-north"),
        ("ngo", "GBR", "SEN", "north-south"),
        ("un-entity", "CHE", "SEN", "multilateral"),
        ("trust-fund", None, "SEN", "multilateral"),
        ("state", None, "SEN", "multilateral"),
        ("state", "XXX", "SEN", "multilateral"),
        (None, "JPN", "XXX", "north-north"),
    ],
)
def test_the_form_of_cooperation(
    donor_type: str | None, country: str | None, recipient: str, expected: str
) -> None:
    assert modality(donor_type, country, recipient, TODAY) == expected


def test_only_a_states_own_know_how_is_its_expertise() -> None:
    assert expert_state("state", "GHA", ["equipment", "training"]) == "GHA"
    assert expert_state("state", "GHA", ["equipment", "funding"]) is None
    assert expert_state("ngo", "GHA", ["training"]) is None
    assert expert_state("state", None, ["training"]) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_in_every_language(language: str) -> None:
    for form in ("south-south", "north-south", "north-north", "multilateral"):
        assert cooperation_text(form, None, False, language)
    near = cooperation_text("south-south", "GHA", False, language)
    assert len(near) > len(cooperation_text("south-south", None, False, language))
    proven = cooperation_text("south-south", "GHA", True, language)
    assert len(proven) > len(near)
    told = {
        trio_text("GHA", *how, language) for how in ((True, True), (True, False), (False, False))
    }
    assert len(told) == 3
    assert trio_text("GHA", False, True, language) in told


def course(id_: str, country: str | None, **more: Any) -> OfferProfile:
    return offer(
        id_,
        provisions=[provision(kind="training", capacity=20, unit="persons")],
        donor_type="state",
        donor_country=country,
        **more,
    )


def listed(*offers: OfferProfile, asking: RequestProfile | None = None) -> list[str]:
    engine = Engine(prior_model(), Geography.of_vocabulary(TODAY), TODAY)
    for one in offers:
        engine.put_offer(one)
    engine.put_request(asking or request("R1", country="BEN"))
    return [entry.offer for entry in engine.shortlist("R1").entries]


def test_of_equal_offers_the_neighbours_know_how_is_first() -> None:
    far, near = course("O1", "CHL"), course("O2", "TGO")
    assert listed(far, near) == ["O2", "O1"] == listed(near, far)


def test_an_unconditional_offer_is_before_a_neighbours_with_conditions() -> None:
    near = course("O2", "TGO", conditions=[{"kind": "reporting"}])
    assert listed(course("O1", "CHL"), near) == ["O1", "O2"]


def test_a_neighbour_that_gives_goods_is_not_before_others() -> None:
    goods = offer("O2", donor_type="state", donor_country="TGO")
    assert listed(offer("O1", donor_type="state", donor_country="CHL"), goods) == ["O1", "O2"]


@few
@given(registers(), st.sampled_from(["SEN", "MLI", "KEN", "UGA"]))
def test_nearness_only_tells_equals_apart(
    records: tuple[list[RequestProfile], list[OfferProfile]], near: str
) -> None:
    asked, offers = records
    plain, expert = (Engine(prior_model(), Geography.of_vocabulary(TODAY), TODAY) for _ in range(2))
    for one in offers:
        plain.put_offer(one)
        expert.put_offer(replace(one, expert=near))
    for one in asked:
        plain.put_request(one)
        expert.put_request(one)
    for one in asked:
        before, after = plain.shortlist(one.id).entries, expert.shortlist(one.id).entries
        assert [entry.score for entry in before] == [entry.score for entry in after]
        assert {entry.offer for entry in before} == {entry.offer for entry in after}


def candidate(offer_: str, country: str | None, kind: str, **more: Any) -> Candidate:
    usual = {
        "organisation": f"org-{offer_}",
        "donor_type": "state",
        "score": 0.5,
        "unconditional": True,
        "gives": ((1, kind),),
    }
    return Candidate(offer=offer_, donor_country=country, **(usual | more))


GEOGRAPHY = Geography.of_vocabulary(date(2026, 1, 1))
COURSE = candidate("course", "CHL", "training")
NEAR = candidate("near", "TGO", "expertise", score=0.3)
MONEY = candidate("money", "DEU", "funding", gives=((1, "funding"), (3, "funding")))


def test_know_how_of_the_south_and_money_of_the_north_make_a_trio() -> None:
    found = trios("BEN", [COURSE, NEAR, MONEY], GEOGRAPHY)
    assert [(one.expertise.offer, one.funder.offer) for one in found] == [
        ("near", "money"),
        ("course", "money"),
    ]
    assert found[0].needs == (1,)
    assert found[0].funded == (1, 3)
    assert found[0].score == 0.15


def test_neighbours_that_have_completed_such_work_come_before_other_neighbours() -> None:
    done = candidate("done", "NER", "expertise", score=0.2, proven=True)
    far = replace(COURSE, proven=True)
    found = trios("BEN", [far, NEAR, done, MONEY], GEOGRAPHY)
    assert [one.expertise.offer for one in found] == ["done", "near", "course"]


@pytest.mark.parametrize(
    ("recipient", "candidates"),
    [
        ("BEN", [COURSE]),
        ("BEN", [MONEY]),
        ("FRA", [COURSE, MONEY]),
        ("XXX", [COURSE, MONEY]),
        ("CHL", [COURSE, MONEY]),
        ("BEN", [candidate("course", "DEU", "training"), MONEY]),
        ("BEN", [COURSE, candidate("money", "BRA", "funding")]),
        ("BEN", [COURSE, candidate("money", "DEU", "equipment")]),
        ("BEN", [candidate("course", "CHL", "training", donor_type="ngo"), MONEY]),
        ("BEN", [COURSE, replace(MONEY, organisation=COURSE.organisation)]),
    ],
    ids=[
        "nobody pays",
        "no know-how",
        "of the North",
        "unknown",
        "its own know-how",
        "know-how of the North",
        "money of the South",
        "no money",
        "no State's know-how",
        "both of one donor",
    ],
)
def test_what_is_no_trio(recipient: str, candidates: list[Candidate]) -> None:
    assert trios(recipient, candidates, GEOGRAPHY) == ()


def test_a_fund_of_many_states_may_pay_and_the_order_given_does_not_matter() -> None:
    fund = candidate("fund", None, "funding", donor_type="trust-fund", score=0.9)
    given_ = [COURSE, NEAR, MONEY, fund]
    found = trios("BEN", given_, GEOGRAPHY)
    assert {one.funder.offer for one in found} == {"fund"}
    assert trios("BEN", given_[::-1], GEOGRAPHY) == found


def test_of_equal_funders_the_unconditional_one() -> None:
    bound = replace(MONEY, offer="bound", organisation="org-bound", unconditional=False)
    (found,) = trios("BEN", [COURSE, bound, MONEY], GEOGRAPHY)
    assert found.funder.offer == "money"
