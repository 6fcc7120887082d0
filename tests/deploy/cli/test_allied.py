"""The alliances of a set as a file, and how they are measured."""

from pathlib import Path

import pytest

from deploy.cli.allied import measure_alliances, write_alliances
from deploy.cli.goldformat import GoldSetError


def test_only_what_is_asserted_is_written(tmp_path: Path) -> None:
    write_alliances({"R2": "AL02", "R9": "AL01", "R1": "AL02"}, tmp_path / "alliances.tsv")
    assert (tmp_path / "alliances.tsv").read_text() == (
        "alliance\trequest\nAL01\tR9\nAL02\tR1\nAL02\tR2\n"
    )


def test_members_of_none_make_no_pairs(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("alliance\trequest\nA\tR1\nA\tR2\n-\tR3\n-\tR4\n")
    found = measure_alliances({"R1": "1", "R2": "1", "R3": "1"}, labels)
    assert found == {"alliances": {"precision": 0.333333, "recall": 1.0, "f1": 0.5}}


def test_without_labels_nothing_is_measured(tmp_path: Path) -> None:
    assert measure_alliances({"R1": "1"}, tmp_path / "none.tsv") == {}


def test_labels_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("alliance\n1\n")
    with pytest.raises(GoldSetError, match="alliance and request"):
        measure_alliances({}, labels)
