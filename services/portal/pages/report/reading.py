"""The report as the three services tell it, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from flask import request

from services.portal.pages import asking
from services.portal.pages.asking import ask
from services.portal.pages.choices import Choices, labels, languages
from services.portal.pages.report.words import DIMENSIONS, ELSEWHERE, code_name, forms
from services.portal.services import AwayError
from shared.registers.match_figures import MATCH_FIGURES
from shared.registers.report import NO_GROUP
from shared.vocabulary.countries import AREAS
from shared.vocabulary.lists import INCOME_GROUPS
from shared.vocabulary.themes import THEMES

SERVICES: Final = ("requests", "matcher", "offers")
READERS: Final = ("coordinator", "auditor", "operator")
GROUPS: Final = ("LDC", "LLDC", "SIDS", NO_GROUP)
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2200
Key = tuple[str | None, str | None]
Told = dict[Key, dict[str, Mapping[str, Any]]]


def choices() -> dict[str, Choices]:
    """What each filter but the year lets choose from."""
    return {
        "theme": labels(THEMES),
        "region": labels(AREAS),
        "group": [(code, code_name("group", code)) for code in GROUPS],
        "income": labels(INCOME_GROUPS, in_order=True),
        "language": languages(),
        "modality": forms(),
    }


def asked_as(name: str) -> str:
    """A filter's name in addresses of pages, where `language` is that of the page itself."""
    return "request_language" if name == "language" else name


def narrowed(filters: Mapping[str, str]) -> dict[str, str]:
    """The filters as addresses of pages have them."""
    return {asked_as(name): code for name, code in filters.items()}


def chosen() -> dict[str, str]:
    """The filters of the address; what no filter has is passed over."""
    known = {name: {code for code, _ in found} for name, found in choices().items()}
    found = {name: request.args.get(asked_as(name), "") for name in DIMENSIONS}
    return {name: code for name, code in found.items() if code in known.get(name, _years(code))}


class Report(NamedTuple):
    """Each group's figures, with the `service` of each; of what moment the oldest are, if any are
    there; and why those of which services are not."""

    figures: Told
    as_of: datetime | None
    missing: Mapping[str, AwayError]


def told(filters: Mapping[str, str]) -> Report:
    """What the services tell."""
    asked = {name: ask(name, "/v1/report", **filters) for name in SERVICES}
    answers = asking.gather(**asked)
    found: Told = {(None, None): {}}
    missing, moments = {}, []
    for service in SERVICES:
        answer = answers[service]
        if isinstance(answer, AwayError):
            missing[service] = answer
            continue
        moments.append(datetime.fromisoformat(answer.body["as_of"]))
        for group in answer.body["groups"]:
            figures = found.setdefault((group["by"], group["code"]), {})
            figures |= {_key(one): one for one in _of(service, group["figures"])}
    return Report(found, min(moments, default=None), missing)


def _key(figure: Mapping[str, Any]) -> str:
    """What tells a figure from the others: other installations' matches have those of our own."""
    return f"{ELSEWHERE}-{figure['name']}" if figure[ELSEWHERE] else str(figure["name"])


def _of(service: str, figures: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for one in figures:
        elsewhere = service == "offers" and one["name"] in MATCH_FIGURES
        if one["count"] or not elsewhere:
            yield {**one, "service": service, ELSEWHERE: elsewhere}


def _years(code: str) -> set[str]:
    is_year = code.isascii() and code.isdigit() and _FIRST_YEAR <= int(code) <= _LAST_YEAR
    return {code} if is_year else set()
