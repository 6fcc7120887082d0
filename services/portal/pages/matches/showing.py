"""The page of a match: both sides, where it stands, and what its reader can do now."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from babel.lists import format_list
from flask import Response, request
from flask_babel import gettext as _
from flask_babel import pgettext

from services.portal.house import house
from services.portal.pages import wording
from services.portal.pages.absence import absence
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import moment, show
from services.portal.pages.matches import forms, rows
from services.portal.pages.matches.making import make, missing_for
from services.portal.pages.matches.reading import Case
from services.portal.pages.matches.rights import open_conditions
from services.portal.pages.matches.steps import Stage, agreement_behind, line_of_steps
from services.portal.pages.matches.words import (
    ACTIONS,
    COMMITMENT_STATUSES,
    JOINING_ROLES,
    JOINING_STATUSES,
    because_said,
    who,
    why,
)
from services.portal.pages.offers.rows import left_of
from services.portal.pages.wording import day
from services.portal.promised import promised_of
from shared.registers.steps import party_of

STAGE_NAMES = {
    "endorsed": lambda: _("Endorsed"),
    "donor": lambda: _("Agreed by the donor"),
    "state": lambda: _("Agreed by the State"),
    "committed": lambda: _("Committed"),
    "delivering": lambda: _("Being delivered"),
    "delivered": lambda: _("Delivered"),
    "follow-up": lambda: _("Follow-up"),
    "closed": lambda: _("Closed"),
}
BAR_NAMES = {
    "pledged": lambda: pgettext("amount", "Pledged"),
    "committed": lambda: pgettext("amount", "Committed"),
    "delivered": lambda: pgettext("amount", "Delivered"),
}


def show_case(
    case: Case,
    status: int = HTTPStatus.OK,
    failed: tuple[str, forms.StepForm] | None = None,
    since: int | None = None,
) -> Response:
    """The page; `failed` is a form that was sent and its name, `since` the history seen before.

    A form is left out while it would lack fields; the page says which service is away.
    """
    missing = {name: missing_for(name, case) for name in case.may}
    may = frozenset(name for name, service in missing.items() if service is None)
    made = {name: make(name, case, sent_one=False) for name in _shown_forms(case, may)}
    joinings = [_joining(one, case) for one in case.joinings]
    answered = {f"joining-{one['id']}" for one in joinings if one["agree"] or one["decline"]}
    gone = None
    if failed is not None:
        name, form = failed
        form.begin(case.etag, len(case.life["history"]))
        if name in made or name in answered:
            made[name] = form
        else:
            gone = form
    history = [_told(step, case) for step in case.life["history"]]
    return show(
        "matches/match.html",
        status,
        wide=True,
        case=case,
        may=may,
        lacking=sorted({absence(service) for service in missing.values() if service is not None}),
        idle=all(name.startswith("release-") for name in case.may),
        made=made,
        form=failed[1] if failed is not None else PageForm(),
        kept=_typed(gone) if gone is not None else [],
        line=[
            _stage(one, case) for one in line_of_steps(case.life["history"], case.life["status"])
        ],
        history=history,
        meanwhile=history[since:] if since is not None else None,
        state_says=_state_says(case),
        conditions=_conditions(case),
        open_hashes=[one["hash"] for one in open_conditions(case.life)],
        needs=_needs(case),
        gives=_gives(case),
        promised={side: _promised(case, side) for side in ("request", "offer")},
        figures=list(_figures(case)),
        held=_held(case),
        reports=[_report(one, case) for one in case.life["reports"]],
        commitments=[commitment_row(one, case) for one in case.tried],
        committed=bool(case.made),
        joinings=joinings,
        messages=_messages(case),
        writes=bool(case.thread and case.thread["open"]),
        files=case.files,
        bare=PageForm(),
        donor=case.names.get(str(case.proposal["organisation"]), case.proposal["organisation"]),
        when=when,
        query_list=request.form.getlist,
    )


def when(text: str | None) -> str:
    """A time of an API as it is read."""
    return "" if text is None else moment(datetime.fromisoformat(text))


def _line(case: Case) -> list[Stage]:
    return line_of_steps(case.life["history"], case.life["status"])


def _shown_forms(case: Case, may: frozenset[str]) -> Iterator[str]:
    yield from may
    if case.thread is not None and case.thread["open"]:
        yield "message"
        yield "file"


def _typed(form: forms.StepForm) -> list[tuple[str, str]]:
    """What was typed into a form that has no place on the page any more."""
    hidden = ("version", "known", "key", "csrf_token")
    return [
        (str(field.label.text), str(field.data))
        for field in form
        if field.short_name not in hidden and isinstance(field.data, str) and field.data.strip()
    ]


def _stage(one: Stage, case: Case) -> dict[str, Any]:
    named = STAGE_NAMES.get(one.name)
    told = None if one.step is None else _told(one.step, case)
    return {"name": named() if named else ACTIONS[one.name], "state": one.state, "told": told}


def _told(step: Mapping[str, Any], case: Case) -> dict[str, Any]:
    agreed = agreement_behind(step, case.life["history"])
    by = step if agreed is None else agreed
    return {
        "name": ACTIONS.get(step["action"], step["action"]),
        "at": when(step["at"]),
        "who": who(by["role"], by["party"], case.names),
        "why": why(step["reason"]) if agreed is None else _("It followed from the last agreement."),
        "said": step["said"],
    }


def _state_says(case: Case) -> dict[str, Any] | None:
    """Until when answers are waited for, and of whom."""
    by = case.life["answer_by"]
    if by is None or not case.life["waiting_for"]:
        return None
    left = datetime.fromisoformat(by) - house().clock()
    names = {"donor": _("the donor"), "state": _("the State")}
    return {
        "by": when(by),
        "days": max(left.days + 1, 0),
        "over": left.total_seconds() <= 0,
        "sides": format_list(
            [names[one] for one in case.life["waiting_for"]], locale=wording.here()
        ),
    }


def _conditions(case: Case) -> list[dict[str, Any]]:
    """The offer's conditions by their texts, with when the State accepted each."""
    offer = case.offer.record or {}
    texts = {one["hash"]: one["text"] for one in offer.get("conditions", ())}
    return [
        {
            **one,
            "text": texts.get(one["hash"]),
            "language": offer.get("language"),
            "accepted": day(one["accepted_at"]),
        }
        for one in case.life["conditions"]
    ]


def _needs(case: Case) -> list[dict[str, Any]]:
    stored = {one["line"]: one for one in (case.request.record or {}).get("needs", ())}
    return [
        {
            "line": line,
            **_whole(line),
            "left": _open_of(stored[line.number], line),
            "pledged": _pledged(line, case, "request"),
            "bar": [
                (BAR_NAMES[name](), wording.told(value, line.measure, line.unit), part, tone)
                for name, value, part, tone in rows.progress(stored[line.number], line)
            ],
        }
        for line in case.needs
    ]


def _gives(case: Case) -> list[dict[str, Any]]:
    stored = {one["line"]: one for one in (case.offer.record or {}).get("provisions", ())}
    return [
        {
            "line": line,
            **_whole(line),
            "left": left_of(stored[line.number]),
            "pledged": _pledged(line, case, "offer"),
        }
        for line in case.gives
    ]


def _open_of(need: Mapping[str, Any], line: rows.Line) -> str:
    """How much of a need line nobody has committed; empty where that is not told."""
    committed = rows.committed_of(need, line)
    if line.whole is None or committed is None:
        return ""
    return wording.told(max(0.0, line.whole - committed), line.measure, line.unit)


def _pledged(line: rows.Line, case: Case, side: str) -> str:
    """What the donor pledged of a line, in words: of its own lines also that it is nothing."""
    promise = rows.promise_of(line, promised_of(case.proposal, side))
    pledged = None if promise is None else promise["pledged"]
    if pledged is None and not (case.is_pledged and side == "offer"):
        return ""
    told = wording.told(pledged or 0.0, line.measure, line.unit)
    return f"{pgettext('amount', 'Pledged')} {told}"


def _promised(case: Case, side: str) -> list[dict[str, Any]]:
    """The lines of a side of which something is promised, as the match has them: all that can be
    told of a record that is no longer shown."""
    return [
        {
            "line": line,
            "amounts": [
                f"{BAR_NAMES[name]()} {wording.told(one[name], line.measure, line.unit)}"
                for name in ("pledged", "committed")
                if one[name]
            ],
        }
        for one in promised_of(case.proposal, side)
        for line in [rows.promised_line(one)]
    ]


def _whole(line: rows.Line) -> dict[str, str]:
    """All of a line, by itself and after "of"."""
    words = (line.whole, line.measure, line.unit)
    return {"whole": wording.told(*words), "of": wording.told(*words, of=True)}


def _figures(case: Case) -> Iterator[dict[str, Any]]:
    names = ("pledged", "committed", "disbursed", "received", "difference")
    figures: Sequence[Mapping[str, Any]] = case.life["figures"]
    for one, line in zip(figures, case.figured, strict=True):
        told = {name: wording.told(one[name], line.measure, line.unit) for name in names}
        yield {
            "line": line,
            "differs": bool(one["difference"]),
            "beyond": max(one["disbursed"] or 0, one["received"] or 0) > (one["committed"] or 0),
            **told,
        }


def _held(case: Case) -> Mapping[int, str]:
    """How much is committed of each line of the offer of which something is."""
    return {
        line.number: wording.told(one["committed"], line.measure, line.unit)
        for one, line in zip(case.life["figures"], case.figured, strict=True)
        if one["committed"]
    }


def _report(one: Mapping[str, Any], case: Case) -> dict[str, Any]:
    return {
        "side": _("Donor") if one["side"] == "donor" else _("State"),
        "up_to": day(one["up_to"]),
        "at": when(one["at"]),
        "text": one["text"],
        "lines": [
            _("Line %(number)s: %(amount)s", number=line["line"], amount=_line_told(line, case))
            for line in one["lines"]
        ],
    }


def _line_told(line: Mapping[str, Any], case: Case) -> str:
    measure = "money" if line["quantity"] is None else "quantity"
    return rows.amount_told({**line, "measure": measure}, case.offered)


def commitment_row(one: Mapping[str, Any], case: Case | None = None) -> dict[str, Any]:
    """A commitment as it is read, in units as the lines of both sides are written where a `case`
    has them."""
    every = {} if case is None else {"request": case.asked, "offer": case.offered}
    return {
        "id": one["id"],
        "status": COMMITMENT_STATUSES.get(one["status"], one["status"]),
        "at": when(one["created_at"]),
        "provisional": one["provisional"] and one["status"] == "held",
        "until": when(one["expires_at"]) if one["status"] == "held" else "",
        "reason": one["reason"],
        "why": because_said(one.get("because")),
        "taken": [
            (line["side"], line["line"], rows.amount_told(line, every.get(line["side"], ())))
            for line in one["lines"]
        ],
    }  # fmt: skip


def _joining(one: Mapping[str, Any], case: Case) -> dict[str, Any]:
    role, status = case.reader.role, one["status"]
    side = {"donor": "donor", "requester": "state"}.get(role)
    own = role == "donor" and one["organisation"] == case.reader.organisation
    open_ = status in ("offered", "donor-agreed", "state-agreed")
    return {
        **one,
        "name": case.names.get(one["organisation"], one["organisation"]),
        "as": JOINING_ROLES.get(one["role"], one["role"]),
        "said": JOINING_STATUSES.get(status, status),
        "agree": side is not None and not own and open_ and status != f"{side}-agreed",
        "decline": side is not None and not own and status not in ("declined", "withdrawn"),
    }


def _messages(case: Case) -> list[dict[str, Any]]:
    if case.thread is None:
        return []
    read, own = case.thread["read_up_to"], (case.reader.role, party_of(case.reader))
    return [
        {
            **one,
            "who": who(one["role"], one["party"], case.names),
            "when": when(one["at"]),
            "new": one["number"] > read and (one["role"], one["party"]) != own,
        }
        for one in case.thread["items"]
    ]
