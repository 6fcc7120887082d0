"""On which days a State works: by what it said, else by its country's weekend and holidays."""

from collections.abc import Callable
from datetime import date, timedelta

from services.requests.documents import DEFAULT_WEEKEND, WEEKDAYS, State
from shared.vocabulary.working_days import national_calendar

AHEAD = timedelta(days=365)
"""How far ahead a State is shown its days off."""

Works = Callable[[date], bool]


def working_days_of(state: State) -> Works:
    """Whether the State works on a day.

    What it said of the day itself comes first, then its weekend, then the public holidays. Where no
    calendar of the country is known, its weekend counts, Saturday and Sunday if it named none.
    """
    calendar = national_calendar(state.id)
    off, worked = frozenset(state.days_off), frozenset(state.days_worked)
    own = state.weekend
    if own is None and calendar is None:
        own = DEFAULT_WEEKEND
    weekend = None if own is None else frozenset(WEEKDAYS.index(name) for name in own)

    def works(day: date) -> bool:
        if day in off or day in worked:
            return day in worked
        if weekend is None:
            return calendar is not None and calendar.is_working_day(day)
        return day.weekday() not in weekend and (calendar is None or day not in calendar)

    return works


def weekend_of(state: State, today: date) -> list[str]:
    """The days of the week on which the State does not work: its own, else its country's."""
    if state.weekend is not None:
        return list(state.weekend)
    calendar = national_calendar(state.id)
    if calendar is None:
        return list(DEFAULT_WEEKEND)
    week = [today + timedelta(days=ahead) for ahead in range(len(WEEKDAYS))]
    free = {day.weekday() for day in week if calendar.is_weekend(day)}
    return [name for number, name in enumerate(WEEKDAYS) if number in free]


def days_off_ahead(state: State, today: date) -> list[date]:
    """The days from today on, for a year, on which the State does not work, its weekend apart."""
    works, weekend = working_days_of(state), weekend_of(state, today)
    ahead = (today + timedelta(days=days) for days in range(AHEAD.days))
    return [day for day in ahead if WEEKDAYS[day.weekday()] not in weekend and not works(day)]


def add_working_days(day: date, working_days: int, works: Works) -> date:
    """The day after so many days on which somebody works."""
    while working_days > 0:
        day += timedelta(days=1)
        working_days -= works(day)
    return day
