"""Event data of requests and offers, as the registers would make it, for tests of the engine."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine.comparing import Compared
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import Model, most_weights, prior_model
from services.matcher.engine.serving import Serving
from shared.language import signature

TODAY = date(2026, 1, 1)
DONOR = "66f0000000000000000000d1"
WINDOW = {"from": "2026-03-01", "to": "2027-02-28"}
KEY = b"key of the tests"

TEXTS = (
    "Four marking machines and training of operators for the police",
    "Machines de marquage et formation des opérateurs de la police",
    "Construction of an ammunition depot with lightning protection",
    "Капитальный ремонт хранилищ боеприпасов",
    "Contrôle des frontières : scanners pour les postes de douane",
    "为枪支打上标识的打标机",
    "خبراء لصياغة قوانين الأسلحة",
    "Nothing of the kind at all",
    "",
)


@cache
def signed(text: str, key: bytes = KEY) -> dict[str, Any]:
    """The signature of a description."""
    return signature({"title": "", "description": text}, "en", key)


def need(line: int = 1, **fields: Any) -> dict[str, Any]:
    """A need of four marking machines worth 160,000 dollars, with other values where given."""
    usual = {
        "line": line,
        "theme": "marking",
        "kind": "equipment",
        "quantity": 4,
        "unit": "machines",
        "amount_cents": 16_000_000,
        "currency": "USD",
        "priority": None,
        "window": None,
    }
    return {**usual, **fields}


def provision(line: int = 1, **fields: Any) -> dict[str, Any]:
    """A provision of ten marking machines worth 400,000 dollars, or other values."""
    usual = {
        "line": line,
        "theme": "marking",
        "kind": "equipment",
        "capacity": 10,
        "unit": "machines",
        "amount_cents": 40_000_000,
        "currency": "USD",
    }
    return {**usual, **fields}


def request(id_: str = "R1", **fields: Any) -> RequestProfile:
    """A published request of Senegal for marking machines, or with other values."""
    usual: Mapping[str, Any] = {
        "id": id_,
        "status": "published",
        "country": "SEN",
        "priority": "high",
        "window": WINDOW,
        "needs": [need()],
        "signature": signed(TEXTS[0]),
    }
    return RequestProfile.of_event({**usual, **fields})


def offer(id_: str = "O1", **fields: Any) -> OfferProfile:
    """A published, unconditional offer of marking machines to anyone, or with other values."""
    usual: Mapping[str, Any] = {
        "id": id_,
        "status": "published",
        "organisation": DONOR,
        "donor_type": None,
        "donor_country": None,
        "window": WINDOW,
        "provisions": [provision()],
        "eligibility": eligibility(),
        "conditions": [],
        "ceiling_cents": None,
        "ceiling_currency": None,
        "signature": signed(TEXTS[0]),
    }
    return OfferProfile.of_event({**usual, **fields})


def eligibility(
    countries: tuple[str, ...] = (), regions: tuple[str, ...] = (), groups: tuple[str, ...] = ()
) -> dict[str, list[str]]:
    """Who may have an offer; anyone, if nothing is given."""
    return {"countries": list(countries), "regions": list(regions), "groups": list(groups)}


def engine(*records: RequestProfile | OfferProfile, size: int = 50, **fields: Any) -> Engine:
    """An engine of the first of January 2026 that holds these records."""
    model: Model = fields.get("model") or prior_model()
    made = Engine(model, Geography.of_vocabulary(TODAY), fields.get("as_of", TODAY), size)
    for record in records:
        put(made, record)
    return made


def put(into: Engine, record: RequestProfile | OfferProfile) -> None:
    """Put a request or an offer."""
    if isinstance(record, RequestProfile):
        into.put_request(record)
    else:
        into.put_offer(record)


def score(of: RequestProfile, by: OfferProfile, model: Model | None = None) -> float:
    """The score of a pair, 0 if it is not proposed."""
    entries = engine(of, by, model=model).shortlist(of.id).entries
    return entries[0].score if entries else 0.0


def bounded(weights: Sequence[float]) -> tuple[float, ...]:
    """Weights that a model may have: none above what its feature may weigh at most."""
    return tuple(map(min, weights, most_weights()))


def joined(pairs: Compared) -> tuple[npt.NDArray[Any], ...]:
    """Rows, log odds and features of all compared pairs, whoever tells of them."""
    counts = list(enumerate(pairs.counts))
    return tuple(
        np.concatenate([column[who, :count] for who, count in counts]) for column in pairs[1:]
    )


def serving(
    need: int,
    provision: int,
    theme: str,
    kind: str,
    quantity: float | None = None,
    of: float | None = None,
    unit: str | None = None,
    fit: float = 1.0,
    amount: int | None = None,
    amount_of: int | None = None,
) -> Serving:
    """What a provision serves of a need."""
    return {
        "need": need,
        "provision": provision,
        "theme": theme,
        "kind": kind,
        "quantity": quantity,
        "of": of,
        "unit": unit,
        "fit": fit,
        "amount": amount,
        "amount_of": amount_of,
    }
