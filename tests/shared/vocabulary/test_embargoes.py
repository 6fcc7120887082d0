"""The list that a register of arms embargoes may begin with."""

import re
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


def test_days_scope_and_source_of_an_entry_agree() -> None:
    """What can be checked without the resolutions themselves; the rest a coordinator confirms."""
    for one in listed_embargoes():
        adopted = re.fullmatch(r"S/RES/\d{3,4} \((\d{4})\)", one.resolution)
        assert adopted, one
        assert one.since.year == int(adopted[1]), one
        named = [int(year) for year in re.findall(r"\((\d{4})\)", one.source)]
        assert all(int(adopted[1]) <= year <= listed_on().year for year in named), one
        # What runs to a day was renewed until then, and for no more than a year or so at a time.
        assert (one.review_by is not None) == ("renewed last by" in one.source), one
        assert one.review_by is None or (one.review_by - listed_on()).days < 400, one
        # Only what is on forces or groups in a State, and not on its territory, allows help to it.
        on_some = re.search(r"\bon (armed groups|non-gov|Al-|designated)|\bnot on what", one.source)
        assert bool(one.allowed) == bool(on_some), one
