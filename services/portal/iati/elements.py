"""Elements of the standard: texts in a language, days, amounts, parts of a whole."""

import re
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Final
from xml.etree.ElementTree import Element, SubElement

LANGUAGE: Final = "xml:lang"
WHOLE: Final = Decimal(100)
_HUNDREDTH: Final = Decimal("0.01")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain(text: str) -> str:
    """The text without what no XML can hold: control characters, halves of pairs."""
    return _NO_XML.sub("", text)


def add(parent: Element, name: str, text: str | None = None, **attributes: object) -> Element:
    """A child element; attributes that are None are left out, `_` in their names is `-`."""
    kept = {
        key.rstrip("_").replace("_", "-"): plain(str(value))
        for key, value in attributes.items()
        if value is not None
    }
    child = SubElement(parent, name, kept)
    if text is not None:
        child.text = plain(text)
    return child


def narrative(parent: Element, text: str, language: str | None = None) -> None:
    """A text; its language is said where it is not the activity's."""
    child = add(parent, "narrative", text)
    if language is not None:
        child.set(LANGUAGE, language)


def told(parent: Element, name: str, text: str, language: str | None, **more: object) -> Element:
    """An element that is a text."""
    child = add(parent, name, None, **more)
    narrative(child, text, language)
    return child


def number(value: object) -> str:
    """A number as XML writes it, without an exponent."""
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shares(weights: Mapping[str, int]) -> dict[str, str]:
    """Percentages by weight that add up to 100 exactly: what rounding leaves goes to the first of
    the largest."""
    total = sum(weights.values())
    if not total:
        return {}
    parts = {
        code: (WHOLE * weight / total).quantize(_HUNDREDTH, ROUND_DOWN)
        for code, weight in weights.items()
    }
    largest = max(parts, key=lambda code: parts[code])
    parts[largest] += WHOLE - sum(parts.values())
    return {code: number(part) for code, part in parts.items()}
