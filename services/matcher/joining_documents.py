"""What the matcher keeps of organisations that offer to join a proposal."""

from mongoengine import ListField, StringField

from services.matcher.domain import SOURCE
from shared.events.envelope import JOINING
from shared.events.outbox import Aggregate, EventRecord
from shared.ids import derived_id
from shared.registers.newest import INDEX


class Joining(Aggregate):
    """That an organisation offers to take part in what an offer does for a request, and as what.

    `country` and `donor` are the proposal's two sides, who have to agree. It may be there before
    anybody acted on the proposal, which the organisation is not told. `text` says why, `reason`
    why a side declined; neither leaves the matcher. `attempts` are the ids of the idempotent
    requests that took a step.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "joinings",
        "indexes": [
            "proposal",
            *((name, "-created_at") for name in ("organisation", "donor", "country")),
            INDEX,
        ],
    }

    proposal = StringField(required=True)
    request = StringField(required=True)
    offer = StringField(required=True)
    country = StringField(required=True)
    donor = StringField(required=True)
    organisation = StringField(required=True)
    role = StringField(required=True)
    text = StringField(required=True)
    status = StringField(required=True)
    reason = StringField()
    attempts = ListField(StringField())

    def event(self) -> EventRecord:
        """The state of the offer to join, without why, and without anybody's reasons."""
        names = (
            *("id", "proposal", "request", "offer", "country", "donor"),
            *("organisation", "role", "status"),
        )
        data = {
            **{name: getattr(self, name) for name in names},
            "history": [transition.data() for transition in self.history],
        }
        return self.envelope(JOINING, SOURCE, data)


def joining_id(proposal: str, organisation: str) -> str:
    """The identifier of an organisation's offer to join a proposal: it has one."""
    return derived_id("joining", proposal, organisation)
