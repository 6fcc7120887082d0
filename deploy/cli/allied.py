"""The alliances of a gold set: formed by the engine or read from the services, and measured."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.cli.client import Client
from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet
from deploy.cli.through_engine import Profiles
from services.matcher.alliance_rules import IN_IT
from services.matcher.engine.affinity import shipped
from services.matcher.engine.alliances import Formation
from services.matcher.engine.asks import Ask
from services.matcher.engine.geography import Geography
from services.matcher.engine.measured import pairwise

FILE = "alliances.tsv"
_ALONE = "-"
_STEPS = 1000

Allied = Mapping[str, str]
"""Requests, by the set's ids, that are in an alliance, with its name."""


def assert_alliances(allied: Allied, gold_dir: Path, out: Path) -> dict[str, Any]:
    """Write a set's alliances; how good they are, where it has labels."""
    write_alliances(allied, out / FILE)
    return measure_alliances(allied, gold_dir / FILE)


def allied_by_engine(profiles: Profiles, geography: Geography) -> Allied:
    """The alliances that the engine forms of a set's requests, as of the geography's day.

    All requests count as submitted on one day, as those of a loaded set are.
    """
    formation = Formation(shipped(), geography)
    day = geography.on.toordinal()
    for request in profiles.requests.values():
        formation.put(Ask(profile=request, since=day, usable=True))
    while not formation.settle(_STEPS):
        pass
    names = {request.id: name for name, request in profiles.requests.items()}
    groups = [
        [names[request] for request in formation.members(anchor, day)]
        for anchor in formation.anchors()
    ]
    return _named(groups)


def allied_by_services(client: Client, gold: GoldSet) -> Allied:
    """The alliances that GET /v1/alliances tells of."""
    names = {row.id: row.external for row in gold.requests}
    return _named(
        [
            [names[one["request"]] for one in alliance["members"] if one["standing"] in IN_IT]
            for alliance in client.items("matcher", "/v1/alliances")
        ]
    )


def write_alliances(allied: Allied, path: Path) -> None:
    """Write alliance and request, tab-separated, by alliance; only what is asserted."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(("alliance", "request"))
        table.writerows(sorted((name, request) for request, name in allied.items()))


def measure_alliances(allied: Allied, labels: Path) -> dict[str, Any]:
    """Pairwise precision, recall and F1 against a labelled alliances.tsv; empty without one.

    Raises GoldSetError for a file that cannot be read.
    """
    if not labels.is_file():
        return {}
    return {"alliances": pairwise(allied, _read(labels)).figures()}


def _named(groups: list[list[str]]) -> Allied:
    """Alliances named by number, in the order of their first requests."""
    ordered = sorted(sorted(group) for group in groups if group)
    return {
        request: f"AL{number:02d}"
        for number, group in enumerate(ordered, start=1)
        for request in group
    }


def _read(path: Path) -> Allied:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
            return {row["request"]: row["alliance"] for row in rows if row["alliance"] != _ALONE}
    except OSError as error:
        raise GoldSetError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, KeyError):
        raise GoldSetError(f"{path} must have the columns alliance and request") from None
