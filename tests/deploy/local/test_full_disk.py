"""A database that cannot write any more ends, and has all that it acknowledged when it is back."""

import resource
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import PyMongoError

from deploy.local.database import PANICKED
from deploy.local.excerpts import error_lines
from deploy.local.servers import database_command, database_uri, free_port
from tests.serving import serve, stop

pytestmark = pytest.mark.long

ROOM = 300_000
"""Bytes that a file may have, as on a disk that is full from there on."""


def test_it_ends_rather_than_refuse_everything_for_ever(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    command = database_command(port, tmp_path / "files")
    process = serve(command, port, log)
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(database_uri(port))
    with closing(client):
        written = []
        client["test"]["things"].insert_one({"_id": -1})
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (ROOM, ROOM))
        with suppress(PyMongoError):
            for number in range(1_000):
                client["test"]["things"].insert_one({"_id": number, "pad": "x" * 4_000})
                written.append(number)
        assert process.wait(30) == PANICKED
        assert "is its disk full?" in "".join(error_lines(log.read_text()))
        again = serve(command, port, log)
        try:
            found = {one["_id"] for one in client["test"]["things"].find({}, {"_id": 1})}
        finally:
            stop(again)
    assert written
    assert found >= {-1, *written}
