"""How often somebody may do within a day what lengthens the history of another's record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from shared.web.problems import Problem

_DAY = timedelta(days=1)


def require_pace(
    times: Sequence[datetime], most: int, now: datetime, code: str, title: str, detail: str
) -> None:
    """Raise the 429 problem of this code where `most` of the times lie within the last 24 hours.

    `times` are when it was done, the earliest first.
    """
    today = [at for at in times if at > now - _DAY]
    if len(today) >= most:
        wait = int((today[-most] + _DAY - now).total_seconds()) + 1
        headers = {"Retry-After": str(wait)}
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, code, title, detail, headers=headers)
