"""Merging a request into another of the same State."""

from services.requests.documents import AssistanceRequest, NeedLine
from shared.registers.merging_rules import Register
from shared.web.problems import invalid_field


def _refuse(request: AssistanceRequest, other: AssistanceRequest) -> None:
    if other.confidentiality == "public" and request.confidentiality != "public":
        message = "The other request is public and this one is not: its needs would become public."
        raise invalid_field("lines", message, "not-public")


def _complete(need: NeedLine, request: AssistanceRequest) -> None:
    need.window = need.window or request.window
    need.priority = need.priority or request.priority


REQUESTS = Register(AssistanceRequest, "country", _refuse, _complete)
