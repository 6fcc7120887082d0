"""Documents made at once are those that mongoengine makes, of whatever is stored."""

import importlib
import random
import weakref
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import SON, ObjectId
from mongoengine import (
    BinaryField,
    BooleanField,
    DateField,
    DateTimeField,
    DictField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    ObjectIdField,
    StringField,
)
from mongoengine.base import BaseDocument, BaseField, ComplexBaseField
from mongoengine.errors import FieldDoesNotExist, InvalidDocumentError

from shared.web import stored
from shared.web.database import kept_documents

SERVICES = ("requests", "offers", "matcher", "portal")
MOMENT = datetime(2026, 11, 29, 12, 30, 15, 123000, tzinfo=UTC)
USUAL: dict[type[BaseField], tuple[Any, ...]] = {
    StringField: ("", "a", "\u0633\u0644\u0627\u062d"),
    IntField: (0, 7, -(2**40)),
    FloatField: (0.0, 2.5),
    BooleanField: (True, False),
    DateTimeField: (MOMENT,),
    DateField: (MOMENT,),
    BinaryField: (b"", b"\x00\xff"),
    ObjectIdField: (ObjectId(b"twelve bytes"),),
    DictField: ({}, {"a": 1, "b": {"c": [1, "x"]}, "d": []}),
}
ODD = (None, "7", 7, 2.5, True, MOMENT, b"bytes", (1, 2), [], ["a", None], [3], {}, {"a": "b"})
"""What may stand where something else was meant."""
REFUSALS = (InvalidDocumentError, FieldDoesNotExist, TypeError, ValueError, AttributeError)
LEFT = {"LedgerCase"}
"""Documents with something that is left to mongoengine: a choice."""


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    stored.make_documents_at_once()


def classes() -> list[type[Document]]:
    """Every document that the services keep."""
    for service in SERVICES:
        for part in ("app", "worker"):
            importlib.import_module(f"services.{service}.{part}")
    return sorted(kept_documents(), key=lambda one: one.__name__)


def parts_of(cls: type[BaseDocument]) -> set[type[BaseDocument]]:
    """The class and all that is embedded in it."""
    found: set[type[BaseDocument]] = set()
    waiting = [cls]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [
                field.document_type
                for kept in one._fields.values()
                for field in (kept, getattr(kept, "field", None))
                if isinstance(field, EmbeddedDocumentField)
            ]
    return found


def made_up(field: BaseField, chance: random.Random, oddness: float) -> Any:
    """A value as it might be stored of the field."""
    if chance.random() < oddness:
        return chance.choice(ODD)
    if isinstance(field, ListField):
        part = field.field or StringField()
        return [made_up(part, chance, oddness) for _ in range(chance.randrange(3))]
    if isinstance(field, EmbeddedDocumentField):
        return son_of(field.document_type, chance, oddness)
    if isinstance(field, DictField) and field.field is not None:
        return {"k": made_up(field.field, chance, oddness)}
    kinds = [kind for kind in USUAL if isinstance(field, kind)]
    return chance.choice(USUAL[kinds[0]])


def son_of(cls: type[BaseDocument], chance: random.Random, oddness: float) -> dict[str, Any]:
    """A document as it might be stored: some of its fields, in any order."""
    fields = list(cls._fields.values())
    chance.shuffle(fields)
    return {
        field.db_field: made_up(field, chance, oddness) for field in fields if chance.random() < 0.8
    }


def told(value: Any) -> Any:
    """All that there is to know of a value, in plain types that compare."""
    if isinstance(value, BaseDocument):
        known = {name: told(one) for name, one in sorted(value._data.items())}
        flags = value._initialised, value._created, value._changed_fields, value._cls
        owner = getattr(value, "_instance", None)
        kind = type(value._dynamic_fields), type(owner)
        alive = owner is not None and type(owner._data).__name__
        return type(value), known, flags, kind, alive, sorted(vars(value))
    if isinstance(value, dict):
        return type(value), [(name, told(one)) for name, one in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [told(one) for one in value]
    return type(value), repr(value)


def read(document: BaseDocument) -> list[Any]:
    """What each attribute says when it is read, twice, with all in it."""
    said: list[Any] = []
    for _ in range(2):
        for name in sorted(document._fields):
            value = getattr(document, name)
            said.append((name, told(value)))
            parts = value if isinstance(value, list) else [value]
            said += [read(part) for part in parts if isinstance(part, BaseDocument)]
    return said


def changed(document: BaseDocument) -> list[Any]:
    """What the document knows to be changed after each field of it, and of its parts, was."""
    said: list[Any] = []
    for name in sorted(document._fields):
        value = getattr(document, name)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, BaseDocument):
                for own in sorted(part._fields):
                    if isinstance(part._fields[own], StringField):
                        setattr(part, own, "changed")
        if isinstance(value, list):
            value.append("more")
        elif isinstance(value, dict):
            value["more"] = 1
        elif isinstance(value, str) and name not in ("id", "pk"):
            setattr(document, name, "changed")
        said.append((name, sorted(document._get_changed_fields())))
    return said


def outcome(make: Callable[[], BaseDocument]) -> list[Any]:
    """All that is to be said of what is made, or of why nothing is."""
    try:
        document = make()
    except (
        InvalidDocumentError,
        FieldDoesNotExist,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        return [type(error), str(error)]
    before, seen = told(document), read(document)
    try:
        kept: Any = told(document.to_mongo())
    except (AttributeError, TypeError, ValueError) as error:  # of what is odd
        return [before, seen, type(error), str(error)]
    try:
        return [before, seen, kept, changed(document)]
    except (AttributeError, TypeError, ValueError) as error:
        return [before, seen, kept, type(error), str(error)]


def both(cls: type[BaseDocument], son: Any) -> tuple[list[Any], list[Any]]:
    """What is made of the same at once, and by mongoengine."""
    stored.make_documents_at_once()
    at_once = outcome(lambda: cls._from_son(deepcopy(son)))
    BaseDocument._from_son = classmethod(stored._from_son)
    ComplexBaseField.__get__ = stored._get
    return at_once, outcome(lambda: cls._from_son(deepcopy(son)))


@pytest.mark.parametrize("oddness", [0.0, 0.1], ids=["usual", "odd"])
def test_what_is_made_at_once_is_what_mongoengine_makes(oddness: float) -> None:
    chance = random.Random(19)
    for cls in classes():
        for _ in range(12):
            son = son_of(cls, chance, oddness)
            at_once, own = both(cls, son)
            assert at_once == own, (cls.__name__, son)


def test_all_that_the_services_keep_is_made_at_once() -> None:
    parts = set().union(*(parts_of(cls) for cls in classes()))
    assert len(parts) > 50
    assert {part.__name__ for part in parts if stored._plan(part) is None} == LEFT


class Part(EmbeddedDocument):
    name = StringField()


class Whole(Document):
    meta = {"abstract": True}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    parts = EmbeddedDocumentListField(Part)
    one = EmbeddedDocumentField(Part)


@pytest.mark.parametrize(
    "son",
    [
        {"_id": "a", "parts": [{"name": "x"}], "unknown": 1},
        {"_id": "a", "parts": [{"name": "x", "unknown": 1}]},
        {"_id": "a", "parts": [{"_cls": "Part", "name": "x"}]},
        {"_id": "a", "one": 7},
        {"_id": "a", "parts": "text"},
        {"_id": "a", "parts": [None]},
        SON(_id="a", one=SON(name="x")),
        ["no document"],
        {},
    ],
    ids=str,
)
def test_what_is_unusual_is_left_to_mongoengine(son: Any) -> None:
    at_once, own = both(Whole, son)
    assert at_once == own


def test_a_part_knows_its_document_and_does_not_keep_it() -> None:
    stored.make_documents_at_once()
    whole = Whole._from_son({"_id": "a", "parts": [{"name": "x"}]})
    part, gone = whole.parts[0], weakref.ref(whole)
    assert part._instance.id == "a"
    del whole
    assert gone() is None
