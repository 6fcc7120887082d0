"""A request's lines as pages show them: plain words and shares, made of what the service tells."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from services.portal.pages import wording
from services.portal.pages.frame import ROLE_NAMES, moment

STEP_NAMES = {
    "return": _l("Sent back to the State"),
    "object": _l("The State objected"),
    "unmerge": _l("Merging undone"),
    "endorse": _l("Endorsed by an organisation"),
    "withdraw-endorsement": _l("An endorsement was taken back"),
    "show-endorsement": _l("An endorsement is shown again"),
    "hide-endorsement": _l("An endorsement is shown no more"),
}
"""Steps that their target does not name."""

_SERVICE = _l("The service itself")

_HOW_FAR = {
    "delivered": lazy_pgettext("amount", "Delivered"),
    "committed": lazy_pgettext("amount", "Committed"),
    "pledged": lazy_pgettext("amount", "Pledged"),
}

Part = tuple[str, str, float, str]
"""One part of a line's bar: its name, its amount in words, its share of the need, its colour."""


def line_rows(needs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The need lines with what is asked in words, and how far each has come as a bar."""
    return [
        {
            **need,
            "asked": (said := asked(need)),
            "bar": bar_parts(need, said),
            "otherwise": need.get("pledged_otherwise", False),
        }
        for need in needs
    ]


def asked(need: Mapping[str, Any]) -> str:
    """What a line asks for: "6 machines", "6 machines ($40,000)"; empty where it does not say."""
    amount = _money(need["amount"], need["currency"])
    if need["quantity"] is None:
        return amount
    count = _count(need["quantity"], need["unit"])
    return f"{count} ({amount})" if amount else count


def bar_parts(need: Mapping[str, Any], said: str) -> list[Part]:
    """How far a line has come, of which it is `said` what it asks for; what is delivered is
    committed too, and pledged.

    The narrowest comes first, for the bar is painted from its end.
    """
    parts = [(_("Needed"), said or _("not said"), 0.0, "")]
    for name, label in _HOW_FAR.items():
        share = _share(need, need[name])
        if share > 0:
            parts.append((str(label), _words(need, need[name], share), share, name))
    return parts


def steps_of(view: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of a request's life in their order: what, when, by whom, and what was said."""
    said = {(one["action"], one["at"]): one["text"] for one in view.get("remarks", [])}
    for step in view["history"]:
        yield {
            **step,
            "name": str(STEP_NAMES.get(step["action"]) or wording.status(step["target"])),
            "when": moment(datetime.fromisoformat(step["at"])),
            "by": str(ROLE_NAMES.get(step["role"], _SERVICE)),
            "text": said.get((step["action"], step["at"])),
        }


def _share(need: Mapping[str, Any], counted: Mapping[str, Any]) -> float:
    if counted["whole"]:
        return float(counted["quantity"])
    name = "quantity" if counted["amount"] is None else "amount"
    whole = need[name] or 0
    return float(counted[name] / whole) if whole else 0.0


def _words(need: Mapping[str, Any], counted: Mapping[str, Any], share: float) -> str:
    if counted["whole"]:
        return wording.share(share)
    if counted["amount"] is not None:
        return _money(counted["amount"], need["currency"])
    return _count(counted["quantity"], need["unit"])


def _count(quantity: float, unit: str | None) -> str:
    return wording.number(quantity) if unit is None else wording.quantity(quantity, unit)


def _money(amount: float | None, currency: str | None) -> str:
    return "" if amount is None or currency is None else wording.amount(amount, currency)
