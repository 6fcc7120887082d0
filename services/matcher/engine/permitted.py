"""What of a proposed pair an embargo lets through: an offer may have lines that it may not give."""

from collections.abc import Sequence

from services.matcher.engine.records import Records
from services.matcher.engine.serving import Serving


def permitted_serves(
    records: Records, request: str, offer: str, serves: Sequence[Serving]
) -> tuple[Serving, ...]:
    """The servings by provisions of kinds that the request may have."""
    barred = records.barred_kinds(request)
    lines = records.offers.lines_of(records.offers.row(offer))
    kinds = {line.number: line.kind for line in lines}
    return tuple(one for one in serves if not barred >> kinds[one["provision"]] & 1)
