"""What is committed as an IATI file, passed on as it is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, request, stream_with_context
from flask_babel import gettext as _

from services.portal.house import house
from services.portal.iati.files import MEDIA_TYPE, PAGE, PATH, NothingError, pieces
from services.portal.pages.asking import be_patient, get
from services.portal.pages.finding import LISTS
from services.portal.pages.frame import account, for_roles, go
from services.portal.pages.matches.acting import READERS


@for_roles(*READERS)
def export_iati() -> Response:
    """All committed matches that the reader is party to or oversees; confidential ones where the
    address asks for them."""
    be_patient()
    source = _Reading("true" if request.args.get("confidential") == "1" else None)
    try:
        content = pieces(source, house().clock(), own=account().organisation)
    except NothingError:
        flash(_("Nothing is committed yet that would go into a file."))
        return go("/matches")
    return Response(
        stream_with_context(content),
        content_type=MEDIA_TYPE,
        headers={"Content-Disposition": 'attachment; filename="matches-iati.xml"'},
    )


class _Reading:
    """The services as the source of a file, in the name of who is signed in."""

    def __init__(self, confidential: str | None) -> None:
        self._confidential = confidential

    def page(self, cursor: str | None) -> Mapping[str, Any]:
        query = {"cursor": cursor, "limit": PAGE, "confidential": self._confidential}
        return get("matcher", PATH, **query).body

    def find(
        self, requests: Sequence[str], offers: Sequence[str], organisations: Sequence[str]
    ) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        # Not as pages look names up: what is away for a moment must not be missing in the file.
        asked = {"requests": requests, "offers": offers, "organisations": organisations}
        return {kind: _records(kind, ids) for kind, ids in asked.items()}


def _records(kind: str, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    service, path = LISTS[kind]
    found: dict[str, Mapping[str, Any]] = {}
    for at in range(0, len(ids), PAGE):
        some = list(ids[at : at + PAGE])
        items = get(service, path, id=some, limit=PAGE).body["items"]
        found |= {one["id"]: one for one in items}
    return found
