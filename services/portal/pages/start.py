"""The start page: what this installation is for, what is in it, and where its parts are found."""

from collections.abc import Callable, Sequence

from flask import Response
from flask_babel import lazy_gettext as _

from services.portal.addresses import Address
from services.portal.pages.frame import page
from services.portal.pages.public.figures import figures, key_figures
from services.portal.pages.public.reading import show_public

_HOLDS = {
    "requests": _("Requests"),
    "offers": _("Offers"),
    "matcher": _("Proposals and commitments"),
}


def start_page(addresses: Sequence[Address]) -> Callable[[], Response]:
    """The view that shows the start page: anybody may read it."""
    services = [
        {"title": _HOLDS[address.service], "address": address.public} for address in addresses
    ]

    @page
    def start() -> Response:
        found = figures("requests", "offers")
        return show_public(
            "public/start.html",
            key=key_figures(found),
            away=len(found) < 2,
            services=services,
        )

    return start
