"""Offers and activities out of spreadsheets: a template, what is understood, then brought in."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash
from flask_babel import gettext as _

from services.portal.held_files import MOST_BYTES, forget, hold
from services.portal.house import house
from services.portal.pages.asking import get, reader
from services.portal.pages.files import uploaded
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.offers.files import held
from services.portal.pages.offers.rows import size_of
from services.portal.pages.offers.spreadsheet_kinds import (
    ENDINGS,
    KINDS,
    XLSX,
    Kind,
    kind_of,
)
from services.portal.pages.refusals import faults, refusal
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import here
from services.portal.services import AwayError, RefusedError
from services.portal.sheets.faults import SheetError
from services.portal.sheets.reading import MOST_ROWS, read_sheet
from services.portal.sheets.rows import Told, read_rows
from services.portal.sheets.tables import SOURCE
from services.portal.sheets.writing import template_csv, template_workbook
from shared.web.problems import not_found

_AT_ONCE = 8
_PAGE = 200
_TOLD = 200
Bodies = Sequence[Mapping[str, Any]]


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    for name in KINDS:
        at, kept = f"/{name}/spreadsheet", {"name": name}
        for path, view, methods in (
            (at, choose_spreadsheet, both),
            (f"{at}/template.<string:ending>", spreadsheet_template, ["GET"]),
            (f"{at}/<string:file_id>", bring_in_spreadsheet, both),
        ):
            endpoint = f"{name}-{view.__name__}"
            app.add_url_rule(path, endpoint, view, methods=methods, defaults=kept)


@for_roles("donor")
def choose_spreadsheet(name: str) -> Response:
    """A file chosen; nothing of it is brought in yet."""
    form, file = uploaded(MOST_BYTES)
    if file is not None:
        try:
            read_sheet(file.content)
        except SheetError as error:
            form.fail_field(form.file, error.fault.sentence(here()))
        else:
            kept = hold(account().id, name, file.name, file.content, house().clock())
            return go(f"/{name}/spreadsheet/{kept}")
    status = REFUSED if form.problems() else HTTPStatus.OK
    return show("offers/sheet_choose.html", status, form=form, name=name, most=MOST_ROWS - 1)


@for_roles("donor")
def spreadsheet_template(name: str, ending: str) -> Response:
    """An empty file with the columns' names in the reader's language."""
    if ending not in ENDINGS:
        raise not_found("file")
    columns = kind_of(name).columns
    make = template_workbook if ending == XLSX else template_csv
    return Response(
        make(columns, here()),
        content_type=ENDINGS[ending],
        headers={"Content-Disposition": f'attachment; filename="{name}-template.{ending}"'},
    )


@for_roles("donor")
def bring_in_spreadsheet(name: str, file_id: str) -> Response:
    """What the file says, and bringing it in: all rows, or none where one of them is wrong."""
    file, kind, form = held(file_id, name), kind_of(name), PageForm()
    told = _told(file.content, kind)
    bodies = [] if told.faults else kind.bodies(told.rows, str(account().organisation))
    known = _known(kind) if bodies else set()
    fresh = [one for one in bodies if one["external_id"]["id"] not in known]
    if form.validate_on_submit() and fresh:
        done, refused = _send(kind, fresh)
        if done == len(fresh):
            forget(account().id, file_id)
            flash(_("Brought in: %(count)s. What was known already was left as it is.", count=done))
            return go(f"/{name}?status=draft" if name == "offers" else f"/{name}")
        form.fail(
            _(
                "%(done)s of %(all)s are brought in. Send this again for the others; nothing is "
                "made twice.",
                done=done,
                all=len(fresh),
            )
        )
        for mark, message in refused[:_TOLD]:
            form.fail(f"{mark}: {message}")
        return _preview(name, file.name, form, told, bodies, _known(kind), HTTPStatus.CONFLICT)
    return _preview(name, file.name, form, told, bodies, known)


def _preview(
    name: str,
    file_name: str,
    form: PageForm,
    told: Told,
    bodies: Bodies,
    known: set[str],
    status: int = HTTPStatus.OK,
) -> Response:
    counted = "capacity" if name == "offers" else "quantity"
    rows = [
        {
            "mark": one["external_id"]["id"],
            "title": one["title"],
            "language": one["language"],
            "lines": [
                (line["theme"], line["kind"], size_of(line, counted))
                for line in one.get("provisions", [one])
            ],
            "country": one.get("country"),
            "window": one["window"],
            "known": one["external_id"]["id"] in known,
        }
        for one in bodies
    ]
    return show(
        "offers/sheet_preview.html",
        REFUSED if told.faults else status,
        wide=True,
        name=name,
        file_name=file_name,
        form=form,
        faults=[(one.cell, one.sentence(here())) for one in told.faults[:_TOLD]],
        more_faults=max(0, len(told.faults) - _TOLD),
        rows=rows[:_TOLD],
        fresh=sum(not row["known"] for row in rows),
        known=told.known + sum(bool(row["known"]) for row in rows),
    )


def _told(content: bytes, kind: Kind) -> Told:
    try:
        return read_rows(read_sheet(content), kind.columns, here(), lines=kind.lines)
    except SheetError as error:
        return Told(faults=[error.fault])


def _known(kind: Kind) -> set[str]:
    """The references of the donor's own records that came out of a spreadsheet before."""
    found: set[str] = set()
    cursor: str | None = None
    while True:
        page = get(
            "offers",
            kind.path,
            organisation=account().organisation,
            external_source=SOURCE,
            limit=_PAGE,
            cursor=cursor,
        ).body
        found |= {one["external_id"]["id"] for one in page["items"]}
        cursor = page["next"]
        if cursor is None:
            return found


def _send(kind: Kind, bodies: Bodies) -> tuple[int, list[tuple[str, str]]]:
    """How many are there now, and which were refused, with the reason.

    Each has an external id, of which the register's id is made: sent twice, it is there once.
    """
    services, own = house().services, reader()

    def send(body: Mapping[str, Any]) -> RefusedError | AwayError | None:
        try:
            services.send(own, "POST", "offers", kind.path, body)
        except (AwayError, RefusedError) as error:
            return error
        return None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(send, bodies))
    marks = [str(body["external_id"]["id"]) for body in bodies]
    refused = [
        (mark, _said(error))
        for mark, error in zip(marks, answers, strict=True)
        if isinstance(error, RefusedError) and not _is_there(error)
    ]
    return sum(error is None or _is_there(error) for error in answers), refused


def _is_there(error: RefusedError | AwayError) -> bool:
    return isinstance(error, RefusedError) and error.status == HTTPStatus.CONFLICT


def _said(error: RefusedError) -> str:
    found = faults(error)
    return f"{found[0][0]}: {found[0][1]}" if found else refusal(error)
