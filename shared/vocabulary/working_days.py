"""Public holidays and weekends of countries, as the package `holidays` has them."""

from holidays import HolidayBase, country_holidays

from shared.vocabulary.countries import country


def national_calendar(alpha3: str) -> HolidayBase | None:
    """The calendar of a country, None for one that the package lacks; UnknownCode.

    National public holidays, those by the moon as estimated until they are announced; the weekend
    of each year; days of the weekend that are worked instead. Reckons a year when it is first asked
    about: a new one for each caller, since that is not safe for several threads.
    """
    # By two letters: the package has the third month under the name of Morocco's three.
    try:
        return country_holidays(country(alpha3).alpha2)
    except NotImplementedError:
        return None
