"""The public keys of token issuers, kept up to date: from a file, a URL, or by discovery."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
import structlog

from shared.settings import Settings, SettingsError
from shared.web.key_sets import (
    EitherKeys,
    KeysById,
    KeySource,
    KeysUnavailableError,
    PublicKey,
    pick,
    read_key_set,
)

FETCH_TIMEOUT_SECONDS = (2.0, 3.0)  # to connect, between bytes
FETCH_DEADLINE_SECONDS = 5.0
MAX_SET_BYTES = 256 * 1024
KEPT_SECONDS = 300.0
RETRY_SECONDS = 10.0
DISCOVERY_PATH = "/.well-known/openid-configuration"
FILE_CHECK_SECONDS = 1.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_SCHEMES = ("https://", "http://")

_log = structlog.get_logger(__name__)


def key_source(settings: Settings) -> KeySource:
    """The keys that the settings name; raises SettingsError where they name none.

    A file, URLs, or all at once; without any, those of the OpenID Connect issuer that
    ENTRAIDE_ISSUER is the address of.
    """
    sources: list[KeySource] = []
    if settings.jwks_file is not None:
        sources.append(FileKeys(settings.jwks_file))
    for url in filter(None, map(str.strip, settings.jwks_url.split(","))):
        if not url.startswith(_SCHEMES):
            raise SettingsError("each of ENTRAIDE_JWKS_URL must begin with https:// (or http://)")
        sources.append(UrlKeys(url))
    if not sources:
        if not _is_safe(settings.issuer):
            raise SettingsError(
                "set ENTRAIDE_JWKS_URL or ENTRAIDE_JWKS_FILE, or name in ENTRAIDE_ISSUER the "
                "https:// address of an OpenID Connect issuer (http:// on loopback alone)"
            )
        sources.append(DiscoveredKeys(settings.issuer))
    return sources[0] if len(sources) == 1 else EitherKeys(*sources)


class FileKeys:
    """Keys in a file that is read again whenever it changes.

    While it is missing or broken, the keys last read stay in use.
    """

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._checked_at = float("-inf")
        self._keys: KeysById | None = None

    def find(self, key_id: str | None) -> PublicKey | None:
        """See KeySource; looks at the file at most once in FILE_CHECK_SECONDS."""
        with self._lock:
            if self._monotonic() - self._checked_at >= FILE_CHECK_SECONDS:
                self._checked_at = self._monotonic()
                self._read()
            if self._keys is None:
                raise KeysUnavailableError("the file of keys cannot be read")
            return pick(self._keys, key_id)

    def _read(self) -> None:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if stamp != self._stamp:
                self._keys = read_key_set(self._path.read_bytes())
                self._stamp = stamp
        except (OSError, ValueError) as error:
            _log.error("the file of keys cannot be read", error=type(error).__name__)


@dataclass(frozen=True)
class _Fetched:
    keys: KeysById
    at: float


class UrlKeys:
    """Keys published at a URL, fetched again after KEPT_SECONDS or for a key id not seen before.

    Attempts are RETRY_SECONDS apart, whatever callers send, and one at a time: meanwhile other
    threads go on with the keys they have. Keys stay in use while the URL cannot be reached.
    """

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._tried_at = float("-inf")
        self._fetched: _Fetched | None = None

    def find(self, key_id: str | None) -> PublicKey | None:
        """See KeySource; blocks for FETCH_DEADLINE_SECONDS or so while it fetches."""
        fetched = self._fetched
        if fetched is None or self._monotonic() - fetched.at >= KEPT_SECONDS:
            fetched = self._refresh(fetched)
        key = pick(fetched.keys, key_id)
        if key is None and key_id is not None:
            key = pick(self._refresh(fetched).keys, key_id)
        return key

    def _refresh(self, seen: _Fetched | None) -> _Fetched:
        """What is newest after fetching, if it is time to fetch; `seen` is what did not do."""
        # Who has nothing must wait for whoever is fetching; who has something need not.
        if self._lock.acquire(blocking=seen is None):
            try:
                due = self._monotonic() - self._tried_at >= RETRY_SECONDS
                if self._fetched is seen and due:
                    self._tried_at = self._monotonic()
                    self._fetch()
            finally:
                self._lock.release()
        if self._fetched is None:
            raise KeysUnavailableError("the key set cannot be fetched")
        return self._fetched

    def _fetch(self) -> None:
        try:
            keys = read_key_set(_download(self._address(), self._monotonic))
        except (requests.RequestException, OSError, ValueError, RecursionError) as error:
            _log.error("the key set cannot be fetched", error=type(error).__name__)
            return
        self._fetched = _Fetched(keys, self._monotonic())

    def _address(self) -> str:
        return self._url


class DiscoveredKeys(UrlKeys):
    """Keys of an OpenID Connect issuer, found by its discovery document at every fetch."""

    def __init__(self, issuer: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(issuer.rstrip("/") + DISCOVERY_PATH, monotonic)
        self._issuer = issuer

    def _address(self) -> str:
        document = json.loads(_download(self._url, self._monotonic))
        if not isinstance(document, dict) or document.get("issuer") != self._issuer:
            raise ValueError("the discovery document is not this issuer's")
        address = document.get("jwks_uri")
        # What was asked for over TLS is not fetched without, nor anything from another machine.
        over_tls = self._issuer.startswith("https://")
        fine = isinstance(address, str) and (
            address.startswith("https://") if over_tls else _is_safe(address)
        )
        if not fine:
            raise ValueError("the discovery document names no address of keys")
        return str(address)


def _is_safe(address: str) -> bool:
    """Whether what comes from there is from whom it names: over TLS, or from this very machine."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or local)


def _session(url: str) -> requests.Session:
    session = requests.Session()
    # A proxy from the environment knows no way to this machine's own loopback.
    session.trust_env = urlsplit(url).hostname not in LOOPBACK
    return session


def _download(url: str, monotonic: Callable[[], float]) -> bytes:
    deadline = monotonic() + FETCH_DEADLINE_SECONDS
    body = b""
    with (
        _session(url) as session,
        contextlib.closing(
            session.get(
                url,
                timeout=FETCH_TIMEOUT_SECONDS,
                stream=True,
                allow_redirects=False,
                headers={"Accept": "application/json"},
            )
        ) as response,
    ):
        if response.status_code != requests.codes.ok:
            raise ValueError("the address did not answer with 200")
        for piece in response.iter_content(8192):
            body += piece
            if len(body) > MAX_SET_BYTES or monotonic() > deadline:
                raise ValueError("the answer is too large or comes too slowly")
    return body
