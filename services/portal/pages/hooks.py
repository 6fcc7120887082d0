"""The pages of one's own webhooks: made, tried, paused, removed, and what became of their calls."""

from datetime import datetime
from http import HTTPStatus

from flask import Flask, Response, flash
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from services.portal import webhooks
from services.portal.documents import Account
from services.portal.house import house
from services.portal.made_once import MadeAlreadyError
from services.portal.pages.forms import PageForm, WebhookForm
from services.portal.pages.frame import ACCOUNT, account, for_signed_in, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.me import confirm
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import here, number
from services.portal.reading import choices_of
from services.portal.sentences import KIND_NAMES, kind_name
from services.portal.trail import actor_of_account, note_webhook
from services.portal.webhook_documents import Webhook
from services.portal.webhook_targets import TargetRefusedError
from shared.ids import new_id
from shared.web.problems import not_found

WEBHOOKS = f"{ACCOUNT}/webhooks"
_SHOWN = 20
_STATUS = "status-"
_FAILURES = {
    "timeout": lazy_gettext("It did not answer in time."),
    "unreachable": lazy_gettext("It could not be reached."),
    "certificate": lazy_gettext("Its certificate is not valid."),
    "private-network": lazy_gettext("Its name leads into a private network."),
    "damaged": lazy_gettext("Its secret cannot be read here any more: make a new webhook."),
}
_PAUSES = {
    "owner": lazy_gettext("You paused it."),
    "gone": lazy_gettext("It answered that it is gone for good (410)."),
    "failing": lazy_gettext("It took no call for days."),
    "new-password": lazy_gettext(
        "Your account got a new password by a link. Resume it only if it is yours."
    ),
}
_REFUSALS = {
    "url": lazy_gettext("This is no address that can be called."),
    "scheme": lazy_gettext("The address must begin with https://."),
    "private-network": lazy_gettext("Only addresses of the public internet can be called."),
    "unknown-host": lazy_gettext("This host's name is not known."),
}


def install(app: Flask) -> None:
    """Add the pages."""
    one, post = f"{WEBHOOKS}/<string:webhook_id>", ["POST"]
    app.add_url_rule(WEBHOOKS, "hooks", all_webhooks, methods=["GET", "POST"])
    app.add_url_rule(one, "hook", one_webhook)
    for name, view in (("ping", ping), ("pause", pause), ("resume", resume), ("remove", remove)):
        app.add_url_rule(f"{one}/{name}", f"hook_{name}", view, methods=post)


@keeping_typed
@for_signed_in()
def all_webhooks() -> Response:
    """One's webhooks, and a form for one more; of a new one its page, with the secret this once."""
    own, status = account(), HTTPStatus.OK
    form = WebhookForm([(kind, kind_name(here(), kind)) for kind in choices_of(own)])
    if form.validate_on_submit():
        status = confirm(form, own) or status
        made = None if form.problems() else _make(form, own)
        if made is not None:
            return _page(*made, before=made[1] is None)
        status = REFUSED if status == HTTPStatus.OK else status
    elif form.is_submitted():
        status = REFUSED
    form.key.data = form.key.data or new_id()
    listed = [(one, *state_of(one)) for one in webhooks.webhooks_of(own.id)]
    return show("webhooks.html", status, form=form, listed=listed, most=webhooks.MOST)


@for_signed_in()
def one_webhook(webhook_id: str) -> Response:
    """A webhook: whether it takes what it is sent, what it was sent last, what can be done."""
    return _page(_own(webhook_id))


@for_signed_in()
def ping(webhook_id: str) -> Response:
    """A webhook called to see whether it takes it."""
    webhook = _own(webhook_id)
    if PageForm().validate_on_submit() and webhook.paused_at is None:
        webhooks.ping(webhook, _now())
        flash(_("It is called within seconds. Load this page again to see what came of it."))
    return go(f"{WEBHOOKS}/{webhook_id}")


@for_signed_in()
def pause(webhook_id: str) -> Response:
    """A webhook called no more for now."""
    webhook = _own(webhook_id)
    if PageForm().validate_on_submit():
        webhooks.pause(webhook, "owner", _now())
        flash(_("The webhook is paused. What waits for it is kept for a week."))
    return go(f"{WEBHOOKS}/{webhook_id}")


@for_signed_in()
def resume(webhook_id: str) -> Response:
    """A webhook called again."""
    webhook = _own(webhook_id)
    if PageForm().validate_on_submit():
        webhooks.resume(webhook, _now())
        _note("resume-webhook", webhook_id)
        flash(_("The webhook is called again."))
    return go(f"{WEBHOOKS}/{webhook_id}")


@for_signed_in()
def remove(webhook_id: str) -> Response:
    """A webhook removed, with what waits for it."""
    webhook = _own(webhook_id)
    if PageForm().validate_on_submit():
        webhooks.remove(webhook)
        _note("remove-webhook", webhook_id)
        flash(_("The webhook was removed."))
    return go(WEBHOOKS)


def state_of(webhook: Webhook) -> tuple[str, str, str]:
    """How it is with a webhook: a tone, a word and, but for one that takes its calls, why."""
    if webhook.paused_at is not None:
        return "warn", _("paused"), str(_PAUSES.get(webhook.paused_because, ""))
    if webhook.failures:
        return "bad", _("failing"), failure_said(webhook.last_failure)
    if webhook.called_at is not None:
        return "good", _("confirmed"), ""
    return "", _("not confirmed yet"), _("It has taken no call so far: try it.")


def failure_said(code: str | None) -> str:
    """Why a call was not taken, as it is read."""
    if code is not None and code.startswith(_STATUS):
        return str(_("It answered with status %(status)s.", status=code.removeprefix(_STATUS)))
    return str(_FAILURES.get(code or "", ""))


def _make(form: WebhookForm, own: Account) -> tuple[Webhook, str | None] | None:
    """The webhook that the form asks for, with its secret unless the same form made it before.

    None where there is none: the form says why.
    """
    url, kinds, key = form.url.data.strip(), form.kinds.data, form.key.data
    try:
        made = webhooks.make(house(), own.id, url, kinds, _now(), key)
    except MadeAlreadyError as error:
        return error.made, None
    except TargetRefusedError as error:
        form.fail_field(form.url, _REFUSALS[error.code])
    except webhooks.TooManyWebhooksError:
        form.fail(_("You have %(count)s webhooks: remove one first.", count=number(webhooks.MOST)))
    else:
        _note("make-webhook", made[0].id)
        return made
    return None


def _page(webhook: Webhook, secret: str | None = None, *, before: bool = False) -> Response:
    tone, word, why = state_of(webhook)
    calls = webhooks.last_calls_of(webhook, _SHOWN)
    return show(
        "webhook.html",
        hook=webhook,
        secret=secret,
        before=before,
        tone=tone,
        word=word,
        why=why,
        kinds=[_kind(one) for one in webhook.kinds],
        waiting=webhooks.waiting_for(webhook).count(),
        calls=[(one, _kind(webhooks.kind_of(one)), failure_said(one.failure)) for one in calls],
        bare=PageForm(),
    )


def _kind(code: str | None) -> str:
    if code == webhooks.PING:
        return str(_("Trial"))
    return "–" if code is None or code not in KIND_NAMES else kind_name(here(), code)


def _own(webhook_id: str) -> Webhook:
    found = webhooks.webhook_of(account().id, webhook_id)
    if found is None:
        raise not_found("webhook")
    return found


def _note(action: str, webhook_id: str) -> None:
    note_webhook(action, webhook_id, actor_of_account(account()), _now())


def _now() -> datetime:
    return house().clock()
