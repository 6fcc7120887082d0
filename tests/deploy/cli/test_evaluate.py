"""Evaluating: the files it writes, what it refuses, and that both ways give the same rankings."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.cli.goldformat import GoldSetError
from deploy.cli.main import main
from deploy.cli.rankings import Ranked, read_qrels, write_rankings

EXAMPLES = Path(__file__).parents[3] / "examples"


def evaluate(gold: Path, out: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["evaluate", str(gold), "--out", str(out), *options])


def rows(out: Path) -> list[list[str]]:
    with (out / "rankings.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    directory = tmp_path / "examples"
    shutil.copytree(EXAMPLES, directory, ignore=shutil.ignore_patterns("*.md"))
    return directory


def test_rankings_are_written_with_ranks_and_six_decimals(tmp_path: Path) -> None:
    ranked = [Ranked(f"O{n}", 1 / (n + 1)) for n in range(60)]
    write_rankings({"R1": ranked, "R2": []}, tmp_path / "rankings.tsv")
    found = rows(tmp_path)
    assert found[0] == ["request", "offer", "rank", "score"]
    assert found[1] == ["R1", "O0", "1", "1.000000"]
    assert found[3] == ["R1", "O2", "3", "0.333333"]
    assert len(found) == 51


def test_labels_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text("request\toffer\tgrade\nR1\tO1\t3\nR1\tO2\t1\n")
    assert read_qrels(path) == {"R1": {"O1": 3, "O2": 1}}
    for wrong in ("request\toffer\nR1\tO1\n", "request\toffer\tgrade\nR1\tO1\thigh\n"):
        path.write_text(wrong)
        with pytest.raises(GoldSetError, match="request, offer and grade"):
            read_qrels(path)
    with pytest.raises(GoldSetError, match="cannot be read"):
        read_qrels(tmp_path / "none.tsv")


def test_the_engines_rankings_are_repeatable_and_measured(gold: Path, tmp_path: Path) -> None:
    first = evaluate(gold, tmp_path / "1")
    assert first.exit_code == 0, first.output
    found = rows(tmp_path / "1")[1:]
    best = [row[:2] for row in found if row[2] == "1"]
    assert len(best) > 10
    (gold / "qrels.tsv").write_text(
        "request\toffer\tgrade\n" + "".join(f"{r}\t{o}\t3\n" for r, o in best)
    )
    again = evaluate(gold, tmp_path / "2")
    assert again.exit_code == 0, again.output
    assert rows(tmp_path / "2")[1:] == found
    assert json.loads(again.stdout)["p@1"] == 1.0


def test_text_only_ranks_by_less(gold: Path, tmp_path: Path) -> None:
    assert evaluate(gold, tmp_path / "all").exit_code == 0
    assert evaluate(gold, tmp_path / "text", "--text-only").exit_code == 0
    assert rows(tmp_path / "all") != rows(tmp_path / "text")


def test_the_sets_countries_decide_who_is_eligible(gold: Path, tmp_path: Path) -> None:
    assert evaluate(gold, tmp_path / "before").exit_code == 0
    (gold / "countries.tsv").write_text("alpha3\tname\tsubregion\tldc\tlldc\tsids\n")
    countries = {json.loads(x)["country"] for x in (gold / "requests.jsonl").open(encoding="utf-8")}
    with (gold / "countries.tsv").open("a") as table:
        for country in countries:
            table.write(f"{country}\t{country}\tNowhere\t0\t0\t0\n")
    assert evaluate(gold, tmp_path / "after").exit_code == 0
    regional = {
        offer["id"]
        for offer in map(json.loads, (gold / "offers.jsonl").open(encoding="utf-8"))
        if offer["eligibility"]["regions"]
        and not offer["eligibility"]["countries"]
        and not offer["eligibility"]["groups"]
    }
    assert regional & {row[1] for row in rows(tmp_path / "before")}
    assert not regional & {row[1] for row in rows(tmp_path / "after")}


def test_another_day_bars_what_is_over(gold: Path, tmp_path: Path) -> None:
    assert evaluate(gold, tmp_path / "late", "--as-of", "2090-01-01").exit_code == 0
    assert rows(tmp_path / "late") == [["request", "offer", "rank", "score"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 1}, "requests.jsonl:1: colour: is not a field of the format"),
        ({"country": "XYZ"}, "requests.jsonl:1: country: "),
        ({"language": "de"}, "requests.jsonl:1: language: "),
    ],
)
def test_a_set_with_a_wrong_row_is_not_evaluated(
    gold: Path, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    file = gold / "requests.jsonl"
    row = json.loads(file.read_text(encoding="utf-8").splitlines()[0]) | change
    file.write_text(json.dumps(row) + "\n")
    result = evaluate(gold, tmp_path / "out")
    assert result.exit_code == 1
    assert message in result.output
    assert not (tmp_path / "out" / "rankings.tsv").exists()


@pytest.mark.journey
@pytest.mark.long
def test_through_services_equals_through_engine_row_by_row(gold: Path, tmp_path: Path) -> None:
    for through in ("engine", "services"):
        result = evaluate(gold, tmp_path / through, "--through", through)
        assert result.exit_code == 0, result.output
    engine = rows(tmp_path / "engine")
    assert len(engine) > 100
    assert rows(tmp_path / "services") == engine
    allied = [(tmp_path / name / "alliances.tsv").read_text() for name in ("engine", "services")]
    assert allied[0].count("\n") > 1
    assert allied[1] == allied[0]
