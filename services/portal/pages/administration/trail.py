"""/audit: what was done to a record, and who read what is confidential in it."""

import re
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from services.portal.pages import asking
from services.portal.pages.administration.trail_words import (
    reason_name,
    state_name,
    step_name,
    who,
)
from services.portal.pages.asked import cursor_of
from services.portal.pages.finding import names_of
from services.portal.pages.frame import for_roles, go, show
from services.portal.pages.pasted import KEPT_BY, MOST, record_in
from services.portal.services import AwayError, RefusedError

READERS: Final = ("coordinator", "auditor")
SERVICES: Final[Mapping[str, object]] = {
    "requests": lazy_gettext("Requests"),
    "offers": lazy_gettext("Offers"),
    "matcher": lazy_gettext("Matches"),
}
"""Whose trails there are, by what each keeps."""
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}", re.ASCII)
"""Organisations have ids of their own choice; none leads elsewhere in an address."""
_SHOWN: Final = 50


@for_roles(*READERS)
def audit_trail() -> Response:
    """The trail of the record that the address names, the oldest entries first."""
    service = request.args.get("service", "")
    service = service if service in SERVICES else next(iter(SERVICES))
    kind, record = record_in(request.args.get("record", ""))
    if kind:
        return go(f"/audit?{urlencode({'service': KEPT_BY[kind], 'record': record})}")
    entries: list[dict[str, Any]] | None = []
    further, wrong, code = None, "", int(HTTPStatus.OK)
    if record and not _ID.fullmatch(record):
        wrong, code = _("This is no identifier of a record."), int(HTTPStatus.NOT_FOUND)
    elif record:
        cursor = cursor_of(request.args)
        try:
            path = f"/v1/audit/{record}"
            found = asking.get(service, path, cursor=cursor, limit=_SHOWN).body
            names = names_of(one["party"] for one in found["items"] if one["role"] == "donor")
            entries = [_shown(one, names) for one in found["items"]]
            further = found["next"]
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
        most=MOST,
    )


def _shown(entry: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    role, party = who(entry["role"], entry["party"], names)
    return {
        **entry,
        "at": datetime.fromisoformat(entry["at"]),
        "step": step_name(entry["action"], entry["what"]),
        "source": state_name(entry["source"]),
        "target": state_name(entry["target"]),
        "role": role,
        "party": party,
        "why": reason_name(entry["reason"]),
    }
