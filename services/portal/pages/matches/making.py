"""Which form stands for what a reader can do, and what of it is sent to the matcher."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from flask_babel import gettext as _

from services.portal.house import house
from services.portal.pages.days import read_day
from services.portal.pages.matches import forms
from services.portal.pages.matches.forms import StepForm, number_of
from services.portal.pages.matches.reading import Case
from services.portal.pages.matches.rows import Line, pledge_left, promise_of, proposed, sent
from services.portal.pages.numbers import shown_number
from services.portal.promised import promised_of

ACTIONS = frozenset(
    {"agree", "accept", "decline", "commit", "start", "deliver", "close", "figures"}
)
"""What is done by a form of its own, beside releases, follow-ups and what stands in the thread."""

_OF_ONE: Mapping[str, Callable[[str], type[StepForm]]] = {
    "assess": forms.assess_form,
    "reply": forms.reply_form,
    "release": forms.release_form,
}
_PLAIN: Mapping[str, type[StepForm]] = {
    **{step: forms.delivery_form(step) for step in ("start", "deliver", "close")},
    "agree": forms.AgreeForm,
    "accept": forms.AgreeForm,
    "decline": forms.DeclineForm,
    "file": forms.FileForm,
}


def make(name: str, case: Case, *, sent_one: bool = True) -> StepForm:
    """The form of that name, filled in with what was sent or with what is likely; KeyError.

    `sent_one` False: another form of the page was sent, and nothing of that belongs here.
    """
    form = _made(name, case, {} if sent_one else {"formdata": None})
    if not (sent_one and form.is_submitted()):
        form.begin(case.etag, len(case.life["history"]))
        if name == "commit":
            _fill_in(form, case)
    return form


def missing_for(name: str, case: Case) -> str | None:
    """The service that is away and without which the form of that name lacks fields; None for none.

    Made all the same, it would pass for a form whose fields were left empty, whatever was typed.
    """
    kind = name.partition("-")[0]
    fields_of_offer = kind == "commit" or (kind == "agree" and case.reader.role == "donor")
    if fields_of_offer and case.offer.away:
        return "offers"
    if kind in ("commit", "assess") and case.request.away:
        return "requests"
    if kind == "message" and case.thread_away:
        return "matcher"
    return None


def _made(name: str, case: Case, values: dict[str, Any]) -> StepForm:
    kind, _dash, which = name.partition("-")
    if kind in _OF_ONE:
        return _OF_ONE[kind](which)(**values)
    if name == "message":
        thread: Mapping[str, Any] = case.thread or {}
        return forms.MessageForm([one["number"] for one in thread.get("items", ())], **values)
    if name == "agree" and case.reader.role == "donor":
        return forms.amounts(forms.AgreeForm, "line-", case.gives)(**values)
    if name == "figures":
        return forms.amounts(forms.FiguresForm, "line-", case.told_of)(**values)
    if name == "commit":
        both = forms.amounts(forms.CommitForm, "need-", case.needs, _("Of the request"))
        return forms.amounts(both, "give-", case.gives, _("Of the offer"))(**values)
    return _PLAIN[name](**values)


def _fill_in(form: StepForm, case: Case) -> None:
    """What the donor pledged and is not committed yet; where it pledged nothing in numbers, what
    the proposal says is served, unless something of it is committed already, or may be."""
    held = any(one["status"] == "held" for one in case.commitments)
    if not case.is_pledged and (held or not case.commitments_known):
        return
    today = house().clock().date()
    for prefix, side, lines in (("need-", "request", case.needs), ("give-", "offer", case.gives)):
        promised = promised_of(case.proposal, side)
        for line in lines:
            likely = (
                pledge_left(promise_of(line, promised))
                if case.is_pledged
                else proposed(line, side, case.proposal["serves"], today)
            )
            form[f"{prefix}{line.number}"].data = shown_number(likely)


def body(name: str, form: StepForm, case: Case) -> tuple[str, dict[str, Any]]:
    """Where under the proposal a valid form is sent, and what; `commit` goes elsewhere."""
    kind, _dash, which = name.partition("-")
    data = {field: value for field, value in form.data.items() if field in ("reason", "text")}
    words = {field: value.strip() or None for field, value in data.items() if value is not None}
    if kind in ("agree", "accept"):
        return "answer", {"answer": "agree", **words, **_consented(form, case)}
    if kind == "decline":
        refuses = request.form.getlist("refuses")
        return "answer", {"answer": "decline", **words, **({"refuses": refuses} if refuses else {})}
    if kind == "figures":
        told = {"lines": _amounts(form, "line-", case.told_of), **words}
        up_to = read_day(form.up_to.data or "")
        return "figures", {**told, **({"up_to": up_to} if up_to else {})}
    if kind == "assess":
        scores = {one: int(form[one].data) for one in ("adequate", "effective", "sustainable")}
        return f"follow-ups/{which}/assessment", {**scores, **_reached(which, case), **words}
    if kind == "reply":
        return f"follow-ups/{which}/reply", words
    return "delivery", {"step": kind, **words}


def _reached(months: str, case: Case) -> dict[str, int]:
    """How many of the objectives were ticked; nothing where there are none to tick."""
    every = {str(number) for number in range(len(case.aims))}
    ticked = every.intersection(request.form.getlist(f"reached-{months}"))
    return {"objectives": len(every), "objectives_reached": len(ticked)} if every else {}


def commitment(form: StepForm, case: Case) -> Mapping[str, Any]:
    """What a commitment takes of both sides."""
    lines = [
        *({"side": "request", **one} for one in _amounts(form, "need-", case.needs)),
        *({"side": "offer", **one} for one in _amounts(form, "give-", case.gives)),
    ]
    expires = read_day(form.expires.data or "")
    until = {"expires_at": f"{expires}T23:59:59Z"} if expires else {}
    return {"proposal": case.id, "lines": lines, **until}


def filled(name: str, form: StepForm, case: Case) -> list[str]:
    """The fields of amounts that a form sends as lines, in the order in which it sends them."""
    sides = {
        "agree": [("line-", case.gives)],
        "figures": [("line-", case.told_of)],
        "commit": [("need-", case.needs), ("give-", case.gives)],
    }
    every = [f"{prefix}{line.number}" for prefix, lines in sides.get(name, ()) for line in lines]
    shown = [field for field in every if field in form]
    return [field for field in shown if number_of(form[field].data) is not None]


def lacking(name: str, form: StepForm, case: Case) -> bool:
    """Whether a form that is right by itself lacks what only several fields together say.

    What is lacking is told in the form.
    """
    if name == "figures" and not _amounts(form, "line-", case.told_of):
        form.fail(_("Fill in at least one line."))
    if name == "commit":
        for prefix, lines in (("need-", case.needs), ("give-", case.gives)):
            if not _amounts(form, prefix, lines):
                form.fail(_("Say how much of at least one line of each side is committed."))
                break
    if name in ("agree", "accept") and case.reader.role == "requester":
        missing = _open(case) - set(request.form.getlist("accepts"))
        if missing:
            form.fail(_("Tick each condition to accept it. If you cannot, decline with a reason."))
    return bool(form.form_errors)


def _consented(form: StepForm, case: Case) -> dict[str, Any]:
    if case.reader.role == "requester":
        accepts = request.form.getlist("accepts")
        return {"accepts": accepts} if accepts else {}
    pledges = _amounts(form, "line-", case.gives)
    return {"pledges": pledges} if pledges else {}


def _open(case: Case) -> set[str]:
    found = (one for one in case.life["conditions"] if one["current"])
    return {str(one["hash"]) for one in found if one["accepted_at"] is None}


def _amounts(form: StepForm, prefix: str, lines: list[Line]) -> list[dict[str, Any]]:
    found = []
    for line in lines:
        value = number_of(form[f"{prefix}{line.number}"].data)
        if value is not None:
            found.append(sent(line, value))
    return found
