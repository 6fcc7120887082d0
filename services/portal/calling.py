"""Calling webhooks with what waits for them: each in order, none held up by another that is slow.

Who calls a webhook puts its time off first, so that of several workers one calls it; who dies
meanwhile leaves it to be called later. A call that the target took and whose mark was lost is made
once more, with the same `webhook-id`, by which receivers know it.
"""

import threading
from datetime import datetime, timedelta
from typing import Any

import requests
import structlog
from standardwebhooks import Webhook as Signer

from services.portal import metrics, webhooks
from services.portal.documents import Account
from services.portal.domain.backoff import Policy
from services.portal.house import House
from services.portal.sealing import DamagedError
from services.portal.webhook_documents import Webhook, WebhookCall
from services.portal.webhook_targets import call, open_session
from shared.events.work import INFRASTRUCTURE

CALLERS = 4
"""Webhooks that are called at the same time."""

LEASE = timedelta(minutes=2)
"""For how long a webhook is its caller's: longer than a call takes."""

TRIED_FOR = timedelta(days=3)
"""How long a webhook is called that takes nothing, before it is paused."""

POLICY = Policy(1, timedelta(seconds=5), timedelta(hours=1), TRIED_FOR)
"""How long a webhook waits after a call that it did not take."""

LOOK_SECONDS = 2.0
_GONE = "status-410"
_ROUND = 50

log = structlog.get_logger(__name__)


def keep_calling(house: House, stop: threading.Event, seconds: float = LOOK_SECONDS) -> None:
    """Call what is due until `stop` is set, CALLERS at a time."""
    callers = [
        threading.Thread(target=_keep_calling, args=(house, stop, seconds), name=f"caller-{number}")
        for number in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()


def _keep_calling(house: House, stop: threading.Event, seconds: float) -> None:
    with open_session(to_loopback=house.portal.webhooks_to_loopback) as session:
        while not stop.is_set():
            try:
                called = call_due(house, session, stop)
            except INFRASTRUCTURE as error:
                log.warning("calling interrupted", error=str(error))
                called = False
            except Exception as error:  # noqa: BLE001 (whatever it was, the others are called)
                # That webhook waits until its lease is over.
                log.error("webhook not called", error=type(error).__name__)
                called = False
            if not called:
                stop.wait(seconds)


def call_due(house: House, session: requests.Session, stop: threading.Event) -> bool:
    """Call the webhook that has been due longest; False if there is none."""
    webhook = _take(house.clock())
    if webhook is None:
        return False
    account = Account.objects(id=webhook.account, erased_at=None).first()
    if account is None:
        webhooks.remove(webhook)
        return True
    if account.locked_at is not None:
        _settle(webhook, {"$set": {"due_at": house.clock() + POLICY.longest}})
        return True
    wanted = webhook.resumed_at or webhook.created_at
    if account.tokens_from is not None and wanted < account.tokens_from:
        webhooks.pause(webhook, "new-password", house.clock())
        return True
    for _ in range(_ROUND):
        one = webhooks.waiting_for(webhook).first()
        if one is None:
            # First no longer due, then another look: what came in between is not left lying.
            _settle(webhook, {"$unset": {"due_at": ""}})
            if webhooks.waiting_for(webhook).first() is not None:
                webhooks.make_due(webhook.id, house.clock())
            return True
        if stop.is_set() or not _make(house, session, webhook, one):
            break
        if not _renew(webhook, house.clock()):
            return True
    else:
        _settle(webhook, {"$set": {"due_at": house.clock()}})
    return True


def _take(now: datetime) -> Webhook | None:
    while True:
        found = Webhook.objects(due_at__lte=now, paused_at=None).order_by("due_at").first()
        if found is None:
            return None
        if _renew(found, now):
            taken: Webhook = found
            return taken


def _renew(webhook: Webhook, now: datetime) -> bool:
    """Hold the webhook for LEASE from now on; False if it is held by somebody else, or gone."""
    held = _settle(webhook, {"$set": {"due_at": now + LEASE}})
    webhook.due_at = now + LEASE
    return held


def _settle(webhook: Webhook, update: dict[str, Any]) -> bool:
    """Write to a webhook that is still held as it was when it was taken."""
    written = Webhook._get_collection().update_one(
        {"_id": webhook.id, "due_at": webhook.due_at}, update
    )
    return bool(written.matched_count)


def _make(house: House, session: requests.Session, webhook: Webhook, one: WebhookCall) -> bool:
    """Make one call; whether it was taken. What was not is put off, or the webhook paused."""
    now = house.clock()
    try:
        signed = Signer(webhooks.secret_of(house, webhook)).sign(one.id, now, one.body)
    except DamagedError:
        failure: str | None = "damaged"
    else:
        headers = {
            "Content-Type": "application/json",
            "webhook-id": one.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signed,
        }
        failure = call(session, webhook.url, one.body.encode(), headers)
    now = house.clock()
    if failure is None:
        WebhookCall.objects(id=one.id).update(
            set__taken_at=now, set__body=webhooks.without_data(one.body)
        )
        _note(
            webhook,
            {
                "$set": {"called_at": now, "failures": 0},
                "$unset": {"failing_since": "", "last_failure": ""},
            },
        )
        webhook.failures, webhook.failing_since = 0, None
        metrics.WEBHOOK_CALLS.labels("taken").inc()
        return True
    metrics.WEBHOOK_CALLS.labels("failed").inc()
    since = webhook.failing_since or now
    failures = webhook.failures + 1
    WebhookCall.objects(id=one.id).update(inc__failed=1, set__failure=failure)
    log.info("webhook not taken", id=webhook.id, call=one.id, failure=failure, failures=failures)
    _note(
        webhook,
        {"$set": {"failures": failures, "failing_since": since, "last_failure": failure}},
    )
    if failure == _GONE or now - since >= TRIED_FOR:
        webhooks.pause(webhook, "gone" if failure == _GONE else "failing", now)
    else:
        _settle(webhook, {"$set": {"due_at": now + POLICY.wait(failures)}})
    return False


def _note(webhook: Webhook, update: dict[str, Any]) -> None:
    """Write to a webhook, whoever holds it by now: what became of a call is so all the same."""
    Webhook._get_collection().update_one({"_id": webhook.id}, update)
