"""Transactions of an activity: what is committed, what comes from others, what was paid."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final
from xml.etree.ElementTree import Element

from services.portal.iati.elements import add, narrative, number

Stored = Mapping[str, Any]

_INCOMING: Final = "11"
_COMMITMENT: Final = "2"
_DISBURSEMENT: Final = "3"
_EXPENDITURE: Final = "4"
_FUNDING: Final = "funding"


def add_transactions(activity: Element, match: Stored, names: Mapping[str, str]) -> None:
    """Incoming commitments of those who pay for this know-how, own commitments, and what the donor
    says it paid: money that is the help itself is disbursed to the State, other help is paid for.

    `names` are those of organisations and of the State by their codes.
    """
    for funder in match["funders"]:
        for at, line in _money(funder["held"]):
            one = _add(activity, _INCOMING, at, line["amount"], line["unit"])
            provider = {"provider_activity_id": identifier(funder["organisation"], funder["match"])}
            _party(one, "provider-org", funder["organisation"], names, **provider)
            _party(one, "receiver-org", match["organisation"], names)
    for at, line in _money(match["held"]):
        one = _add(activity, _COMMITMENT, at, line["amount"], line["unit"])
        _party(one, "provider-org", match["organisation"], names)
        _party(one, "receiver-org", match["country"], names)
    kinds = {serving["provision"]: serving["kind"] for serving in match["serves"]}
    for at, number_, unit, amount in _paid(match):
        is_funding = kinds.get(number_, _FUNDING) == _FUNDING
        one = _add(activity, _DISBURSEMENT if is_funding else _EXPENDITURE, at, amount, unit)
        _party(one, "provider-org", match["organisation"], names)
        if is_funding:
            _party(one, "receiver-org", match["country"], names)


def identifier(organisation: str, match: str) -> str:
    """The iati-identifier of a match: it begins with its reporting organisation, as is the rule."""
    return f"{organisation}-{match}"


def _add(activity: Element, type_: str, at: str, amount: object, currency: str) -> Element:
    one = add(activity, "transaction")
    add(one, "transaction-type", code=type_)
    add(one, "transaction-date", iso_date=at)
    add(one, "value", number(amount), currency=currency, value_date=at)
    return one


def _party(
    transaction: Element, name: str, code: str, names: Mapping[str, str], **more: str
) -> None:
    narrative(add(transaction, name, ref=code, **more), names.get(code, code))


def _money(held: Any) -> Iterator[tuple[str, Stored]]:
    for one in held:
        for line in one["lines"]:
            if line["side"] == "offer" and line["measure"] == "money":
                yield one["at"][:10], line


def _paid(match: Stored) -> Iterator[tuple[str, int, str, Decimal]]:
    """What each report adds to what was told before: reports tell sums up to a day."""
    before: dict[tuple[int, str], Decimal] = {}
    for report in match["told"]:
        if report["side"] != "donor":
            continue
        for line in report["lines"]:
            if line["measure"] == "money":
                key, amount = (line["line"], line["unit"]), Decimal(str(line["amount"]))
                more = amount - before.get(key, Decimal(0))
                before[key] = amount
                if more:
                    yield report["up_to"], *key, more
