"""/alliances: joint projects that neighbours' alike requests are proposed to become."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from entraide.client.records.matcher import AllianceView
from services.portal.pages import asking
from services.portal.pages.asked import code_of, cursor_of
from services.portal.pages.cases.deciding import CaseForm, came_from, decide, filled, status_name
from services.portal.pages.cases.region_map import region_map
from services.portal.pages.finding import find, names_of
from services.portal.pages.frame import account, for_roles, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.review.decisions import may_decide

_READERS = ("coordinator", "auditor", "operator", "requester")
_NEEDING = frozenset({"dismiss", "decline"})
_RUNNING = ("proposed", "endorsed", "agreed")
STATES = (*_RUNNING, "dismissed", "dissolved")


@for_roles(*_READERS)
def joint_projects() -> Response:
    """Those that the reader oversees, or that the State's requests are in: what is dismissed or
    dissolved where the address asks for it."""
    asked = asked_of(request.args)
    cursor, chosen = cursor_of(request.args), asked["status"]
    found = asking.get("matcher", "/v1/alliances", cursor=cursor, limit=20, **asked).body
    return show(
        "cases/alliances.html",
        wide=True,
        found=found,
        chosen=chosen,
        states=STATES,
        followed=_RUNNING if chosen is None else (chosen,),
        status_name=status_name,
    )


def asked_of(args: Mapping[str, str]) -> dict[str, str | None]:
    """What the address of the list asks for."""
    return {"status": code_of(args, "status", STATES)}


@keeping_typed
@for_roles(*_READERS)
def joint_project(alliance_id: str) -> Response:
    """One joint project; a coordinator of all its States decides, then each State answers for its
    request."""
    found = asking.get("matcher", f"/v1/alliances/{alliance_id}")
    one = found.of(AllianceView)
    offers = _offers(one)
    own = _own(one)
    form = CaseForm().offering(_choices(one, own))

    def send(form: CaseForm) -> None:
        body = {"reason": form.said()}
        if own is not None:
            path = f"/v1/alliances/{alliance_id}/members/{own['request']}/answer"
            body |= {"answer": form.decision.data}
        else:
            path = f"/v1/alliances/{alliance_id}/decision"
            body |= {"decision": form.decision.data}
        asking.send("matcher", path, body, if_match=form.version.data, key=form.key.data)

    def shown(form: CaseForm, status: int) -> Response:
        return show(
            "cases/alliance.html",
            status,
            wide=True,
            one=one,
            offers=offers,
            donors=names_of(offer["organisation"] for offer in one["offers"]),
            map=region_map(one["states"]),
            etag=found.etag,
            form=filled(form, found.etag) if form.decision.choices else None,
            elsewhere=account().role == "coordinator"
            and bool(_decisions(one["status"]))
            and not _covers(one),
            status_name=status_name,
            answer=_answer,
            back=came_from(),
        )

    return decide(form, found.etag, _NEEDING, send, shown)


def _own(one: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The reader's own member, where the reader is a State's."""
    state = account().state
    members = (member for member in one["members"] if member["country"] == state)
    return next((member for member in members if member["request"]), None) if state else None


def _covers(one: Mapping[str, Any]) -> bool:
    """Whether the reader's regions hold every State of it, as who decides has to have."""
    return may_decide(*(member["country"] for member in one["members"]))


def _choices(one: Mapping[str, Any], own: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if account().role == "coordinator":
        return _decisions(one["status"]) if _covers(one) else []
    if own is not None and one["status"] == "endorsed" and own["standing"] == "proposed":
        return [
            ("agree", _("Agree: our request joins")),
            ("decline", _("Decline: it is not proposed for our request again")),
        ]
    return []


def _decisions(status: str) -> list[tuple[str, str]]:
    """What a coordinator of all its States may decide in that state of it."""
    choices = []
    if status in ("proposed", "dismissed"):
        choices.append(("endorse", _("Endorse it: each State is asked whether it joins")))
    if status in _RUNNING:
        choices.append(("dismiss", _("Dismiss it: it is proposed again only with another State")))
    return choices


def _answer(status: str, standing: str) -> Any:
    """What a State answered, as it is read."""
    if standing != "proposed":
        return status_name(standing)
    return _("not asked yet") if status == "proposed" else _("no answer so far")


def _offers(one: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], str, str | None]] | None:
    """The offers that could serve it, with their titles and these' languages; None where none is
    to be had just now."""
    offers = one["offers"]
    found = find(offer_titles=[offer["offer"] for offer in offers])["offer_titles"]
    if offers and not found:
        return None
    known = [(offer, found.get(offer["offer"], {})) for offer in offers]
    return [(offer, str(of.get("title") or ""), of.get("language")) for offer, of in known]
