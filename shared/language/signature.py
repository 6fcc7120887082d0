"""A text's signature: what of it may leave its owner."""

import hmac
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from shared.language.concepts import Mention, thesaurus
from shared.language.detect import Detection, detect, stretches
from shared.language.exclusions import Side, excluded_spans
from shared.language.facts import Counted, facts_in, json_number
from shared.language.inference import infer
from shared.language.inferred_lines import as_data, inferred_lines
from shared.language.particulars import NOBODY, Author, particulars_in
from shared.language.terms import Token, terms, tokens, weights
from shared.language.text import clean
from shared.language.vectors import encode, encoder_available

METHOD = "9"
"""Names this way of making signatures; to be raised whenever the same text would give another."""

ANALYSED = 60_000
"""Characters of a record's texts, all fields together, in which terms and concepts are sought."""

MOST_TERMS = 96
MOST_MENTIONS = 200
MENTIONS_OF_ONE = 3
_HASH_CHARACTERS = 16
_NAME_CHARACTERS = 8


@dataclass(frozen=True)
class Reading:
    """What was read in a record's texts.

    `signature` may leave the texts' owner; `inferred` is for those who may read the texts and see
    to the record (inferred_lines.as_data has its form).
    """

    signature: dict[str, Any]
    inferred: dict[str, Any]


def signature(
    fields: Mapping[str, str],
    declared_language: str,
    key: bytes,
    side: Side = "offer",
    author: Author = NOBODY,
) -> dict[str, Any]:
    """The signature of a record's texts; see `read`."""
    return read(fields, declared_language, key, side, author).signature


def read(
    fields: Mapping[str, str],
    declared_language: str,
    key: bytes,
    side: Side = "offer",
    author: Author = NOBODY,
) -> Reading:
    """The signature of a record's texts, and what they seem to ask for or to offer.

    `fields` maps names to texts, in the order in which they are read; `declared_language` is the
    author's BCP 47 tag, believed where the texts do not tell; `key` is the deployment's secret,
    without which the hashes of terms mean nothing; `side` is what the texts do (exclusions.py);
    `author` is whose texts they are (particulars.py).

    The signature has `method`, `language` (one of the six) with `language_probability`, `concepts`
    as [id, field, start, end] in the texts' order (at most 200, and 3 of one concept; offsets in
    characters), `excluded` the same for concepts that the texts rule out, which count nowhere else,
    `themes` and `kinds` as [code, probability] and `field`, the probability that they are of this
    field (inference.py), `lines` as [theme, kind, probability, quantity, unit, cents, currency]
    (the 6 strongest that the texts seem to describe; of what they tell of quantities, money,
    places and dates, that is all that leaves, beside `numbers`), `terms` as [16 hexadecimal digits,
    weight] (the 96 heaviest, in the order of the digits), `numbers` and `phases` as particulars.py
    has them, `names`, `sites` and `owner` as hashes of 8 hexadecimal digits, `places` as [line,
    such hashes], and `vector`, base64
    of 512 signed bytes, or None without text or encoder. Any text is taken; of long ones the
    first 60,000 characters (2,000 for the vector) count.
    """
    parts = text_parts(fields, declared_language, side)
    inferred = infer(parts.vector, parts.named, parts.excluded)
    language = parts.detection.language
    counted = {name: Counted.of(text, language) for name, text in parts.texts.items()}
    facts = facts_in(counted, language).outside(parts.ruled_out)
    lines = inferred_lines(inferred, parts.mentions, facts, parts.texts)
    told = particulars_in([*counted.values()], author)
    return Reading(
        {
            "method": METHOD,
            "language": parts.detection.language,
            "language_probability": parts.detection.probability,
            "concepts": [list(mention) for mention in parts.named],
            "excluded": [list(mention) for mention in parts.excluded],
            "themes": [list(theme) for theme in inferred.themes],
            "kinds": [list(kind) for kind in inferred.kinds],
            "field": inferred.field,
            "lines": [line.codes() for line in lines],
            "terms": _hashed(parts.words, key),
            "numbers": [json_number(number) for number in told.numbers],
            "phases": sorted(told.phases),
            **{
                name: sorted({_hash(one, key)[:_NAME_CHARACTERS] for one in getattr(told, name)})
                for name in ("names", "sites", "owner")
            },
            "places": [
                [line, sorted({_hash(one, key)[:_NAME_CHARACTERS] for one in codes})]
                for line, codes in told.places
            ],
            "vector": parts.vector,
        },
        as_data(inferred, lines, parts.mentions, facts, parts.texts),
    )


@dataclass(frozen=True)
class Parts:
    """What texts are made of, before anything is hashed or inferred.

    `named` and `excluded` are as in a signature. By field: `texts` without control characters,
    `ruled_out` the stretches that say what is not meant, `mentions` all concepts named elsewhere.
    """

    detection: Detection
    named: list[list[Any]]
    excluded: list[list[Any]]
    words: list[list[Token]]
    vector: str | None
    texts: Mapping[str, str]
    ruled_out: Mapping[str, Sequence[tuple[int, int]]]
    mentions: Mapping[str, Sequence[Mention]]


def text_parts(fields: Mapping[str, str], declared_language: str, side: Side) -> Parts:
    """The parts of a record's texts; arguments as for `signature`. They are shared: change none.

    The last are kept: a file's activity is read to tell its theme, then as a record for each of its
    countries, and the sentence vector alone costs more than all else.
    """
    return _parts(tuple(fields.items()), declared_language, side, encoder_available())


@lru_cache(maxsize=4)
def _parts(
    fields: tuple[tuple[str, str], ...],
    declared_language: str,
    side: Side,
    _with_vector: bool,
) -> Parts:
    texts = _cut(dict(fields))
    joined = "\n".join(text for text in texts.values() if text.strip())
    detection = detect(joined, declared_language)
    spans = {name: excluded_spans(text, detection.language, side) for name, text in texts.items()}
    meant: dict[str, list[Token]] = {}
    excluded: dict[str, list[Token]] = {}
    for name, text in texts.items():
        before = meant
        for word in _words(text, detection.language):
            kept = excluded if lies_in(word.start, spans[name]) else meant
            words = kept.setdefault(name, [])
            if kept is not before:
                # What stands on either side of a stretch does not belong together.
                words.append(Token(word.start, word.start, "", "", stop=False))
            words.append(word)
            before = kept
    said = "\n".join(_without(text, spans[name]) for name, text in texts.items() if text.strip())
    named = {name: thesaurus().find(meant.get(name, ())) for name in texts}
    ruled_out = {name: thesaurus().find(words) for name, words in excluded.items()}
    return Parts(
        detection,
        _kept(named),
        _kept(ruled_out),
        list(meant.values()),
        encode(said),
        texts,
        spans,
        named,
    )


def _words(text: str, language: str) -> Iterator[Token]:
    """A text's tokens, each sentence's in the language that it is surely in."""
    for start, end, own in stretches(text, language):
        for word in tokens(text[start:end], own):
            yield word._replace(start=start + word.start, end=start + word.end)


def _cut(fields: Mapping[str, str]) -> dict[str, str]:
    left = ANALYSED
    texts = {}
    for name, text in fields.items():
        texts[name] = clean(text[:left])
        left -= len(texts[name])
    return texts


def lies_in(place: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a place lies in one of the stretches, which are in order and apart."""
    before = bisect_right(spans, place, key=itemgetter(0))
    return before > 0 and place < spans[before - 1][1]


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    kept, last = [], 0
    for start, end in spans:
        kept.append(text[last:start])
        last = end
    return "".join([*kept, text[last:]])


def _kept(found: Mapping[str, Sequence[Mention]]) -> list[list[Any]]:
    kept: list[list[Any]] = []
    seen: Counter[str] = Counter()
    for name, mentions in found.items():
        for mention in mentions:
            seen[mention.concept] += 1
            if seen[mention.concept] <= MENTIONS_OF_ONE and len(kept) < MOST_MENTIONS:
                kept.append([mention.concept, name, mention.start, mention.end])
    return kept


def _hashed(found: Iterable[Iterable[Token]], key: bytes) -> list[list[Any]]:
    counts: Counter[str] = Counter()
    for words in found:
        counts.update(terms(words))
    # Which terms stay is decided before hashing: the heaviest, of equals the first in the text.
    # The order in which they leave is that of the hashes, which says nothing.
    weighed = sorted(weights(counts).items(), key=lambda item: -item[1])
    return sorted([_hash(term, key), weight] for term, weight in weighed[:MOST_TERMS])


def _hash(term: str, key: bytes) -> str:
    digest = hmac.digest(key, term.encode("utf-8", "replace"), "sha256")
    return digest.hex()[:_HASH_CHARACTERS]
