"""What calls leave to be given, as limits of an allocation: see calls.py for what they are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from services.matcher.calls import THE_LINE, project_record
from services.matcher.domain import convert, ledger_line_id
from services.matcher.engine.allocation_problem import LineId, Link, Pool
from services.matcher.exchange import Measured
from services.matcher.record_views import View, Views
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode

SLACK = 1000
"""The thousandth part of a limit in another currency that is left for rounding."""


def is_limited(call: View) -> bool:
    """Whether what is given under the call is counted in its money."""
    return bool(call.lines) or call.ceiling is not None


def is_drawable(calls: Views, offer: View, line: Measured) -> bool:
    """Whether it is known what giving a line draws from the offer's call, if it has limits.

    Where it is not, whoever commits the line has to say it.
    """
    if offer.call is None or not is_limited(calls[offer.call]):
        return True
    return line.cost is not None


def call_pools(
    calls: Views,
    offers: Views,
    links: Iterable[Link],
    provisions: Mapping[LineId, Measured],
    free: Mapping[str, int],
    on: date,
) -> Iterator[Pool]:
    """The fund of each call that links draw from, and what it may give to each request.

    `free` is what the ledger has left, by its lines' ids; money is at the rates of the day `on`.
    """
    drawing: defaultdict[str, list[Link]] = defaultdict(list)
    under = {id_: offer.call for id_, offer in offers.items() if offer.call is not None}
    for link in links if under else ():
        drawn_from = under.get(link.provision[0])
        if drawn_from is not None:
            drawing[drawn_from].append(link)
    for id_, found in sorted(drawing.items()):
        call = calls[id_]
        for line in call.lines:
            key = ledger_line_id("call", id_, THE_LINE, "money", line.unit)
            # The ledger lets nothing be taken from a fund that it has not heard of yet.
            left = free.get(key, 0)
            yield pool_of(id_, None, (left, line.unit), found, provisions, on)
        if call.ceiling is None:
            continue
        by_request: defaultdict[str, list[Link]] = defaultdict(list)
        for link in found:
            by_request[link.need[0]].append(link)
        for request, of_request in sorted(by_request.items()):
            record, ceiling = project_record(id_, request), call.ceiling
            yield project_pool(record, ceiling, (request,), of_request, provisions, free, on)


def project_pool(
    record: str,
    ceiling: tuple[int, str],
    requests: tuple[str, ...],
    links: Iterable[Link],
    provisions: Mapping[LineId, Measured],
    free: Mapping[str, int],
    on: date,
) -> Pool:
    """What a call with a ceiling may still give these requests, a project that has the `record` in
    the ledger, by these links."""
    cents, currency = ceiling
    key = ledger_line_id("project", record, THE_LINE, "money", currency)
    # A line of its own comes with the first commitment.
    money = (free.get(key, cents), currency)
    return pool_of(record, requests, money, links, provisions, on)


def pool_of(
    id_: str,
    requests: tuple[str, ...] | None,
    left: tuple[int, str],
    links: Iterable[Link],
    provisions: Mapping[LineId, Measured],
    on: date,
) -> Pool:
    """What is left, hundredths of a currency, as a pool that the links' provisions draw from."""
    cents, currency = left
    found = list(links)
    lines = {link.provision: provisions[link.provision] for link in found}
    try:
        limit = convert(max(0, cents), currency, "USD", on)
    except (NoRate, UnknownCode):
        limit = 0
    if currency != "USD" or any(line.is_converted for line in lines.values()):
        limit -= limit // SLACK + len(found)
    costs = {id_: line.cost for id_, line in sorted(lines.items())}
    return Pool(
        id_, requests, max(0, limit), {key: cost for key, cost in costs.items() if cost is not None}
    )
