from datetime import date

import pytest

from shared.vocabulary import UnknownCode
from shared.vocabulary.countries import all_countries
from shared.vocabulary.working_days import national_calendar


def test_every_member_of_the_united_nations_has_a_calendar():
    members = [one.alpha3 for one in all_countries() if one.un_member]
    assert [alpha3 for alpha3 in members if national_calendar(alpha3) is None] == []


@pytest.mark.parametrize(
    ("alpha3", "day", "works"),
    [
        ("MAR", date(2026, 7, 30), False),
        ("KEN", date(2026, 12, 14), True),
        ("KEN", date(2026, 12, 25), False),
        ("EGY", date(2026, 3, 6), False),
        ("EGY", date(2026, 3, 8), True),
    ],
)
def test_a_day(alpha3, day, works):
    calendar = national_calendar(alpha3)
    assert calendar is not None
    assert calendar.is_working_day(day) is works


def test_what_is_no_country():
    with pytest.raises(UnknownCode):
        national_calendar("XXX")
