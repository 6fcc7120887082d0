"""Pages of matches: what becomes of an endorsed proposal."""

from contextlib import suppress

from flask import Flask, Response

from services.portal.pages import asking
from services.portal.pages.frame import for_roles, go, show
from services.portal.pages.matches.acting import READERS, do
from services.portal.pages.matches.exporting import export_iati
from services.portal.pages.matches.listing import matches
from services.portal.pages.matches.pairing import PAGE as PAIRING
from services.portal.pages.matches.pairing import choose_pair
from services.portal.pages.matches.reading import read
from services.portal.pages.matches.showing import commitment_row, show_case
from services.portal.pages.matches.talking import (
    answer_joining,
    attach,
    download,
    join,
    leave,
    message,
    remove,
    strike,
)
from services.portal.services import AwayError, RefusedError


def install(app: Flask) -> None:
    """Add the pages. Where forms are sent by POST, GET leads back to the page."""
    place = "/matches/<string:proposal_id>"
    messages, files = f"{place}/messages", f"{place}/files"
    joinings = f"{place}/joinings/<string:joining_id>"
    both, read_only = ("GET", "POST"), ("GET",)
    for path, view, methods in (
        ("/matches", matches, read_only),
        (PAIRING, choose_pair, read_only),
        ("/matches/export.xml", export_iati, read_only),
        (place, match, read_only),
        ("/commitments/<string:commitment_id>", commitment, read_only),
        (f"{place}/do/<string:name>", do, both),
        (f"{place}/join", join, both),
        (messages, message, both),
        (f"{messages}/<int:number>/strike", strike, both),
        (files, attach, both),
        (f"{files}/<string:file_id>", download, read_only),
        (f"{files}/<string:file_id>/remove", remove, both),
        (f"{joinings}/answer", answer_joining, both),
        (f"{joinings}/leave", leave, both),
    ):
        name = f"match_{view.__name__}"  # other rooms have views of the same name
        app.add_url_rule(path, name, view, methods=list(methods))


@for_roles(*READERS)
def match(proposal_id: str) -> Response:
    """One match; its messages are read thereby."""
    case = read(proposal_id)
    if case.thread is not None and case.thread["unread"]:
        path = f"/v1/proposals/{proposal_id}/messages/read"
        with suppress(AwayError, RefusedError):  # what is not marked now is marked next time
            asking.send("matcher", path, {"up_to": case.thread["count"]}, method="PUT")
    return show_case(case)


@for_roles(*READERS)
def commitment(commitment_id: str) -> Response:
    """One commitment: on the page of its match, or by itself where it is of none."""
    found = asking.get("matcher", f"/v1/commitments/{commitment_id}").body
    if found["proposal"] is not None:
        return go(f"/matches/{found['proposal']}#commitments")
    return show("matches/commitment.html", one=commitment_row(found), country=found["country"])
