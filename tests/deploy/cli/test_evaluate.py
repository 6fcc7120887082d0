"""Evaluating: the files it writes, what it refuses, and that both ways give the same rankings."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploy.cli.baselines import lacking_packages
from deploy.cli.goldformat import GoldSetError, RowError
from deploy.cli.goldset import read_set
from deploy.cli.main import main
from deploy.cli.rankings import Ranked, read_qrels, write_rankings
from deploy.cli.taking import taken

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


@pytest.mark.skipif(lacking_packages() is not None, reason="no packages of the baselines")
@pytest.mark.parametrize("hidden", [(), ("--text-only",)])
def test_baselines_are_printed_beside_the_engines_figures(
    gold: Path, tmp_path: Path, hidden: tuple[str, ...]
) -> None:
    (gold / "qrels.tsv").write_text("request\toffer\tgrade\nE-R01\tE-O01\t3\n")
    found = json.loads(evaluate(gold, tmp_path / "out", *hidden).stdout)
    codes = [] if hidden else ["codes + encoder"]
    assert [*found["baselines"]] == ["BM25", "TF-IDF cosine", "encoder cosine", *codes]
    for figures in found["baselines"].values():
        assert {*figures} <= {*found}
        assert {"ndcg@10", "mrr-cross-language", "barred-pairs-proposed"} <= {*figures}


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
        ({"id": ""}, "requests.jsonl:1: id: must be a text that is not empty"),
        ({"country": "XYZ"}, "requests.jsonl:1: country: "),
        ({"priority": "at once"}, "requests.jsonl:1: priority: "),
        ({"title": 7}, "requests.jsonl:1: title: "),
        ({"needs": {}}, "requests.jsonl:1: needs: must be a list"),
        ({"window": {"from": "2026-07-01", "to": "2026-06-30"}}, "requests.jsonl:1: window.to: "),
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


BAD = {
    "empty": {"title": "", "description": ""},
    "blank": {"title": " ", "description": " \n\t\u00a0"},
    "null": {"title": None, "description": None},
    "one word": {"title": "weapons", "description": "weapons"},
    "100 kB": {"description": "Two marking machines are needed for 24 officers. " * 2_100},
    "100 kB title": {"title": "machines " * 11_000},
    "mixed": {"description": "Нужны machines de marquage 打标机 y capacitación. تدريب الشرطة"},
    "wrong tag": {"language": "zh", "description": "Quatre machines de marquage pour la police."},
    "other tag": {"language": "de", "description": "Zwei Markierungsmaschinen für die Polizei."},
    "no tag": {"language": None},
    "emoji": {"title": "🔫🔫 marking ✅", "description": "👩🏽‍🚒 machines 🇸🇳 needed"},
    "controls": {"title": "marking\x00 machines\x1b[31m", "description": "for\x85 police\ud800"},
    "marks": {
        "description": "\u202bنحتاج\u200f إلى \u2067آلات\u200f الوسم\u2069 (PSSM\u200e)\u202c"
    },
    "digits": {"description": "نطلب ٤ آلات وسم و١٢٠٬٠٠٠ دولار لتدريب ٢٤ شرطيا"},
    "own field": {"colour": {"of": ["anything"]}},
}
ODD_LINES = {
    "unit without quantity": {"quantity": None, "unit": "machines"},
    "quantity without unit": {"quantity": 4, "unit": None},
    "nothing": {"quantity": 0, "unit": "machines"},
    "less than nothing": {"quantity": -3, "amount_usd": -1},
    "many decimals": {"quantity": 2.123456789, "amount_usd": 1000.12345},
    "no number": {"quantity": "٤", "amount_usd": True},
    "more than there is": {"quantity": 1e300, "amount_usd": 1e300},
    "no unit": {"quantity": 4, "unit": "u\x00" * 99},
    "other number": {"line": 7},
    "own field": {"of": "which"},
    "contradictory": {"theme": "border-control", "kind": "infrastructure"},
}


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("hidden", [(), ("--text-only",)])
def test_every_bad_row_ranks_and_what_was_odd_is_told(
    gold: Path, tmp_path: Path, hidden: tuple[str, ...]
) -> None:
    requests, offers = read(gold / "requests.jsonl")[:1], read(gold / "offers.jsonl")[:12]
    activities = read(gold / "activities.jsonl")[:3]
    like, given_ = requests[0], offers[0]
    need, provision = like["needs"][0], given_["provisions"][0]
    for number, (name, change) in enumerate(BAD.items()):
        requests.append({**like, **change, "id": f"R-{number}"})
        offers.append({**given_, **change, "id": f"O-{number}"})
        activities.append({**activities[0], **change, "id": f"A-{name.replace(' ', '-')}"})
    for number, change in enumerate(ODD_LINES.values()):
        measured = {"capacity" if key == "quantity" else key: of for key, of in change.items()}
        requests.append({**like, "needs": [{**need, **change}], "id": f"RL-{number}"})
        offers.append({**given_, "provisions": [{**provision, **measured}], "id": f"OL-{number}"})
    many = [{**need, "line": line} for line in range(1, 150)]
    requests.append({**like, "needs": many, "id": "R-many"})
    offers.append({**given_, "donor_type": "igo", "id": "O-other-donor"})
    offers.append({**given_, "conditions": ["", "\x00", "A room. " * 900], "id": "O-conditions"})
    for file, some in (("requests", requests), ("offers", offers), ("activities", activities)):
        (gold / f"{file}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in some))
    result = evaluate(gold, tmp_path / "out", *hidden)
    assert result.exit_code == 0, result.output
    ranked = {row[0] for row in rows(tmp_path / "out")[1:]}
    silent = {"R-0", "R-1", "R-2", "R-3"} if hidden else set()
    assert ranked >= {one["id"] for one in requests} - silent
    assert "odd, and taken all the same:" in result.stderr
    assert "offers.jsonl:13: title: is blank: taken as empty" in result.stderr
    assert "more" in result.stderr.splitlines()[-1]
    assert json.loads(result.stdout)["barred-pairs-proposed"] == 0


def test_what_is_odd_is_told_by_row_and_field_and_a_valid_set_is_taken_as_it_is(
    gold: Path,
) -> None:
    valid = read_set(gold)
    assert taken(valid) == (valid, ())
    (row,) = read(gold / "requests.jsonl")[:1]
    line = {**row["needs"][0], "quantity": None, "unit": "machines", "line": 2, "x": 1}
    odd = {**row, "language": "de", "description": "a" * 20_001, "needs": [line]}
    (gold / "requests.jsonl").write_text(json.dumps(odd) + "\n")
    assert [error.field for error in read_set(gold).errors] == ["needs[0].x", "needs[0].line"]
    shapes: list[RowError] = []
    found, told = taken(read_set(gold, oddities=shapes))
    assert (found.errors, [one.line for one in (*shapes, *told)]) == ((), [1] * 5)
    assert [one.field for one in shapes] == ["needs[0].x", "needs[0].line"]
    assert [(one.field, one.message) for one in told] == [
        ("description", "has more than 20000 characters: taken whole"),
        ("language", "is none of the six languages: the text is to tell"),
        ("needs[0].unit", "has no quantity: passed over"),
    ]
    (body,) = [one.body for one in found.requests]
    assert (len(body["description"]), body["needs"][0]["unit"]) == (20_001, None)


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
