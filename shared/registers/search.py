"""Full-text search in a register, in six languages, on any MongoDB.

MongoDB's own `$text` stems neither Arabic nor Chinese, and stems a whole collection's query in
one language. So the register keeps each record's word stems (for Chinese its character pairs) in
a list with a multikey index, and a query asks for records that have all the stems of its words.
That is an ordinary condition: it combines with every filter and with paging.

Stems of confidential texts carry a mark. A reader who may not see those texts asks for unmarked
stems only, so that neither an answer nor a missing one tells what a hidden text says.
"""

from collections.abc import Iterable
from typing import Any

from shared.language.terms import terms, tokens
from shared.vocabulary import LANGUAGES
from shared.web.problems import invalid_field

MAX_QUERY_TERMS = 16
_CONFIDENTIAL = "!"


def search_terms(
    texts: Iterable[str], confidential: Iterable[str], languages: Iterable[str]
) -> list[str]:
    """The sorted stems to keep with a record: its texts' stems in each of the languages.

    More than one language where the author's choice and the detected one differ.
    """
    spoken = [language for language in dict.fromkeys(languages) if language in LANGUAGES]
    stems = {stem for text in texts for language in spoken for stem in _kept(text, language)}
    marked = {
        _CONFIDENTIAL + stem
        for text in confidential
        for language in spoken
        for stem in _kept(text, language)
    }
    return sorted(stems | marked)


def search_condition(query: str, *, confidential: bool) -> dict[str, Any]:
    """The MongoDB condition for records that match the query.

    The query's language is not guessed (a few words are too little for that): each of the six
    ways of stemming it is one alternative. `confidential` includes marked stems. Raises the 422
    problem naming `q` for a query without a word to look for.
    """
    readings = dict.fromkeys(
        tuple(sorted(terms(tokens(query, language))))[:MAX_QUERY_TERMS] for language in LANGUAGES
    )
    alternatives = [
        {"$and": [{"search_terms": _any_of(stem, confidential)} for stem in reading]}
        for reading in readings
        if reading
    ]
    if not alternatives:
        raise invalid_field("q", "There is no word in this to look for.", "no-words")
    return alternatives[0] if len(alternatives) == 1 else {"$or": alternatives}


def _any_of(stem: str, confidential: bool) -> Any:
    return {"$in": [stem, _CONFIDENTIAL + stem]} if confidential else stem


def _kept(text: str, language: str) -> set[str]:
    found = list(tokens(text, language))
    # Single Chinese characters too, for a query of one: terms pairs them wherever it can.
    return {token.stem for token in found if token.language == "zh"} | set(terms(found))
