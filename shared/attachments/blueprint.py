"""The files of a service's records over HTTP: the same four calls under each kind of record."""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from flask import Flask, Response, current_app, request
from flask.views import MethodView
from werkzeug.http import dump_options_header, parse_options_header

from shared.attachments.documents import Attachment
from shared.attachments.keeping import Place, attach, content_of, find, remove, scan_state, shown
from shared.attachments.kinds import EXTENSIONS
from shared.attachments.names import checked_name
from shared.attachments.schemas import AttachmentsView, AttachmentView, LevelQuery, NoQuery
from shared.registers.context import context
from shared.registers.views import headers
from shared.settings import Settings
from shared.web.blueprint import Blueprint
from shared.web.identity import ROLES, Identity, current_identity, require_roles
from shared.web.logging import record_confidential_read
from shared.web.marks import answers, document
from shared.web.preconditions import conditional, required_version
from shared.web.problems import forbidden, invalid_field
from shared.web.uploads import takes_file, uploaded_file
from shared.web.visibility import CONFIDENTIAL, LEVELS

MAX_BYTES = "ENTRAIDE_ATTACHMENT_MAX_BYTES"
CLAMD = "ENTRAIDE_CLAMD"

MEDIA_TYPES = (*EXTENSIONS, "application/octet-stream")
_FILE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

Action = Literal["add", "remove"]
F = TypeVar("F", bound=Callable[..., Any])
Answer = tuple[dict[str, Any], int, dict[str, str]]


@dataclass(frozen=True)
class Holder:
    """A kind of record that has files: `prefix` is the address of its list.

    `look` is called with the caller, a record's id and what is to be done besides reading; raises
    problems where the caller may not. `levels`: files may have a level of their own.
    """

    noun: str
    prefix: str
    look: Callable[[Identity, str, Action | None], Place]
    readers: tuple[str, ...] = ROLES
    levels: bool = False


def configure(app: Flask, settings: Settings) -> None:
    """Tell the app how large a file may be, and where the scanner is."""
    app.config[MAX_BYTES] = settings.attachment_max_bytes
    app.config[CLAMD] = settings.clamd


def attachments_blueprint(holder: Holder) -> Blueprint:
    """The resource of the files of such records; the app needs `configure`."""
    blueprint = Blueprint(
        f"{holder.noun}-attachments",
        __name__,
        url_prefix=f"{holder.prefix}/<string:record_id>/attachments",
        description=f"Files attached to {holder.noun}s: to be downloaded, never shown in place.",
    )

    @blueprint.route("")
    class Attachments(MethodView):
        """The files of a record."""

        @require_roles(*holder.readers)
        @blueprint.response(200, AttachmentsView)
        def get(self, record_id: str) -> dict[str, Any]:
            """List the files of the record that you may see, the oldest first."""
            identity = current_identity()
            place = holder.look(identity, record_id, None)
            found = shown(place)
            _note_read(place, found, identity)
            return {"items": [_view(one, place) for one in found]}

        @require_roles(*holder.readers)
        @_described(levels=holder.levels)
        @answers(HTTPStatus.UNPROCESSABLE_ENTITY, "The file or its name cannot be taken")
        @takes_file(*MEDIA_TYPES)
        @blueprint.arguments(LevelQuery if holder.levels else NoQuery, location="query")
        @blueprint.response(201, AttachmentView)
        @blueprint.alt_response(200, schema=AttachmentView, description="It is there already")
        def post(self, args: dict[str, Any], record_id: str) -> Answer:
            """Attach a file, sent as it is. Its type is told by its content.

            Sent twice, the same file under the same name is attached once.
            """
            identity = current_identity()
            place = holder.look(identity, record_id, "add")
            name = checked_name(sent_name())
            with uploaded_file(MEDIA_TYPES, MAX_BYTES) as file:
                content = file.read()
            level, now = args.get("visibility"), context().clock()
            found, new = attach(place, content, name, level, identity, now, _clamd())
            if place.tell is not None:
                place.tell(found, _clamd(), now)
            address = f"{holder.prefix}/{place.record}/attachments/{found.id}"
            return _view(found, place), 201 if new else 200, headers(found, address)

    @blueprint.route("/<string:attachment_id>")
    class OneAttachment(MethodView):
        """One file of a record."""

        @require_roles(*holder.readers)
        @blueprint.response(200, AttachmentView)
        def get(self, record_id: str, attachment_id: str) -> Answer:
            """Read what the file is; its bytes are under `/file`."""
            identity = current_identity()
            place = holder.look(identity, record_id, None)
            found = find(place, attachment_id)
            _note_read(place, [found], identity)
            return _view(found, place), 200, headers(found)

        @require_roles(*holder.readers)
        @conditional
        @blueprint.response(204)
        def delete(self, record_id: str, attachment_id: str) -> None:
            """Remove the file. Its bytes are gone; that it was there stays in the audit trail."""
            identity, expected = current_identity(), required_version()
            place = holder.look(identity, record_id, "remove")
            found = find(place, attachment_id)
            if not place.may_remove(found):
                raise forbidden("Only who attached this file or a coordinator may remove it.")
            now = context().clock()
            removed = remove(place, found, expected, identity, now)
            if place.tell is not None:
                place.tell(removed, _clamd(), now)

    @blueprint.route("/<string:attachment_id>/file")
    @require_roles(*holder.readers)
    @answers(HTTPStatus.CONFLICT, "The virus scanner has yet to look at it")
    @_gives_file
    def file(record_id: str, attachment_id: str) -> Response:
        """Download the file."""
        identity = current_identity()
        place = holder.look(identity, record_id, None)
        found = find(place, attachment_id)
        content = content_of(found, _clamd())
        _note_read(place, [found], identity)
        return _download(found, content)

    return blueprint


def _described(*, levels: bool) -> Callable[[F], F]:
    """Document the header that has the file's name, and the query: one list stands for both."""
    name = {
        "in": "header",
        "name": "Content-Disposition",
        "required": True,
        "description": "The file's name, as RFC 6266 has it.",
        "schema": {"type": "string"},
        "example": "attachment; filename*=UTF-8''Plan%20d%27action.pdf",
    }
    level = {
        "in": "query",
        "name": "visibility",
        "required": False,
        "description": LevelQuery().fields["visibility"].metadata["description"],
        "schema": {"type": "string", "enum": list(LEVELS)},
    }

    def decorate(function: F) -> F:
        document(function, parameters=[name, level] if levels else [name])
        return function

    return decorate


def _gives_file(function: F) -> F:
    """Document that the handler answers with a file."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = dict.fromkeys(EXTENSIONS, binary)
    document(function, responses={"200": {"description": "The file", "content": content}})
    return function


def sent_name() -> str:
    """The name of the file that is being sent; the 422 problem naming `name` without one."""
    _, options = parse_options_header(request.headers.get("Content-Disposition"))
    name = options.get("filename")
    if name is None:
        message = 'Send the file\'s name as Content-Disposition: attachment; filename="…"'
        raise invalid_field("name", message, "required")
    if request.headers["Content-Disposition"].isascii():
        return name
    try:  # sent as UTF-8, which headers are read otherwise
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise invalid_field("name", "Send this name as filename*=UTF-8''…", "text") from None


def _download(attachment: Attachment, content: bytes) -> Response:
    digest = base64.b64encode(bytes.fromhex(attachment.sha256)).decode()
    fallback = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in attachment.name)
    # RFC 6266: the plain form for old programs, the extended one, of RFC 8187, for all others.
    options = {"filename": fallback}
    if fallback != attachment.name:
        options["filename*"] = f"UTF-8''{quote(attachment.name, safe='')}"
    answer = Response(content, content_type=_content_type(attachment, content))
    answer.headers["Content-Disposition"] = dump_options_header("attachment", options)
    answer.headers["Content-Security-Policy"] = _FILE_POLICY
    answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    return answer


def _content_type(attachment: Attachment, content: bytes) -> str:
    kind = str(attachment.media_type)
    if not kind.startswith("text/"):
        return kind
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return kind  # some older encoding, and nobody said which
    return f"{kind}; charset=utf-8"


def _view(attachment: Attachment, place: Place) -> dict[str, Any]:
    names = ("id", "name", "media_type", "size", "sha256", "visibility")
    added = attachment.history[0]
    return {
        **{name: getattr(attachment, name) for name in names},
        "record": attachment.audited_under,
        "scan": scan_state(attachment, _clamd()),
        "added_at": added.at,
        "added_by": added,
        "may_remove": place.may_remove(attachment),
        "version": str(attachment.version),
    }


def _note_read(place: Place, found: Iterable[Attachment], identity: Identity) -> None:
    """Put on record that files of a confidential record, or confidential ones, were told of."""
    if any(place.level_of(one) in CONFIDENTIAL for one in found):
        record_confidential_read(identity.subject, identity.role, place.record, 0)


def _clamd() -> str:
    return str(current_app.config[CLAMD])
