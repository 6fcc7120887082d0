"""Reading a record's texts: their language, their signature, what search looks for.

Done by the owner when texts are new or have changed, and kept with the record, for it is by far
the most costly part of writing one (a few milliseconds, most of them the sentence vector).
"""

import hashlib
import json
from dataclasses import asdict, dataclass

from shared.language import METHOD, detect, encoder_available, signature
from shared.registers.records import Record, SignedRecord
from shared.registers.search import search_terms


@dataclass(frozen=True)
class Texts:
    """What a record says. The signature is of title and description.

    `more` can be searched besides; `confidential` too, but only by those who may see it.
    """

    title: str
    description: str
    more: tuple[str, ...] = ()
    confidential: tuple[str, ...] = ()


def read_texts(record: Record, texts: Texts, declared: str | None, key: bytes) -> None:
    """Set the record's language, search terms and, if it is a signed one, its signature.

    `declared` is the author's choice of language; without one the text tells. `key` is the
    deployment's key for term hashes. Does nothing where texts, choice and method are the same as
    when the record's texts were last read.
    """
    read = json.dumps([METHOD, declared, asdict(texts)], ensure_ascii=True)
    digest = hashlib.sha256(read.encode()).hexdigest()
    if digest == record.texts_digest:
        return
    fields = {"title": texts.title, "description": texts.description}
    if isinstance(record, SignedRecord):
        record.signature = signature(fields, declared or "en", key, record.text_side)
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


def warm_up() -> None:
    """Load what reading texts needs, a second's work, before the first text comes."""
    if encoder_available():
        detect("warm", "en")
