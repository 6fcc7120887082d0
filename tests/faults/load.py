"""A load as in life: requests and offers are made, published, changed; proposals are committed to.

Some say what others say, and assistance is under way that some of the requests ask for: likely
duplicates and coverage come and go with what changes. Now and then somebody coordinates.
Each record is one client's to write, anybody's to read. Whatever a client is not told it looks up
before it goes on.
"""

import random
import threading
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from shared.events.versions import Version
from tests.faults.calls import Answered, Calls
from tests.faults.coordinating import Coordinating
from tests.faults.history import Kind, LedgerRead, Operation, Outcome, Recorder, now
from tests.faults.reading import lines_of

ORGANISATION = "faults-agency"
COUNTRIES = ("DJI", "KEN", "SEN", "TGO", "GHA", "UGA")
WINDOW = {"from": "2026-10-01", "to": "2035-12-31"}
THEMES = (("marking", "machines"), ("destruction", "shears"), ("marking", "sets"))
SUBJECTS = ("rifles", "pistols", "depots", "ports", "garrisons", "borders", "registers", "police")
PLACES = ("north", "coast", "river", "valley", "airport", "capital", "island", "desert")
STEPS = {
    ("request", "draft"): ("submit", {"consent": "express"}, "operator"),
    ("request", "submitted"): ("authenticate", None, "coordinator"),
    ("offer", "draft"): ("submit", None, "operator"),
    ("offer", "submitted"): ("publish", None, "operator"),
}
MATCHED = {"request": "circulated", "offer": "published"}
ALIKE = 0.3
"""How many of the records that are made say what another says."""
REWORDED = 0.3
"""How many of the changes are of the description too, so that what was alike is no more."""
AT_WORK_SECONDS = 20.0
OWNERS = {"request": "requests", "offer": "offers", "activity": "offers"}
PATHS = {"request": "requests", "offer": "offers", "activity": "activities"}
UNDER_WAY = {"planned": "ongoing", "ongoing": "completed"}


@dataclass
class Record:
    """A record that one client writes: what it last knows of it. Unsure: to be looked up first."""

    side: str
    id: str
    body: dict[str, Any]
    etag: str
    status: str
    unsure: bool = False

    @property
    def name(self) -> str:
        """As the history calls it."""
        return f"{self.side}:{self.id}"

    @property
    def path(self) -> str:
        """Where its owner has it."""
        return f"/v1/{PATHS[self.side]}/{self.id}"

    @property
    def owner(self) -> str:
        """The service that has it."""
        return OWNERS[self.side]


@dataclass
class Bank:
    """Proposals that both sides agreed to, for commitments of amounts that come but once.

    By its amount, in thousandths, a commitment is told from all others of its proposal.
    """

    pairs: Sequence[str]
    sent: dict[str, int] = field(default_factory=dict)
    open: list[tuple[str, int]] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    """The ids of commitments that were acknowledged."""

    def next(self, rng: random.Random) -> tuple[str, int]:
        """A pair and an amount: one whose answer was lost, to be sent again, or a new one."""
        if self.open and rng.random() < 0.5:
            return self.open.pop(0)
        pair = rng.choice(self.pairs)
        self.sent[pair] = self.sent.get(pair, 0) + 1
        return pair, self.sent[pair]

    def made(self) -> int:
        """How many commitments were sent."""
        return sum(self.sent.values())


def commit_key(pair: str, amount: int) -> str:
    """The idempotency key of a commitment."""
    return f"{pair}/{amount}"


class Load:
    """`clients` threads that make about `rate` calls a second together while it is `on`.

    At most `most` records are made; from then on they are changed.
    """

    def __init__(
        self,
        calls: Calls,
        recorder: Callable[[], Recorder],
        coordinators: Coordinating,
        rate: float,
        clients: int,
        most: int,
    ) -> None:
        self._calls = calls
        self._recorder = recorder
        self._coordinators = coordinators
        self._pause = clients / rate
        self.most = most
        self._lock = threading.Lock()
        self.records: list[Record] = []
        self.bank = Bank(())
        self.lasting: set[str] = set()
        """Activities of which nobody decides what they cover, nor changes them."""
        self._on = threading.Event()
        self._over = threading.Event()
        self._idle = threading.Semaphore(clients)
        self._clients = clients
        self._own: list[list[Record]] = [[] for _ in range(clients)]
        self._given: list[list[Record]] = [[] for _ in range(clients)]
        """Activities."""
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(clients)
        ]

    def start(self) -> None:
        """Begin, switched on."""
        self._on.set()
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """End for good."""
        self._over.set()
        self._on.set()
        for thread in self._threads:
            thread.join(30)

    def pause(self) -> None:
        """Wait until every client has ended what it was at, and rests."""
        self._on.clear()
        for _ in range(self._clients):
            self._idle.acquire()
        for _ in range(self._clients):
            self._idle.release()

    def go_on(self) -> None:
        """Go on after a pause."""
        self._on.set()

    def forget(self, names: Collection[str]) -> None:
        """Records that a restore made vanish; of the others nobody is sure. While it is paused."""
        for own in (self.records, *self._own, *self._given):
            own[:] = [one for one in own if one.name not in names]
        for one in (*self.records, *chain.from_iterable(self._given)):
            one.unsure = True

    def _run(self, number: int) -> None:
        own, given = self._own[number], self._given[number]
        rng = random.Random(f"client {number}")
        client = f"client-{number}"
        while not self._over.is_set():
            self._on.wait()
            with self._idle:
                if self._on.is_set() and not self._over.is_set():
                    self.act(client, own, given, rng)
            self._over.wait(self._pause * rng.uniform(0.5, 1.5))

    def act(self, client: str, own: list[Record], given: list[Record], rng: random.Random) -> None:
        """One call of one client; a decision takes some more."""
        chance = rng.random()
        unfinished = [one for one in own if one.status != MATCHED[one.side]]
        if chance < 0.08 and self.bank.pairs:
            self._commit(client, rng)
        elif chance < 0.14 and self.bank.pairs:
            self._read_ledger(client, rng)
        elif chance < 0.17 and self.bank.pairs:
            self._read_matched(client, rng)
        elif chance < 0.22 and self.records:
            self._read(client, rng.choice(self.records))
        elif chance < 0.26 and self.records:
            self._give(client, given, rng)
        elif chance < 0.27:
            self._coordinators.decide_case(client, self.lasting, rng)
        elif chance < 0.29 and (matched := self._matched()):
            self._coordinators.decide_proposal(client, matched, self.bank.pairs, rng)
        elif chance < 0.3:
            self._coordinators.invite(client, rng.choice(COUNTRIES), rng)
        elif unfinished:
            self.step(client, rng.choice(unfinished), rng)
        elif not own or (rng.random() < 0.4 and len(self.records) < self.most):
            self.make(client, own, rng)
        else:
            self.step(client, rng.choice(at_work(own)), rng)

    def make(self, client: str, own: list[Record], rng: random.Random) -> None:
        """Register a draft."""
        side = rng.choice(["request", "request", "offer"])
        body = made_up(side, rng)
        if (like := self._another(side, rng)) and rng.random() < ALIKE:
            body = like | {name: body[name] for name in ("title", "external_id")}
        began = now()
        told = self._calls.call("POST", OWNERS[side], f"/v1/{PATHS[side]}", json=body)
        if not told.ok:  # its id is not known, so nothing can be said of it
            return
        record = Record(side, told.body["id"], body, told.etag, told.body["status"])
        self._note(client, "write", record, began, told)
        own.append(record)
        with self._lock:
            self.records.append(record)

    def step(self, client: str, record: Record, rng: random.Random) -> None:
        """The record's next step on its way to be matched; from then on, another change."""
        if record.unsure and self._read(client, record, own=True) != "ok":
            return
        step = STEPS.get((record.side, record.status))
        began = now()
        if step is not None:
            action, body, role = step
            told = self._calls.call(
                "POST",
                record.owner,
                f"{record.path}/{action}",
                json=body,
                role=role,
                if_match=record.etag,
            )
            kind: Kind = "write" if action == "submit" else "publish"
        else:
            record.body = record.body | {"title": title(rng)}
            if (like := self._another(record.side, rng)) and rng.random() < REWORDED:
                record.body["description"] = rng.choice((like["description"], words(rng)))
            told = self._calls.call(
                "PUT", record.owner, record.path, json=record.body, if_match=record.etag
            )
            kind = "write"
        self._note(client, kind, record, began, told)
        if told.ok:
            record.etag, record.status = told.etag, told.body["status"]
        else:
            record.unsure = True

    def _note(self, client: str, kind: Kind, record: Record, began: float, told: Answered) -> None:
        self._recorder().add(
            Operation(
                client,
                kind,
                record.name,
                began,
                now(),
                told.outcome,
                Version.parse(told.etag.strip('"')) if told.ok else None,
                record.body["title"],
            )
        )

    def _read(self, client: str, record: Record, own: bool = False) -> Outcome:
        began = now()
        told = self._calls.call("GET", record.owner, record.path)
        if not told.ok:
            return told.outcome
        version, value = Version.parse(told.etag.strip('"')), told.body["title"]
        self._recorder().add(
            Operation(client, "read", record.name, began, now(), "ok", version, value)
        )
        if own:
            record.etag, record.status, record.unsure = told.etag, told.body["status"], False
        return told.outcome

    def _read_matched(self, client: str, rng: random.Random) -> None:
        """Read a proposal of the bank's, or a commitment of it."""
        kind, path, id_ = "match", "proposals", rng.choice(self.bank.pairs)
        if self.bank.known and rng.random() < 0.5:
            kind, path, id_ = "commitment", "commitments", rng.choice(self.bank.known)
        began = now()
        told = self._calls.call("GET", "matcher", f"/v1/{path}/{id_}", role="coordinator")
        if told.ok:
            version = Version.parse(told.etag.strip('"'))
            self._recorder().add(
                Operation(client, "read", f"{kind}:{id_}", began, now(), "ok", version)
            )

    def _read_ledger(self, client: str, rng: random.Random) -> None:
        record = rng.choice(self.bank.pairs).split(".")[rng.randrange(2)]
        began = now()
        told = self._calls.call(
            "GET", "matcher", "/v1/ledger", params={"record": record}, role="coordinator"
        )
        if told.ok:
            lines = lines_of(told.body["items"])
            self._recorder().add(LedgerRead(client, began, now(), lines))

    def _matched(self) -> list[str]:
        """The ids of requests for which there may be proposals."""
        return [
            one.id
            for one in list(self.records)
            if one.side == "request" and one.status == MATCHED["request"]
        ]

    def _another(self, side: str, rng: random.Random) -> dict[str, Any] | None:
        """What some record of a side says."""
        of_side = [one.body for one in list(self.records) if one.side == side]
        return rng.choice(of_side) if of_side else None

    def _give(self, client: str, given: list[Record], rng: random.Random) -> None:
        """Register assistance that some request asks for, or let it go on or be for another."""
        asked = self._another("request", rng)
        if asked is None:
            return
        began = now()
        if len(given) < max(1, self.most // (4 * self._clients)):
            body = activity_for(asked, rng)
            told = self._calls.call("POST", "offers", "/v1/activities", json=body)
            if told.ok:
                made = Record("activity", told.body["id"], body, told.etag, told.body["status"])
                self._note(client, "write", made, began, told)
                given.append(made)
            return
        one = rng.choice(given)
        if one.unsure:
            if self._read(client, one, own=True) == "failed":  # a restore made it vanish
                given.remove(one)
            return
        status = UNDER_WAY.get(one.status, one.status) if rng.random() < 0.1 else one.status
        kept = {"external_id": one.body["external_id"], "status": status}
        one.body = activity_for(asked, rng) | kept
        told = self._calls.call("PUT", "offers", one.path, json=one.body, if_match=one.etag)
        self._note(client, "write", one, began, told)
        if told.ok:
            one.etag, one.status = told.etag, status
        else:
            one.unsure = True

    def _commit(self, client: str, rng: random.Random) -> None:
        with self._lock:
            pair, amount = self.bank.next(rng)
        key = commit_key(pair, amount)
        taken = {"line": 1, "quantity": amount / 1000}
        body = {"proposal": pair, "lines": [{"side": one, **taken} for one in MATCHED]}
        began = now()
        told = self._calls.call(
            "POST", "matcher", "/v1/commitments", json=body, role="coordinator", key=key
        )
        short = told.outcome == "failed" and "shortage" in told.body
        outcome = told.outcome if told.ok or short else "unknown"
        self._recorder().add(
            Operation(
                client,
                "commit",
                pair,
                began,
                now(),
                outcome,
                Version.parse(told.etag.strip('"')) if told.ok else None,
                key=key,
                made=told.body["id"] if told.ok else "",
            )
        )
        with self._lock:
            if told.ok:
                self.bank.known.append(told.body["id"])
            elif outcome == "unknown":
                self.bank.open.append((pair, amount))


def at_work(own: list[Record]) -> list[Record]:
    """The third of a client's records that it works on for a while, before it goes on to others.

    What was lost of a record is mended by its next change: so each rests for a while.
    """
    return own[int(now() / AT_WORK_SECONDS) % 3 :: 3] or own


def title(rng: random.Random) -> str:
    """A title that is written but once."""
    mark = f"{rng.randrange(10**9):09d}"
    return f"Help for {rng.choice(SUBJECTS)} of the {rng.choice(PLACES)} {mark} (illustrative)"


def words(rng: random.Random) -> str:
    """A description."""
    return f"Illustrative: {' '.join(rng.sample((*SUBJECTS, *PLACES), 8))}."


def activity_for(asked: Mapping[str, Any], rng: random.Random) -> dict[str, Any]:
    """The body of an activity that gives what a request asks for."""
    (need,) = asked["needs"]
    same = ("description", "language", "country", "window")
    return {
        **{name: asked[name] for name in same},
        **{name: need[name] for name in ("theme", "kind", "unit", "quantity")},
        "title": title(rng),
        "organisation": ORGANISATION,
        "status": "planned",
        "external_id": _external_id(rng),
    }


def _external_id(rng: random.Random) -> dict[str, str]:
    return {"source": "faults", "id": uuid.UUID(int=rng.getrandbits(128)).hex}


def made_up(side: str, rng: random.Random, **line: Any) -> dict[str, Any]:
    """The body of a request or an offer; `line` goes into its one line."""
    theme, unit = rng.choice(THEMES)
    amount = {"request": "quantity", "offer": "capacity"}[side]
    own = {"theme": theme, "kind": "equipment", "unit": unit, amount: rng.randint(2, 40), **line}
    body = {
        "title": title(rng),
        "description": words(rng),
        "language": "en",
        "window": WINDOW,
        "external_id": _external_id(rng),
    }
    if side == "request":
        return {**body, "country": rng.choice(COUNTRIES), "needs": [own]}
    return {**body, "organisation": ORGANISATION, "provisions": [own]}
