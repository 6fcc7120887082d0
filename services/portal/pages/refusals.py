"""Why a service refused, in the reader's language: by the codes of the problem and of its fields.

The services' own words are English and tell more; they are shown where a code is of a later
release than this portal.
"""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from services.portal.services import RefusedError

_FILL_IN = _l("Fill this in.")
_TOO_LONG = _l("This is too long.")
_NOT_ON_THE_LIST = _l("This is not on the list.")
_NO_MORE = _l("This is no longer there, or no longer shown to you.")
_NO_LINE = _l("There is no such line to tell of.")
_NO_FILE = _l("This file cannot be read: it is damaged, or of another kind than it says.")
_NO_IATI = _l("This is no IATI file of a version that is read here.")
_NOT_OPEN = _l("This is not open: it was closed or withdrawn, or is not public yet.")
_SENT_BEFORE = _l(
    "This form was sent before with something else in it, which may have been done. What is "
    "written in it now was not sent. See how things stand, then send it if it is still right."
)
_PAGE = _l("This page sent something that is not taken. Load it again.")
_AGAIN = _l("This cannot be done just now. Try again in a moment.")
_TOO_OFTEN = _l("This was done very often today. Go on tomorrow.")
_NO_FILE_NAME = _l("A file cannot have this name.")
_TERMS = _l("The terms of the call or offer do not allow this.")

WORDS: Final[Mapping[str, object]] = {
    "above-pledge": _l("This is more than the donor pledged."),
    "accepting": _AGAIN,
    "answered": _l("This was answered already."),
    "blank": _FILL_IN,
    "body-too-large": _l("What was sent is too large"),
    "being-found": _AGAIN,
    "being-restored": _AGAIN,
    "call-unknown": _AGAIN,
    "call-window": _l("The call takes no applications on this day."),
    "ceiling": _l("This is more than one project may be given."),
    "changed": _l("What is open has changed since. Look at it anew."),
    "committed": _l("Something of it is committed already."),
    "conditions-changed": _l("The offer's conditions changed. The State has to accept them first."),
    "conditions-unread": _l(
        "The offer's conditions cannot be accepted yet: its donor has to save it again."
    ),
    "contradiction": _l("These contradict each other."),
    "coverage": _l("Assistance under way covers this need already."),
    "cursor": _PAGE,
    "date": _l("This is not a day. Write it as 2026-10-01."),
    "decimals": _l("This number has too many decimals."),
    "delivered": _l("What was held is delivered. It stays with its record."),
    "doctype": _NO_FILE,
    "duplicate": _l("There is one like this already. Change that one."),
    "eligibility": _l("The call is not for this State."),
    "embargo": _l("An arms embargo bars this."),
    "empty": _l("Choose a file that is not empty."),
    "encoding": _NO_FILE,
    "erased": _l("This account was erased."),
    "finished": _l("This is over and cannot be changed any more."),
    "forbidden": _l("This is not for your role."),
    "full": _l("There is no room for more here."),
    "future": _l("This day is still to come."),
    "gone": _NO_MORE,
    "gzip": _NO_FILE,
    "idempotency-key-in-use": _AGAIN,
    "idempotency-key-reused": _SENT_BEFORE,
    "illegal-transition": _l("This step is no longer possible as things stand."),
    "immutable": _l("This cannot be changed. Make a new record."),
    "in-use": _l("Something else still names this. Change that first."),
    "infected": _l("The virus scanner found something in this file."),
    "invalid": _l("This will not do as it is."),
    "kind": _TERMS,
    "language": _l("This language is not among those that are read here."),
    "lapsed": _l("The time to answer is over."),
    "macros": _l("This file has macros. Save it without them."),
    "malformed": _NO_FILE,
    "measure": _l("The two are not counted in the same way."),
    "merged": _l("This was merged into another, or has others merged into it."),
    "more-than-left": _l("This is more than is left of this line."),
    "negative": _l("This number is too small."),
    "no-line": _NO_LINE,
    "no-number-left": _l("There is no room for more lines."),
    "no-rate": _l("There is no exchange rate for this."),
    "no-theme": _l("Nothing here says what the assistance is about."),
    "no-words": _l("Nothing can be looked for by these words. Try others."),
    "not-agreed": _l("Not everybody who has to has agreed yet."),
    "not-answered": _l("The State has not said anything to this yet."),
    "not-asked": _l("This is not asked yet."),
    "not-circulated": _l("The request is not circulated."),
    "not-common": _l("This is not among what the States need together."),
    "not-endorsed": _l("It has to be endorsed first."),
    "not-enough-left": _l("Nothing was committed: less is left than was asked."),
    "not-found": _NO_MORE,
    "not-iati": _NO_IATI,
    "not-merged": _l("The other one could not take the lines over. Look at both."),
    "not-open": _NOT_OPEN,
    "not-public": _l("The other one is seen by fewer. Choose one that as many see."),
    "not-published": _NOT_OPEN,
    "not-read-yet": _AGAIN,
    "not-yet-scanned": _l("The virus scanner has yet to look at this file."),
    "null": _FILL_IN,
    "number": _l("This is not a number."),
    "offered": _l("Your organisation has offered to join already."),
    "order": _l("The last day comes before the first."),
    "other-country": _l("The two are not of the same State."),
    "other-features": _l("This model is of another release."),
    "other-organisation": _l("The two are not of the same donor."),
    "other-terms": _TERMS,
    "overloaded": _AGAIN,
    "own": _l("This is your own offer."),
    "own-invitation": _l(
        "You invited who submitted this. Another coordinator has to authenticate it."
    ),
    "owner": _l("This is not of your organisation."),
    "part-of-one": _l("This is counted whole. Write a number without decimals."),
    "past": _l("This time is over."),
    "path": _NO_FILE_NAME,
    "percentages": _l("The shares do not add up to a whole."),
    "refused": _l("Nothing was held of it: there is not enough left, or it is not open any more."),
    "repeated": _l("This stands there twice."),
    "repeated-line": _l("This stands there twice."),
    "required": _FILL_IN,
    "reserved": _NO_FILE_NAME,
    "retired-code": _l("This is not used any more. Choose another."),
    "same": _l("These are one and the same."),
    "stale": _l("This changed while you had the page open. Look at it as it is now."),
    "struck": _l("This message was struck out before."),
    "text": _l("This text has characters that are none."),
    "theme": _TERMS,
    "too-deep": _NO_FILE,
    "too-large": _l("What was sent is too large"),
    "too-many": _l("There is no room for more here."),
    "too-many-endorsements": _TOO_OFTEN,
    "too-many-messages": _l("Your side wrote very many messages today. Write again tomorrow."),
    "too-many-offers": _TOO_OFTEN,
    "too-many-requests": _l("Too much was asked at once. Wait a minute, then try again."),
    "too_large": _l("This number is too large."),
    "too_long": _TOO_LONG,
    "too_small": _l("This number is too small."),
    "truncated": _NO_FILE,
    "type": _l("This is of a kind that is not taken here."),
    "unavailable": _AGAIN,
    "under-way": _AGAIN,
    "unknown": _NOT_ON_THE_LIST,
    "unknown-call": _NOT_ON_THE_LIST,
    "unknown-code": _NOT_ON_THE_LIST,
    "unknown-line": _NO_LINE,
    "unknown-proposal": _NO_MORE,
    "unknown-organisation": _l(
        "Your organisation is not registered yet. Register it under “Points of contact”."
    ),
    "unseen": _l("The donor may not see any of what it would answer for."),
    "version": _NO_IATI,
    "year": _l("The year must lie between 2000 and 2100."),
    **dict.fromkeys(
        (
            *("idempotency-key-malformed", "if-match-malformed", "malformed-json"),
            *("precondition-required", "unsupported-media-type"),
        ),
        _PAGE,
    ),
}
"""What each code means, for a problem as for a field."""

UNSAID: Final = frozenset({"internal", "not-ready", "unauthorized"})
"""Codes that no page shows: they have pages of their own, or lead to signing in."""


def refusal(error: RefusedError) -> str:
    """Why a service refused, without what it found of fields."""
    return said_of(error.code, str(error))


def said_of(code: str, detail: str) -> str:
    """What the code of a problem means; what the service says of it, where that is not known."""
    known = WORDS.get(code)
    return str(known) if known is not None else _("This was refused: %(why)s", why=detail)


def faults(error: RefusedError) -> list[tuple[str, str]]:
    """The fields that a problem names, each with what is wrong; may be empty."""
    return [(str(one.get("field", "")), fault(one)) for one in error.problem.get("errors") or ()]


def fault(one: Mapping[str, object]) -> str:
    """What is wrong with a field, by a member of a problem's `errors`."""
    known = WORDS.get(str(one.get("code", "")))
    return str(known) if known is not None else str(one.get("message", ""))


def why(error: RefusedError) -> str:
    """Why a service refused, in a sentence: what is wrong with the first field that it names."""
    found = faults(error)
    return found[0][1] if found else refusal(error)
