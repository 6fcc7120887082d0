"""What a notification says, in the reader's language: made of codes, numbers and times alone."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency

from services.portal.catalogues import N_, say
from services.portal.letters import moment_in
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT
from shared.vocabulary.countries import country_name
from shared.vocabulary.counts import count_text, number_text
from shared.vocabulary.errors import UnknownCode

KIND_NAMES: Mapping[str, str] = {
    "request-review": N_("Requests that wait to be authenticated"),
    "request-step": N_("What becomes of your State's requests"),
    "request-circulated": N_("Requests that are circulated to donors"),
    "offer-review": N_("Offers that wait to be published"),
    "offer-step": N_("What becomes of your organisation's offers"),
    "match-answer": N_("Proposals that ask for your answer"),
    "match-step": N_("What becomes of proposals"),
    "message": N_("Messages and files"),
    "commitment": N_("Commitments"),
    "reminder": N_("Reminders"),
    "follow-up": N_("Questions and answers after delivery"),
    "contacts": N_("Points of contact to be confirmed"),
    "joining": N_("Organisations that offer to join a proposal"),
    "alliance": N_("Joint projects of several States"),
    "application": N_("Applications to trust funds"),
    "case": N_("Cases of records that seem the same and of needs that seem covered"),
    "embargo": N_("Changes of the register of arms embargoes"),
    "expiry": N_("What is about to end"),
}
"""The kinds of telling.KINDS as they are read."""

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "request": {
        "submit": N_("%(state)s submitted a request. It waits to be authenticated."),
        "authenticate": N_("The request of %(state)s was authenticated."),
        "return": N_("The request of %(state)s was returned, to be amended."),
        "object": N_("%(state)s objected to circulating its request."),
        "circulate": N_("The request of %(state)s was circulated to donors."),
        "cover-partly": N_("The request of %(state)s is partly covered by commitments."),
        "cover": N_("The request of %(state)s is covered by commitments."),
        "uncover": N_("Nothing of the request of %(state)s is covered by commitments any more."),
        "close": N_("The request of %(state)s was closed."),
        "withdraw": N_("The request of %(state)s was withdrawn."),
        "merge": N_("The request of %(state)s was merged into another."),
        "unmerge": N_("The request of %(state)s stands by itself again."),
        "attach": N_("A file was attached to the request of %(state)s."),
        "detach": N_("A file of the request of %(state)s was removed."),
    },
    "offer": {
        "submit": N_("An offer was submitted. It waits to be published."),
        "publish": N_("The offer was published."),
        "close": N_("The offer was closed."),
        "withdraw": N_("The offer was withdrawn."),
        "merge": N_("The offer was merged into another."),
        "unmerge": N_("The offer stands by itself again."),
        "attach": N_("A file was attached to the offer."),
        "detach": N_("A file of the offer was removed."),
    },
    "match": {
        "endorse": N_(
            "A proposal for %(state)s was endorsed. State and donor are asked to agree or decline."
        ),
        "reject": N_("A coordinator rejected a proposal for %(state)s."),
        "undo": N_(
            "Your decision on a proposal for %(state)s did not take effect. Look at it again."
        ),
        "donor-agree": N_("The donor agreed to the proposal for %(state)s."),
        "state-agree": N_("%(state)s agreed to the proposal."),
        "agree": N_("State and donor have both agreed to the proposal for %(state)s."),
        "decline": N_("The proposal for %(state)s was declined."),
        "lapse": N_("The proposal for %(state)s lapsed: no answer came in time."),
        "reconsider": N_(
            "The conditions of the offer changed: %(state)s is asked again to agree or decline."
        ),
        "reconsider-agreed": N_(
            "The conditions of the offer changed: %(state)s is asked again to agree or decline."
        ),
        "fall": N_("The proposal for %(state)s fell: it can no longer go ahead."),
        "fall-embargo": N_("The proposal for %(state)s fell: an arms embargo bars it."),
        "reopen": N_("The proposal for %(state)s is open for review again."),
        "accept": N_("%(state)s accepted a condition of the offer."),
        "start": N_("Delivery to %(state)s has begun."),
        "deliver": N_("The assistance agreed with %(state)s was delivered."),
        "message": N_("There is a new message on the proposal for %(state)s."),
        "attach": N_("A file was attached to the proposal for %(state)s."),
        "detach": N_("A file of the proposal for %(state)s was removed."),
        "warn": N_(
            "The proposal for %(state)s falls after %(day)s, when an exemption from the arms "
            "embargo ends."
        ),
        "report": N_("Figures of the assistance to %(state)s were reported."),
        "close": N_("The proposal for %(state)s was closed."),
        "ask": N_("%(state)s is asked whether the need was met, %(months)s months after delivery."),
        "assess": N_("%(state)s said whether the need was met, %(months)s months after delivery."),
        "reply": N_("The donor answered what %(state)s said of the assistance."),
        "remind": N_("The proposal for %(state)s still waits for an answer."),
        "remind-follow-up": N_("%(state)s has not said yet whether the need was met."),
    },
    "commitment": {
        "hold": N_("Assistance was committed to %(state)s: %(amounts)s."),
        "release": N_("A commitment to %(state)s was released: %(amounts)s."),
        "expire": N_("A commitment to %(state)s expired: %(amounts)s."),
        "bar": N_("A commitment to %(state)s was released because of an embargo: %(amounts)s."),
    },
    "joining": {
        "offer": N_("An organisation offers to join the proposal for %(state)s."),
        "offer-again": N_("An organisation offers to join the proposal for %(state)s."),
        "donor-agree": N_("The donor agreed that an organisation joins the help for %(state)s."),
        "state-agree": N_("%(state)s agreed that an organisation joins the proposal."),
        "agree": N_(
            "State and donor have both agreed: an organisation joins the help for %(state)s."
        ),
        "decline": N_("An organisation's offer to join the proposal for %(state)s was declined."),
        "withdraw": N_("An organisation withdrew its offer to join the proposal for %(state)s."),
    },
    "alliance": {
        "propose": N_(
            "Requests of several States could become a joint project. It waits for review."
        ),
        "endorse": N_(
            "Your request could be part of a joint project. You are asked to agree or decline."
        ),
        "invite": N_(
            "Your request could be part of a joint project. You are asked to agree or decline."
        ),
        "widen": N_(
            "Your request could be part of a joint project. You are asked to agree or decline."
        ),
        "join": N_("%(state)s agreed to the joint project."),
        "decline": N_("%(state)s declined the joint project."),
        "agree": N_("All States have agreed to the joint project."),
        "dismiss": N_("A coordinator dismissed the joint project."),
        "dissolve": N_("The joint project was dissolved: too few States are left in it."),
    },
    "application": {
        "assemble": N_(
            "A request of your State is part of an application to a trust fund. It is sent once "
            "you agree."
        ),
        "agree": N_("%(state)s agreed to an application to a trust fund."),
        "submit": N_("An application was submitted to a trust fund."),
        "withdraw": N_("An application to a trust fund was withdrawn."),
        "decline": N_("A trust fund declined an application."),
        "hold": N_("A trust fund approved an application. What it asks for is committed."),
    },
    "duplicate": {
        "find": N_("Two records seem to be the same. They wait for review."),
        "reopen": N_(
            "Two records seem to be the same, as they are now. They wait for review again."
        ),
    },
    "coverage": {
        "find": N_("A need of %(state)s seems to be covered already. It waits for review."),
        "reopen": N_(
            "A need of %(state)s seems to be covered already, as it is now. It waits for review "
            "again."
        ),
    },
    "embargo": {
        "record": N_("An arms embargo on %(state)s was entered in the register."),
        "amend": N_("The entry of an arms embargo on %(state)s was changed in the register."),
        "confirm": N_("The entry of an arms embargo on %(state)s was confirmed in the register."),
        "end": N_("The register says now when an arms embargo on %(state)s ends."),
        "expire": N_("An exemption from the arms embargo on %(state)s ends on %(day)s."),
    },
    "token": {"expire": N_("One of your API tokens ends on %(day)s.")},
    "state": {
        "remind": N_(
            "The points of contact of %(state)s were not confirmed within the last 12 months. "
            "Please confirm or replace them."
        ),
    },
    "organisation": {
        "remind": N_(
            "The points of contact of your organisation were not confirmed within the last 12 "
            "months. Please confirm or replace them."
        ),
    },
}
_ENDS = re.compile(r"ends-(\d{4}-\d\d-\d\d)-\d+")
_UNTIL = N_("An answer is asked for until %(time)s.")
_CENTS, _THOUSANDTHS = 100, 1000


def sentence(language: str, record_type: str, action: str, facts: Mapping[str, Any]) -> str:
    """What a step of a record is told as; raises KeyError for one of which nobody is told."""
    if action == "remind" and facts.get("target") == "follow-up":
        action = "remind-follow-up"
    if action == "fall" and facts.get("reason") == "embargo":
        action = "fall-embargo"
    country, reason = facts.get("country"), str(facts.get("reason") or "")
    said = say(
        language,
        _SENTENCES[record_type][action],
        state="" if country is None else country_name(country, language),
        months=reason.removeprefix("months-"),
        amounts=_amounts(language, facts.get("amounts", ())),
        day=_day(language, facts.get("last_day") or _last_day(reason)),
    )
    until: datetime | None = facts.get("answer_by")
    return (
        said
        if until is None
        else f"{said} {say(language, _UNTIL, time=moment_in(language, until))}"
    )


def kind_name(language: str, kind: str) -> str:
    """A kind of notification as it is read."""
    return say(language, KIND_NAMES[kind])


def _last_day(reason: str) -> str | None:
    """The day in a code such as ends-2026-12-31-30, of a warning."""
    found = _ENDS.fullmatch(reason)
    return None if found is None else found[1]


def _day(language: str, day: str | None) -> str:
    return "" if day is None else format_date(date.fromisoformat(day), "long", locale=language)


def _amounts(language: str, amounts: Sequence[Mapping[str, Any]]) -> str:
    said = [_amount(language, amount) for amount in amounts]
    return format_list(said, locale=language)


def _amount(language: str, amount: Mapping[str, Any]) -> str:
    if amount["measure"] == "money":
        return str(format_currency(amount["amount"] / _CENTS, amount["unit"], locale=language))
    count, unit = amount["amount"] / _THOUSANDTHS, amount["unit"]
    if unit in (WHOLE_UNIT, UNNAMED_UNIT):
        return number_text(count, language)
    try:
        return count_text(count, unit, language)
    except UnknownCode:
        return f"{number_text(count, language)} {unit}"
