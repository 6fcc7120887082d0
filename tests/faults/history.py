"""What clients did and were told, kept as it happens, for a checker to judge afterwards."""

import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from shared.events.versions import Version

Outcome = Literal["ok", "failed", "unknown"]
Kind = Literal[
    "write",
    "publish",
    "read",
    "commit",
    "decide",
    "defer",
    "take-back",
    "carry-out",
    "invite",
]


@dataclass(frozen=True)
class Operation:
    """One call of one client, from `start` to `end` in monotonic seconds.

    `record` is side and id, "request:…", "offer:…" or "activity:…"; of a commit, its proposal; of a
    decision on a case, the pair; of an invitation, whom it invites. A read may also be of what the
    matcher keeps, "match:…" or "commitment:…". `value` is what a write put there or a read found
    there, or what was decided. `version`, and `made`, the id of a commit or of an invitation, are
    known only if it was answered. A call is `failed` if it did nothing for certain, and `unknown`
    where the answer was lost or was an error of the server's. `publish` brings a request or an
    offer to where it is matched. `key` is a commit's idempotency key.

    To `defer` is to decide on a proposal, "match:…", at the portal, which keeps the decision for a
    minute, in which somebody may `take-back` or `carry-out` what has that `key`.
    """

    client: str
    kind: Kind
    record: str
    start: float
    end: float
    outcome: Outcome
    version: Version | None = None
    value: str = ""
    key: str = ""
    made: str = ""


@dataclass(frozen=True)
class Line:
    """A ledger line as it was read, amounts in its own unit: `holds` are commitment and amount."""

    id: str
    limit: float
    held: float
    free: float
    holds: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class LedgerRead:
    """The lines of one record as one answer showed them."""

    client: str
    start: float
    end: float
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Told:
    """One event of a topic, in the order of its partition; `gone`: a tombstone."""

    topic: str
    record: str
    version: Version
    gone: bool = False


@dataclass(frozen=True)
class Seen:
    """A record as its owner shows it: its version, its value, whether it is matched."""

    version: Version
    value: str
    matched: bool = True


@dataclass(frozen=True)
class Shortlisted:
    """A request's proposals: the version that was ranked, and the offers in their order."""

    version: Version
    offers: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A commitment: the key that its maker sent, whether it holds, what it takes of each line.

    `version` is the one that is read, if anybody asked.
    """

    key: str
    holds: bool
    lines: Mapping[str, float]
    version: Version | None = None


@dataclass(frozen=True)
class Case:
    """A case of two records, of the same side or a need line and an activity: the state it is in.

    `score` is how alike they are as they are now; None where no case would tell of it. `steps` are
    those of its history; none are known of a case that should be.
    """

    pair: str
    status: str
    score: float | None = None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fate:
    """What became of a decision that the portal kept for a minute.

    `times`: how often it stands in the history of its proposal, `told`: its account was notified
    that it did not take effect. `late`: it waits though its time is long over.
    """

    proposal: str
    times: int = 0
    waits: bool = False
    late: bool = False
    told: bool = False


@dataclass(frozen=True)
class Invited:
    """An invitation: whom it invites, and how many mails say so."""

    email: str
    mails: int


@dataclass(frozen=True)
class Final:
    """What is read once nothing is left to do.

    `records` by record, from their owners; `views` by record, the versions that the matcher keeps;
    `events` in the order of their partitions; `shortlists` by request; `ledger` the lines;
    `commitments` by id. `kept` are the versions of all that the matcher keeps and tells of,
    "match:…", "commitment:…", "shortlist:…" and others; `followed` those that the portal knows, of
    these and of requests and offers. `taken` is what the owners say is committed of their lines.
    `cases` are those of likely duplicates and of coverage that the matcher keeps, `due` those that
    it should have when all records are compared anew, in the states that they should be in.
    `fates` are those of decisions at the portal by their keys, `invited` its invitations by id.
    """

    records: Mapping[str, Seen] = field(default_factory=dict)
    views: Mapping[str, Version] = field(default_factory=dict)
    events: tuple[Told, ...] = ()
    shortlists: Mapping[str, Shortlisted] = field(default_factory=dict)
    ledger: tuple[Line, ...] = ()
    commitments: Mapping[str, Held] = field(default_factory=dict)
    kept: Mapping[str, Version] = field(default_factory=dict)
    followed: Mapping[str, Version] = field(default_factory=dict)
    taken: Mapping[str, float] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    due: tuple[Case, ...] = ()
    fates: Mapping[str, Fate] = field(default_factory=dict)
    invited: Mapping[str, Invited] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """All that was done, in the order in which it ended."""

    operations: tuple[Operation, ...] = ()
    ledger_reads: tuple[LedgerRead, ...] = ()


class Recorder:
    """Keeps what several threads do; `history` may be taken at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._operations: list[Operation] = []
        self._ledger_reads: list[LedgerRead] = []

    def add(self, done: Operation | LedgerRead) -> None:
        """Keep what has ended."""
        with self._lock:
            if isinstance(done, Operation):
                self._operations.append(done)
            else:
                self._ledger_reads.append(done)

    def history(self) -> History:
        """What has ended so far."""
        with self._lock:
            return History(tuple(self._operations), tuple(self._ledger_reads))


def write_case(history: History, final: Final, file: Path) -> None:
    """Write what was done and what was read in the end, to be judged again."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"history": asdict(history), "final": asdict(final)}))


def read_case(file: Path) -> tuple[History, Final]:
    """What `write_case` wrote."""
    kept = json.loads(file.read_text())
    done, final = kept["history"], kept["final"]
    history = History(
        tuple(Operation(**{**one, "version": _version(one)}) for one in done["operations"]),
        tuple(LedgerRead(**{**one, "lines": _lines(one["lines"])}) for one in done["ledger_reads"]),
    )
    return history, Final(
        records={
            k: Seen(**{**one, "version": _version(one)}) for k, one in final["records"].items()
        },
        views=_versions(final["views"]),
        events=tuple(Told(**{**one, "version": _version(one)}) for one in final["events"]),
        shortlists={
            name: Shortlisted(Version(**one["version"]), tuple(one["offers"]))
            for name, one in final["shortlists"].items()
        },
        ledger=_lines(final["ledger"]),
        commitments={
            name: Held(**{**one, "version": _version(one)})
            for name, one in final["commitments"].items()
        },
        kept=_versions(final["kept"]),
        followed=_versions(final["followed"]),
        taken=final["taken"],
        cases=_cases(final["cases"]),
        due=_cases(final["due"]),
        fates={key: Fate(**one) for key, one in final["fates"].items()},
        invited={id_: Invited(**one) for id_, one in final["invited"].items()},
    )


def _cases(kept: Iterable[Mapping[str, Any]]) -> tuple[Case, ...]:
    return tuple(Case(**{**one, "steps": tuple(one["steps"])}) for one in kept)


def _versions(kept: Mapping[str, Mapping[str, int]]) -> dict[str, Version]:
    return {name: Version(**one) for name, one in kept.items()}


def _version(one: Mapping[str, Any]) -> Any:
    return None if one["version"] is None else Version(**one["version"])


def _lines(kept: Iterable[Mapping[str, Any]]) -> tuple[Line, ...]:
    return tuple(Line(**{**one, "holds": tuple(map(tuple, one["holds"]))}) for one in kept)


def now() -> float:
    """The clock of operations: seconds that only go on."""
    return time.monotonic()
