"""Cases of two records that seem to be the same: opened, closed and settled.

The owner of the left record's partition opens a case, and brings it up to date whenever either
record changes, fenced as shortlists are (shortlists.py). Its id derives from both records, so what
is found twice makes one case. What a coordinator decided stays until either record changes
materially: each decision keeps a digest of both.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from services.matcher.actors import MATCHER, transition
from services.matcher.cases import Fenced, NotYet, Wanted
from services.matcher.documents import view_id
from services.matcher.domain import DUPLICATE, Side, due_step
from services.matcher.duplicate_documents import DuplicateCase, duplicate_id, evidence_text
from services.matcher.engine.duplicates import Likely
from services.matcher.material import changed
from services.matcher.record_views import View, stored_views
from shared.events.outbox import StaleVersion, change
from shared.events.versions import Version
from shared.lifecycle import SHOWN
from shared.registers.steps import take_step
from shared.web.identity import Identity

OPEN = frozenset({"submitted", "authenticated"}) | SHOWN


@dataclass(frozen=True, slots=True)
class Known:
    """What a worker has heard of a record; `partition` is the one that its events are in."""

    partition: int
    version: Version
    owner: str
    status: str
    merged_into: str | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records of one side, the lesser id first; None for one that was not heard of."""

    side: Side
    left: str
    right: str
    of_left: Known | None
    of_right: Known | None

    @property
    def id(self) -> str:
        """The identifier of its case."""
        return duplicate_id(self.side, self.left, self.right)

    def is_open(self) -> bool:
        """Whether both may still be matched, or will be."""
        both = (self.of_left, self.of_right)
        return all(known is not None and known.status in OPEN for known in both)

    def is_merged(self) -> bool:
        """Whether one of them is merged into the other."""
        left = self.of_left is not None and self.of_left.merged_into == self.right
        return left or (self.of_right is not None and self.of_right.merged_into == self.left)


def wanted(
    pair: Pair, likely: Likely | None, partition: int, fence: int, now: datetime
) -> Wanted[DuplicateCase]:
    """What the case of a pair is to become for what the pair is now.

    `likely` is what the engine finds, None where it finds nothing. Fenced and NotYet are what the
    change of one that there is raises.
    """
    new = None
    if likely is not None and pair.is_open():
        new = partial(_new, pair, likely, partition, fence, now)
    return Wanted(DuplicateCase, pair.id, fence, _mutation(pair, likely, fence, now), new)


def _mutation(
    pair: Pair, likely: Likely | None, fence: int, now: datetime
) -> Callable[[DuplicateCase], None]:
    alike = likely is not None and pair.is_open()

    def mutate(case: DuplicateCase) -> None:
        if case.fence > fence:
            raise Fenced
        case.fence = fence
        step = due_step(
            case.status, merged=pair.is_merged(), alike=alike, changed=lambda: _changed(case, pair)
        )
        if alike and likely is not None:
            _tell(case, pair, likely, always=step is not None)
        if step is not None:
            _step(case, step, now)

    return mutate


def decide(
    case: DuplicateCase,
    decision: str,
    reason: str,
    expected: Version,
    identity: Identity,
    now: datetime,
) -> DuplicateCase:
    """`link` or `dismiss` a pair as seen in `expected` (see `seen_version`); what is stored.

    Raises StaleVersion if the case or one of the records changed since, NotYet where one is not
    known yet as the case has it, and IllegalTransition.
    """
    views = views_of(case)
    if expected != seen_version(case, views):
        raise StaleVersion(seen_version(case, views))
    known = _known_as_of(case, views)

    def mutate(stored: DuplicateCase) -> None:
        take_step(DUPLICATE, stored, decision, identity, now)
        stored.reason = reason
        for end in ("left", "right"):
            setattr(stored, f"{end}_settled", known[end].material)

    try:
        decided: DuplicateCase = change(DuplicateCase, case.id, case.version, mutate, now)
    except StaleVersion:
        current = DuplicateCase.objects.get(id=case.id)
        raise StaleVersion(seen_version(current, views_of(current))) from None
    return decided


def views_of(*cases: DuplicateCase) -> Mapping[str, View]:
    """What the matcher knows of the records of cases, by `view_id`."""
    return stored_views([view_id(case.side, record) for case in cases for record in case.records])


def seen_version(case: DuplicateCase, views: Mapping[str, View]) -> Version:
    """What a case is read in and decided on: its own version and that of both records.

    So nobody decides on a pair of which one has changed since it was read.
    """
    of_records = (views.get(view_id(case.side, record)) for record in case.records)
    return Version.of_several((case.version, *(view and view.version for view in of_records)))


def _known_as_of(case: DuplicateCase, views: Mapping[str, View]) -> Mapping[str, View]:
    """What is known of either end of a case. Raises NotYet where that is older than what the case
    tells of: what is material in it could not be kept, and no change would bring the pair back."""
    known = {}
    for end in ("left", "right"):
        view = views.get(view_id(case.side, getattr(case, end)))
        if view is None or view.version < Version.parse(getattr(case, f"{end}_version")):
            raise NotYet
        known[end] = view
    return known


def _new(pair: Pair, likely: Likely, partition: int, fence: int, now: datetime) -> DuplicateCase:
    case = DuplicateCase(
        id=pair.id,
        side=pair.side,
        left=pair.left,
        right=pair.right,
        records=[pair.left, pair.right],
        status=DUPLICATE.initial,
        partition=partition,
        fence=fence,
        history=[transition("find", None, DUPLICATE.initial, MATCHER, now)],
    )
    _tell(case, pair, likely, always=True)
    return case


def _tell(case: DuplicateCase, pair: Pair, likely: Likely, *, always: bool) -> None:
    """Put into the case what the engine finds; versions are noted with what was read in them."""
    found = {
        "score": likely.score,
        "features": list(likely.features),
        "evidence": evidence_text(likely.evidence),
    }
    if not always and all(getattr(case, name) == value for name, value in found.items()):
        return
    for name, value in found.items():
        setattr(case, name, value)
    for end, known in (("left", pair.of_left), ("right", pair.of_right)):
        if known is not None:
            setattr(case, f"{end}_owner", known.owner)
            setattr(case, f"{end}_version", str(known.version))


def _step(case: DuplicateCase, action: str, now: datetime) -> None:
    target = DUPLICATE.target(action, case.status)
    case.history.append(transition(action, case.status, target, MATCHER, now))
    case.status = target
    if action == "reopen":
        case.left_settled = case.right_settled = None


def _changed(case: DuplicateCase, pair: Pair) -> bool:
    """Whether either record is materially another than when the pair was settled."""
    views = views_of(case)
    ends = (
        (pair.left, pair.of_left, case.left_settled),
        (pair.right, pair.of_right, case.right_settled),
    )
    for record, known, settled in ends:
        view = views.get(view_id(pair.side, record))
        if view is None or (known is not None and view.version < known.version):
            raise NotYet
        if settled and view.material and changed(settled, view.material):
            return True
    return False
