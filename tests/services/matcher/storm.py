"""A storm over the ledger: threads that commit, give back, expire, recover, and die at any write.

Each thread logs what it was told, a line at a time, so that afterwards nothing has to be believed
that the database says of itself.
"""

import itertools
import json
import os
import random
import signal
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from services.matcher.actors import MATCHER
from services.matcher.calls import project_record
from services.matcher.commitments import begin, expire, finish, recover, start_release
from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.domain import LineLimit, Side
from services.matcher.ledger import Limits, release, reserve, set_limits
from services.matcher.ledger_documents import LedgerLine
from services.matcher.reactions import keep_records
from shared.events.versions import Version
from shared.lifecycle import IllegalTransition
from shared.settings import Settings
from shared.web.database import connect_database
from tests.services.matcher.records import NOW, agreed, call_event, commitment_line

THREADS = 2
"""Of each process."""
CALL = "call"
REQUESTS = tuple(f"r{n}" for n in range(6))
OFFERS = tuple(f"o{n}" for n in range(6))
NEEDS = 3
LIMIT = 12
_CRASHES = 0.3
_DEATHS = 0.0015
_DEEPEST = 14


class Crash(BaseException):
    """The process died here: no handler of exceptions goes on after it."""


def prepare() -> None:
    """Six requests of three lines and six offers of one, each endorsed for each, and a call."""
    keep_records(lambda: NOW)([call_event(CALL, fund_cents=4_000, ceiling_cents=1_500)])
    for request, offer in itertools.product(REQUESTS, OFFERS):
        agreed(request, offer)
    for request in REQUESTS:
        limit("request", request, 1, LIMIT, lines=NEEDS)
    for offer in OFFERS:
        limit("offer", offer, 1, LIMIT, lines=1)


def limit(side: Side, record: str, number: int, most: int, lines: int) -> None:
    """The owner sets what each of its lines has."""
    own = [LineLimit(n, "quantity", "machines", most * 1000) for n in range(1, lines + 1)]
    set_limits([Limits(side, record, Version(1, number), True, own)], NOW)


def work(settings: Settings, name: int, logs: Path, done: Any, total: int) -> None:
    """Operate until `done`, a shared counter, has reached `total`; the entry point of a process."""
    connect_database(settings)

    def operate(thread: int) -> None:
        with (logs / f"{name}-{thread}.log").open("a") as out:
            storm = Storm(
                random.Random(f"{os.getpid()} {thread}"), lambda *said: _write(out, said), done
            )
            while storm.operate() <= total:
                pass

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(operate, range(THREADS)))


def _write(out: Any, said: Iterable[Any]) -> None:
    out.write(json.dumps(list(said)) + "\n")
    out.flush()


class Storm:
    """One thread's operations. `tell` logs; time goes on by a second with each operation of all.

    One operation in three dies at one of its writes; of a thousand, one or two take their process
    with them.
    """

    def __init__(self, rng: random.Random, tell: Callable[..., None], done: Any) -> None:
        self._rng = rng
        self._tell = tell
        self._done = done
        self._now = NOW
        self._held: list[str] = []

    def operate(self) -> int:
        """One operation; returns its number."""
        with self._done.get_lock():
            self._done.value += 1
            number = int(self._done.value)
        self._now = NOW + timedelta(seconds=number)
        operations = [
            (self._commit, 55),
            (self._give_back, 22),
            (self._expire, 6),
            (self._recover, 8),
            (self._change_limit, 4),
            (self._repeat_late, 5),
        ]
        chosen = self._rng.choices(*zip(*operations, strict=True))[0]
        with suppress(Crash):
            chosen()
        return number

    def _step(self) -> Callable[[str], None]:
        """A step callback that may die before one of the writes."""
        place = self._rng.randrange(_DEEPEST) if self._rng.random() < _CRASHES else -1
        really = self._rng.random() < _DEATHS * 3
        steps = itertools.count()

        def step(name: str) -> None:
            if next(steps) == place:
                # Without the line that it was about to write to.
                self._tell("crash", name.split(":")[0].rsplit(" ", ":" in name)[0])
                if really:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise Crash

        return step

    def _commit(self) -> None:
        rng, id_ = self._rng, uuid.uuid4().hex[:24]
        request, offer = rng.choice(REQUESTS), rng.choice(OFFERS)
        match = Match.objects.get(id=f"{request}.{offer}")
        needs = rng.sample(range(1, NEEDS + 1), rng.randint(1, NEEDS))
        lines = [
            commitment_line("request", request, rng.randint(1, 4) * 1000, need) for need in needs
        ]
        lines.append(commitment_line("offer", offer, rng.randint(1, 4) * 1000))
        if rng.random() < 0.3:
            drawn = rng.randint(1, 5) * 100
            lines += [
                CommitmentLine(
                    side=side, record=record, line=1, measure="money", unit="USD", amount=drawn
                )
                for side, record in (("call", CALL), ("project", project_record(CALL, request)))
            ]
        expires = None
        if rng.random() < 0.3:
            expires = self._now + timedelta(seconds=rng.randint(1, 300))
        self._tell("begin", id_)
        begin(id_, match, lines, expires, MATCHER, self._now)
        if finish(id_, self._now, self._step()).status == "held":
            self._tell("held", id_)
            self._held.append(id_)

    def _give_back(self) -> None:
        if self._rng.random() < 0.5 and self._held:
            id_ = self._held.pop(self._rng.randrange(len(self._held)))
        else:
            found = [one.id for one in Commitment.objects(status="held").only("id").limit(30)]
            if not found:
                return
            id_ = self._rng.choice(found)
        self._tell("release", id_)
        with suppress(IllegalTransition):
            start_release(id_, None, MATCHER, self._now)
        finish(id_, self._now, self._step())

    def _expire(self) -> None:
        expire(self._now, self._step())

    def _recover(self) -> None:
        # Sometimes so soon that whoever began is still at it.
        grace = self._rng.choice([timedelta(0), timedelta(seconds=20)])
        recover(self._now, grace, self._step())

    def _change_limit(self) -> None:
        side: Side = self._rng.choice(["request", "offer"])
        record = self._rng.choice(REQUESTS if side == "request" else OFFERS)
        number = 2 + int(self._done.value)
        most = self._rng.choice([LIMIT, LIMIT, LIMIT // 2, LIMIT * 2, 0])
        limit(side, record, number, most, NEEDS if side == "request" else 1)

    def _repeat_late(self) -> None:
        """A process that stalled long ago goes on: what is over must not hold again."""
        over = Commitment.objects(status__in=["released", "refused"]).only("id", "lines").limit(50)
        found = list(over.skip(self._rng.randrange(200)))
        if found:
            commitment = self._rng.choice(found)
            for line in commitment.lines:
                self._rng.choice([reserve, release])(line.take(), commitment.id)


class Watch:
    """Reads the ledger again and again; `seen_wrong` are breaches of its invariant."""

    def __init__(self) -> None:
        self.looks = 0
        self.seen_wrong: list[str] = []
        self._before: dict[str, tuple[int, int]] = {}

    def look(self) -> None:
        """Check every line as it is read."""
        self.looks += 1
        for line in LedgerLine.objects:
            held = sum(hold.amount for hold in line.holds)
            owners = [hold.commitment for hold in line.holds]
            number, before = self._before.get(line.id, (line.number, 0))
            raised = number == line.number and held > before
            wrong = [
                *(["held is not the sum of the holds"] if held != line.held else []),
                *(["free is not what is left"] if line.free != line.limit - held else []),
                *(["holds twice"] if len(set(owners)) < len(owners) else []),
                *(["holds what it gave back"] if set(owners) & set(line.released) else []),
                *(["a hold was raised above the limit"] if raised and held > line.limit else []),
            ]
            self.seen_wrong.extend(f"{line.id}: {what}" for what in wrong)
            self._before[line.id] = (line.number, held)


def logged(paths: Iterable[Path]) -> dict[str, list[str]]:
    """What the processes were told, by kind."""
    said: dict[str, list[str]] = {}
    for path in paths:
        for line in path.read_text().splitlines():
            kind, what = json.loads(line)
            said.setdefault(kind, []).append(what)
    return said


def later(operations: int) -> datetime:
    """A time when everything half done is to be recovered."""
    return NOW + timedelta(seconds=operations, hours=1)
