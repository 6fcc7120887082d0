"""/review/endorse: several proposals endorsed at once, after a look at what that would mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, flash, request
from flask_babel import gettext as _

from services.portal import deciding
from services.portal.deciding import Wanted
from services.portal.house import house
from services.portal.pages import asking
from services.portal.pages.asking import ask
from services.portal.pages.assets import ASSETS
from services.portal.pages.finding import find
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.review.decisions import (
    ELSEWHERE,
    UNREAD,
    back_to,
    country_of,
    is_version,
    key_of,
    may_decide,
    unread,
)
from services.portal.pages.review.weighing import Conflict, conflicts
from services.portal.pages.wording import number
from services.portal.services import AwayError
from shared.ids import new_id

PREVIEW = "/review/endorse"
MOST = 50
_LISTED = 200
_BLOCKING = frozenset({"decided", "pending", "unread", "elsewhere"})


@dataclass(frozen=True)
class Choice:
    """A chosen proposal, its request's and offer's texts, and what speaks against it."""

    one: Mapping[str, Any]
    request: Mapping[str, Any]
    offer: Mapping[str, Any]
    conflicts: Sequence[Conflict]
    blocked: bool


@for_roles("coordinator")
def preview_endorsing() -> Response:
    """What would be endorsed, and what does not go together."""
    chosen = list(dict.fromkeys(request.args.getlist("chosen")))[:MOST]
    back = back_to(request.args.get("back"))
    if not chosen:
        flash(_("Choose at least one proposal."))
        return go(back)
    found, gone = _found(chosen)
    choices = _choices(found)
    return show(
        "review/bulk.html",
        wide=True,
        choices=choices,
        titles={choice.one["id"]: choice.offer["title"] for choice in choices},
        gone=gone,
        ready=sum(not choice.blocked for choice in choices),
        clashing=any(choice.conflicts for choice in choices),
        back=back,
        bare=PageForm(),
        new_key=new_id,
        unreadable=UNREAD,
        elsewhere=ELSEWHERE,
        review_style=ASSETS["review.css"].address,
    )


@keeping_typed
@for_roles("coordinator")
def endorse_several() -> Response:
    """Keep an endorsement of each that is still chosen, as seen in the preview, for a minute."""
    back = back_to(request.form.get("back"))
    if not PageForm().validate_on_submit():
        flash(_("This page had been open for too long. Nothing was done: look again."))
        chosen = request.form.getlist("chosen")[:MOST]
        return go(f"{PREVIEW}?{urlencode({'chosen': chosen, 'back': back}, doseq=True)}")
    kept = waiting = 0
    versions = {one: request.form.get(f"version:{one}") for one in request.form.getlist("chosen")}
    seen = [one for one, version in versions.items() if is_version(version)][:MOST]
    countries = _countries(seen)
    own = [one for one, country in countries.items() if may_decide(country)]
    elsewhere, missing = len(seen) - len(own), unread(own)
    for proposal in own:
        if proposal in missing:
            continue
        key = key_of(request.form.get(f"key:{proposal}"))
        wanted = Wanted(
            proposal, "endorse", None, versions[proposal] or "", key, countries[proposal]
        )
        if deciding.decide_later(account(), wanted, house().clock()):
            kept += 1
        else:
            waiting += 1
    if kept:
        said = _(
            "Endorsed: %(count)s. They take effect in a minute; until then you can take each back.",
            count=number(kept),
        )
        flash(said)
    if waiting:
        flash(_("Left out, for a decision on them waits already: %(count)s", count=number(waiting)))
    if missing:
        flash(
            _(
                "Left out, for one side of them cannot be read just now: %(count)s",
                count=number(len(missing)),
            )
        )
    if elsewhere:
        flash(
            _(
                "Left out, for a coordinator of their region decides on them: %(count)s",
                count=number(elsewhere),
            )
        )
    if not seen:
        flash(_("Choose at least one proposal."))
    return go(back)


def _countries(seen: Sequence[str]) -> dict[str, str | None]:
    """The State of each: as the matcher has it; where it cannot say, as the preview showed it."""
    try:
        found, _gone = _found(seen)
    except AwayError:
        found = []
    known = {one["id"]: one["country"] for one in found}
    return {one: known.get(one) or country_of(request.form.get(f"country:{one}")) for one in seen}


def _found(chosen: Sequence[str]) -> tuple[list[Mapping[str, Any]], int]:
    """The chosen proposals as they stand now, in their order; how many are no longer there."""
    requests = dict.fromkeys(one.partition(".")[0] for one in chosen)
    answers = asking.gather(
        **{
            f"of_{place}": ask("matcher", "/v1/proposals", request=id_, limit=_LISTED)
            for place, id_ in enumerate(requests)
            if id_
        }
    )
    known: dict[str, Mapping[str, Any]] = {}
    for answer in answers.values():
        if isinstance(answer, AwayError):
            raise answer
        known |= {one["id"]: one for one in answer.body["items"]}
    found = [known[id_] for id_ in chosen if id_ in known]
    return found, len(chosen) - len(found)


def _choices(found: Sequence[Mapping[str, Any]]) -> list[Choice]:
    records = find(
        requests=[one["request"] for one in found], offers=[one["offer"] for one in found]
    )
    requests, offers = records["requests"], records["offers"]
    pending = deciding.waiting_for([one["id"] for one in found])
    against = conflicts(found, offers, house().clock().date())
    choices = []
    for one in found:
        own = [
            Conflict(code)
            for code, holds in (
                ("decided", one["status"] not in ("proposed", "superseded")),
                ("pending", one["id"] in pending),
                ("elsewhere", not may_decide(one["country"])),
                ("unread", one["request"] not in requests or one["offer"] not in offers),
                ("barred", any(n["code"].startswith("bars") for n in one["embargoes"])),
                ("serves-none", not one["serves"]),
            )
            if holds
        ]
        unknown = {"title": one["id"], "language": None}
        choices.append(
            Choice(
                one,
                requests.get(one["request"], unknown),
                offers.get(one["offer"], unknown),
                [*own, *against[one["id"]]],
                # What an embargo bars in part may be endorsed; what it bars whole is refused.
                blocked=any(found.code in _BLOCKING for found in own),
            )
        )
    return choices
