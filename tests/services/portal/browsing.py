"""A reader's browser without scripts, as far as the tests need one."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self

from flask import Flask
from werkzeug.test import TestResponse

from deploy.cli.example_accounts import session_cookie
from services.portal.documents import Account
from services.portal.house import House


@dataclass
class Form:
    """A form of a page: where it is sent, and what stands in its fields."""

    action: str
    values: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What stands on a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None
        self.feed(text)

    @property
    def text(self) -> str:
        """The words of the page."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag == "form":
            self._form = Form(found.get("action", ""))
            self.forms.append(self._form)
        if self._form is None:
            return
        name, kind = found.get("name"), found.get("type", "text")
        left_out = kind == "checkbox" or (kind == "radio" and "checked" not in found)
        if tag == "input" and name and not left_out:
            self._form.values[name] = found.get("value", "")
        if tag == "textarea" and name:
            self._textarea = name
            self._form.values[name] = ""
        if tag == "select" and name:
            self._select = name
        if tag == "option" and self._select:
            chosen = "selected" in found or self._select not in self._form.values
            if chosen:
                self._form.values[self._select] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea is not None:
            # A browser leaves out the line break that a text area begins with.
            before = self._form.values[self._textarea]
            self._form.values[self._textarea] = before + (data if before else data.lstrip("\r\n"))
        self.words.append(data)


class Browser:
    """Keeps cookies, follows redirects, fills in forms by what the page has."""

    def __init__(self, app: Flask, **headers: str) -> None:
        self.client = app.test_client()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer: TestResponse | None = None

    @property
    def page(self) -> Page:
        """The page that is shown."""
        assert self.answer is not None
        return Page(self.answer.text)

    @property
    def path(self) -> str:
        """The path of the page that is shown."""
        assert self.answer is not None
        return self.answer.request.path

    @property
    def status(self) -> int:
        """The status of the page that is shown."""
        assert self.answer is not None
        return self.answer.status_code

    def enter(self, house: House, account: Account) -> Self:
        """Be signed in as an account, with both factors."""
        self.client.set_cookie("entraide-session", session_cookie(house, account, "a browser"))
        return self

    def open(self, path: str) -> Page:
        """Go to a page."""
        self.answer = self.client.get(path, headers=self.headers, follow_redirects=True)
        return self.page

    def send(self, action: str = "", **values: object) -> Page:
        """Send the form of the shown page that goes to `action`, with these values."""
        (form,) = (form for form in self.page.forms if form.action == action)
        assert self.answer is not None
        here = self.answer.request
        target = action or f"{here.path}?{here.query_string.decode()}"
        self.answer = self.client.post(
            target, data={**form.values, **values}, headers=self.headers, follow_redirects=True
        )
        return self.page

    def cookies(self) -> dict[str, str]:
        """The cookies that the browser keeps."""
        return {name: cookie.value for (_, _, name), cookie in self.client._cookies.items()}
