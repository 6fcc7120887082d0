"""The duplicates of a set as a file, and how it is measured."""

from pathlib import Path

import pytest

from deploy.cli.duplicated import Duplicated, measure_duplicated, write_duplicated
from deploy.cli.goldformat import GoldSetError

FOUND = (Duplicated("R1", "R4", 0.75), Duplicated("R2", "R5", 0.5), Duplicated("R8", "R9", 0.5))


def test_only_what_is_asserted_is_written(tmp_path: Path) -> None:
    write_duplicated(FOUND[:1], tmp_path / "duplicates.tsv")
    assert (tmp_path / "duplicates.tsv").read_text() == ("left\tright\tscore\nR1\tR4\t0.750000\n")


def test_pairs_without_a_label_are_left_out_or_wrong(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("left\tright\tlabel\nR4\tR1\t1\nR2\tR5\t0\nR3\tR7\t1\n")
    found = measure_duplicated(FOUND, labels)["duplicates"]
    assert found["labelled"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert found["all"] == {"precision": 0.333333, "recall": 0.5, "f1": 0.4}


def test_without_labels_nothing_is_measured(tmp_path: Path) -> None:
    assert measure_duplicated(FOUND, tmp_path / "none.tsv") == {}


def test_labels_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("left\tright\nR1\tR4\n")
    with pytest.raises(GoldSetError, match="left, right and label"):
        measure_duplicated((), labels)
