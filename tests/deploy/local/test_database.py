"""The embedded database, in what the local stack has its server do otherwise."""

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


def test_each_search_sees_the_indexes_as_they_are(mongodb: str) -> None:
    """What is kept of indexes is what they are, whichever connection changes them."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with MongoClient(mongodb) as client:
        found = client[name]["found"]
        found.insert_many([{"_id": n, "a": n % 3, "b": n} for n in range(9)])

        def ids() -> list[int]:
            return [one["_id"] for one in found.find({"a": 1, "b": {"$gte": 4}}).sort("b", 1)]

        assert ids() == [4, 7]
        found.create_index([("a", 1), ("b", 1)])
        assert ids() == [4, 7]
        found.insert_one({"_id": 9, "a": [0, 1], "b": 9})  # from now on the index is of elements
        assert ids() == [4, 7, 9]
        found.drop_index("a_1_b_1")
        found.update_one({"_id": 3}, {"$set": {"a": 1, "b": 5}})
        assert ids() == [4, 3, 7, 9]
        client.drop_database(name)
