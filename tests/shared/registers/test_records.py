"""What a new record starts with."""

from datetime import UTC, datetime

from shared.registers.records import new_record_fields
from shared.web.identity import Identity

NOW = datetime(2026, 3, 5, tzinfo=UTC)


def test_one_key_names_a_record_of_each_register():
    operator = Identity(subject="loader", role="operator")

    def id_of(noun: str, key: str | None) -> str:
        return str(new_record_fields(noun, (), {}, operator, NOW, key)["id"])

    assert id_of("request", "k1") == id_of("request", "k1")
    ids = [id_of(noun, key) for noun in ("request", "offer") for key in ("k1", "k2", None)]
    assert len(set(ids)) == len(ids)
