"""Records of the portal service, as its OpenAPI document has them.

Made by deploy/interfaces/typed.py from docs/interfaces; nobody edits it. What is not
`Required` may be missing.
"""

from typing import Required, TypedDict


class NotificationView(TypedDict, total=False):
    id: Required[str]
    kind: Required[str]
    record_type: Required[str]
    record: Required[str]
    action: Required[str]
    state: Required[str | None]
    text: Required[str]
    at: Required[str]
    created_at: Required[str]
    read_at: Required[str | None]
    link: Required[str]


class WebhookBody(TypedDict, total=False):
    url: Required[str]
    kinds: list[str]


class WebhookView(TypedDict, total=False):
    id: Required[str]
    url: Required[str]
    kinds: Required[list[str]]
    created_at: Required[str]
    waiting: Required[int]
    called_at: Required[str | None]
    failures: Required[int]
    failing_since: Required[str | None]
    last_failure: Required[str | None]
    paused_at: Required[str | None]
    paused_because: Required[str | None]


class TokenView(TypedDict, total=False):
    id: Required[str]
    name: Required[str]
    scopes: Required[list[str]]
    created_at: Required[str]
    expires_at: Required[str]
    used_at: Required[str | None]
