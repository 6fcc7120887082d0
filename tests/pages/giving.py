"""Records that the tests of donors' pages make for themselves."""

from typing import Any

from shared.ids import new_id
from tests.pages.running import Portal

HOSTILE = "<script>alert(1)</script> \u202egnp.exe\u202c"
"""A text that would run, or turn what stands beside it around, where it is not shown as text."""


def make_offer(portal: Portal, **more: Any) -> str:
    """A draft of the examples' donor; its id."""
    body = {
        "organisation": portal.donor,
        "title": f"Marking machines {HOSTILE}",
        "description": "Six marking machines for police armouries, with training of operators.",
        "language": "en",
        "provisions": [
            {"theme": "marking", "kind": "equipment", "capacity": 6, "unit": "machines"},
            {"theme": "marking", "kind": "funding", "amount": 1200.5, "currency": "EUR"},
        ],
        "conditions": [{"kind": "reporting", "text": f"A report each year {HOSTILE}"}],
        "external_id": {"source": "pages-tests", "id": new_id()},
        **more,
    }
    return str(portal.api("donor").post("offers", "/v1/offers", body).body["id"])
