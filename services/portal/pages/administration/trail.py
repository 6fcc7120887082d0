"""/audit: what was done to a record, and who read what is confidential in it."""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request
from flask_babel import gettext as _

from services.portal.pages import asking
from services.portal.pages.frame import for_roles, show
from services.portal.pages.wording import status
from services.portal.services import AwayError, RefusedError

READERS: Final = ("coordinator", "auditor")
SERVICES: Final = ("requests", "offers", "matcher")
_MAX_ID: Final = 100
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*", re.ASCII)
"""Organisations have ids of their own choice; none leads elsewhere in an address."""
_SHOWN: Final = 50


@for_roles(*READERS)
def audit_trail() -> Response:
    """The trail of the record that the address names, the oldest entries first."""
    service = request.args.get("service", "")
    service = service if service in SERVICES else SERVICES[0]
    record = request.args.get("record", "").strip()[:_MAX_ID]
    entries: list[dict[str, Any]] | None = []
    further, wrong, code = None, "", int(HTTPStatus.OK)
    if record and not _ID.fullmatch(record):
        wrong, code = _("This is no identifier of a record."), int(HTTPStatus.NOT_FOUND)
    elif record:
        cursor = request.args.get("cursor", "")[:1000] or None
        try:
            path = f"/v1/audit/{record}"
            found = asking.get(service, path, cursor=cursor, limit=_SHOWN).body
            entries, further = [_shown(one) for one in found["items"]], found["next"]
        except AwayError:
            entries = None
        except RefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            wrong, code = _("No record of this identifier is there for you."), error.status
    return show(
        "administration/trail.html",
        code,
        wide=True,
        service=service,
        services=SERVICES,
        record=record,
        entries=entries,
        next=further,
        wrong=wrong,
    )


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        **entry,
        "at": datetime.fromisoformat(entry["at"]),
        "source": status(entry["source"]) if entry["source"] else "",
        "target": status(entry["target"]) if entry["target"] else "",
    }
