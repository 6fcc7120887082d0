"""Records as people name them: by their id, or by the address of a page or of the API."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Final
from urllib.parse import unquote, urlsplit

from services.portal.lists.matching import MATCHING
from services.portal.lists.registers import REGISTERS

MOST: Final = 1_000
"""How long an address may be."""

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", re.ASCII)
"""What an id of a record looks like."""

KEPT_BY: Final[Mapping[str, str]] = {
    "states": "requests",
    **{
        name: one.service
        for name, one in {**REGISTERS, **MATCHING}.items()
        if one.path == f"/v1/{name}"
    },
}
"""The service that keeps a record, by what stands before its id in an address."""


def record_in(text: str) -> tuple[str, str]:
    """What stands before a record's id in an address, such as "offers", and the id.

    What is no address of a record is an id by itself, under "".
    """
    plain = text[:MOST].strip()
    try:
        steps = [unquote(step) for step in urlsplit(plain).path.split("/") if step]
    except ValueError:
        steps = []
    found = ((kind, id_) for kind, id_ in pairwise(steps) if kind in KEPT_BY)
    return next(found, ("", plain))
