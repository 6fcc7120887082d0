"""Reading a match: its life from the matcher, both sides' texts from who keeps them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from entraide.client import Answer
from entraide.client.records.matcher import LifeView, ProposalView
from services.portal.accounts import identity_of
from services.portal.pages import asking
from services.portal.pages.asking import ask
from services.portal.pages.finding import names_of
from services.portal.pages.frame import account
from services.portal.pages.matches.rights import DECLINABLE, possible
from services.portal.pages.matches.rows import Line, among, figured_line, lines, promised_line
from services.portal.pages.matches.words import NEVER_MADE
from services.portal.pages.review.weighing import serves_none
from services.portal.promised import lines_of, promised_of
from services.portal.services import AwayError, RefusedError
from shared.web.identity import Identity
from shared.web.visibility import OVERSEEING

_PAGE = 200

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Side:
    """The request or the offer of a match: None where the reader may not see it; `away`: nobody
    can say now."""

    record: Record | None
    away: bool = False


@dataclass(frozen=True)
class Case:
    """A match as its reader may see it. `thread` and `files` are None where they are withheld, or
    where the matcher told of the match and not of them (`thread_away`)."""

    id: str
    etag: str
    proposal: ProposalView
    life: LifeView
    request: Side
    offer: Side
    commitments: Sequence[Record]
    joinings: Sequence[Record]
    thread: Record | None
    files: Sequence[Record] | None
    names: Mapping[str, str]
    reader: Identity
    commitments_known: bool
    thread_away: bool

    @property
    def may(self) -> frozenset[str]:
        """What the reader can do now."""
        country = str(self.proposal["country"])
        return possible(self.life, country, self.commitments, self.reader)

    @property
    def tried(self) -> list[Record]:
        """The commitments that the reader is shown: what was tried in vain, overseers only."""
        if self.reader.role in OVERSEEING:
            return list(self.commitments)
        return self.made

    @property
    def made(self) -> list[Record]:
        """The commitments that hold or held something, or are about to."""
        return [one for one in self.commitments if one["status"] not in NEVER_MADE]

    @cached_property
    def asked(self) -> list[Line]:
        """All need lines of the request that the reader sees."""
        return lines(self.request.record, "needs", "quantity")

    @cached_property
    def offered(self) -> list[Line]:
        """All lines of the offer."""
        return lines(self.offer.record, "provisions", "capacity")

    @property
    def needs(self) -> list[Line]:
        """The need lines that it is about, as far as the reader sees them."""
        return among(self.asked, lines_of(self.proposal, "request"))

    @property
    def serves_none(self) -> bool:
        """Whether to say that nothing of what the request states now is served, while it is open.

        Where lines are hidden from the reader nothing is said: those served may be among them, or
        not, and neither is for the reader to learn.
        """
        asked = self.request
        hidden = self.proposal["hidden_lines"] or (asked.record or {}).get("hidden_lines")
        if hidden or self.life["status"] not in DECLINABLE:
            return False
        if asked.record is None:
            return asked.away and not self.proposal["serves"]
        return serves_none(self.proposal["serves"], asked.record["needs"])

    @property
    def aims(self) -> list[str]:
        """The objectives of the request and of the need lines that it is about, as far as the
        reader sees them."""
        numbers = {line.number for line in self.needs}
        asked = self.request.record or {}
        lines = [one for one in asked.get("needs", ()) if one["line"] in numbers]
        return [aim["text"] for one in (asked, *lines) for aim in one.get("objectives") or ()]

    @property
    def gives(self) -> list[Line]:
        """The lines of the offer that it is about."""
        return among(self.offered, lines_of(self.proposal, "offer"))

    @property
    def is_pledged(self) -> bool:
        """Whether the donor pledged in numbers: then nothing above that is committed."""
        promised = promised_of(self.proposal, "offer")
        return any(one["pledged"] is not None for one in promised)

    @cached_property
    def figured(self) -> list[Line]:
        """The lines of the offer that figures are of, each as they count it.

        The match itself says which, and what is promised of what: once an offer is closed its
        State does not see it any more, and tells what it received all the same.
        """
        promised = [promised_line(one) for one in promised_of(self.proposal, "offer")]
        named = {one.number: one for one in (*promised, *self.offered)}
        return [figured_line(one, named, self.offered) for one in self.life["figures"]]

    @property
    def told_of(self) -> list[Line]:
        """The lines of the offer that can be told of: those that are committed."""
        figures = zip(self.life["figures"], self.figured, strict=True)
        return list({line.number: line for one, line in figures if one["committed"]}.values())


def read(id_: str) -> Case:
    """The match; raises RefusedError where it is not for the reader, AwayError, the matcher's."""
    place = f"/v1/proposals/{id_}"
    found = asking.gather(proposal=ask("matcher", place), life=ask("matcher", f"{place}/life"))
    proposal, life = _here(found["proposal"]), _here(found["life"])
    body, lived = proposal.of(ProposalView), life.of(LifeView)
    asked, offered = f"/v1/requests/{body['request']}", f"/v1/offers/{body['offer']}"
    more = asking.look_up(
        {
            "commitments": ask("matcher", "/v1/commitments", proposal=id_, limit=_PAGE),
            "joinings": ask("matcher", "/v1/joinings", proposal=id_, limit=_PAGE),
            "thread": ask("matcher", f"{place}/messages", limit=_PAGE),
            "files": ask("matcher", f"{place}/attachments"),
            "request": ask("requests", asked),
            "offer": ask("offers", offered),
        }
    )
    joinings = _items(more, "joinings")
    others = [str(one["organisation"]) for one in (*joinings, *lived["partners"])]
    return Case(
        id=id_,
        etag=life.etag,
        proposal=body,
        life=lived,
        request=_found(more, "request") or side("requests", asked),
        offer=_found(more, "offer") or side("offers", offered),
        commitments=_items(more, "commitments"),
        joinings=joinings,
        thread=_whole_thread(place, more["thread"].body) if "thread" in more else None,
        files=more["files"].body["items"] if "files" in more else None,
        names=names_of([body["organisation"], *others]),
        reader=identity_of(account()),
        commitments_known="commitments" in more,
        thread_away="thread" not in more and "matcher" in asking.reader().missed,
    )


def _found(parts: Mapping[str, Answer], name: str) -> Side | None:
    """What came at once with the rest; what did not is asked for by itself, to hear why."""
    return Side(parts[name].body) if name in parts else None


def side(service: str, path: str) -> Side:
    """The record of one side from who keeps it."""
    try:
        return Side(asking.get(service, path).body)
    except AwayError:
        return Side(None, away=True)
    except RefusedError:
        return Side(None)


def _whole_thread(place: str, first: Record) -> Record:
    """All messages: a thread has 300 at most, so two pages hold it."""
    if first["next"] is None:
        return first
    rest = asking.get("matcher", f"{place}/messages", limit=_PAGE, cursor=first["next"]).body
    return {**first, "items": [*first["items"], *rest["items"]], "next": None}


def _items(found: Mapping[str, Answer], name: str) -> Sequence[Record]:
    return found[name].body["items"] if name in found else []


def _here(found: Answer | AwayError) -> Answer:
    if isinstance(found, AwayError):
        raise found
    return found
