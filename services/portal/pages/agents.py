"""What a browser calls itself, in words."""

import re
from collections.abc import Sequence
from typing import Final

from flask_babel import gettext as _

Names = Sequence[tuple[str, re.Pattern[str]]]

_BROWSERS: Final[Names] = [
    (name, re.compile(rf"\b(?:{sign})/"))
    for name, sign in (
        ("Microsoft Edge", "Edg|EdgA|EdgiOS|Edge"),
        ("Opera", "OPR|OPT"),
        ("Samsung Internet", "SamsungBrowser"),
        ("Yandex Browser", "YaBrowser"),
        ("Firefox", "Firefox|FxiOS"),
        ("Chrome", "Chrome|HeadlessChrome|CriOS"),
        ("Safari", "Safari"),
    )
]
_SYSTEMS: Final[Names] = [
    (name, re.compile(sign))
    for name, sign in (
        ("Android", "Android"),
        ("iOS", "iPhone|iPod"),
        ("iPadOS", "iPad"),
        ("Windows", "Windows"),
        ("macOS", "Macintosh"),
        ("ChromeOS", "CrOS"),
        ("Linux", "Linux"),
    )
]
"""The first that is found counts: most call themselves by the names of others too."""


def agent_name(agent: str) -> str:
    """Browser and system of a User-Agent header: "Firefox on Windows"; empty for what is unknown.

    What it says may be made up, as any header.
    """
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if not browser or not system:
        return ""
    return str(_("%(browser)s on %(system)s", browser=browser, system=system))


def _first(names: Names, agent: str) -> str:
    return next((name for name, sign in names if sign.search(agent)), "")
