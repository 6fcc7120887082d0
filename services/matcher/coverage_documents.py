"""What the matcher keeps of assistance under way that seems to cover a need line."""

from datetime import date

from mongoengine import (
    BooleanField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from services.matcher.domain import SOURCE
from shared.events.envelope import COVERAGE
from shared.events.outbox import Aggregate, EventRecord
from shared.events.versions import Version
from shared.ids import derived_id
from shared.web.paging import DEFAULT_SORT


class CoverageHold(EmbeddedDocument):
    """A commitment by which a case holds a part of its line, in the ledger's amounts."""

    commitment = StringField(required=True)
    amount = IntField(required=True)


class CoverageCase(Aggregate):
    """An activity that seems to cover a need line; for the coordinator. See coverages.py.

    `score`, `features`, `asks`, `gives`, `concepts`, `excluded` and the extent (`basis`, `part`,
    `given`, `needed`, `unit`) are the engine's (engine/coverage.py), as of `request_version` and
    `activity_version`; `activity_last` is the activity's last day, if it states one. `partition` is
    that of the request's events, `fence` the epoch of the partition's owner that wrote last.
    `activity_material` is what is material in the activity now; `request_settled` and
    `activity_settled` are what was in both when somebody decided.

    Confirmed, it wants `wanted` of the line (`measure`, `counted_in`), in the ledger's amounts, and
    holds `taken` of it by `commitment`, the latest, and what `earlier` ones took; `tries` counts
    the commitments that were begun. `owes` is whether the ledger is yet to be brought to what the
    case says, `short` whether it holds less than it wants. `beyond` is what the activity was said
    to give beside that. `reason` never leaves the matcher.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "coverage_cases",
        "indexes": [
            *("request", "activity", "country", "partition", "owes", "short"),
            ("status", *DEFAULT_SORT),
        ],
        "retired_indexes": ["status_1_created_at_-1"],
    }

    request = StringField(required=True)
    line = IntField(required=True)
    activity = StringField(required=True)
    country = StringField(required=True)
    organisation = StringField()
    activity_status = StringField(required=True)
    activity_last = StringField()
    request_version = StringField(required=True)
    activity_version = StringField(required=True)
    status = StringField(required=True)
    score = FloatField(required=True)
    features = ListField(FloatField())
    asks = ListField(StringField())
    gives = ListField(StringField())
    concepts = ListField(StringField())
    excluded = ListField(StringField())
    basis = StringField(required=True)
    part = FloatField(required=True)
    given = IntField()
    needed = IntField()
    unit = StringField()
    partition = IntField(required=True)
    fence = IntField(required=True)
    activity_material = StringField(required=True)
    request_settled = StringField()
    activity_settled = StringField()
    reason = StringField()
    attempts = ListField(StringField())
    measure = StringField()
    counted_in = StringField()
    wanted = IntField()
    taken = IntField()
    beyond = IntField()
    commitment = StringField()
    earlier = EmbeddedDocumentListField(CoverageHold)
    short = BooleanField(required=True, default=False)
    tries = IntField(required=True, default=0)
    owes = BooleanField(required=True, default=False)

    @property
    def commitments(self) -> list[str]:
        """The commitments by which it holds its line, or is about to, the first one first."""
        held = [hold.commitment for hold in self.earlier]
        return held if self.commitment is None else [*held, self.commitment]

    @property
    def held(self) -> int:
        """What it holds of its line, or is about to, in the ledger's amounts."""
        before = sum(hold.amount for hold in self.earlier)
        return int(before + (self.taken or 0 if self.commitment else 0))

    @property
    def confirmed_on(self) -> date | None:
        """The day on which a coordinator confirmed it last."""
        steps = [step.at for step in self.history if step.action == "confirm"]
        return steps[-1].date() if steps else None

    def is_short(self) -> bool:
        """Whether it is confirmed and holds less than it wants."""
        return self.status == "confirmed" and self.held < (self.wanted or 0)

    def event(self) -> EventRecord:
        """The state of the case, without the reason."""
        names = (
            *("id", "request", "line", "activity", "country", "organisation"),
            *("request_version", "activity_version", "status", "score", "basis", "part"),
        )
        data = {
            **{name: getattr(self, name) for name in names},
            "commitment": next(iter(self.commitments), None),
            "history": [transition.data() for transition in self.history],
        }
        return self.envelope(COVERAGE, SOURCE, data)

    def reads_older(self, request: Version, activity: Version) -> bool:
        """Whether these versions of both records are older than those that the case tells of."""
        known = (Version.parse(self.request_version), Version.parse(self.activity_version))
        return request < known[0] or activity < known[1]


def coverage_id(request: str, line: int, activity: str) -> str:
    """The identifier of the case of an activity and a need line, the same for whoever finds it."""
    return derived_id("coverage", request, str(line), activity)
