"""Files that pages load: under an address that changes with their content, kept for a year."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from flask import Response

from shared.web.identity import public
from shared.web.openapi import StaticAnswer
from shared.web.problems import not_found

PATH = "/assets/<string:name>"
_TYPES = {
    "style.css": "text/css; charset=utf-8",
    "allocation.css": "text/css; charset=utf-8",
    "portal.js": "text/javascript; charset=utf-8",
    "review.css": "text/css; charset=utf-8",
    "review.js": "text/javascript; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "writing.js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True)
class Asset:
    """A file that pages load."""

    address: str
    answer: StaticAnswer


def _asset(name: str, content_type: str) -> Asset:
    text = (files("services.portal.pages") / name).read_text("utf-8")
    stem, _, ending = name.rpartition(".")
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Asset(f"/assets/{stem}-{digest}.{ending}", StaticAnswer(text, content_type))


ASSETS: Mapping[str, Asset] = {name: _asset(name, kind) for name, kind in _TYPES.items()}
_BY_ADDRESS = {asset.address: asset for asset in ASSETS.values()}


@public
def asset(name: str) -> Response:
    """A file by its address of now; the 404 problem for any other."""
    found = _BY_ADDRESS.get(f"/assets/{name}")
    if found is None:
        raise not_found("file")
    answer = found.answer.response()
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer
