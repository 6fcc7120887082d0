"""What covers the need lines of a gold set: found by the engine or the services, and measured."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from deploy.cli.client import Client
from deploy.cli.goldformat import GoldSetError
from deploy.cli.goldset import GoldSet
from deploy.cli.taking import loaded
from deploy.cli.through_engine import OPERATOR, Profiles, told
from services.matcher.engine.activities import Activities, ActivityProfile
from services.matcher.engine.coverage import coverings, shipped
from services.matcher.engine.measured import judged
from services.offers.documents import Organisation
from services.offers.domain import new_activity
from services.offers.schemas import ActivityBody

FILE = "covered.tsv"
_COVERED = "1"


@dataclass(frozen=True, order=True)
class Covered:
    """An activity that covers a need line, by the set's ids, with the probability that it does."""

    request: str
    line: int
    activity: str
    score: float = 0.0

    @property
    def pair(self) -> tuple[str, int, str]:
        """The pair without its score."""
        return self.request, self.line, self.activity


def assert_coverage(covered: Sequence[Covered], gold_dir: Path, out: Path) -> dict[str, Any]:
    """Write what was found covered; how good that is, where the set has labels."""
    write_covered(covered, out / FILE)
    return measure_covered(covered, gold_dir / FILE)


def covered_by_engine(
    gold: GoldSet, profiles: Profiles, as_of: date, key: bytes
) -> tuple[Covered, ...]:
    """What the engine finds covered on a day, by request, line and activity.

    GoldSetError for an activity that the service would refuse.
    """
    activities = Activities()
    for activity in read_activities(gold, key):
        activities.put_activity(activity)
    for request in profiles.requests.values():
        activities.put_request(request)
    names = {row.id: row.external for row in gold.activities}
    return tuple(
        sorted(
            Covered(name, one.line, names[one.activity], one.score)
            for name, request in profiles.requests.items()
            for one in coverings(activities, request.id, as_of, shipped())
        )
    )


def covered_by_services(client: Client, gold: GoldSet) -> tuple[Covered, ...]:
    """What GET /v1/coverage tells of."""
    requests = {row.id: row.external for row in gold.requests}
    names = {row.id: row.external for row in gold.activities}
    cases = client.items("matcher", "/v1/coverage", status="open", limit=100)
    return tuple(
        sorted(
            Covered(requests[one["request"]], one["line"], names[one["activity"]], one["score"])
            for one in cases
        )
    )


def read_activities(gold: GoldSet, key: bytes) -> list[ActivityProfile]:
    """The set's activities made by the service's own code; GoldSetError if it would refuse one
    for anything but the form of its texts."""
    now = datetime.now(UTC).replace(microsecond=0)
    organisations = {row.id: Organisation(id=row.id, **row.body) for row in gold.organisations}
    found = []
    for row in gold.activities:
        with told(row):
            payload = loaded(ActivityBody(), row.body)
            giver = organisations[payload["organisation"]]
            activity = new_activity(payload, OPERATOR, now, key, organisation=giver)
        activity.epoch = activity.number = 1
        # As it arrives over the wire.
        found.append(ActivityProfile.of_event(json.loads(json.dumps(activity.event().data))))
    return found


def write_covered(covered: Iterable[Covered], path: Path) -> None:
    """Write request, line, activity and score, tab-separated; only what is asserted."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerow(("request", "line", "activity", "score"))
        for one in covered:
            table.writerow((*one.pair, f"{one.score:.6f}"))


def measure_covered(covered: Iterable[Covered], labels: Path) -> dict[str, Any]:
    """Precision, recall and F1 against a labelled covered.tsv; empty without one.

    `labelled` takes only labelled pairs, `all` those without a label as wrong. Raises GoldSetError
    for a file that cannot be read.
    """
    if not labels.is_file():
        return {}
    return {"coverage": judged({one.pair for one in covered}, _read(labels))}


def _read(path: Path) -> Mapping[tuple[str, int, str], bool]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {
                (row["request"], int(row["line"]), row["activity"]): row["label"] == _COVERED
                for row in csv.DictReader(file, delimiter="\t")
            }
    except OSError as error:
        raise GoldSetError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, KeyError, TypeError, ValueError):
        message = f"{path} must have the columns request, line, activity and label"
        raise GoldSetError(message) from None
