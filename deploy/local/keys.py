"""Keys of the embedded database, put together and taken apart at once.

The binding of WiredTiger packs and unpacks each key and value in Python, character by character of
its format; SecantusDB 0.7 finds out anew what kind each value of an index's key is, and encodes
each value of a list three times. Of what a document with a list of 45 names in an index costs, that
was more than half. Here each is one step; the bytes are what they were.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any, Final, cast

from secantus import sortkey, storage
from wiredtiger import swig_wiredtiger as binding
from wiredtiger.intpacking import pack_int, unpack_int

_TEXTS_AT_MOST: Final = 3
_KINDS: Final[Mapping[str, type]] = {"": str, "u": bytes, "q": int}
_TEXT: Final = bytes([sortkey.RANK_STRING])


def make_keys_at_once() -> None:
    """Have keys and values packed and unpacked in one step where they are texts, and bytes or a
    whole number that may follow them, and the values of an index's keys encoded once each. All else
    goes the whole way."""
    pack, unpack = binding.pack, binding.unpack
    formats = {
        "S" * texts + last: (texts, last)
        for texts in range(_TEXTS_AT_MOST + 1)
        for last in ("", "u", "q")
        if texts or last
    }
    packing = {kinds: _packing(*parts) for kinds, parts in formats.items()}
    unpacking = {kinds: _unpacking(*parts) for kinds, parts in formats.items()}

    def packed(kinds: str, *values: Any) -> Any:
        at_once = packing.get(kinds)
        found = None if at_once is None else at_once(values)
        return pack(kinds, *values) if found is None else found

    def unpacked(kinds: str, data: Any) -> Any:
        at_once = unpacking.get(kinds)
        found = None if at_once is None else at_once(data)
        return unpack(kinds, data) if found is None else found

    binding.pack, binding.unpack = packed, unpacked
    encode = sortkey.encode_value

    def encode_value(value: Any, *, collation: Any = None) -> Any:
        if type(value) is str and collation is None:
            return _encoded_text(value)
        return encode(value, collation=collation)

    sortkey.encode_value = storage.encode_value = encode_value
    storage._index_key_variants = _variants


def _packing(texts: int, last: str) -> Callable[[Sequence[Any]], bytes | None]:
    """What packs so many texts and what follows them; None from it where they are others."""

    def pack(values: Sequence[Any]) -> bytes | None:
        if len(values) != texts + len(last) or type(values[-1]) is not _KINDS[last]:
            return None
        end: Any = values[-1]
        if last == "q":
            end = pack_int(end)
        elif not last:
            end = b""
        if not texts:
            return cast(bytes, end)
        try:
            head = "\0".join(values[:texts])
        except TypeError:
            return None
        if head.count("\0") != texts - 1:
            return None
        return b"%b\0%b" % (head.encode(), end)

    return pack


def _unpacking(texts: int, last: str) -> Callable[[Any], list[Any] | None]:
    """What takes so many texts apart, and what follows them; None from it where they are others."""

    def unpack(data: Any) -> list[Any] | None:
        if type(data) is not bytes:
            return None
        *heads, end = data.split(b"\0", texts)
        if len(heads) != texts:
            return None
        values: list[Any] = [one.decode() for one in heads]
        if last:
            values.append(unpack_int(end)[0] if last == "q" else end)
        return values

    return unpack


def _encoded_text(value: str) -> bytes:
    return _TEXT + value.encode().replace(b"\0", b"\0\xff")


def _variants(
    doc: Mapping[str, Any], key_spec: Mapping[str, Any], *, sparse: bool, collation: Any = None
) -> list[bytes]:
    """The keys that a document has in an index, each once."""
    if sparse and not storage._sparse_covers(doc, key_spec):
        return []
    parts = []
    for field, direction in key_spec.items():
        values, _ = storage._index_field_values(doc, field)
        sign = int(direction)
        plain = sign == 1 and collation is None
        parts.append(
            dict.fromkeys(
                [
                    _encoded_text(one)
                    if plain and type(one) is str
                    else sortkey.encode_value_directed(one, sign, collation=collation)
                    for one in values
                ]
            )
        )
    if len(parts) == 1:
        return list(parts[0])
    return list(dict.fromkeys(map(sortkey.COMPOUND_SEP.join, product(*parts))))
