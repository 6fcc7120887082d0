"""Keys of the embedded database: made at once, they are the bytes that the whole way makes."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

storage = pytest.importorskip("secantus.storage")

from secantus import sortkey  # noqa: E402 (after the skip)
from secantus.collation import parse  # noqa: E402
from wiredtiger import swig_wiredtiger as binding  # noqa: E402

from deploy.local import keys  # noqa: E402

TEXTS = ["", "a", "requests", "\u0645\u0648\u0635\u0644", "nul\0here", "\U0001f600"]
BYTES = [b"", b"\0", b"a\0\0b\xff", bytes(range(256))]
NUMBERS = [0, 1, -1, 63, 64, 8255, 8256, 8257, 2**40, -(2**40), 2**63 - 1, -(2**63)]
FORMATS = ["S", "SS", "SSS", "SSSS", "u", "q", "Su", "SSu", "SSSu", "SSq", "SSSq", "uS", "Q", ""]


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The functions as they were; what stands instead is undone at the end."""
    before = {
        (module, name): getattr(module, name)
        for module, name in (
            (binding, "pack"),
            (binding, "unpack"),
            (sortkey, "encode_value"),
            (storage, "encode_value"),
            (storage, "_index_key_variants"),
        )
    }
    for (module, name), function in before.items():
        monkeypatch.setattr(module, name, function)
    keys.make_keys_at_once()
    return lambda module, name: before[module, name]


def outcome(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What it answers, or what kind of error it ends in."""
    try:
        return function(*given, **named)
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError) as error:
        return type(error)


def values(kinds: str) -> list[list[Any]]:
    """Of each kind that a format names, values that fit and some that do not."""
    found = {"S": [*TEXTS, b"bytes"], "u": [*BYTES, bytearray(b"x"), "text"], "q": [*NUMBERS, True]}
    return [random.Random(kinds).sample(found.get(one, NUMBERS), 5) for one in kinds]


@pytest.mark.parametrize("kinds", FORMATS)
def test_keys_are_packed_and_unpacked_as_the_whole_way_does(
    whole: Callable[..., Any], kinds: str
) -> None:
    pack, unpack = whole(binding, "pack"), whole(binding, "unpack")
    packed = set()
    for given in [*product(*values(kinds)), (), ("a",), ("a", "b", "c", "d", "e")]:
        expected = outcome(pack, kinds, *given)
        assert outcome(binding.pack, kinds, *given) == expected
        if type(expected) is bytes:
            packed.add(expected)
    for data in [*packed, None, b"", b"\0", b"a", b"a\0", b"\xff\0\0", b"a\0b\0c\0d\0e"]:
        expected = outcome(unpack, kinds, data)
        assert outcome(binding.unpack, kinds, data) == expected
    assert packed or not kinds


VALUES: list[Any] = [
    *TEXTS,
    *(None, True, 0, -1.5, datetime(2026, 11, 28, tzinfo=UTC), b"bytes", {"a": "b"}),
    *([], ["a", "b", "a"], ["b", None, 1, 1.0], [["a"], "a"], [{"a": "b"}, {"a": 1}]),
]


@pytest.mark.parametrize("collation", [None, parse({"locale": "en", "strength": 1})])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_document_has_the_keys_that_the_whole_way_gives_it(
    whole: Callable[..., Any], sparse: bool, collation: Any
) -> None:
    variants = whole(storage, "_index_key_variants")
    specs = [{"a": 1}, {"a": -1}, {"a": 1, "b": 1}, {"b": -1, "a": 1}, {"a.a": 1, "b": 1}, {"c": 1}]
    documents = [{"a": one, "b": other} for one, other in product(VALUES, VALUES)]
    most = 0
    for document, spec in product([*documents, {}, {"b": "a"}], specs):
        given = {"sparse": sparse, "collation": collation}
        expected = variants(document, spec, **given)
        assert storage._index_key_variants(document, spec, **given) == expected
        most = max(most, len(expected))
    assert most > 4


def test_a_text_is_encoded_as_the_whole_way_does(whole: Callable[..., Any]) -> None:
    encode = whole(sortkey, "encode_value")
    for value, direction in product(VALUES, (1, -1)):
        expected = encode(value)
        assert sortkey.encode_value(value) == storage.encode_value(value) == expected
        turned = sortkey.invert_bytes(expected) if direction == -1 else expected
        assert sortkey.encode_value_directed(value, direction) == turned
