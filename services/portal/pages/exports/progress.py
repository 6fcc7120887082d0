"""How far a list is that somebody saves as a file: told to the page that asked for it."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from flask import Response, request
from flask.json import dumps

from services.portal.documents import ExportProgress
from services.portal.house import house
from shared.web.identity import public

_KEY: Final = re.compile("[0-9a-f]{32}", re.ASCII)
_KEPT: Final = timedelta(minutes=15)


class Progress:
    """Tells of records as they go out; of a list of one page, or without a key, nothing."""

    def __init__(self) -> None:
        key = request.args.get("progress", "")
        self._key = key if _KEY.fullmatch(key) else ""
        self._records = 0

    def add(self, records: int, *, done: bool) -> None:
        """So many more went out; `done` once they are all."""
        begun = self._records > 0
        self._records += records
        if self._key and (begun or not done):
            told = {"records": self._records, "done": done}
            ends = house().clock() + _KEPT
            ExportProgress.objects(id=self._key).update_one(upsert=True, expires_at=ends, **told)


@public
def progress_of(key: str) -> Response:
    """`records` so far and whether it is `done`, as JSON; 404 before there is anything to tell."""
    found = ExportProgress.objects(id=key).first() if _KEY.fullmatch(key) else None
    if found is None:
        return Response(status=HTTPStatus.NOT_FOUND)
    told = {"records": found.records, "done": found.done}
    answer = Response(dumps(told), content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
