"""The list that a register of arms embargoes may begin with."""

from datetime import date

from shared.vocabulary.embargoes import listed_embargoes, listed_on
from shared.vocabulary.kinds import KINDS


def test_every_entry_names_a_state_a_resolution_and_days_before_the_list() -> None:
    listed = listed_embargoes()
    assert len({(one.country, one.resolution) for one in listed}) == len(listed) > 0
    assert listed_on() <= date.today()  # noqa: DTZ011
    for one in listed:
        assert one.since <= listed_on()
        assert one.review_by is None or one.review_by > listed_on()
        assert set(one.allowed) in (set(), set(KINDS.codes()))
        assert one.resolution.startswith("S/RES/")
        assert one.source
