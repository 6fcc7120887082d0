"""What the portal keeps of decisions that have not taken effect yet."""

from mongoengine import DateTimeField, Document, IntField, StringField


class PendingDecision(Document):
    """A coordinator's decision on a proposal, before it takes effect; the id is the proposal's.

    `version` is the one that the coordinator saw, `key` the Idempotency-Key under which it is sent
    every time. It is sent at `due_at`, which is put off by whoever sends it, so that nobody else
    does meanwhile; `tries` counts the times. From the first on it cannot be taken back, for nobody
    knows whether it arrived. Once it has taken effect it is deleted. One that was given up stays,
    without `due_at` and with the `failure`, until its account has seen that, or `expires_at`.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "pending_decisions",
        "indexes": [
            ("account", "-created_at"),
            {"fields": ["due_at"], "sparse": True},
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }

    id = StringField(primary_key=True)
    account = StringField(required=True)
    decision = StringField(required=True)
    reason = StringField()
    version = StringField(required=True)
    key = StringField(required=True)
    country = StringField()
    created_at = DateTimeField(required=True)
    due_at = DateTimeField()
    tries = IntField(required=True, default=0)
    gave_up_at = DateTimeField()
    failure = StringField()
    expires_at = DateTimeField()
