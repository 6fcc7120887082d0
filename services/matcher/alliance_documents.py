"""What the matcher keeps of alliances."""

from mongoengine import (
    BooleanField,
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from services.matcher.alliance_rules import Position
from services.matcher.domain import SOURCE
from shared.events.envelope import ALLIANCE
from shared.events.outbox import Aggregate, EventRecord
from shared.ids import derived_id
from shared.web.paging import DEFAULT_SORT


class AllianceMember(EmbeddedDocument):
    """A request in an alliance: how it stands there, since when, and why it left.

    `reason` is the State's own word for declining and never leaves the matcher.
    """

    request = StringField(required=True)
    country = StringField(required=True)
    standing = StringField(required=True)
    cause = StringField()
    since = DateTimeField(required=True)
    reason = StringField()

    @property
    def position(self) -> Position:
        """The member as the rules see it."""
        return Position(self.request, self.country, self.standing, self.cause)


class AllianceHold(EmbeddedDocument):
    """A commitment that was made to a member for the sake of the alliance."""

    commitment = StringField(required=True)
    request = StringField(required=True)


class AllianceLimit(EmbeddedDocument):
    """What the members that have agreed ask for in common, in the ledger's amounts."""

    line = IntField(required=True)
    measure = StringField(required=True)
    unit = StringField(required=True)
    limit = IntField(required=True)


class Alliance(Aggregate):
    """What several States' requests are proposed to become together: see alliance_rules.py.

    The id is derived from the anchor, the request that began it. `members` are all that ever were
    in it; `states` those of the requests that are in it now, for filters. `cause` says why it was
    dissolved; `reason` is the coordinator's for dismissing it and never leaves the matcher;
    `dismissed` are the States that were in it then. `holds` are the commitments made for its sake:
    `owes` is whether some of them are yet to be given back. `codes` are themes and kinds, the first
    being that of its ledger line 1 and so on for good, `limits` those of its lines: see
    alliance_limits.py. `attempts` are the ids of the
    idempotent requests that decided or answered.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "alliances",
        "indexes": [
            *(("states", *DEFAULT_SORT), ("status", *DEFAULT_SORT)),
            *("owes", "members.request"),
        ],
        "retired_indexes": ["states_1_created_at_-1", "status_1_created_at_-1"],
    }

    anchor = StringField(required=True)
    status = StringField(required=True)
    cause = StringField()
    members = EmbeddedDocumentListField(AllianceMember, required=True)
    states = ListField(StringField())
    reason = StringField()
    dismissed = ListField(StringField())
    holds = EmbeddedDocumentListField(AllianceHold)
    owes = BooleanField(default=False)
    codes = ListField(StringField())
    limits = EmbeddedDocumentListField(AllianceLimit)
    attempts = ListField(StringField())

    @property
    def positions(self) -> tuple[Position, ...]:
        """The members as the rules see them."""
        return tuple(member.position for member in self.members)

    def member(self, request: str) -> AllianceMember | None:
        """The member with this request, however it stands."""
        return next((one for one in self.members if one.request == request), None)

    def event(self) -> EventRecord:
        """The state of the alliance, without anybody's reasons."""
        kept = ("request", "country", "standing", "cause")
        data = {
            "id": self.id,
            "anchor": self.anchor,
            "status": self.status,
            "cause": self.cause,
            "members": [{name: member[name] for name in kept} for member in self.members],
            "history": [transition.data() for transition in self.history],
        }
        return self.envelope(ALLIANCE, SOURCE, data)


def alliance_id(anchor: str) -> str:
    """The identifier of the alliance that a request began."""
    return derived_id("alliance", anchor)
