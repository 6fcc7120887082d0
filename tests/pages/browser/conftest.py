"""A real Chromium, where the machine has one; without, its tests are skipped and say so."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.pages.running import Portal

ARGUMENTS = ("--no-sandbox", "--no-proxy-server")  # everything is on this machine
NAMES = ("chromium", "chromium-browser", "google-chrome")

ContextMaker = Callable[..., BrowserContext]


def chromium_path() -> str | None:
    """Where Chromium is: what ENTRAIDE_CHROMIUM names, else the first of its usual names."""
    given = os.environ.get("ENTRAIDE_CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def reading(chromium: Browser, portal: Portal) -> Iterator[ContextMaker]:
    """Makes browsers of a reader: reading("donor", "ar", scheme="dark", width=360)."""
    with ExitStack() as stack:

        def make(
            role: str | None = None,
            language: str = "en",
            *,
            scheme: str = "light",
            width: int = 1440,
            scripts: bool = True,
            **options: Any,
        ) -> BrowserContext:
            context = chromium.new_context(
                base_url=portal.url,
                locale=language,
                color_scheme=scheme,  # type: ignore[arg-type]
                viewport={"width": width, "height": 900},
                java_script_enabled=scripts,
                **options,
            )
            stack.callback(context.close)
            if role is not None:
                cookie = {"name": "entraide-session", "value": portal.cookies[role]}
                context.add_cookies([{**cookie, "url": portal.url}])  # type: ignore[list-item]
            return context

        yield make
