"""Reading a record's texts: their language, their signature, what search looks for.

Done by the owner when texts are new or have changed, and kept with the record, for it is by far
the most costly part of writing one (a few milliseconds, most of them the sentence vector).
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from shared.language import METHOD, Reading, detect, encoder_available, read
from shared.language.exclusions import Side
from shared.language.particulars import NOBODY, Author
from shared.registers.records import Record, SignedRecord
from shared.registers.search import search_terms
from shared.web.health import Check, Degraded

_LOADING, _LOADED = threading.Lock(), threading.Event()


@dataclass(frozen=True)
class Texts:
    """What a record says. The signature is of title and description.

    `more` can be searched besides; `confidential` too, but only by those who may see it. `author`
    is whose texts they are, as far as it matters for the signature.
    """

    title: str
    description: str
    more: tuple[str, ...] = ()
    confidential: tuple[str, ...] = ()
    author: Author = NOBODY


def read_texts(record: Record, texts: Texts, declared: str | None, key: bytes) -> None:
    """Set the record's language, search terms and, if it is a signed one, what was read in it.

    `declared` is the author's choice of language; without one the text tells. `key` is the
    deployment's key for term hashes. Does nothing where texts, choice and method (the encoder's
    presence included) are the same as when the record's texts were last read.
    """
    method = [METHOD, encoder_available()]
    seen = json.dumps([method, declared, asdict(texts)], ensure_ascii=True)
    digest = hashlib.sha256(seen.encode()).hexdigest()
    if digest == record.texts_digest:
        return
    fields = {"title": texts.title, "description": texts.description}
    if isinstance(record, SignedRecord):
        reading = _read(fields, declared or "en", key, record.text_side, texts.author)
        record.signature, record.inferred = reading.signature, reading.inferred
        detected = record.signature["language"]
    else:
        detected = detect("\n".join(fields.values()), declared or "en").language
    record.language = declared or detected
    record.search_terms = search_terms(
        (texts.title, texts.description, *texts.more),
        texts.confidential,
        (record.language, detected),
    )
    record.texts_digest = digest


def inferred_of(record: SignedRecord) -> dict[str, Any]:
    """What the record's texts seem to ask for or to offer, as `read` infers it.

    Read now where the record was last written before that was kept.
    """
    if record.inferred:
        return dict(record.inferred)
    return infer_from(record.title, record.description, record.language, record.text_side)


def infer_from(
    title: str | None, description: str | None, language: str | None, side: Side
) -> dict[str, Any]:
    """What texts seem to ask for or to offer, stored nowhere; `side` says which they do."""
    fields = {"title": title or "", "description": description or ""}
    return _read(fields, language or "en", b"", side).inferred


def _read(*said: Any) -> Reading:
    """`read`; the first time by one thread alone. It loads what all share, and whoever came
    meanwhile would load it too: eight first texts at once took eight times as long as one."""
    if _LOADED.is_set():
        return read(*said)
    with _LOADING:
        found = read(*said)
        _LOADED.set()
    return found


def check_encoder() -> None:
    """A check for /readyz: raises Degraded where there are no sentence vectors."""
    if not encoder_available():
        raise Degraded(
            "No sentence encoder is installed: texts are read by the thesaurus and terms alone."
        )


TEXT_CHECKS: Mapping[str, Check] = MappingProxyType({"encoder": check_encoder})


def warm_up() -> None:
    """Load what reading texts needs, a second's work, before the first text comes."""
    if encoder_available():
        detect("warm", "en")
