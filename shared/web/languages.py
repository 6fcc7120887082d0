"""The language that a reader is answered in."""

from flask import request
from marshmallow import fields, validate

from shared.vocabulary import LANGUAGES
from shared.web.schemas import StrictSchema


class LanguageQuery(StrictSchema):
    """The language of sentences."""

    language = fields.String(
        load_default=None,
        validate=validate.OneOf(LANGUAGES),
        metadata={"description": "Language of the sentences; else what Accept-Language prefers."},
    )


def reading_language(asked: str | None) -> str:
    """The language asked for; else what Accept-Language prefers of the six, English by default."""
    return asked or request.accept_languages.best_match(LANGUAGES, default="en") or "en"
