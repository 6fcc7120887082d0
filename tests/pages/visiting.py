"""A browser without scripts that visits the pages of a running portal over HTTP."""

from urllib.parse import urlsplit

import requests

from tests.services.portal.browsing import Page


class Visitor:
    """Keeps cookies, follows redirects, fills in forms by what the page has."""

    def __init__(self, url: str, cookie: str | None = None, language: str = "en") -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept-Language"] = language
        self.session.headers["Accept"] = "text/html"
        if cookie is not None:
            self.session.cookies.set("entraide-session", cookie, domain="127.0.0.1", path="/")
        self.answer: requests.Response | None = None

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return Page(self.shown.text)

    @property
    def shown(self) -> requests.Response:
        """The answer that is shown."""
        assert self.answer is not None, "no page is open"
        return self.answer

    @property
    def path(self) -> str:
        """The path of the page that is shown."""
        return urlsplit(self.shown.url).path

    @property
    def status(self) -> int:
        """The status of the page that is shown."""
        return self.shown.status_code

    def open(self, path: str) -> Page:
        """Go to a page of the portal."""
        self.answer = self.session.get(self.url + path, timeout=60)
        return self.page

    def send(
        self, action: str = "", files: dict[str, object] | None = None, **values: object
    ) -> Page:
        """Send the form of the shown page that goes to `action`, with these values."""
        (form,) = (form for form in self.page.forms if form.action == action)
        target = self.url + action if action else self.shown.url
        self.answer = self.session.post(
            target,
            data={**form.values, **values},
            files=files,  # type: ignore[arg-type]
            timeout=60,
        )
        return self.page

    def links(self, begins: str = "") -> list[str]:
        """Where the page's links lead, those that begin so."""
        found = [attrs.get("href", "") for tag, attrs in self.page.tags if tag == "a"]
        return [address for address in found if address.startswith(begins)]
