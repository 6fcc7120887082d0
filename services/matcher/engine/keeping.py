"""Where compiled loops are kept, and for how long they count.

Classes that Numba asks (its setting CACHE_LOCATOR_CLASSES). Numba itself would take a loop for
current as long as the loop's own module is, though parts and constants of other modules stand in
it; and it would read nothing where it may not write, as in an image.
"""

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from numba.core.caching import InTreeCacheLocator

from shared import likeness

SOURCES = (Path(__file__).parent, Path(likeness.__file__).parent)
"""The folders of all that stands in a compiled loop."""
KEPT = "*.nb[ic]"


class Beside(InTreeCacheLocator):
    """In the module's own folder, where this process may write to it."""

    def get_source_stamp(self) -> bytes:
        """What a loop was compiled of; one with another stamp is compiled anew."""
        return _stamp()


class Copied(Beside):
    """In a folder of this process's own, with what stands compiled beside the module."""

    def __init__(self, py_func: Callable[..., object], py_file: str) -> None:
        super().__init__(py_func, py_file)  # type: ignore[no-untyped-call]
        self._cache_path = str(_copy(Path(self._cache_path)))


def stamp_of(folders: Iterable[Path]) -> bytes:
    """A digest (SHA-256) of the names and texts of all modules in some folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for module in sorted(folder.glob("*.py")):
            text = module.read_bytes()
            digest.update(f"{module.name} {len(text)} ".encode() + text)
    return digest.digest()


@cache
def _stamp() -> bytes:
    return stamp_of(SOURCES)


@cache
def _copy(folder: Path) -> Path:
    own = Path(tempfile.mkdtemp(prefix="entraide-compiled-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    for file in folder.glob(KEPT):
        shutil.copy(file, own)
    return own
