"""Which pairs of a gold set no rule bars, read from the set itself and without the engine.

What the engine proposes is checked against this, and the baselines rank nothing else.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet
from deploy.cli.rankings import Rankings
from shared.vocabulary.countries import country, groups

Permitted = Mapping[str, frozenset[str]]
"""By request, the offers that may be proposed for it; the set's own ids."""

_GROUPS = ("LDC", "LLDC", "SIDS", "ODA")


def permitted_pairs(gold: GoldSet, countries: Path | None, as_of: date) -> Permitted:
    """Pairs of a State that the offer is for, with a day from `as_of` on when both stand.

    `countries` is the set's own table of States; what it does not have, the vocabulary tells.
    Raises GoldSetError when it cannot be read.
    """
    table = {} if countries is None else _read(countries)
    found = {}
    for request in gold.requests:
        belongs = _belongs(str(request.body["country"]), table, as_of)
        found[request.external] = frozenset(
            offer.external
            for offer in gold.offers
            if _is_for(offer.body["eligibility"], belongs)
            and _meet(request.body["window"], offer.body["window"], as_of)
        )
    return found


def count_barred(rankings: Rankings, permitted: Permitted) -> int:
    """How many proposed pairs a rule bars; there should be none."""
    return sum(
        entry.offer not in permitted[request]
        for request, ranked in rankings.items()
        for entry in ranked
    )


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["alpha3"]: row for row in csv.DictReader(file, delimiter="\t")}
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise GoldSetError(f"{path} cannot be used: {error}") from None


def _belongs(
    alpha3: str, table: Mapping[str, Mapping[str, str]], as_of: date
) -> dict[str, frozenset[str]]:
    row = table.get(alpha3, {})
    known = groups(alpha3, as_of)
    return {
        "countries": frozenset({alpha3}),
        "regions": frozenset({row.get("subregion") or country(alpha3).area}),
        "groups": frozenset(
            group
            for group in _GROUPS
            if (row[group.lower()] == "1" if group.lower() in row else group in known)
        ),
    }


def _is_for(
    eligibility: Mapping[str, Iterable[str]], belongs: Mapping[str, frozenset[str]]
) -> bool:
    return not any(eligibility.values()) or any(
        belongs[name].intersection(listed) for name, listed in eligibility.items()
    )


def _meet(one: Mapping[str, Any], other: Mapping[str, Any], as_of: date) -> bool:
    first = max(date.fromisoformat(one["from"]), date.fromisoformat(other["from"]), as_of)
    return first <= min(date.fromisoformat(one["to"]), date.fromisoformat(other["to"]))
