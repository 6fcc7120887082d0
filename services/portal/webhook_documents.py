"""Webhooks as they are kept, and what waits to be sent to them."""

from mongoengine import (
    BinaryField,
    DateTimeField,
    Document,
    IntField,
    ListField,
    StringField,
)


class Webhook(Document):
    """An address of an account's own that is called when something happens.

    `secret` is sealed. `kinds` are the kinds of notification that it is called for, all where there
    are none. `due_at` is set while calls wait: who makes them puts it off first, so that nobody
    else does meanwhile. `failures` and `failing_since` count from the last call that was taken.
    `paused_because` is a code of PAUSES; a paused webhook gets nothing new. `resumed_at`: when its
    owner last wanted it called again.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "webhooks",
        "indexes": [("account", "-created_at", "id"), {"fields": ["due_at"], "sparse": True}],
    }

    id = StringField(primary_key=True)
    account = StringField(required=True)
    url = StringField(required=True)
    secret = BinaryField(required=True)
    kinds = ListField(StringField())
    created_at = DateTimeField(required=True)
    due_at = DateTimeField()
    called_at = DateTimeField()
    failures = IntField(required=True, default=0)
    failing_since = DateTimeField()
    last_failure = StringField()
    paused_at = DateTimeField()
    paused_because = StringField()
    resumed_at = DateTimeField()


class WebhookCall(Document):
    """One call: the body as it is signed, without its data once it was taken. Gone at `expires_at`.

    `at` is when that happened which it tells of: what is heard of at once is told in that order.
    The id is the webhook's and the notification's, so that one is not called twice for the same.
    `failed` counts how often it was not taken, `failure` says why it was not at last; both are kept
    when it was taken after all.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "webhook_calls",
        "indexes": [
            ("webhook", "taken_at", "created_at", "at", "id"),
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }

    id = StringField(primary_key=True)
    webhook = StringField(required=True)
    body = StringField(required=True)
    created_at = DateTimeField(required=True)
    at = DateTimeField()
    expires_at = DateTimeField(required=True)
    taken_at = DateTimeField()
    failed = IntField()
    failure = StringField()
