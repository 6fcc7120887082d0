"""The allocation of all that is open that this process found last, to be repaired after an event.

What is shown and accepted is the stored allocation of just what is open, whichever process found
it, and the first that is stored counts. So what one process remembers decides nothing by itself;
and a process that has repaired long enough solves anew, so that none keeps to its own way.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib import import_module
from threading import Lock, Thread

from services.matcher.engine.allocation import Allocation, allocate
from services.matcher.engine.allocation_change import Register, change_between, most_gained
from services.matcher.engine.allocation_problem import Problem
from services.matcher.engine.allocation_repair import Allocator

CP_SAT = "ortools.sat.python.cp_model"
"""What takes a process more than a second to import, once."""
LEAST_LINKS = 5000
"""Up to so many links, solving the whole takes no longer than a repair and its bookkeeping."""
MOST_KEPT = 200_000
"""So many links are remembered at most, a few hundred bytes each."""
MOST_CHANGED = 40
"""So many lines may have changed; after more the whole is solved anew."""
MOST_REPAIRS = 20
OLDEST = timedelta(minutes=10)
"""So often, and so long after the whole was solved, it is repaired."""
WIDER = 0.01
"""By so much the gap may be wider than when the whole was solved."""


@dataclass(frozen=True)
class Whole:
    """When an allocation was solved as a whole, which that was, and how often it was repaired."""

    id: str
    at: datetime
    gap: float
    repairs: int = 0


@dataclass(frozen=True)
class Answer:
    """An allocation, and since when; `greedy` is None where it was repaired, and not reckoned."""

    found: Allocation
    whole: Whole
    greedy: float | None


@dataclass(frozen=True)
class _Last:
    on: date
    register: Register
    found: Allocation
    whole: Whole
    allocator: Allocator


class Memory:
    """The last allocation of a process. For several threads: one at a time uses what is kept."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._lock = Lock()
        self._last: _Last | None = None

    def find(self, id_: str, on: date, register: Register, now: datetime, effort: float) -> Answer:
        """The best allocation of a register, `id_` being its id: repaired, or solved as a whole.

        Whoever finds the memory in use solves the whole by itself.
        """
        if not self._lock.acquire(blocking=False):
            return _solved(id_, register, now, effort)
        try:
            last, self._last = self._last, None  # what fails on the way is not kept
            answer = None if last is None else _repaired(last, on, register, now)
            kept = None if last is None or answer is None else last.allocator
            if answer is None:
                answer = _solved(id_, register, now, effort)
            if LEAST_LINKS < register.size <= MOST_KEPT:
                kept = kept or _in_order(register, answer.found)
                self._last = _Last(on, register, answer.found, answer.whole, kept)
            return answer
        finally:
            self._lock.release()


def _solved(id_: str, register: Register, now: datetime, effort: float) -> Answer:
    found = allocate(Problem.of(*register.parts), effort)
    return Answer(found, Whole(id_, now, found.gap), found.greedy)


def _in_order(register: Register, found: Allocation) -> Allocator:
    """An allocation that was solved as a whole, ready for the event that comes next."""
    allocator = Allocator(*register.parts)
    allocator.keep(found.taken)
    if "relaxation" in found.solvers:
        # A neighbourhood is solved by CP-SAT where the whole was only relaxed.
        Thread(target=import_module, args=(CP_SAT,), daemon=True).start()
    return allocator


def _repaired(last: _Last, on: date, register: Register, now: datetime) -> Answer | None:
    """The last allocation repaired to what is open now; None where it is too far away."""
    whole = last.whole
    if last.on != on or whole.repairs >= MOST_REPAIRS or not now - OLDEST < whole.at <= now:
        return None
    change = change_between(last.register, register, MOST_CHANGED)
    if change is None:
        return None
    around = last.allocator.repair(change)
    value = round(last.allocator.value(), 9)
    bound = last.found.bound + most_gained(last.register, register)
    found = replace(
        around,
        taken=last.allocator.taken,
        value=value,
        bound=round(max(bound, value), 9),
    )
    if found.gap > whole.gap + WIDER:
        return None
    return Answer(found, replace(whole, repairs=whole.repairs + 1), None)
