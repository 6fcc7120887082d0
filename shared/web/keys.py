"""The public keys of token issuers: a JSON Web Key Set, at a URL or in a file, kept up to date."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import requests
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.settings import Settings, SettingsError

FETCH_TIMEOUT_SECONDS = (2.0, 3.0)  # to connect, between bytes
FETCH_DEADLINE_SECONDS = 5.0
MAX_SET_BYTES = 256 * 1024
KEPT_SECONDS = 300.0
RETRY_SECONDS = 10.0
FILE_CHECK_SECONDS = 1.0

_log = structlog.get_logger(__name__)

KeysById = Mapping[str, OKPKey]


class KeysUnavailableError(Exception):
    """No key set could be read so far, so no token can be checked."""


class KeySource(Protocol):
    """Where the keys come from."""

    def find(self, key_id: str | None) -> OKPKey | None:
        """The key of that id; without an id, the only key there is. None if there is none such.

        Raises KeysUnavailableError while no set could be read.
        """


def key_source(settings: Settings) -> KeySource:
    """The source that the settings name; raises SettingsError unless it is exactly one."""
    if bool(settings.jwks_url) == (settings.jwks_file is not None):
        raise SettingsError("set one of ENTRAIDE_JWKS_URL and ENTRAIDE_JWKS_FILE")
    if settings.jwks_file is not None:
        return FileKeys(settings.jwks_file)
    if not settings.jwks_url.startswith(("https://", "http://")):
        raise SettingsError("ENTRAIDE_JWKS_URL must begin with https:// (or http://)")
    return UrlKeys(settings.jwks_url)


def read_key_set(text: str | bytes) -> KeysById:
    """The Ed25519 signature keys of a JSON Web Key Set, by key id; others are passed over.

    Raises ValueError for what is no key set.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the key set is not JSON") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the key set has no list of keys")  # noqa: TRY004 (it is about content)
    found = {}
    for entry in entries:
        if not isinstance(entry, dict) or not _is_ours(entry):
            continue
        # A private half has no business here; what was published by mistake is not kept.
        public = {name: entry[name] for name in ("kty", "crv", "x", "kid") if name in entry}
        try:
            key = OKPKey.import_key(public)
            key.ensure_kid()
            found[str(key.kid)] = key
        except (JoseError, ValueError, TypeError):
            _log.warning("passed over a malformed key in the key set")
    return found


def _is_ours(entry: Mapping[str, object]) -> bool:
    return (
        entry.get("kty") == "OKP"
        and entry.get("crv") == "Ed25519"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "Ed25519") in ("Ed25519", "EdDSA")
    )


def _pick(keys: KeysById, key_id: str | None) -> OKPKey | None:
    if key_id is not None:
        return keys.get(key_id)
    return next(iter(keys.values())) if len(keys) == 1 else None


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

    def find(self, key_id: str | None) -> OKPKey | None:
        """See KeySource; looks at the file at most once in FILE_CHECK_SECONDS."""
        with self._lock:
            if self._monotonic() - self._checked_at >= FILE_CHECK_SECONDS:
                self._checked_at = self._monotonic()
                self._read()
            if self._keys is None:
                raise KeysUnavailableError("the file of keys cannot be read")
            return _pick(self._keys, key_id)

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

    def find(self, key_id: str | None) -> OKPKey | None:
        """See KeySource; blocks for FETCH_DEADLINE_SECONDS or so while it fetches."""
        fetched = self._fetched
        if fetched is None or self._monotonic() - fetched.at >= KEPT_SECONDS:
            fetched = self._refresh(fetched)
        key = _pick(fetched.keys, key_id)
        if key is None and key_id is not None:
            key = _pick(self._refresh(fetched).keys, key_id)
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
            keys = read_key_set(_download(self._url, self._monotonic))
        except (requests.RequestException, OSError, ValueError) as error:
            _log.error("the key set cannot be fetched", error=type(error).__name__)
            return
        self._fetched = _Fetched(keys, self._monotonic())


def _download(url: str, monotonic: Callable[[], float]) -> bytes:
    deadline = monotonic() + FETCH_DEADLINE_SECONDS
    body = b""
    with contextlib.closing(
        requests.get(
            url,
            timeout=FETCH_TIMEOUT_SECONDS,
            stream=True,
            allow_redirects=False,
            headers={"Accept": "application/json"},
        )
    ) as response:
        if response.status_code != requests.codes.ok:
            raise ValueError("the key set's address did not answer with 200")
        for piece in response.iter_content(8192):
            body += piece
            if len(body) > MAX_SET_BYTES or monotonic() > deadline:
                raise ValueError("the key set is too large or comes too slowly")
    return body
