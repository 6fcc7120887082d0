"""What embargoes say, as sentences in the reader's language."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from services.matcher.engine.codes import KIND_CODES
from services.matcher.engine.wording import date_text, filled, kind_text, list_text
from shared.vocabulary.counts import number_text

Code = Literal["bars-lines", "bars-kinds", "bars-unstated", "exempts", "allows"]


def embargo_text(
    code: Code,
    language: str,
    *,
    resolution: str,
    kinds: Sequence[str] = (),
    needs: Sequence[int] = (),
    reference: str | None = None,
    until: date | None = None,
    pair: bool = False,
) -> str:
    """What one embargo says of a `pair`, a request, or any request of its State."""
    facts = {
        "resolution": list_text([resolution], language),
        "kinds": list_text([kind_text(kind, language) for kind in kinds], language),
        "lines": list_text([number_text(need, language) for need in needs], language),
        "reference": list_text([reference or ""], language),
        "date": "" if until is None else date_text(until, language),
    }
    return filled(_sentences()["embargo"][_name(code, kinds, pair)], language, facts)


def _name(code: Code, kinds: Sequence[str], pair: bool) -> str:
    """The sentence that says it, for some are said otherwise of all kinds, or where no proposal
    is that could fall."""
    if code == "bars-kinds" and set(kinds) == set(KIND_CODES):
        return "bars-all"
    return "exempts-request" if code == "exempts" and not pair else code


@cache
def _sentences() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    source = files("services.matcher.engine") / "data" / "embargo_sentences.json"
    found: dict[str, dict[str, dict[str, str]]] = json.loads(source.read_text(encoding="utf-8"))
    return found
