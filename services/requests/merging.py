"""Merging a request into another of the same State."""

from services.requests.documents import AssistanceRequest, NeedLine
from shared.registers.merging_rules import Register
from shared.web.problems import invalid_field
from shared.web.visibility import Sight


def _refuse(request: AssistanceRequest, other: AssistanceRequest) -> None:
    if Sight[other.confidentiality.upper()] < Sight[request.confidentiality.upper()]:
        message = (
            f"The other request is {other.confidentiality} and this one {request.confidentiality}: "
            "more would see its needs."
        )
        raise invalid_field("lines", message, "not-public")


def _complete(need: NeedLine, request: AssistanceRequest) -> None:
    need.window = need.window or request.window
    need.priority = need.priority or request.priority


REQUESTS = Register(AssistanceRequest, "country", _refuse, _complete)
