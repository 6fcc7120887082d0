"""Records out of spreadsheets: a template, what is understood, then brought in."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask, Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import HiddenField

from services.portal.held_files import MOST_BYTES, find, hold, settle
from services.portal.house import house
from services.portal.pages.absence import absence
from services.portal.pages.asking import ask_with, get, read, reader
from services.portal.pages.files import uploaded
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.offers.files import no_longer_kept, tell_brought_in
from services.portal.pages.offers.rows import size_of
from services.portal.pages.refusals import faults, refusal
from services.portal.pages.registered import for_registered
from services.portal.pages.signing import REFUSED
from services.portal.pages.spreadsheets.changing import Change, changes_of, send_changes
from services.portal.pages.spreadsheets.kinds import (
    ENDINGS,
    KINDS,
    XLSX,
    Kind,
    kind_of,
    own_party,
)
from services.portal.pages.spreadsheets.seen import digest_of
from services.portal.pages.spreadsheets.understood import name_of, said_otherwise, understood
from services.portal.pages.wording import here, number
from services.portal.services import AwayError, RefusedError
from services.portal.sheets.faults import Fault, SheetError
from services.portal.sheets.limits import too_much
from services.portal.sheets.reading import MOST_ROWS, read_sheet
from services.portal.sheets.rows import Told, read_rows
from services.portal.sheets.tables import SOURCE
from services.portal.sheets.writing import template_csv, template_workbook
from shared.web.problems import not_found

_AT_ONCE = 8
_PAGE = 200
_TOLD = 200
_TEXTS_READ = 20
"""How many texts without lines are read for a preview; those of the rest are once brought in."""

_CHANGED_SINCE = lazy_gettext(
    "Something has changed since this page was shown, so nothing was brought in. Look again, then "
    "confirm it."
)

Bodies = Sequence[Mapping[str, Any]]


class ConfirmForm(PageForm):
    """That what a preview shows is to be done; `seen` is the digest of that."""

    seen = HiddenField()


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    for name, kind in KINDS.items():
        at, kept = f"/{name}/spreadsheet", {"name": name}
        for path, view, methods in (
            (at, choose_spreadsheet, both),
            (f"{at}/template.<string:ending>", spreadsheet_template, ["GET"]),
            (f"{at}/<string:file_id>", bring_in_spreadsheet, both),
        ):
            endpoint = f"{name}-{view.__name__}"
            own = for_roles(kind.role)(for_registered(view))
            app.add_url_rule(path, endpoint, own, methods=methods, defaults=kept)


def choose_spreadsheet(name: str) -> Response:
    """A file chosen; nothing of it is brought in yet."""
    form, file = uploaded(MOST_BYTES)
    if file is not None:
        try:
            read_sheet(file.content)
        except SheetError as error:
            form.fail_field(form.file, error.fault.told(here()))
        else:
            kept = hold(account().id, name, file.name, file.content, house().clock())
            return go(f"/{name}/spreadsheet/{kept}")
    status = REFUSED if form.problems() else HTTPStatus.OK
    return show("spreadsheets/choose.html", status, form=form, name=name, most=MOST_ROWS)


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


def bring_in_spreadsheet(name: str, file_id: str) -> Response:
    """What the file says, and bringing it in: all rows, or none where one of them is wrong.

    Only what the reader was shown is done. Where a record was changed since, by a colleague or in
    another window, what the file says would take that back unseen: the preview is shown again.
    """
    file, kind, form = find(account().id, file_id, name), kind_of(name), ConfirmForm()
    if file is None:
        return no_longer_kept(f"/{name}/spreadsheet")
    if file.outcome:
        return _brought_in(name, **file.outcome)
    told = _told(file.content, kind)
    known = set() if told.faults else _known(kind)
    changes, wrong = changes_of(kind, told.changed)
    told.faults += _of_other_cells(wrong, told.faults)
    if not told.faults:
        told.faults += too_much(told.rows, told.cells, kind.bodies, own_party(kind), kind.limits)
    bodies = [] if told.faults else kind.bodies(told.rows, own_party(kind))
    fresh = [one for one in bodies if one["external_id"]["id"] not in known]
    if not form.validate_on_submit() or not (fresh or changes) or told.faults:
        return _preview(name, file.name, form, told, changes, bodies, known)
    if form.seen.data != digest_of(bodies, changes):
        form.fail(_CHANGED_SINCE)
        return _preview(name, file.name, form, told, changes, bodies, known, HTTPStatus.CONFLICT)
    made, changed = _send(kind, fresh), _change(kind, changes)
    done, kept = len(made.done), len(changed.done)
    if done == len(fresh) and kept == len(changes):
        now = house().clock()
        outcome = settle(account().id, file_id, now, "most", made=done, changed=kept)
        return _brought_in(name, **outcome)
    form.fail(
        _(
            "%(done)s of %(all)s are brought in. Send this again for the others; nothing is "
            "made twice.",
            done=number(done + kept),
            all=number(len(fresh) + len(changes)),
        )
    )
    away = made.away or changed.away
    if away:
        form.fail(absence(kind.service))
        form.fail(
            _("The file is kept for a day. Choose it again later, and only the others come in.")
        )
    refused = [*made.refused, *changed.refused]
    for mark, message in refused[:_TOLD]:
        form.fail(f"{mark}: {message}")
    if len(refused) > _TOLD:
        form.fail(_("And %(count)s more.", count=number(len(refused) - _TOLD)))
    left = [one for one in changes if one.id not in changed.done]
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.CONFLICT
    return _preview(name, file.name, form, told, left, bodies, known | made.done, status)


def _brought_in(name: str, *, made: int, changed: int) -> Response:
    """To where the records are now, with how many they are."""
    tell_brought_in(made, changed)
    return go(f"/{name}?status=draft" if kind_of(name).drafts else f"/{name}")


def _preview(
    name: str,
    file_name: str,
    form: ConfirmForm,
    told: Told,
    changes: Sequence[Change],
    bodies: Bodies,
    known: set[str],
    status: int = HTTPStatus.OK,
) -> Response:
    kind = KINDS[name]
    left = len({row["id"] for row in told.changed}) - len(changes)
    seen = _read_of_texts(kind, bodies)
    form.seen.data = digest_of(bodies, changes)
    marks = [one["external_id"]["id"] for one in bodies]
    return show(
        "spreadsheets/preview.html",
        REFUSED if told.faults else status,
        wide=True,
        name=name,
        drafts=kind.drafts,
        file_name=file_name,
        form=form,
        faults=[(one.cell, one.sentence(here())) for one in told.faults[:_TOLD]],
        more_faults=max(0, len(told.faults) - _TOLD),
        notes=[(one.cell, one.sentence(here())) for one in told.notes[:_TOLD]],
        more_notes=max(0, len(told.notes) - _TOLD),
        sight=name_of(kind, kind.sight),
        rows=[
            {
                **understood(kind, one, told.rows),
                "seems": seen.get(mark, []),
                "known": mark in known,
            }
            for mark, one in list(zip(marks, bodies, strict=True))[:_TOLD]
        ],
        more_rows=max(0, len(bodies) - _TOLD),
        fresh=sum(mark not in known for mark in marks),
        changes=[said_otherwise(kind, one) for one in changes[:_TOLD]],
        more_changes=max(0, len(changes) - _TOLD),
        changed=len(changes),
        known=left + sum(mark in known for mark in marks),
    )


def _read_of_texts(kind: Kind, bodies: Bodies) -> Mapping[str, list[tuple[str, str, str]]]:
    """What texts of requests without need lines seem to ask for, by reference; a line each."""
    if kind.role != "requester":
        return {}
    found: dict[str, list[tuple[str, str, str]]] = {}
    for body in [one for one in bodies if not one["needs"]][:_TEXTS_READ]:
        texts = {name: body[name] for name in ("title", "description", "language")}
        try:
            lines = read(ask_with(texts, kind.service, f"{kind.path}/inferred")).body["lines"]
        except (AwayError, RefusedError):
            continue
        told = [(line["theme"], line["kind"], size_of(line, kind.counted)) for line in lines]
        found[body["external_id"]["id"]] = told
    return found


def _of_other_cells(faults: Iterable[Fault], told: Sequence[Fault]) -> list[Fault]:
    """Those of cells of which nothing is told yet: what is not read right is missing besides."""
    cells = {one.cell for one in told if one.cell}
    return [one for one in faults if one.cell not in cells and one not in told]


def _told(content: bytes, kind: Kind) -> Told:
    try:
        return read_rows(read_sheet(content), kind.columns, here(), lines=bool(kind.lines))
    except SheetError as error:
        return Told(faults=[error.fault])


def _known(kind: Kind) -> set[str]:
    """The references of the donor's own records that came out of a spreadsheet before."""
    found: set[str] = set()
    cursor: str | None = None
    while True:
        page = get(
            kind.service,
            kind.path,
            external_source=SOURCE,
            limit=_PAGE,
            cursor=cursor,
            **{kind.party: own_party(kind)},
        ).body
        found |= {one["external_id"]["id"] for one in page["items"]}
        cursor = page["next"]
        if cursor is None:
            return found


@dataclass(frozen=True)
class Outcome:
    """What became of records that were sent: the keys of those that are there now, which were
    refused and why, and whether the register was away for any."""

    done: set[str]
    refused: Sequence[tuple[str, str]]
    away: bool


def _send(kind: Kind, bodies: Bodies) -> Outcome:
    """Bring records in; each by its reference.

    Each has an external id, of which the register's id is made: sent twice, it is there once, and
    one whose answer was lost is known when the file is sent again.
    """
    services, own = house().services, reader()

    def send(body: Mapping[str, Any]) -> RefusedError | AwayError | None:
        try:
            services.send(own, "POST", kind.service, kind.path, body)
        except (AwayError, RefusedError) as error:
            return None if _is_there(error) else error
        return None

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(send, bodies))
    marks = [str(body["external_id"]["id"]) for body in bodies]
    return _outcome(kind, ((mark, mark, error) for mark, error in zip(marks, answers, strict=True)))


def _change(kind: Kind, changes: Sequence[Change]) -> Outcome:
    """Change records; each by its id."""
    sent = send_changes(kind, changes)
    return _outcome(kind, ((change.id, change.title, error) for change, error in sent))


def _outcome(kind: Kind, sent: Iterable[tuple[str, str, Exception | None]]) -> Outcome:
    """What became of each: its key, what it is called, and why it was not taken."""
    every = list(sent)
    return Outcome(
        done={key for key, _name, error in every if error is None},
        refused=[
            (name, said_of(kind, error))
            for _key, name, error in every
            if isinstance(error, RefusedError)
        ],
        away=any(isinstance(error, AwayError) for _key, _name, error in every),
    )


def _is_there(error: RefusedError | AwayError) -> bool:
    return isinstance(error, RefusedError) and error.status == HTTPStatus.CONFLICT


def said_of(kind: Kind, error: RefusedError) -> str:
    """Why a record was not taken, after the name of the column that it is about, if of one."""
    found = faults(error)
    if not found:
        return refusal(error)
    (field, message), *_more = found
    member = field.rpartition(".")[2].partition("[")[0]
    key = "quantity" if member == kind.counted else member
    names = (one.name(here()) for one in kind.columns if one.key == key)
    return ": ".join((*list(names)[:1], message))
