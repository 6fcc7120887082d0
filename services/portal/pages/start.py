"""The start page: what this installation is, and where its parts are found."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files

from flask import Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from services.portal.addresses import Address
from shared.web.identity import public

_PACKAGE = "services.portal.pages"
_HOLDS: Mapping[str, tuple[str, str]] = {
    "requests": ("Requests", "What States ask for, line by line, and their points of contact."),
    "offers": ("Offers", "What donors can give, and the assistance that is under way already."),
    "matcher": ("Matcher", "Ranked proposals with their reasons, decisions and commitments."),
}


def start_page(addresses: Sequence[Address]) -> Callable[[], Response]:
    """The view that shows the start page, made once: anybody may read it."""
    style = (files(_PACKAGE) / "start.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=PackageLoader(_PACKAGE, "."), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template("start.html").render(
        style=Markup(style),  # noqa: S704 (our own file)
        services=[
            {
                "name": address.service,
                "title": _HOLDS[address.service][0],
                "holds": _HOLDS[address.service][1],
                "address": address.public,
            }
            for address in addresses
        ],
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )

    @public
    def start() -> Response:
        return Response(
            page,
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": policy, "Content-Language": "en"},
        )

    return start
