"""What the portal keeps: accounts, sessions, links, tokens, keys, mail that waits to be sent.

Nothing here is readable by who has only the database: passwords are hashed, links, cookies, codes
and tokens are fingerprinted, seeds and keys are sealed (sealing.py).
"""

from typing import Any, ClassVar

from mongoengine import (
    BinaryField,
    BooleanField,
    DateTimeField,
    DictField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    IntField,
    ListField,
    StringField,
)

from shared.events.aggregate import Transition


class Watched(Document):
    """A document whose steps enter the audit trail, written by the functions of trail.py.

    `number` rises with each step; `audited` and `unaudited_since` are as of an Aggregate.
    """

    meta: ClassVar[dict[str, Any]] = {
        "abstract": True,
        "indexes": [{"fields": ["unaudited_since"], "sparse": True}],
    }

    number = IntField()
    history = ListField(EmbeddedDocumentField(Transition))
    audited = IntField()
    unaudited_since = DateTimeField()


class SecondFactor(EmbeddedDocument):
    """A second factor: its sealed seed, the last step of time whose code was used, spare codes.

    `recovery` has fingerprints of the recovery codes that are left.
    """

    seed = BinaryField(required=True)
    last_step = IntField(required=True)
    recovery = ListField(StringField())
    since = DateTimeField(required=True)


class Account(Watched):
    """Somebody who may sign in: a role and what it is bound to.

    `password` is an argon2id hash. `generation` rises whenever all sessions must end: a session
    counts only while it has the account's own. `setup` is the sealed seed of a second factor that
    is being set up. `reset` is the fingerprint of the newest link for a new password.
    API tokens that were made before `tokens_from` buy nothing. From `erased_at` on it is nobody's;
    `erasing` is set until all that said whose it was is gone (erasing.py), `names_due` to when the
    matcher is asked next to erase names under the account's messages (erasing_names.py).
    `invited_by` is who invited it, as of its invitation.
    `mail_choices` are the kinds of telling.KINDS that it wants by mail otherwise than is usual.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "accounts",
        "indexes": [
            {"fields": ["email"], "unique": True},
            {"fields": ["reset"], "sparse": True},
            {"fields": ["erasing"], "sparse": True},
            {"fields": ["names_due"], "sparse": True},
            ("-created_at", "id"),
            ("role", "state"),
            ("role", "organisation"),
        ],
    }

    id = StringField(primary_key=True)
    email = StringField(required=True)
    name = StringField(required=True)
    language = StringField(required=True)
    role = StringField(required=True)
    state = StringField()
    organisation = StringField()
    regions = ListField(StringField())
    password = StringField()
    generation = IntField(required=True, default=0)
    locked_at = DateTimeField()
    second_factor = EmbeddedDocumentField(SecondFactor)
    setup = BinaryField()
    reset = StringField()
    reset_until = DateTimeField()
    tokens_from = DateTimeField()
    mail_choices = DictField()
    invited_by = StringField()
    created_at = DateTimeField(required=True)
    signed_in_at = DateTimeField()
    erased_at = DateTimeField()
    erasing = BooleanField()
    names_due = DateTimeField()


class Session(Document):
    """A signed-in browser; the id is the fingerprint of its cookie.

    `stage` is `code` while a second factor is awaited, `setup` while one must be set up first, and
    `full` when everything may be done.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "sessions",
        "indexes": ["account", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    account = StringField(required=True)
    stage = StringField(required=True)
    generation = IntField(required=True)
    agent = StringField()
    created_at = DateTimeField(required=True)
    seen_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)


class Invitation(Watched):
    """A link by which one account can be made, with the role and bindings fixed here.

    `invited_by` is an account's id or the subject of a token; `link` the fingerprint of the link.
    It has no `email` any more once the account of that address was erased.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "invitations",
        "indexes": [{"fields": ["link"], "unique": True}, "email", ("-created_at", "id")],
    }

    id = StringField(primary_key=True)
    link = StringField(required=True)
    email = StringField()
    language = StringField(required=True)
    role = StringField(required=True)
    state = StringField()
    organisation = StringField()
    regions = ListField(StringField())
    invited_by = StringField(required=True)
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    revoked_at = DateTimeField()
    accepted_at = DateTimeField()


class ApiToken(Watched):
    """A token of an account for its scripts; `secret` is a fingerprint, shown once in the clear."""

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "api_tokens",
        "indexes": [("account", "-created_at", "id"), "expires_at"],
    }

    id = StringField(primary_key=True)
    account = StringField(required=True)
    name = StringField(required=True)
    secret = StringField(required=True)
    scopes = ListField(StringField(), required=True)
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    used_at = DateTimeField()
    revoked_at = DateTimeField()


class SigningKey(Document):
    """The key that signs the tokens of one period; `private` is its sealed private half."""

    meta = {"collection": "signing_keys"}  # noqa: RUF012 (mongoengine declares it so)

    id = IntField(primary_key=True)
    key_id = StringField(required=True)
    public = StringField(required=True)
    private = BinaryField(required=True)


class Throttle(Document):
    """What is remembered of failed attempts at one thing; `revision` guards its changes."""

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "throttles",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    revision = IntField(required=True)
    failures = IntField(required=True)
    blocked_until = DateTimeField()
    last = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)


class OutgoingMail(Document):
    """A mail that waits to be sent: what it is about, to whom, in which language.

    `link` is sealed, and gone once the mail is sent; from `until` on it is worthless, and so is the
    mail. `due_at` is when it is tried next, set while it waits: who takes it to send it puts it
    off, so that nobody else does meanwhile. `gave_up_at` and `error` tell that it will not be sent,
    and why. It is forgotten at `expires_at`. One that tells an account of notifications has their
    ids in `notes`, and is sent to the address and in the language that the account has by then.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "outgoing_mail",
        "indexes": [
            "sent_at",
            {"fields": ["due_at"], "sparse": True},
            ["account", "due_at"],
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }

    id = StringField(primary_key=True)
    kind = StringField(required=True)
    email = StringField(required=True)
    language = StringField(required=True)
    account = StringField()
    notes = ListField(StringField())
    link = BinaryField()
    until = DateTimeField()
    created_at = DateTimeField(required=True)
    due_at = DateTimeField()
    attempts = IntField(required=True, default=0)
    error = StringField()
    expires_at = DateTimeField(required=True)
    sent_at = DateTimeField()
    gave_up_at = DateTimeField()


class HeldFile(Document):
    """A file that an account sent to confirm what it says; forgotten at `expires_at`.

    Once that is confirmed it is empty, and `outcome` has how many records came of it, by what
    became of them.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "held_files",
        "indexes": [
            ("account", "-created_at", "id"),
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }

    id = StringField(primary_key=True)
    account = StringField(required=True)
    kind = StringField(required=True)
    name = StringField()
    content = BinaryField(required=True)
    outcome = DictField()
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)


class UnfinishedPart(Document):
    """A part of a form as an account typed it, which no register takes yet; forgotten at
    `expires_at`.

    `record` is what it belongs to, `typed` the sealed names and values of its fields. `base` tells
    what the register had of the part when it was typed; `version` changes whenever it is kept.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "unfinished_parts",
        "indexes": ["account", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    account = StringField(required=True)
    record = StringField(required=True)
    part = StringField(required=True)
    typed = BinaryField(required=True)
    base = StringField(required=True)
    version = StringField(required=True)
    changed_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)


class ExportProgress(Document):
    """How far a list is that somebody saves as a file; the id is of the page's making."""

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "export_progress",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    id = StringField(primary_key=True)
    records = IntField(required=True)
    done = BooleanField(required=True)
    expires_at = DateTimeField(required=True)


AUDITED: tuple[type[Any], ...] = (Account, Invitation, ApiToken)
"""The documents with a history of steps, for the audit trail."""
