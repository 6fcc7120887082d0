"""Wall clocks of single processes that go wrong, by a small library that is loaded before libc."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).parent / "clocks.c"
FILE, LOADED = "ENTRAIDE_TEST_CLOCKS", "LD_PRELOAD"
_GROUPS, _BYTES = 1 << 22, 8


class Clocks:
    """Sets the clocks of process groups whose processes were started inside `settable_clocks`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def set(self, group: int, seconds: int) -> None:
        """The group's processes are ahead by so many seconds from now on; 0: they are right."""
        with self._file.open("r+b", buffering=0) as file:
            file.seek(group * _BYTES)
            file.write(seconds.to_bytes(_BYTES, "little", signed=True))


@contextmanager
def settable_clocks(directory: Path) -> Iterator[Clocks | None]:
    """Processes started within the block have clocks to be set; None without a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        yield None
        return
    directory.mkdir(parents=True, exist_ok=True)
    library, file = directory / "clocks.so", directory / "clocks"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    with file.open("wb") as made:
        made.truncate(_GROUPS * _BYTES)  # a file of holes
    before = {name: os.environ.get(name) for name in (FILE, LOADED)}
    os.environ |= {FILE: str(file), LOADED: str(library)}
    try:
        yield Clocks(file)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
