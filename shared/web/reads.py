"""Reads of confidential records: kept for the audit trail before they are answered."""

from datetime import UTC, datetime

from flask import Response, after_this_request, current_app, g, has_request_context
from pymongo.errors import PyMongoError

from shared.events.auditing import leave_notes
from shared.registers.steps import party_of, subject_of
from shared.web.database import current_database
from shared.web.identity import current_identity


def keep_read(record: str) -> None:
    """Note that the caller reads a confidential record; once for each record and request.

    What cannot be noted is not answered: the database's error takes the answer's place.
    """
    if not has_request_context():
        return
    if "confidential_reads" not in g:
        g.confidential_reads = {}
        after_this_request(_note)
    identity = current_identity()
    g.confidential_reads[record] = {
        "record": record,
        "role": identity.role,
        "party": party_of(identity),
        "subject": subject_of(identity),
    }


def _note(response: Response) -> Response:
    try:
        leave_notes(current_database(), list(g.confidential_reads.values()), datetime.now(UTC))
    except PyMongoError as error:
        # Past the view, Flask asks nobody by itself what to answer instead.
        return current_app.make_response(current_app.handle_user_exception(error))
    return response
