"""What the matcher keeps of allocations: what was shown, so that just that can be accepted."""

from typing import Any

from mongoengine import (
    DateTimeField,
    DictField,
    Document,
    FloatField,
    IntField,
    ListField,
    StringField,
)

PAIRS = ("place", "request", "offer")
UNMET = ("place", "request", "line")
"""The order of an allocation's pairs, and of its unmet needs."""


class KeptAllocation(Document):
    """An allocation as it was found; the id is derived from all that it was found from.

    `status`: `computed`, `accepting`, `accepted`, or `undoing` and `refused`. `parts` is what its
    pairs and unmet needs say to be of: two that found it at once each write their own. Those of
    the parts that it is `built_on` are its own too, but for the ones that it has `replaced`
    (allocation_rows.py). `without`
    are the records that were left out. `whole` is the allocation that was solved as a whole, at
    `whole_at`, and `repairs` how often that was repaired since until it was this one: 0 and itself
    where it was not. `donors` sum up what each would be asked for, `needs` and `themes` what is met
    (allocation_sums.py); both are empty where an older release found it. `forget_at`
    is when it goes if nobody accepts it, `expires_at` when the holds end, `refusal` why it could
    not be accepted, `refused` the same by code; `subject` and `role` are who accepts it.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "allocations",
        "indexes": ["status", {"fields": ["forget_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    status = StringField(required=True)
    on = StringField(required=True)
    parts = StringField(required=True)
    built_on = ListField(StringField())
    replaced = ListField(StringField())
    without = ListField(StringField())
    computed_at = DateTimeField(required=True)
    value = FloatField(required=True)
    greedy_value = FloatField()
    bound = FloatField(required=True)
    gap = FloatField(required=True)
    solvers = DictField()
    repairs = IntField(default=0)
    whole = StringField()
    whole_at = DateTimeField()
    commitments = IntField(required=True)
    unmet = IntField(required=True)
    donors = ListField(DictField())
    needs = DictField()
    themes = ListField(DictField())
    forget_at = DateTimeField()
    expires_at = DateTimeField()
    begun_at = DateTimeField()
    subject = StringField()
    role = StringField()
    refusal = StringField()
    refused = DictField()


class AllocatedPair(Document):
    """What an allocation commits of one offer to one request.

    `lines` are a commitment's: side, record, line, measure, unit, amount in the line's own unit;
    and each line's theme, which an earlier version did not store. `place`, request and offer order
    them: the most urgent first. `alliance` is the one for whose sake it is, where it is part of a
    joint project.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "allocated_pairs",
        "indexes": [("parts", *PAIRS), {"fields": ["forget_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    parts = StringField(required=True)
    place = IntField(required=True)
    request = StringField(required=True)
    offer = StringField(required=True)
    country = StringField(required=True)
    organisation = StringField(required=True)
    priority = StringField()
    conditions = ListField(StringField())
    alliance = StringField()
    lines = ListField(DictField())
    forget_at = DateTimeField()


class UnmetNeed(Document):
    """A need line of which an allocation leaves something open, and why; amounts as in `lines`."""

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "unmet_needs",
        "indexes": [("parts", *UNMET), {"fields": ["forget_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    parts = StringField(required=True)
    place = IntField(required=True)
    request = StringField(required=True)
    line = IntField(required=True)
    country = StringField(required=True)
    priority = StringField()
    theme = StringField()
    measure = StringField(required=True)
    unit = StringField(required=True)
    unmet = IntField(required=True)
    open = IntField(required=True)
    reason = StringField(required=True)
    offers = ListField(StringField())
    forget_at = DateTimeField()


def pairs_of(kept: KeptAllocation) -> Any:
    """The pairs of an allocation, as a queryset."""
    return AllocatedPair.objects(**rows_of(kept))


def unmet_of(kept: KeptAllocation) -> Any:
    """The needs that an allocation leaves open, as a queryset."""
    return UnmetNeed.objects(**rows_of(kept))


def rows_of(kept: KeptAllocation) -> dict[str, Any]:
    """The condition for the rows of an allocation."""
    parts = [*kept.built_on, kept.parts]
    return {"parts__in": parts, "id__nin": kept.replaced} if kept.replaced else {"parts__in": parts}
