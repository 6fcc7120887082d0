"""Webhooks: made, listed, removed, called; what waits for them is put here (calling.py sends it).

A call's body and its three headers are those of the Standard Webhooks specification
(standardwebhooks.com), so that receivers check the signature with a library of their language.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from mongoengine import NotUniqueError, QuerySet

from services.portal import made_once
from services.portal.house import House
from services.portal.sealing import new_secret
from services.portal.webhook_documents import Webhook, WebhookCall
from services.portal.webhook_targets import check_target
from shared.ids import new_id

MOST = 10
"""How many webhooks an account may have."""

KEPT = timedelta(days=7)
"""How long a call waits for a target that does not take it."""

PAUSES = ("owner", "gone", "failing", "new-password")
"""Why a webhook is paused: its owner did, it answered 410, it took nothing for days, or the owner
got into the account by a link for a new password, and so somebody else may have made it."""

PING = "ping"
_PURPOSE = "webhook secret"
_PREFIX = "whsec_"
_TYPE = "entraide."


class TooManyWebhooksError(Exception):
    """The account has MOST webhooks already."""


def make(
    house: House,
    account_id: str,
    url: str,
    kinds: Sequence[str],
    now: datetime,
    key: str | None = None,
) -> tuple[Webhook, str]:
    """A webhook with its secret, which is shown this once.

    `key` is that of the form that asks, if one does. Raises MadeAlreadyError where the account has
    sent it before, and has not removed what it made then, TargetRefusedError (it looks the name up)
    and TooManyWebhooksError.
    """
    own_id = made_once.id_for("webhook", account_id, key, url, *sorted(set(kinds)))
    before = webhook_of(account_id, own_id)
    if before is not None:
        raise made_once.MadeAlreadyError(before)
    if Webhook.objects(account=account_id).count() >= MOST:
        raise TooManyWebhooksError
    check_target(url, to_loopback=house.portal.webhooks_to_loopback)
    # What the specification calls a secret is base64 of 24 to 64 bytes; new_secret() is 43 letters
    # of the alphabet for addresses, so it is written with that of base64 proper.
    secret = _PREFIX + new_secret().translate(str.maketrans("-_", "+/")) + "="
    webhook = Webhook(
        id=own_id,
        account=account_id,
        url=url,
        secret=house.vault.seal(secret, _PURPOSE),
        kinds=sorted(set(kinds)),
        created_at=now,
    )
    made_once.store(webhook)  # the same form may be sent at the same moment
    if Webhook.objects(account=account_id).count() > MOST:  # others were made at the same moment
        remove(webhook)
        raise TooManyWebhooksError
    return webhook, secret


def secret_of(house: House, webhook: Webhook) -> str:
    """The webhook's secret; DamagedError where it was sealed by another key."""
    return house.vault.open(webhook.secret, _PURPOSE)


def webhooks_of(account_id: str) -> list[Webhook]:
    """The account's webhooks, the newest first."""
    return list(Webhook.objects(account=account_id).order_by("-created_at", "id"))


def webhook_of(account_id: str, webhook_id: str) -> Webhook | None:
    """The account's webhook with that id."""
    found: Webhook | None = Webhook.objects(id=webhook_id, account=account_id).first()
    return found


def waiting_for(webhook: Webhook) -> QuerySet:
    """The calls that wait for it, in the order in which they are made."""
    found = WebhookCall.objects(webhook=webhook.id, taken_at=None)
    return found.order_by("created_at", "at", "id")


def last_calls_of(webhook: Webhook, most: int) -> list[WebhookCall]:
    """The last calls of it that are still known, whether they were taken or wait; newest first."""
    found = WebhookCall.objects(webhook=webhook.id).order_by("-created_at", "-at", "-id")
    return list(found.limit(most))


def kind_of(call: WebhookCall) -> str | None:
    """The kind of notification that a call tells of, or PING; None where that is not known."""
    said = json.loads(call.body).get("type")
    return None if said is None else str(said).removeprefix(_TYPE)


def without_data(body: str) -> str:
    """What is kept of a call's body once it was taken: what kind it was of."""
    return json.dumps({"type": json.loads(body)["type"]})


def remove(webhook: Webhook) -> None:
    """Remove a webhook with what waits for it."""
    Webhook.objects(id=webhook.id).delete()
    WebhookCall.objects(webhook=webhook.id).delete()


def remove_all(account_id: str) -> None:
    """Remove every webhook of an account that is no more."""
    for webhook in webhooks_of(account_id):
        remove(webhook)


def pause(webhook: Webhook, because: str, now: datetime) -> None:
    """Call it no more until it is resumed; what waits goes on waiting until it expires."""
    Webhook._get_collection().update_one(
        {"_id": webhook.id, "paused_at": None},
        {"$set": {"paused_at": now, "paused_because": because}, "$unset": {"due_at": ""}},
    )


def resume(webhook: Webhook, now: datetime) -> None:
    """Call it again, with what waits first; nothing for one that is not paused.

    One that somebody is about to call is not paused: it would be called twice.
    """
    update = {
        "$set": {"due_at": now, "failures": 0, "resumed_at": now},
        "$unset": {"paused_at": "", "paused_because": "", "failing_since": ""},
    }
    Webhook._get_collection().update_one({"_id": webhook.id, "paused_at": {"$ne": None}}, update)


def ping(webhook: Webhook, now: datetime) -> None:
    """Call one webhook for nothing but to see whether it takes it."""
    _put(webhook, new_id(), PING, {"webhook": webhook.id}, now, now)


def webhooks_called(accounts: Collection[str]) -> Mapping[str, Sequence[Webhook]]:
    """The webhooks of accounts (ids) that are to be called, by account."""
    found: dict[str, list[Webhook]] = {}
    for webhook in Webhook.objects(account__in=sorted(accounts), paused_at=None):
        found.setdefault(webhook.account, []).append(webhook)
    return found


def announce(
    webhooks: Iterable[Webhook],
    kind: str,
    notification: str,
    data: Mapping[str, Any],
    at: datetime,
    now: datetime,
) -> None:
    """Put a notification before these webhooks of whoever gets it, those that hear of its kind.

    `data` is in JSON's types, `at` when it happened. To do it again does nothing for as long as
    calls are KEPT, so whoever was interrupted does.
    """
    for webhook in webhooks:
        if not webhook.kinds or kind in webhook.kinds:
            _put(webhook, notification, kind, {"notification": notification, **data}, at, now)


def _put(
    webhook: Webhook, what: str, kind: str, data: Mapping[str, Any], at: datetime, now: datetime
) -> None:
    message = {"type": f"{_TYPE}{kind}", "timestamp": now.isoformat(), "data": dict(data)}
    with suppress(NotUniqueError):  # put before, by who could not say so any more
        WebhookCall(
            id=f"{webhook.id}.{what}",
            webhook=webhook.id,
            body=json.dumps(message, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
            created_at=now,
            at=at,
            expires_at=now + KEPT,
        ).save(force_insert=True)
    make_due(webhook.id, now)


def make_due(webhook_id: str, now: datetime) -> None:
    """Have what waits for the webhook sent, unless somebody is about to."""
    Webhook._get_collection().update_one(
        {"_id": webhook_id, "due_at": None, "paused_at": None}, {"$set": {"due_at": now}}
    )
