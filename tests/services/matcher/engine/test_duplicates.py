"""Which records the engine finds to be the same, and that the registers find the same score."""

from datetime import date

import pytest

from services.matcher.engine.duplicates import Likely
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from shared.language import signature
from shared.likeness.described import described
from shared.likeness.evidence import likeness
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
