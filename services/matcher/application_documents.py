"""What the matcher keeps of applications to trust funds' calls."""

from mongoengine import (
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from services.matcher.domain import SOURCE
from shared.events.envelope import APPLICATION, DRAFT
from shared.events.outbox import Aggregate, EventRecord
from shared.ids import derived_id


class AppliedLine(EmbeddedDocument):
    """A need line, how much of it in its own measure, and the money asked for it of the call.

    `taken` is in thousandths of `unit` for a line that is counted in a quantity; for one that is
    counted in money it is None, and `cents` says it. `cents` are hundredths of `currency`.
    """

    request = StringField(required=True)
    line = IntField(required=True)
    taken = IntField()
    unit = StringField()
    cents = IntField(required=True)
    currency = StringField(required=True)


class Application(Aggregate):
    """Several requests' lines, of one State or several, put together to one call.

    `states` are whose requests they are, `agreed` those of them that agreed to it as it is; without
    all of them it is not submitted. `author` is the State that assembled it, None where a
    coordinator did. `tries` counts approvals, of which each has commitments of its own; `actor` is
    the role, and the organisation if any, that approved last; `refusal` why the ledger could not
    take it. `reason` is the fund's for declining and never leaves the matcher.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "applications",
        "indexes": ["call", "organisation", "states", "status"],
    }

    call = StringField(required=True)
    organisation = StringField()
    author = StringField()
    status = StringField(required=True)
    lines = EmbeddedDocumentListField(AppliedLine)
    states = ListField(StringField())
    agreed = ListField(StringField())
    tries = IntField(required=True, default=0)
    actor = ListField(StringField())
    reason = StringField()
    refusal = StringField()
    submitted_at = DateTimeField()
    attempts = ListField(StringField())

    @property
    def requests(self) -> list[str]:
        """The requests that it is for, in the order in which they are committed to."""
        return sorted({line.request for line in self.lines})

    def commitment(self, request: str) -> str:
        """The id of what the latest approval commits to a request."""
        return derived_id("application", self.id, str(self.tries), request)

    def event(self) -> EventRecord:
        """The state of the application; of a draft, which is its authors' alone, no more than whose
        it is and who has agreed."""
        history = [transition.data() for transition in self.history]
        if not any(step.target == "submitted" for step in self.history):
            draft = {
                "id": self.id,
                "status": self.status,
                "states": list(self.states),
                "agreed": list(self.agreed),
                "history": history,
            }
            return self.envelope(DRAFT, SOURCE, draft)
        kept = ("request", "line", "cents", "currency")
        data = {
            "id": self.id,
            "call": self.call,
            "organisation": self.organisation,
            "status": self.status,
            "states": list(self.states),
            "lines": [{name: line[name] for name in kept} for line in self.lines],
            "history": history,
        }
        return self.envelope(APPLICATION, SOURCE, data)
