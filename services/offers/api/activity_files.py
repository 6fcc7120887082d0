"""Files of activities over HTTP."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import current_app
from flask.views import MethodView

from services.offers import domain
from services.offers.api.references import referred_organisation
from services.offers.iati.faults import FileError
from services.offers.import_schemas import ImportQuery, ImportReportView
from services.offers.importing import Importer, Report, import_file
from shared.registers.context import context
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.marks import answers
from shared.web.problems import invalid_field
from shared.web.uploads import MAX_BYTES, takes_file, uploaded_file

blueprint = Blueprint(
    "activity-files",
    __name__,
    url_prefix="/v1/activities/import",
    description="Activities out of IATI files, activity standard 2.01 to 2.03.",
)
MEDIA_TYPES = ("application/xml", "text/xml", "application/gzip")


@blueprint.route("")
class ActivityFiles(MethodView):
    """Files of activities."""

    @require_roles("donor", "coordinator", "operator")
    @answers(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The file is none of IATI activities or breaks off, or a parameter is wrong",
    )
    @takes_file(*MEDIA_TYPES)
    @blueprint.arguments(ImportQuery, location="query")
    @blueprint.response(200, ImportReportView)
    def post(self, args: dict[str, Any]) -> dict[str, Any]:
        """Bring in the activities of an IATI file.

        One record for each country of an activity, under the file's identifier: sent again, the
        file makes nothing twice and changes what it says otherwise by now. Each activity that
        cannot be taken is named with the reason, and the others are taken. A file that cannot be
        read to its end is refused whole; the problem's `line` and `activity` tell where it breaks.
        """
        identity = current_identity()
        owner = args["organisation"] or identity.organisation
        domain.require_importer(identity, owner)
        organisation = None if owner is None else referred_organisation(owner)
        how = args["preview"], args["public"]
        importer = Importer(organisation, identity, context().clock(), context().key, *how)
        most = int(current_app.config[MAX_BYTES])
        with uploaded_file(MEDIA_TYPES) as file:
            try:
                report = import_file(file, most, importer)
            except FileError as error:
                where = {"line": error.line, "activity": error.activity}
                problem = invalid_field("file", str(error), error.code)
                raise replace(problem, members=where) from None
        return _view(report, args["preview"])


def _view(report: Report, preview: bool) -> dict[str, Any]:
    counted = ("created", "changed", "unchanged", "outside")
    return {
        "preview": preview,
        "read": report.read,
        **{name: report.counts[name] for name in counted},
        "refused": report.counts["refused"],
        "activities": report.activities,
        "refusals": report.refused,
        "incomplete": None,
    }
