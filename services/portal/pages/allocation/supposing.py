"""/allocation/what-if: offers or requests left out or added, beside what is; nothing is kept.

The form is posted, for what is pasted into it may be longer than an address; what it says then
stands in the address by ids, and can be gone back to and sent to others.
"""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Response, request

from services.portal.pages import asking
from services.portal.pages.allocation.rows import Names, measured, names_for
from services.portal.pages.allocation.showing import READERS
from services.portal.pages.allocation.what_if_forms import Supposition
from services.portal.pages.asking import ask, ask_with
from services.portal.pages.assets import ASSETS
from services.portal.pages.finding import find, find_for_sure
from services.portal.pages.forms import EXPIRED, PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.organisations import offered
from services.portal.pages.signing import REFUSED
from services.portal.services import AwayError, RefusedError
from shared.web.addresses import MOST_ADDRESS

WHAT_IF = "/allocation/what-if"
_SUPPOSED = "supposed-"


class Theme(NamedTuple):
    """What share of a theme's need is met now and would be met; None where it has none."""

    theme: str
    before: float | None
    after: float | None


class Changed(NamedTuple):
    """How much of a need is met, or a donor asked for, now and then, in words; `more` says which.

    `title` and `language` are a request's, None for a donor or for what is only supposed.
    """

    id: str
    name: str
    title: str | None
    language: str | None
    before: str
    after: str
    more: bool


@keeping_typed
@for_roles(*READERS)
def what_if() -> Response:
    """The comparison that the address or the sent form asks for, and the form that asks.

    What was sent is shown at its address, unless something is wrong or it is too long for one.
    """
    if account().regions:
        return show("allocation/regional.html")
    is_sent = request.method == "POST"
    wanted = Supposition(request.form if is_sent else request.args)
    _refuse_unknown(wanted)
    if is_sent and not PageForm().validate_on_submit():
        wanted.fail(EXPIRED)
    address = f"{WHAT_IF}?{urlencode(wanted.query())}".rstrip("?")
    if is_sent and not wanted.errors and len(address) <= MOST_ADDRESS:
        return go(address)
    now = asking.gather(now=ask("matcher", "/v1/allocation"))["now"]
    shown = partial(_shown, wanted)
    if isinstance(now, AwayError):
        return shown(None, None, REFUSED if wanted.errors else HTTPStatus.OK)
    if wanted.empty:
        return shown(now.body, None)
    body = wanted.body()
    if wanted.errors:
        return shown(now.body, None, REFUSED)
    try:
        then = asking.read(ask_with(body, "matcher", "/v1/allocation/what-if")).body
    except AwayError:
        return shown(None, None)
    except RefusedError as error:
        if error.status != REFUSED:
            raise
        wanted.take(error)
        return shown(now.body, None, REFUSED)
    return shown(now.body, then)


def _shown(
    wanted: Supposition,
    now: Mapping[str, Any] | None,
    then: Mapping[str, Any] | None,
    status: int = HTTPStatus.OK,
) -> Response:
    changes = None if then is None else then["changes"]
    names = _names(now, changes, wanted)
    return show(
        "allocation/what_if.html",
        status,
        wide=True,
        form=wanted,
        organisations=offered(),
        now=now,
        then=then,
        themes=_themes(now, then),
        needs=[] if changes is None else [_need(one, names) for one in changes["needs"]],
        changed_donors=[] if changes is None else [_donor(one, names) for one in changes["donors"]],
        changes=changes,
        left_out=_left_out(wanted, names),
        choices=_choices(now, names, wanted),
        bare=PageForm(),
        room_style=ASSETS["allocation.css"].address,
    )


def _refuse_unknown(wanted: Supposition) -> None:
    """Tell of the first typed id that neither register knows; nothing while either is away."""
    if not wanted.also:
        return
    try:
        known = {
            **find_for_sure("request_titles", wanted.also),
            **find_for_sure("offer_titles", wanted.also),
        }
    except AwayError:
        return
    unknown = next((one for one in wanted.also if one not in known), None)
    if unknown is not None:
        wanted.refuse(unknown)


def _names(
    now: Mapping[str, Any] | None, changes: Mapping[str, Any] | None, wanted: Supposition
) -> Names:
    """The names of all that the page tells of: a record that is left out may be of either side."""
    needs = [one for one in (changes or {}).get("needs", ()) if not _is_supposed(one["request"])]
    donors = [one["organisation"] for one in (changes or {}).get("donors", ())]
    pairs = list(now["first_commitments"]) if now else []
    found = names_for(pairs, donors=donors)
    more = find(
        request_titles=[*wanted.without, *(one["request"] for one in needs)],
        offer_titles=wanted.without,
    )
    return Names(
        {**found.requests, **more["request_titles"]},
        {**found.offers, **more["offer_titles"]},
        found.organisations,
    )


def _themes(now: Mapping[str, Any] | None, then: Mapping[str, Any] | None) -> list[Theme]:
    if now is None or then is None:
        return []
    before, after = ({one["theme"]: one["share"] for one in of["themes"]} for of in (now, then))
    return [
        Theme(theme, before.get(theme), after.get(theme))
        for theme in dict.fromkeys((*before, *after))
    ]


def _need(one: Mapping[str, Any], names: Names) -> Changed:
    id_ = one["request"]
    is_known = not _is_supposed(id_)
    return Changed(
        id=id_ if is_known else "",
        name=one["country"],
        title=names.title("request", id_) if is_known else None,
        language=names.language("request", id_) if is_known else None,
        before=measured(one["before"]),
        after=measured(one["after"]),
        more=_more(one),
    )


def _donor(one: Mapping[str, Any], names: Names) -> Changed:
    return Changed(
        id=one["organisation"],
        name=names.donor(one["organisation"]),
        title=None,
        language=None,
        before=measured(one["before"]),
        after=measured(one["after"]),
        more=_more(one),
    )


def _more(one: Mapping[str, Any]) -> bool:
    name = "amount" if one["after"]["amount"] is not None else "quantity"
    return float(one["after"][name] or 0) > float(one["before"][name] or 0)


def _is_supposed(id_: str) -> bool:
    return id_.startswith(_SUPPOSED)


def _left_out(wanted: Supposition, names: Names) -> list[tuple[str, str, str, str | None]]:
    """Each id that is left out, with its side, title and language as far as they are known."""
    found = []
    for id_ in wanted.without:
        side = "request" if id_ in names.requests else "offer"
        found.append((id_, side, names.title(side, id_), names.language(side, id_)))
    return found


def _choices(
    now: Mapping[str, Any] | None, names: Names, wanted: Supposition
) -> list[tuple[str, list[tuple[str, str, str | None]]]]:
    """What may be left out, with titles and languages: what is first in the present allocation."""
    pairs = now["first_commitments"] if now else []
    found = []
    for side in ("request", "offer"):
        ids = [
            id_ for id_ in dict.fromkeys(one[side] for one in pairs) if id_ not in wanted.without
        ]
        titles = [(id_, names.title(side, id_), names.language(side, id_)) for id_ in ids]
        found.append((side, titles))
    return found
