"""Activities out of an IATI file: what would be understood of it first, then brought in."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask, Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from entraide.client.records.offers import ImportedView, ImportReportView
from services.portal.held_files import MOST_BYTES, find, hold, settle
from services.portal.house import house
from services.portal.pages.asking import send_file
from services.portal.pages.files import uploaded
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.offers.activities import PAGE
from services.portal.pages.offers.files import no_longer_kept, tell_brought_in
from services.portal.pages.offers.forms import PUBLIC, sight, sights
from services.portal.pages.refusals import fault, why
from services.portal.pages.registered import for_registered
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import amount, number
from services.portal.services import AwayError, RefusedError

IMPORT = f"{PAGE}/import"
_KIND = "iati"
_GZIP = b"\x1f\x8b"
_TOLD = 200
_OUTCOMES: Final = ("created", "changed", "unchanged")

_NOT_READ = lazy_gettext(
    "The file could not be read in time. Nothing is lost: load this page again."
)
_NOT_KNOWN = lazy_gettext(
    "It is not known yet whether all of the file is brought in. See your activities in a while; "
    "the same file again makes nothing twice."
)

NOTES: Final[Mapping[str, object]] = {
    "amount-untold": lazy_gettext(
        "No budget, commitment or spending is told: it is kept without an amount."
    ),
    "country-dropped": lazy_gettext(
        "The file no longer names this State for it: it is kept as cancelled."
    ),
    "description-cut": lazy_gettext("The description is too long: its beginning is kept."),
    "kind-untold": lazy_gettext("The kind of help is not told: it is taken as funding."),
    "rate-unknown": lazy_gettext(
        "There is no exchange rate of its currency here: it counts in no sum of US dollars."
    ),
    "second-hand": lazy_gettext(
        "It is reported at second hand: its own publisher may report it too."
    ),
    "share-untold": lazy_gettext(
        "How much of the money is for this State is not told: it is kept without an amount."
    ),
    "suspended": lazy_gettext("It is suspended: it is kept as ongoing."),
    "title-cut": lazy_gettext("The title is too long: its beginning is kept."),
    "window-untold": lazy_gettext(
        "Its first or its last day is not told: it is kept without days."
    ),
}
"""What the register left open or out of an activity, by its codes; see services/offers/iati."""


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    app.add_url_rule(IMPORT, view_func=choose_iati, methods=both)
    app.add_url_rule(f"{IMPORT}/<string:file_id>", view_func=bring_in_iati, methods=both)


class _BringIn(PageForm):
    """Bringing a file in, and who sees what is new in it: the file does not say."""

    public = sight()

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.public.choices = sights()


@for_roles("donor")
@for_registered
def choose_iati() -> Response:
    """A file chosen; nothing of it is brought in yet."""
    form, file = uploaded(MOST_BYTES)
    if file is not None:
        beginning = file.content[:400].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
        if not (file.content.startswith(_GZIP) or beginning.startswith(b"<")):
            form.fail_field(form.file, _("This is no IATI file: it is neither XML nor gzip."))
        else:
            kept = hold(account().id, _KIND, file.name, file.content, house().clock())
            return go(f"{IMPORT}/{kept}")
    status = REFUSED if form.problems() else 200
    return show("offers/iati_choose.html", status, form=form)


@for_roles("donor")
@for_registered
def bring_in_iati(file_id: str) -> Response:
    """What the file says, and bringing it in."""
    file = find(account().id, file_id, _KIND)
    if file is None:
        return no_longer_kept(IMPORT)
    if file.outcome:
        return _brought_in(**file.outcome)
    form = _BringIn()
    nothing = {"form": form, "name": file.name, "report": None}
    confirmed = form.validate_on_submit()
    try:
        open_to_all = confirmed and form.public.data == PUBLIC
        report = _send(file.content, file.name, preview=not confirmed, public=open_to_all)
    except AwayError:
        form.fail(_NOT_KNOWN if confirmed else _NOT_READ)
        return show("offers/iati_preview.html", 503, **nothing, broken="", late=True)
    except RefusedError as error:
        form.fail(why(error))
        broken = _place(error)
        return show("offers/iati_preview.html", REFUSED, **nothing, broken=broken, late=False)
    if confirmed:
        made, changed = report["created"], report["changed"]
        now = house().clock()
        outcome = settle(account().id, file_id, now, "sum", made=made, changed=changed)
        return _brought_in(**outcome)
    return show(
        "offers/iati_preview.html",
        wide=True,
        form=form,
        name=file.name,
        report=report,
        broken="",
        late=False,
        rows=[(one, _amount(one), list(_notes(one))) for one in report["activities"][:_TOLD]],
        more_rows=max(0, sum(report[outcome] for outcome in _OUTCOMES) - _TOLD),
        refusals=[(one, fault(one)) for one in report["refusals"][:_TOLD]],
        more_refusals=_more_refusals(report),
        new=report["created"] + report["changed"],
    )


def _brought_in(*, made: int, changed: int = 0) -> Response:
    """To where the activities are now, with how many they are.

    A file that an earlier release brought in has those that were changed among those made.
    """
    tell_brought_in(made, changed)
    return go(PAGE)


def _more_refusals(report: ImportReportView) -> int:
    """How many refusals are not told, as far as is known.

    The register names some of very many, and counts the activities that they are of.
    """
    told = {one["number"] for one in report["refusals"][:_TOLD]}
    return max(0, len(report["refusals"]) - _TOLD, report["refused"] - len(told))


def _send(content: bytes, name: str, *, preview: bool, public: bool) -> ImportReportView:
    kind = "application/gzip" if content.startswith(_GZIP) else "application/xml"
    path = "/v1/activities/import"
    told = {"preview": str(preview).lower(), "public": str(public).lower()}
    return send_file("offers", path, content, kind, name, **told).of(ImportReportView)


def _place(error: RefusedError) -> str:
    """Where the file breaks: its line, and the activity that stands there; empty if not told."""
    line, activity = (error.problem.get(name) for name in ("line", "activity"))
    if line is None:
        return ""
    if activity is None:
        return str(_("It breaks in line %(line)s.", line=number(line)))
    return str(
        _(
            "It breaks in line %(line)s, in activity %(activity)s.",
            line=number(line),
            activity=number(activity),
        )
    )


def _notes(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was left open or out of an activity, each with the name that it is about, or none."""
    for note in one.get("noted", ()):
        yield str(NOTES.get(note["code"], note["message"])), note["about"] or ""


def _amount(one: ImportedView) -> str:
    return "" if one["amount"] is None else amount(one["amount"], one["currency"])
