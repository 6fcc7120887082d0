"""Which pages a reader can reach by links, one of each shape."""

import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

from services.portal.pages.navigation import navigation
from tests.pages.visiting import Visitor

_ID = re.compile(
    r"/(?=[^/]*\d)[0-9A-Za-z._-]{8,}|(?<=^/states)/[A-Z]{3}|(?<=^/organisations)/[^/]+"
)
NO_PAGES = re.compile(
    r"^/(assets|v1|docs|openapi|metrics|healthz|readyz)|/file$|\.(csv|xlsx|jsonl|xml|svg)$"
)
"""Paths of what is no page."""


def shape(path: str) -> str:
    """A page's address with its ids left out: "/requests/*"."""
    return _ID.sub("/*", path)


def reachable(visitor: Visitor, role: str, most: int = 80) -> Iterator[str]:
    """The addresses of pages that a role's navigation leads to, over any number of links, one of
    each shape, each while the visitor has it open.

    Asserts that each is there.
    """
    waiting = deque(place.path for place in navigation(role))
    waiting.append("/")
    found: set[str] = set()
    while waiting and len(found) < most:
        address = waiting.popleft()
        path = urlsplit(address).path
        if shape(path) in found or NO_PAGES.search(path):
            continue
        visitor.open(address)
        assert visitor.status == 200, f"{role} finds {visitor.status} at {address}"
        if not visitor.shown.headers["Content-Type"].startswith("text/html"):
            continue
        found.add(shape(path))
        waiting.extend(link for link in visitor.links("/") if not link.startswith("//"))
        yield address
