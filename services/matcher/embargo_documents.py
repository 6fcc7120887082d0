"""What the matcher keeps of arms embargoes."""

from typing import Any

from mongoengine import (
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from services.matcher.domain import SOURCE
from services.matcher.engine import embargoes
from shared.events.envelope import EMBARGO
from shared.events.outbox import Aggregate, EventRecord
from shared.ids import derived_id


class EmbargoExemption(EmbeddedDocument):
    """Kinds of help that the embargo's authority exempted, under its reference; days as ISO dates.

    `request` is the one request that it is for, None for all of the State's. `number` counts from 1
    in the order in which they were first written and is never given again.
    """

    number = StringField(required=True)
    reference = StringField(required=True)
    kinds = ListField(StringField(), required=True)
    request = StringField()
    start = StringField(required=True)
    end = StringField(required=True)


class EmbargoChange(EmbeddedDocument):
    """Who changed the entry, when and why. The reason never leaves the matcher."""

    action = StringField(required=True)
    at = DateTimeField(required=True)
    role = StringField(required=True)
    subject = StringField(required=True)
    reason = StringField(required=True)


class Embargo(Aggregate):
    """An arms embargo on a State; the id is derived from the State and the resolution.

    `allowed` are the kinds of help that it allows, every other kind is barred. `start` and `end`
    are its first and last day, the latter None while none is set. `source` says where its facts
    are from and `stated_on` as of when; `review_by` is the day by which it was known to need
    another look, for instance because it is renewed each year. `changes` tell the history with
    reasons, `exempted` how many exemptions were ever written. `attempts` are the ids of the
    idempotent requests that took a step.
    """

    meta = {"collection": "embargoes", "indexes": ["country", "status"]}  # noqa: RUF012 (mongoengine declares it so)

    country = StringField(required=True)
    resolution = StringField(required=True)
    status = StringField(required=True)
    allowed = ListField(StringField())
    start = StringField(required=True)
    end = StringField()
    source = StringField(required=True)
    stated_on = StringField(required=True)
    review_by = StringField()
    exemptions = EmbeddedDocumentListField(EmbargoExemption)
    exempted = IntField(required=True, default=0)
    changes = EmbeddedDocumentListField(EmbargoChange)
    attempts = ListField(StringField())

    def event(self) -> EventRecord:
        """The state of the embargo, in codes and days; no reference and no reason."""
        return self.envelope(EMBARGO, SOURCE, self.told())

    def facts(self) -> embargoes.Embargo:
        """The embargo as the engine has it."""
        return embargoes.Embargo.of_event(self.told())

    def exemption(self, number: str) -> EmbargoExemption | None:
        """The exemption with this number."""
        return next((one for one in self.exemptions if one.number == number), None)

    def told(self) -> dict[str, Any]:
        """What its event tells."""
        return {
            "id": self.id,
            "country": self.country,
            "status": self.status,
            "allowed": list(self.allowed),
            "from": self.start,
            "to": self.end,
            "exemptions": [
                {
                    "id": one.number,
                    "kinds": list(one.kinds),
                    "request": one.request,
                    "from": one.start,
                    "to": one.end,
                }
                for one in self.exemptions
            ],
            "history": [transition.data() for transition in self.history],
        }


def embargo_id(country: str, resolution: str) -> str:
    """The identifier of a State's embargo under a resolution, however that is spaced or cased."""
    return derived_id("embargo", country, " ".join(resolution.split()).casefold())
