"""What records are called: for whoever names many beside what is asked for."""

from collections.abc import Iterable
from typing import Any, Final

from marshmallow import fields

from shared.registers.records import Record
from shared.web.schemas import StrictSchema

READ: Final = ("title", "language")
"""What is read of a record for it."""


class TitleView(StrictSchema):
    """What a record is called, in the language of its texts."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    language = fields.String(required=True, allow_none=True)


def title_views(records: Iterable[Record]) -> list[dict[str, Any]]:
    """What these records are called."""
    return [{"id": one.id, **{name: getattr(one, name) for name in READ}} for one in records]
