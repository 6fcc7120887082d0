"""The embedded database, where two do at once what its own server never comes out of."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from pymongo import MongoClient

ROUNDS = 30
MOST_MS = 20_000


def test_an_insert_and_an_index_may_make_a_collection_at_the_same_moment(mongodb: str) -> None:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with (
        MongoClient(mongodb, socketTimeoutMS=MOST_MS) as one,
        MongoClient(mongodb, socketTimeoutMS=MOST_MS) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        for number in range(ROUNDS):
            gate = threading.Barrier(2)

            def at_once(work: Callable[[], object], gate: threading.Barrier = gate) -> None:
                gate.wait()
                work()

            here, there = (client[name][f"c{number}"] for client in (one, other))
            done = [
                pool.submit(at_once, lambda here=here: here.insert_one({"a": 1})),
                pool.submit(at_once, lambda there=there: there.create_index("a")),
            ]
            for future in done:
                future.result()
            assert there.count_documents({"a": 1}) == 1
        one.drop_database(name)
