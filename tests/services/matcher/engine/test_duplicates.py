"""Which records the engine finds to be the same, and that the registers find the same score."""

from dataclasses import replace
from datetime import date
from itertools import combinations

import numpy as np
import pytest

from bench.market import Market
from services.matcher.engine.duplicates import Likely, _described, likely_duplicates
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.records import Side
from shared.language import signature
from shared.likeness.classifier import shipped
from shared.likeness.described import described
from shared.likeness.evidence import likeness
from shared.likeness.features import features
from tests.services.matcher.records import need, offer_event, provision, request_event

DAY = date(2026, 3, 5)
KEY = b"only for these tests"

STORES = {
    "title": "Strong-rooms for seized rifles",
    "description": "The police of our capital keep seized rifles in an office without a lock. We "
    "ask for two strong-rooms with alarms, and for a course for eight storekeepers.",
}
STORES_FR = {
    "title": "Chambres fortes pour les fusils saisis",
    "description": "La police de notre capitale garde les fusils saisis dans un bureau sans "
    "serrure. Nous demandons deux chambres fortes avec alarmes, et un cours pour huit magasiniers.",
}
LAW = {
    "title": "A new law on brokers",
    "description": "Our law knows no brokers. We ask for a lawyer who helps us to draft articles "
    "on licences for brokers of small arms, and for two meetings with parliament.",
}
ROOMS = need(theme="stockpile-management", kind="infrastructure", quantity=2, unit="rooms")
COURSE = need(2, theme="stockpile-management", kind="training", quantity=8, unit="persons")
BROKERS = need(theme="brokering", kind="expertise", quantity=1, unit="experts")


def texts(fields: dict[str, str], language: str = "en", side: str = "request") -> dict[str, object]:
    """The signature of texts, as an event's member."""
    return {"signature": signature(fields, language, KEY, side)}  # type: ignore[arg-type]


@pytest.fixture
def engine() -> Engine:
    """An empty engine."""
    return Engine(prior_model(), Geography.of_vocabulary(DAY), DAY)


def put(engine: Engine, id_: str, **fields: object) -> dict[str, object]:
    """Put a request; its event's data."""
    event = request_event(id_, **fields)
    engine.put_request(RequestProfile.of_event(event.data))
    return dict(event.data)


def pairs(found: tuple[Likely, ...]) -> set[tuple[str, str]]:
    """Both ids of each."""
    return {(one.left, one.right) for one in found}


def test_the_same_in_two_languages_and_channels_is_found_from_both_ends(engine: Engine) -> None:
    put(engine, "a", needs=[ROOMS, COURSE], channel="direct", **texts(STORES))
    put(engine, "b", needs=[ROOMS, COURSE], channel="national-report", **texts(STORES_FR, "fr"))
    put(engine, "c", needs=[BROKERS], **texts(LAW))
    assert pairs(engine.duplicates("request", "a")) == {("a", "b")}
    assert engine.duplicates("request", "b") == engine.duplicates("request", "a")
    assert engine.duplicates("request", "c") == ()


def test_a_pair_is_told_as_either_end_tells_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And also where both ends have others that are nearer."""
    for number in range(4):
        put(engine, f"r{number}", needs=[ROOMS, COURSE], **texts(STORES))
        profile = OfferProfile.of_event(offer_event(f"o{number}", **texts(STORES)).data)
        engine.put_offer(profile)
    put(engine, "law", needs=[BROKERS], **texts(LAW))
    put(engine, "another-state", country="MLI", needs=[ROOMS, COURSE], **texts(STORES))
    whole: dict[tuple[Side, str, str], Likely] = {}
    sides: dict[Side, list[str]] = {
        "request": [*(f"r{n}" for n in range(4)), "law", "another-state"],
        "offer": [f"o{n}" for n in range(4)],
    }
    for side, ids in sides.items():
        found = [one for id_ in ids for one in engine.duplicates(side, id_)]
        whole |= {(side, one.left, one.right): one for one in found}
    assert len(whole) == 12
    monkeypatch.setattr("services.matcher.engine.duplicates.MOST_CANDIDATES", 0)
    for side, ids in sides.items():
        for pair in combinations(sorted(ids), 2):
            assert engine.likely_pair(side, *pair) == whole.get((side, *pair))
    assert engine.likely_pair("request", "r0", "unheard-of") is None


def test_the_same_text_of_two_states_is_no_duplicate(engine: Engine) -> None:
    put(engine, "a", needs=[ROOMS], country="SEN", **texts(STORES))
    put(engine, "b", needs=[ROOMS], country="MLI", **texts(STORES))
    assert engine.duplicates("request", "a") == ()


def test_another_phase_is_no_duplicate(engine: Engine) -> None:
    first, later = (
        {"window": {"from": f"{year}-01-01", "to": f"{year}-12-31"}} for year in (2026, 2029)
    )
    put(engine, "a", needs=[{**ROOMS, "quantity": 2}], **first, **texts(STORES))
    put(engine, "b", needs=[{**ROOMS, "quantity": 9}], **later, **texts(STORES))
    assert engine.duplicates("request", "a") == ()


def test_records_without_lines_are_compared_by_their_texts(engine: Engine) -> None:
    put(engine, "a", needs=[], **texts(STORES))
    put(engine, "b", needs=[], **texts(STORES_FR, "fr"))
    assert pairs(engine.duplicates("request", "a")) == {("a", "b")}


def test_offers_of_two_organisations_may_be_one(engine: Engine) -> None:
    line = provision(theme="stockpile-management", kind="infrastructure", capacity=2, unit="rooms")
    for id_, organisation in (("o", "agency"), ("p", "works-for-the-agency")):
        event = offer_event(
            id_, organisation=organisation, provisions=[line], **texts(STORES, side="offer")
        )
        engine.put_offer(OfferProfile.of_event(event.data))
    (found,) = engine.duplicates("offer", "o")
    (owner,) = [one for one in found.evidence if one.kind == "owner"]
    assert (owner.left, owner.right) == ("agency", "works-for-the-agency")
    assert owner.weight < 0


def test_who_comes_first_does_not_matter_and_who_is_gone_is_not_found(engine: Engine) -> None:
    ids = ["d", "a", "c", "b"]
    for id_ in ids:
        put(engine, id_, needs=[ROOMS], **texts(STORES))
    other = Engine(prior_model(), Geography.of_vocabulary(DAY), DAY)
    for id_ in reversed(ids):
        put(other, id_, needs=[ROOMS], **texts(STORES))
    assert engine.duplicates("request", "c") == other.duplicates("request", "c")
    engine.remove_request("a")
    assert pairs(engine.duplicates("request", "c")) == {("b", "c"), ("c", "d")}
    assert engine.duplicates("request", "a") == ()


def test_what_is_committed_changes_nothing(engine: Engine) -> None:
    put(engine, "a", needs=[ROOMS], **texts(STORES))
    put(engine, "b", needs=[ROOMS], **texts(STORES))
    before = engine.duplicates("request", "a")
    engine.set_committed("request", "a", 1, "quantity", 2_000)
    assert engine.duplicates("request", "a") == before


def test_the_registers_find_the_same_score(engine: Engine) -> None:
    one = put(engine, "a", needs=[ROOMS, COURSE], **texts(STORES))
    other = put(engine, "b", needs=[{**ROOMS, "quantity": 3}, COURSE], **texts(STORES_FR, "fr"))
    (found,) = engine.duplicates("request", "a")
    own = likeness(described(one, DAY), described(other, DAY))
    assert (own.score, own.features, own.evidence) == (found.score, found.features, found.evidence)


def test_an_edited_record_is_never_the_same_as_itself(engine: Engine) -> None:
    put(engine, "a", needs=[ROOMS], **texts(STORES))
    put(engine, "a", needs=[{**ROOMS, "quantity": 3}, COURSE], **texts(STORES_FR, "fr"))
    assert engine.duplicates("request", "a") == ()


def test_each_pair_stands_for_itself(engine: Engine) -> None:
    days = {"a": ("2026-01", "2027-03"), "b": ("2026-07", "2027-09"), "c": ("2027-01", "2028-03")}
    for id_, (first, last) in days.items():
        window = {"from": f"{first}-01", "to": f"{last}-01"}
        put(engine, id_, needs=[ROOMS, COURSE], window=window, **texts(STORES))
    ends = {score(engine, one, other) for one, other in (("a", "b"), ("b", "c"))}
    between = (score(engine, "a", "c") + min(ends)) / 2.0
    assert score(engine, "a", "c") < min(ends)
    found = likely_duplicates(engine._records, "request", "b", least=between)
    assert pairs(found) == {("a", "b"), ("b", "c")}
    assert pairs(likely_duplicates(engine._records, "request", "a", least=between)) == {("a", "b")}


def score(engine: Engine, one: str, other: str) -> float:
    """What two requests score, however little."""
    found = likely_duplicates(engine._records, "request", one, least=0.01)
    return next(likely.score for likely in found if other in (likely.left, likely.right))


def test_records_without_texts_and_lines_say_nothing(engine: Engine) -> None:
    for id_ in "ab":
        put(engine, id_, needs=[], signature=None, window=None)
    put(engine, "c", needs=[ROOMS], **texts(STORES))
    assert engine.duplicates("request", "a") == ()
    assert engine.duplicates("request", "c") == ()


@pytest.mark.parametrize("side", ["request", "offer"])
def test_nobody_is_lost_on_the_way_and_both_ends_agree(side: Side) -> None:
    market = Market(mixed=True)
    records: list[RequestProfile | OfferProfile] = (
        [*market.requests(200)] if side == "request" else [*market.offers(200)]
    )
    records += [
        replace(one, id=f"c{one.id[1:]}", window=(one.window[0] + 20 * at, one.window[1] + 20 * at))
        for at, one in enumerate(records[:60:3])
    ]
    engines = [Engine(prior_model(), Geography.of_vocabulary(DAY), DAY) for _ in range(2)]
    for engine, ordered in zip(engines, (records, records[::-1]), strict=True):
        for record in ordered:
            if isinstance(record, RequestProfile):
                engine.put_request(record)
            else:
                engine.put_offer(record)
    ids = [record.id for record in records[:60:3]]
    for least in (0.45, 0.2):
        found, backward = (
            {one: likely_duplicates(engine._records, side, one, least=least) for one in ids}
            for engine in engines
        )
        assert found == backward
        assert any(found.values())
        for one, likely in found.items():
            assert pairs(likely) == by_all_features(engines[0], side, one, least)
            for pair in likely:
                other = pair.left if pair.right == one else pair.right
                assert pair in likely_duplicates(engines[0]._records, side, other, least=least)


def by_all_features(engine: Engine, side: Side, record: str, least: float) -> set[tuple[str, str]]:
    """The pairs that all features of all records give, where no shortcut is taken."""
    records = engine._records
    index = records.requests if side == "request" else records.offers
    themes, row = index.records.column("themes"), index.row(record)
    one = _described(records, index, row)
    found = set()
    for at in map(int, np.flatnonzero(index.records.used)):
        other = _described(records, index, at)
        near = side == "offer" and themes[at] & themes[row]
        alike = shipped().probability(features(one, other))
        if at != row and (one.owner == other.owner or near) and alike >= least:
            name = index.id(at)
            found.add((min(record, name), max(record, name)))
    return found
