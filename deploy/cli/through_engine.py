"""Ranking a gold set by the engine in this process, over the same event data as the services'."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from deploy.cli.goldformat import GoldSetError, RowError
from deploy.cli.goldset import GoldSet, Row, format_field
from deploy.cli.rankings import SIZE, Ranked, Rankings
from deploy.cli.taking import loaded
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import Model, prior_model
from services.offers.documents import Organisation
from services.offers.domain import new_offer, step_offer
from services.offers.schemas import OfferBody
from services.requests.domain import authenticate, new_request, submit
from services.requests.schemas import RequestBody
from shared.events.outbox import Aggregate
from shared.web.field_errors import field_errors
from shared.web.identity import Identity
from shared.web.problems import FieldError, Problem

OPERATOR = Identity(subject="evaluation", role="operator")
COORDINATOR = Identity(subject="evaluation", role="coordinator")
_EPOCH, _PUBLISHED = 1, 3
"""A loaded offer is created, submitted and published, a request created, submitted and
authenticated: their third version is the one that is matched."""


@dataclass(frozen=True)
class Profiles:
    """A set's requests and offers as the engine sees them, by the set's own ids, in its order."""

    requests: Mapping[str, RequestProfile]
    offers: Mapping[str, OfferProfile]


def rank_through_engine(
    gold: GoldSet, countries: Path | None, as_of: date, term_key: bytes
) -> Rankings:
    """The engine's rankings of all requests, by the set's ids.

    `countries` is a countries.tsv that decides regions and groups. Raises GoldSetError as
    `read_profiles` does, and for a table that cannot be read.
    """
    geography = read_geography(countries, as_of)
    return as_rankings(shortlists(read_profiles(gold, term_key), prior_model(), geography, SIZE))


def read_profiles(gold: GoldSet, term_key: bytes) -> Profiles:
    """The set's records made by the services' own code; GoldSetError for one that they would refuse
    for anything but the form of its texts (taking.py)."""
    now = datetime.now(UTC).replace(microsecond=0)
    offers = zip(gold.offers, _offers(gold, now, term_key), strict=True)
    requests = zip(gold.requests, _requests(gold, now, term_key), strict=True)
    return Profiles(
        offers={row.external: OfferProfile.of_event(data) for row, data in offers},
        requests={row.external: RequestProfile.of_event(data) for row, data in requests},
    )


def shortlists(
    profiles: Profiles, model: Model, geography: Geography, size: int
) -> dict[str, list[Pairing]]:
    """The engine's shortlists by request, as of the geography's day; all ids are the set's own."""
    engine = Engine(model, geography, geography.on, size)
    for offer in profiles.offers.values():
        engine.put_offer(offer)
    for request in profiles.requests.values():
        engine.put_request(request)
    names = {offer.id: name for name, offer in profiles.offers.items()}
    return {
        name: [
            entry._replace(request=name, offer=names[entry.offer])
            for entry in engine.shortlist(request.id, size).entries
        ]
        for name, request in profiles.requests.items()
    }


def as_rankings(found: Mapping[str, Sequence[Pairing]]) -> Rankings:
    """Shortlists as rankings."""
    return {
        request: [Ranked(entry.offer, entry.score) for entry in entries]
        for request, entries in found.items()
    }


def read_geography(countries: Path | None, as_of: date) -> Geography:
    """Regions and groups by a countries.tsv, or by the vocabulary; GoldSetError if unreadable."""
    if countries is None:
        return Geography.of_vocabulary(as_of)
    try:
        return Geography.of_file(countries, as_of)
    except (OSError, ValueError) as error:
        raise GoldSetError(f"{countries} cannot be used: {error}") from None


def _offers(gold: GoldSet, now: datetime, key: bytes) -> Iterator[Mapping[str, Any]]:
    organisations = {row.id: Organisation(id=row.id, **row.body) for row in gold.organisations}
    for row in gold.offers:
        with told(row):
            payload = loaded(OfferBody(), row.body)
            donor = organisations[payload["organisation"]]
            offer = new_offer(payload, OPERATOR, now, key, organisation=donor)
            step_offer(offer, "submit", OPERATOR, now)
            step_offer(offer, "publish", OPERATOR, now)
        yield _event_data(offer)


def _requests(gold: GoldSet, now: datetime, key: bytes) -> Iterator[Mapping[str, Any]]:
    for row in gold.requests:
        with told(row):
            request = new_request(loaded(RequestBody(), row.body), OPERATOR, now, key)
            submit(request, "express", OPERATOR, now)
            authenticate(request, None, COORDINATOR, now)
        yield _event_data(request)


@contextmanager
def told(row: Row) -> Iterator[None]:
    """Tell what a service would refuse as it would be told of a loaded row."""
    try:
        yield
    except ValidationError as error:
        raise _refused(row, field_errors(error.messages)) from None
    except Problem as problem:
        raise _refused(row, problem.errors) from None


def _refused(row: Row, errors: Sequence[FieldError]) -> GoldSetError:
    told = [
        RowError(row.file, row.line, format_field(row.kind, error.field), error.message)
        for error in errors
    ]
    return GoldSetError("\n".join(map(str, told)))


def _event_data(document: Aggregate) -> Mapping[str, Any]:
    document.epoch, document.number = _EPOCH, _PUBLISHED
    event = document.event()
    if event is None:
        raise ValueError(f"{document.id} is open for matching and has no event")
    # As it arrives over the wire: lists for tuples, and every number read from its digits.
    data: Mapping[str, Any] = json.loads(json.dumps(event.data))
    return data
