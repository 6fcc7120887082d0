"""The guides' pictures, made from a running portal with the example data: `make guide-pictures`.

    python -m deploy.docs.pictures [NAME…]

Starts a stack of its own, lets the story happen and writes what pictures.toml lists, or the named
ones of it, to docs/guides/pictures. Needs Chromium, and playwright of the development group.
"""

import base64
import os
import shutil
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from deploy.docs.story import AS_OF, CHAPTERS, Story, begin, tell
from deploy.local.beside import stack_beside
from deploy.local.stack import DataDirectory, Ports

LIST = Path(__file__).with_name("pictures.toml")
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "guides" / "pictures"
WIDTH, QUALITY = 1160, 60
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SURROUNDINGS = {"ENTRAIDE_AS_OF": AS_OF, "ENTRAIDE_WEBHOOKS_TO_LOOPBACK": "yes"}


@dataclass(frozen=True)
class Picture:
    """One picture: see the head of pictures.toml."""

    name: str
    after: str
    path: str
    height: int
    role: str | None = None
    top: str = "body"


def pictures() -> list[Picture]:
    """What pictures.toml lists, in its order."""
    listed = tomllib.loads(LIST.read_text("utf-8"))["picture"]
    return [Picture(**{"top" if key == "from" else key: one[key] for key in one}) for one in listed]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window: the one that ENTRAIDE_CHROMIUM names, or one of the usual."""
    given = os.environ.get("ENTRAIDE_CHROMIUM")
    path = given or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if path is None:
        raise SystemExit("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--no-proxy-server"]
        )
        try:
            yield browser
        finally:
            browser.close()


def take(browser: Browser, story: Story, picture: Picture) -> bytes:
    """The picture, as WebP. Raises SystemExit where the page is not there."""
    url = story.stack.plan.ports.url("portal")
    context = browser.new_context(
        base_url=url, locale="en", viewport={"width": WIDTH, "height": picture.height}
    )
    if picture.role is not None:
        value = story.cookies[picture.role]
        context.add_cookies([{"name": "entraide-session", "value": value, "url": url}])
    page = context.new_page()
    address = picture.path.format(**story.ids)
    answer = page.goto(address)
    if answer is None or answer.status != 200:
        raise SystemExit(f"{picture.name}: no page at {address}")
    top = page.locator(picture.top).first.bounding_box() or {"y": 0.0}
    whole = int(page.evaluate("document.documentElement.scrollHeight"))
    clip = {
        "x": 0,
        "y": top["y"],
        "width": WIDTH,
        "height": min(picture.height, whole - top["y"]),
        "scale": 1,
    }
    options = {"format": "webp", "quality": QUALITY, "clip": clip, "captureBeyondViewport": True}
    taken = context.new_cdp_session(page).send("Page.captureScreenshot", options)
    context.close()
    return base64.b64decode(taken["data"])


class _Receiver(BaseHTTPRequestHandler):
    """What the webhook of the pictures calls: it takes everything."""

    def do_POST(self) -> None:
        """Take it, whatever it is."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of it."""


@contextmanager
def receiver() -> Iterator[str]:
    """The address of something on this machine that takes what webhooks send."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/entraide"
        finally:
            server.shutdown()
            thread.join()


def make(wanted: Sequence[str]) -> None:
    """Make the pictures of these names, or all of them, and say what each weighs."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser, receiver() as target:
        directory = DataDirectory(Path(folder) / "data")
        with stack_beside(directory, Ports.free(), print, _SURROUNDINGS) as stack:
            story = begin(stack, target)
            for chapter in CHAPTERS:
                tell(story, chapter)
                for picture in pictures():
                    if picture.after == chapter and (not wanted or picture.name in wanted):
                        written = FOLDER / f"{picture.name}.webp"
                        written.write_bytes(take(browser, story, picture))
                        sys.stdout.write(f"{written.name} {written.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    make(sys.argv[1:])
