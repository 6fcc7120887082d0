"""What covers the need lines of a set as a file, and how it is measured."""

from pathlib import Path

import pytest

from deploy.cli.covered import Covered, measure_covered, write_covered
from deploy.cli.goldformat import GoldSetError

FOUND = (Covered("R1", 2, "A1", 0.75), Covered("R2", 1, "A2", 0.5), Covered("R9", 1, "A9", 0.5))


def test_only_what_is_asserted_is_written(tmp_path: Path) -> None:
    write_covered(FOUND[:1], tmp_path / "covered.tsv")
    assert (tmp_path / "covered.tsv").read_text() == (
        "request\tline\tactivity\tscore\nR1\t2\tA1\t0.750000\n"
    )


def test_pairs_without_a_label_are_left_out_or_wrong(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("request\tline\tactivity\tlabel\nR1\t2\tA1\t1\nR2\t1\tA2\t0\nR3\t1\tA3\t1\n")
    found = measure_covered(FOUND, labels)["coverage"]
    assert found["labelled"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert found["all"] == {"precision": 0.333333, "recall": 0.5, "f1": 0.4}


def test_without_labels_nothing_is_measured(tmp_path: Path) -> None:
    assert measure_covered(FOUND, tmp_path / "none.tsv") == {}


def test_labels_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("request\tline\tactivity\nR1\tone\tA1\n")
    with pytest.raises(GoldSetError, match="request, line, activity and label"):
        measure_covered((), labels)
