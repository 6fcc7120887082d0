"""Making and changing an offer, a step at a time: each step is saved, the draft waits for the next.

The draft is the register's own, so it is there on another device too, and after the session ended.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from entraide.client import Answer
from services.portal.pages.asking import ask_with, get, get_one, read, send
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.keeping import give_back, keeping_typed
from services.portal.pages.offers import bodies, standing
from services.portal.pages.offers.forms import (
    LinesForm,
    StepForm,
    TermsForm,
    WhereForm,
    WordsForm,
    typed,
)
from services.portal.pages.offers.parties import may_change, owns
from services.portal.pages.offers.rows import size_of
from services.portal.pages.offers.showing import PAGE, address_of
from services.portal.pages.recording import (
    BEFORE,
    MAYBE,
    Form,
    make,
)
from services.portal.pages.refusals import WORDS
from services.portal.pages.registered import for_registered
from services.portal.pages.repeating import holds
from services.portal.pages.signing import REFUSED
from services.portal.services import AwayError, RefusedError
from shared.ids import new_id
from shared.web.problems import forbidden, not_found

NEW = "/offers/new"
_MOST_CALLS = 50
Data = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A step of the form: its name, its form, from the record to its fields and back, and what
    the record says there, in words."""

    label: object
    form: type[StepForm]
    data: Callable[[Data], Mapping[str, Any]]
    body: Callable[[Any], Mapping[str, Any]]
    said: Callable[[Any, Data], Sequence[tuple[str, str]]]


STEPS: Mapping[str, Step] = {
    "words": Step(
        lazy_gettext("In your words"),
        WordsForm,
        bodies.words_data,
        bodies.words_body,
        standing.words_said,
    ),
    "lines": Step(
        lazy_gettext("What is given"),
        LinesForm,
        bodies.lines_data,
        bodies.lines_body,
        standing.lines_said,
    ),
    "where": Step(
        lazy_gettext("For whom and when"),
        WhereForm,
        bodies.where_data,
        bodies.where_body,
        standing.where_said,
    ),
    "terms": Step(
        lazy_gettext("Conditions and partners"),
        TermsForm,
        bodies.terms_data,
        bodies.terms_body,
        standing.terms_said,
    ),
}
"""The steps in their order; after the last the offer's own page is for checking and submitting."""


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    app.add_url_rule(NEW, view_func=new_offer, methods=both)
    app.add_url_rule(f"{PAGE}/edit", view_func=edit_offer)
    app.add_url_rule(f"{PAGE}/edit/<string:step>", view_func=edit_offer_step, methods=both)


@keeping_typed
@for_roles("donor")
@for_registered
def new_offer() -> Response:
    """A new draft, which begins with one's own words."""
    form = WordsForm()
    if not form.is_submitted():
        return _show("words", WordsForm(formdata=None, data={"key": new_id()}), None)
    if not form.validate_on_submit():
        return _show("words", form, None, REFUSED)
    if request.form.get("do") == "read":
        return _show("words", form, None, understood=_inferred(form))
    body = bodies.words_body(form)
    if form.problems():
        return _show("words", form, None, REFUSED)
    whole = {**body, "organisation": account().organisation}
    return make(
        _making(form, body), "offers", "/v1/offers", whole, form.key.data, form.version.data
    )


def _making(form: WordsForm, body: Mapping[str, Any]) -> Form:
    def save(stands: Answer, seen: str) -> Response:
        form.version.data = seen
        return _save("words", form, stands, body)

    def maybe() -> Response:
        form.fail(MAYBE)
        form.key.data = new_id()
        return _show("words", form, None, HTTPStatus.CONFLICT, anew=True)

    def refused(error: RefusedError) -> Response:
        bodies.tell(form, error)
        return _show("words", form, None, REFUSED)

    def kept(offer_id: str) -> Response:
        flash(_("The draft is kept. Nobody else sees it until you submit it."))
        return go(_after("words", offer_id))

    return Form(
        may_change=may_change,
        says=lambda stands: holds(stands.body, body, bodies.given(body)),
        save=save,
        ask=lambda stands: _stale("words", form, stands, BEFORE),
        maybe=maybe,
        refused=refused,
        kept=kept,
    )


@for_roles("donor")
def edit_offer(offer_id: str) -> Response:
    """The first step of changing an offer."""
    return go(f"{address_of(offer_id)}/edit/words")


@keeping_typed
@for_roles("donor")
def edit_offer_step(offer_id: str, step: str) -> Response:
    """One step of changing an offer."""
    if step not in STEPS:
        raise not_found("step")
    stands = get_one("offers", "/v1/offers", offer_id)
    if not may_change(account(), stands.body):
        if request.method == "POST" and owns(account(), stands.body):
            return give_back(str(WORDS["finished"]), HTTPStatus.FORBIDDEN)
        raise forbidden("This offer cannot be changed by you, or not any more.")
    form = _form(step, stands)
    if not form.is_submitted():
        return _show(step, _form(step, stands, _fresh(step, stands)), stands)
    if not form.validate_on_submit():
        return _show(step, form, stands, REFUSED)
    do = request.form.get("do", "save")
    if do != "save":
        return _aside(step, form, stands, do)
    body = STEPS[step].body(form)
    if form.problems():
        return _show(step, form, stands, REFUSED)
    return _save(step, form, stands, body)


def _save(step: str, form: StepForm, stands: Answer, body: Mapping[str, Any]) -> Response:
    offer_id = stands.body["id"]
    if form.version.data != stands.etag:
        if holds(stands.body, body, bodies.given(body)):
            return _saved(step, offer_id)
        return _stale(step, form, stands)
    try:
        send(
            "offers",
            f"/v1/offers/{offer_id}",
            {**bodies.offer_body(stands.body), **body},
            method="PUT",
            if_match=stands.etag,
        )
    except RefusedError as error:
        if error.stale:
            return _stale(step, form, get("offers", f"/v1/offers/{offer_id}"))
        if error.status not in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
            raise
        bodies.tell(form, error)
        return _show(step, form, stands, REFUSED)
    return _saved(step, offer_id)


def _saved(step: str, offer_id: str) -> Response:
    flash(_("Saved."))
    return go(address_of(offer_id) if request.form.get("then") == "end" else _after(step, offer_id))


def _stale(step: str, form: StepForm, stands: Answer, why: object = None) -> Response:
    """What was typed and what stands now; sending again is a decision on what stands now."""
    changed = _("The offer was changed meanwhile. See what stands now; sending yours replaces it.")
    form.fail(why or changed)
    form.version.data = stands.etag
    return _show(step, form, stands, HTTPStatus.CONFLICT, now=STEPS[step].said(form, stands.body))


def _aside(step: str, form: StepForm, stands: Answer, do: str) -> Response:
    """What a button of a row says: nothing is saved, what was typed stays."""
    if do == "read" and isinstance(form, WordsForm):
        return _show(step, form, stands, understood=_inferred(form))
    data = dict(form.data)
    if "rows" in data:
        rows = [dict(row) for row in data["rows"]]
        action, _dash, at = do.partition("-")
        number = int(at) if at.isdecimal() and len(at) < 4 else -1
        if action == "add":
            rows.append({})
        elif action == "remove" and 0 <= number < len(rows):
            del rows[number]
        elif action == "take":
            lines = _read(stands.body)
            taken = [bodies.line_data({**one, "line": None}) for one in lines[number : number + 1]]
            rows = [row for row in rows if bodies.begun(row)] + taken
        if len(rows) > form["rows"].max_entries:
            shown = _form(step, stands, data)
            shown.fail(WORDS["full"])
            return _show(step, shown, stands, REFUSED)
        data["rows"] = rows
    return _show(step, _form(step, stands, data), stands)


def _form(step: str, stands: Answer, data: Mapping[str, Any] | None = None) -> StepForm:
    more: dict[str, Any] = {} if data is None else {"formdata": None, "data": data}
    if step == "terms":
        more["calls"] = _calls(stands.body)
    return STEPS[step].form(**more)


def _fresh(step: str, stands: Answer) -> Mapping[str, Any]:
    data = dict(STEPS[step].data(stands.body))
    if step == "lines" and not data["rows"]:
        data["rows"] = [{}]
    return {**data, "version": stands.etag, "key": new_id()}


def _calls(offer: Data) -> list[tuple[str, str]]:
    """The donor's own calls; the one that the offer names at least."""
    named = [(offer["call"], offer["call"])] if offer["call"] else []
    try:
        answer = get("offers", "/v1/calls", organisation=offer["organisation"], limit=_MOST_CALLS)
    except AwayError:
        return named
    found = [(one["id"], one["title"]) for one in answer.body["items"]]
    return found + [one for one in named if one[0] not in dict(found)]


def _read(offer: Data) -> Sequence[Data]:
    """The lines that the offer's text seems to describe and that it has not."""
    lines: Sequence[Data] = (offer.get("inferred") or {}).get("lines", [])
    return [line for line in lines if line["line"] is None]


def _suggesting(form: StepForm, offer: Data) -> dict[str, Any]:
    """The lines of `_read` that no row of the form is like, each with its place among them and its
    size, and which number one of them would have."""
    rows = [row.data for row in form["rows"] if bodies.begun(row.data)]
    there = {(row["theme"], row["kind"]) for row in rows}
    read = [
        (place, line, size_of(line))
        for place, line in enumerate(_read(offer))
        if (line["theme"], line["kind"]) not in there
    ]
    return {"suggested": read, "next_line": len(rows) + 1}


def _inferred(form: WordsForm) -> list[tuple[Data, str]] | None:
    """What the text that is being written seems to say; None where that cannot be told now."""
    text = {name: typed(form[name]) for name in ("title", "description", "language")}
    try:
        found = read(ask_with(text, "offers", "/v1/offers/inferred")).body
    except AwayError:
        return None
    except RefusedError as error:
        bodies.tell(form, error)
        return None
    return [(line, size_of(line)) for line in found["lines"]]


def _after(step: str, offer_id: str) -> str:
    names = list(STEPS)
    at = names.index(step) + 1
    return f"{address_of(offer_id)}/edit/{names[at]}" if at < len(names) else address_of(offer_id)


def _steps(here: str, offer: Data | None) -> list[tuple[str, str, bool]]:
    """The steps with their addresses, which an offer that is not kept yet has none of."""
    place = "" if offer is None else address_of(offer["id"])
    found = [
        (str(one.label), f"{place}/edit/{name}" if place else "", name == here)
        for name, one in STEPS.items()
    ]
    return [*found, (str(_("Check and submit")), place, False)]


def _show(
    step: str,
    form: StepForm,
    stands: Answer | None,
    status: int = HTTPStatus.OK,
    understood: Sequence[tuple[Data, str]] | None = None,
    now: Sequence[tuple[str, str]] | None = None,
    *,
    anew: bool = False,
) -> Response:
    """`anew` tells that what is sent next makes another offer."""
    offer = None if stands is None else stands.body
    return show(
        f"offers/{step}.html",
        status,
        form=form,
        offer=offer,
        step=step,
        steps=_steps(step, offer),
        understood=understood,
        **(_suggesting(form, offer) if step == "lines" and offer is not None else {}),
        now=now,
        anew=anew,
    )
