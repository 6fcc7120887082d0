"""The development set: how well the engine ranks it, and that nothing barred is proposed."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.matcher.engine.evaluation import ece, metrics
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import prior_model
from shared.language import encoder_available, signature
from shared.vocabulary.units import canonical_unit

SET = Path(__file__).parents[4].parent / "shared" / "gold" / "dev"
ON = date(2026, 1, 1)

pytestmark = pytest.mark.skipif(
    not (SET.is_dir() and encoder_available()), reason="no gold set, or no sentence encoder"
)

FLOORS = {
    False: {
        "ndcg@10": 0.955,
        "p@1": 0.99,
        "p@5": 0.77,
        "mrr": 0.99,
        "map": 0.9,
        "recall@10": 0.955,
        "recall@50": 0.99,
        "recall@10-same-language": 0.945,
        "recall@10-cross-language": 0.945,
        "ndcg@10-same-language": 0.97,
        "ndcg@10-cross-language": 0.96,
    },
    True: {
        "ndcg@10": 0.93,
        "p@1": 0.99,
        "p@5": 0.76,
        "mrr": 0.99,
        "map": 0.885,
        "recall@10": 0.925,
        "recall@50": 0.99,
        "recall@10-same-language": 0.93,
        "recall@10-cross-language": 0.91,
        "ndcg@10-same-language": 0.95,
        "ndcg@10-cross-language": 0.945,
    },
}
"""A little below what was measured with the full records, and with the texts alone; nDCG@10 is
to reach .95 with the full records and .9 with the texts alone."""

CEILINGS = {False: {"ece": 0.02, "ece@10": 0.055}, True: {"ece": 0.015, "ece@10": 0.05}}
"""A little above how far scores were from being probabilities, of all and in the first ten."""


@pytest.fixture(scope="module")
def gold() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    requests, offers = _rows("requests.jsonl"), _rows("offers.jsonl")
    for side, rows in (("request", requests), ("offer", offers)):
        for row in rows:
            fields = {"title": row["title"], "description": row["description"]}
            row["signature"] = signature(fields, row["language"], b"key of the tests", side)
    return requests, offers


@pytest.mark.parametrize("text_only", [False, True])
def test_the_development_set(
    gold: tuple[list[dict[str, Any]], list[dict[str, Any]]], text_only: bool
) -> None:
    requests, offers = gold
    engine = Engine(prior_model(), Geography.of_file(SET / "countries.tsv", ON), ON)
    for row in requests:
        engine.put_request(RequestProfile.of_event(_request(row, text_only)))
    for row in offers:
        engine.put_offer(OfferProfile.of_event(_offer(row, text_only)))
    listed = {row["id"]: engine.shortlist(row["id"]).entries for row in requests}
    rankings = {request: [entry.offer for entry in found] for request, found in listed.items()}
    allowed = _allowed(requests, offers)
    barred = [(r, o) for r, ranked in rankings.items() for o in ranked if (r, o) not in allowed]
    assert barred == []
    languages = {row["id"]: row["language"] for row in (*requests, *offers)}
    grades = _qrels()
    found = metrics(rankings, grades, languages)
    assert {
        name: found[name] for name, floor in FLOORS[text_only].items() if found[name] < floor
    } == {}
    # Help in the State's own language is found no less surely than that in another.
    assert found["recall@10-same-language"] >= found["recall@10-cross-language"]
    assert found["ndcg@10-same-language"] >= found["ndcg@10-cross-language"]
    missed = {"ece": _ece(listed, grades, None), "ece@10": _ece(listed, grades, 10)}
    assert {n: missed[n] for n, most in CEILINGS[text_only].items() if missed[n] > most} == {}


def _ece(
    listed: Mapping[str, Sequence[Pairing]],
    grades: Mapping[str, Mapping[str, int]],
    depth: int | None,
) -> float:
    """How far scores are from the part of pairs with grade 2 or 3, in the first places."""
    pairs = [
        (entry.score, grades.get(request, {}).get(entry.offer, 0) >= 2)
        for request, found in listed.items()
        for entry in found[:depth]
    ]
    return ece([score for score, _ in pairs], [endorsed for _, endorsed in pairs])


def _allowed(requests: list[dict[str, Any]], offers: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Pairs that the set's own table and windows allow, found without the engine."""
    lines = (SET / "countries.tsv").read_text(encoding="utf-8").splitlines()
    table = {
        row["alpha3"]: row
        for row in (
            dict(zip(lines[0].split("\t"), line.split("\t"), strict=True)) for line in lines[1:]
        )
    }
    return {
        (request["id"], offer["id"])
        for request in requests
        for offer in offers
        if _eligible(table[request["country"]], offer["eligibility"])
        and max(request["window"]["from"], offer["window"]["from"])
        <= min(request["window"]["to"], offer["window"]["to"])
    }


def _eligible(country: dict[str, str], who: dict[str, list[str]]) -> bool:
    if not any(who.values()):
        return True
    groups = {"ODA", *(name.upper() for name in ("ldc", "lldc", "sids") if country[name] == "1")}
    return (
        country["alpha3"] in who["countries"]
        or country["subregion"] in who["regions"]
        or bool(groups & set(who["groups"]))
    )


def _request(row: dict[str, Any], text_only: bool) -> dict[str, Any]:
    needs = [] if text_only else row["needs"]
    return {
        "id": row["id"],
        "status": "published",
        "country": row["country"],
        "priority": None if text_only else row["priority"],
        "window": row["window"],
        "needs": [_line(need, "quantity") for need in needs],
        "signature": row["signature"],
    }


def _offer(row: dict[str, Any], text_only: bool) -> dict[str, Any]:
    provisions = [] if text_only else row["provisions"]
    return {
        "id": row["id"],
        "status": "published",
        "organisation": row["donor"],
        "donor_type": row["donor_type"],
        "donor_country": row["donor_country"],
        "window": row["window"],
        "provisions": [_line(provision, "capacity") for provision in provisions],
        "eligibility": row["eligibility"],
        "conditions": [{"kind": "other"} for _ in row["conditions"]],
        "ceiling_cents": None,
        "ceiling_currency": None,
        "signature": row["signature"],
    }


def _line(row: dict[str, Any], measure: str) -> dict[str, Any]:
    dollars = row["amount_usd"]
    return {
        **{name: row[name] for name in ("line", "theme", "kind", measure)},
        "unit": canonical_unit(row["unit"]) if row["unit"] else None,
        "amount_cents": None if dollars is None else round(dollars * 100),
        "currency": None if dollars is None else "USD",
    }


def _qrels() -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    for line in (SET / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        request, offer, grade = line.split("\t")
        grades.setdefault(request, {})[offer] = int(grade)
    return grades


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SET / name).read_text(encoding="utf-8").splitlines()]
