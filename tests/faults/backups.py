"""A backup of a house that works, and what must be there once it was brought back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from click.testing import CliRunner

from deploy.cli.main import main
from deploy.local.programs import Plan, portal_environment
from deploy.local.servers import database_uri
from deploy.local.stack import Ports
from shared.events.versions import Version
from tests.faults.checker import Violation
from tests.faults.history import Final, History, Operation, now

_FIRST = Version(0, 0)


@dataclass(frozen=True)
class Backup:
    """When a backup began and ended, in the seconds of operations: it is of a moment between."""

    began: float
    ended: float

    def has(self, done: Operation) -> bool:
        """Whether what this did is in the backup."""
        return done.end <= self.began

    def may_have(self, done: Operation) -> bool:
        """Whether nobody can say if what this did is in the backup."""
        return not self.has(done) and done.start < self.ended


def back_up(plan: Plan, directory: Path) -> Backup:
    """Make a backup while all goes on."""
    began = now()
    entraide(plan, "backup", str(directory))
    return Backup(began, now())


def brought_back(history: History, backup: Backup) -> list[Operation]:
    """What a history begins with that comes after a restore.

    All that was acknowledged before the backup began, and of each record the value that it had by
    then, no older one. What ran meanwhile is there or not, and what came later is not.
    """
    kept = [one for one in history.operations if one.kind != "read"]
    before = _newest([one for one in kept if backup.has(one)])
    return [*before, *(_unknown(one) for one in kept if backup.may_have(one))]


def _newest(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Without writes in whose place others came: what was never answered came before, or not."""
    written: dict[str, list[Operation]] = defaultdict(list)
    for one in operations:
        if one.kind == "write":
            written[one.record].append(one)
        else:
            yield one
    for writes in written.values():
        known = [one for one in writes if one.outcome == "ok"]
        last = max(known, key=lambda one: one.version or _FIRST, default=None)
        for one in writes:
            if one is last or (one.outcome != "ok" and (last is None or one.start >= last.start)):
                yield one


def _unknown(done: Operation) -> Operation:
    if done.outcome == "failed":
        return done
    return replace(done, outcome="unknown", version=None, made="")


def vanished(history: History, backup: Backup) -> set[str]:
    """The records that were made after the backup."""
    return {name for name, first in _made(history).items() if first.start >= backup.ended}


def doubtful(history: History, backup: Backup) -> set[str]:
    """Those that were made while it was."""
    return {name for name, first in _made(history).items() if backup.may_have(first)}


def _made(history: History) -> dict[str, Operation]:
    """The first write of each record. Nobody knows of one whose first was not acknowledged."""
    made: dict[str, Operation] = {}
    for one in sorted(history.operations, key=lambda one: one.start):
        if one.kind in ("write", "publish"):
            made.setdefault(one.record, one)
    return made


def wrong_after(history: History, backup: Backup, final: Final) -> Iterator[Violation]:
    """What breaks a restore's own promises: what the backup has is of a higher epoch, and of what
    was made after it nobody knows anything but that it is gone."""
    for one in history.operations:
        seen = final.records.get(one.record)
        if seen is None or one.version is None or one.kind not in ("write", "publish"):
            continue
        if backup.has(one) and seen.version.epoch <= one.version.epoch:
            yield Violation("epoch not raised", f"{one.record} is at {seen.version}")
    last = {one.record: one for one in final.events}
    for name in sorted(vanished(history, backup)):
        if name in final.records or name in final.views or name in final.followed:
            yield Violation("vanished record seen", name)
        if name in last and not last[name].gone:
            yield Violation("vanished record seen", f"{name} has no tombstone")


def entraide(plan: Plan, *words: str, ports: Ports | None = None) -> None:
    """A command of the operator's, past the proxies; at these ports, if not at the plan's own."""
    environ = {
        **portal_environment(plan),
        "ENTRAIDE_KAFKA": ports.kafka if ports else plan.kafka,
        "ENTRAIDE_MONGODB": database_uri((ports or plan.ports).database),
    }
    done = CliRunner().invoke(main, list(words), env=environ)
    assert done.exit_code == 0, done.output
