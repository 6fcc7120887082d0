"""The commands' tests evaluate the same examples over and over: their texts are read once."""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict
from typing import Any

import pytest

from shared.language import Reading, encoder_available, read
from shared.registers import texts


@pytest.fixture(scope="package", autouse=True)
def each_text_is_read_once() -> Iterator[None]:
    """What reading the same text again gives is remembered: it is most of what evaluating takes."""
    known: dict[str, Reading] = {}

    def reading(fields: Any, declared: str, key: bytes, *more: Any) -> Reading:
        about = [asdict(one) if hasattr(one, "__dataclass_fields__") else one for one in more]
        asked = [list(fields.items()), declared, key.hex(), about, encoder_available()]
        place = json.dumps(asked, default=str)
        if place not in known:
            known[place] = read(fields, declared, key, *more)
        return deepcopy(known[place])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "read", reading)
        yield
