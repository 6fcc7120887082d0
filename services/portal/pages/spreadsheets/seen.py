"""What a preview of a file showed, as a digest that its form carries to where it is confirmed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.portal.pages.spreadsheets.changing import Change


def digest_of(bodies: Sequence[Mapping[str, Any]], changes: Sequence[Change]) -> str:
    """The same only for the same: records as the file is read, and what is changed of what version.

    `bodies` are of all records that the file gives no id. They are part of it since numbers are
    read as the reader's language has them; which of them are known already is none, for who
    confirms a second time makes nothing twice. Of a change the version stands for all that the
    file leaves as it is.
    """
    shown = [[one.id, one.etag, list(one.columns), list(one.rows), one.sight] for one in changes]
    return hashlib.sha256(json.dumps([bodies, shown], sort_keys=True).encode()).hexdigest()
