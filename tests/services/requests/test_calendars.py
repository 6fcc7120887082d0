"""On which days a State works."""

from datetime import UTC, date, datetime

import pytest

from services.requests.documents import State
from services.requests.domain import calendars, objection_ends

MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("alpha3", "weekend"),
    [
        ("SEN", ["saturday", "sunday"]),
        ("EGY", ["friday", "saturday"]),
        ("IRN", ["friday"]),
        ("COD", ["sunday"]),
        ("BRN", ["friday", "sunday"]),
        ("MAR", ["saturday", "sunday"]),
    ],
)
def test_a_country_has_its_own_weekend(alpha3, weekend):
    assert calendars.weekend_of(State(id=alpha3), MONDAY) == weekend


@pytest.mark.parametrize(
    ("alpha3", "authenticated", "days", "ends"),
    [
        # Labour Day, a Friday.
        ("SEN", date(2026, 4, 29), 2, date(2026, 5, 4)),
        # Friday and Saturday are the weekend, Sunday is worked.
        ("EGY", date(2026, 3, 4), 2, date(2026, 3, 8)),
        # Spring Festival, the Monday after the Coptic Easter.
        ("EGY", date(2026, 4, 9), 2, date(2026, 4, 14)),
        # One day of weekend.
        ("COD", date(2026, 3, 5), 2, date(2026, 3, 7)),
        # A Saturday that is worked for a long holiday's sake.
        ("CHN", date(2026, 5, 8), 1, date(2026, 5, 9)),
        # Friday and Sunday, with Saturday worked.
        ("BRN", date(2026, 2, 5), 2, date(2026, 2, 9)),
    ],
)
def test_weekends_and_holidays_do_not_count(alpha3, authenticated, days, ends):
    works = calendars.working_days_of(State(id=alpha3))
    assert calendars.add_working_days(authenticated, days, works) == ends


@pytest.mark.parametrize(
    ("settings", "ends"),
    [
        ({}, date(2026, 5, 5)),
        ({"days_off": [date(2026, 5, 4)]}, date(2026, 5, 6)),
        ({"days_worked": [date(2026, 5, 1)]}, date(2026, 5, 4)),
        ({"days_worked": [date(2026, 5, 2)]}, date(2026, 5, 4)),
        ({"weekend": ["sunday"]}, date(2026, 5, 4)),
        ({"weekend": []}, date(2026, 5, 3)),
    ],
)
def test_what_a_state_says_comes_before_its_countrys_calendar(settings, ends):
    # From Thursday 30 April on three days, over Labour Day and a weekend.
    state = State(id="SEN", no_objection_days=3, **settings)
    found = objection_ends(datetime(2026, 4, 29, 9, tzinfo=UTC), state)
    assert found == datetime(ends.year, ends.month, ends.day + 1, 12, tzinfo=UTC)


def test_a_country_without_a_calendar_has_the_usual_weekend_and_its_own_days(monkeypatch):
    def lacking(_):
        raise NotImplementedError

    monkeypatch.setattr("shared.vocabulary.working_days.country_holidays", lacking)
    state = State(id="SEN", days_off=[date(2026, 5, 5)])
    assert calendars.weekend_of(state, MONDAY) == ["saturday", "sunday"]
    assert calendars.days_off_ahead(state, MONDAY) == [date(2026, 5, 5)]
    works = calendars.working_days_of(state)
    assert calendars.add_working_days(date(2026, 4, 30), 3, works) == date(2026, 5, 6)


def test_days_off_ahead_are_of_a_year_and_leave_the_weekend_out():
    ahead = calendars.days_off_ahead(State(id="EGY"), MONDAY)
    assert date(2026, 4, 13) in ahead
    assert date(2026, 4, 25) not in ahead  # Sinai Liberation Day, a Saturday
    assert all(MONDAY <= day < date(2027, 3, 2) for day in ahead)
    assert not {day.weekday() for day in ahead} & {4, 5}
