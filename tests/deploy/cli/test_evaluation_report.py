"""The report of an evaluation: on the example set, whose labels are made here from its codes."""

import builtins
import importlib.util
import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

from deploy.cli import baselines
from deploy.cli.baselines import CODES, ENCODER, code_scores, rank_baselines, ranked
from deploy.cli.crossvalidation import fitted, joined
from deploy.cli.goldset import GoldSet, read_set
from deploy.cli.main import main
from deploy.cli.measuring import calibration, measure
from deploy.cli.permitted import count_barred, permitted_pairs
from deploy.cli.rankings import Ranked
from services.matcher.engine.features import FEATURES
from services.matcher.engine.ranking import Model
from shared.language import encoder_available
from tests.services.matcher.engine.samples import bounded

EXAMPLES = Path(__file__).parents[3] / "examples"
ON = date(2026, 1, 1)
LINE = {"kind": "training", "unit": None, "amount_usd": None}
TEXTS = {"language": "en", "title": "Marking", "description": "Machines that mark rifles."}
WINDOW = {"from": "2026-06-01", "to": "2026-12-31"}

needs_packages = pytest.mark.skipif(
    not (importlib.util.find_spec("bm25s") and encoder_available()),
    reason="without bm25s or the sentence encoder",
)


def need(theme: str, kind: str = "training", line: int = 1) -> dict[str, object]:
    return LINE | {"line": line, "theme": theme, "kind": kind, "quantity": None}


def request(name: str, country: str = "KEN", **changes: object) -> dict[str, object]:
    given = {"country": country, "needs": [need("marking")], "priority": "high"}
    return TEXTS | {"id": name, "window": WINDOW, "channel": "direct"} | given | changes


def offer(name: str, **changes: object) -> dict[str, object]:
    provision = LINE | {"line": 1, "theme": "marking", "capacity": None}
    anyone = {"countries": [], "regions": [], "groups": []}
    donor = {"donor": "A donor", "donor_type": "ngo", "donor_country": None}
    given = {"provisions": [provision], "eligibility": anyone, "conditions": []}
    return TEXTS | {"id": name, "window": WINDOW} | donor | given | changes


def who(**lists: list[str]) -> dict[str, list[str]]:
    return {"countries": [], "regions": [], "groups": []} | lists


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., GoldSet]:
    def made(requests: list[dict[str, object]], offers: list[dict[str, object]]) -> GoldSet:
        for name, rows in (("requests", requests), ("offers", offers)):
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (tmp_path / f"{name}.jsonl").write_text(text)
        gold = read_set(tmp_path)
        assert gold.errors == ()
        return gold

    return made


def test_permitted_pairs_by_eligibility(read: Callable[..., GoldSet]) -> None:
    offers = [
        offer("anyone"),
        offer("country", eligibility=who(countries=["KEN"])),
        offer("region", eligibility=who(regions=["Eastern Africa"])),
        offer("either", eligibility=who(countries=["FRA"], groups=["LLDC"])),
        offer("group", eligibility=who(groups=["LDC"])),
    ]
    gold = read([request("K"), request("T", "TCD")], offers)
    assert permitted_pairs(gold, None, ON) == {
        "K": {"anyone", "country", "region"},
        "T": {"anyone", "either", "group"},
    }


def test_the_sets_own_table_stands_above_the_vocabulary(
    read: Callable[..., GoldSet], tmp_path: Path
) -> None:
    offers = [
        offer("region", eligibility=who(regions=["Eastern Africa"])),
        offer("group", eligibility=who(groups=["LDC"])),
        offer("aid", eligibility=who(groups=["ODA"])),
    ]
    gold = read([request("K")], offers)
    table = tmp_path / "countries.tsv"
    table.write_text("alpha3\tname\tsubregion\tldc\nKEN\tKenya\tElsewhere\t1\n")
    assert permitted_pairs(gold, None, ON) == {"K": {"region", "aid"}}
    assert permitted_pairs(gold, table, ON) == {"K": {"group", "aid"}}


def test_permitted_pairs_by_time(read: Callable[..., GoldSet]) -> None:
    offers = [
        offer("touches", window={"from": "2026-12-31", "to": "2027-12-31"}),
        offer("later", window={"from": "2027-01-01", "to": "2027-12-31"}),
        offer("first", window={"from": "2026-01-01", "to": "2026-06-30"}),
    ]
    gold = read([request("K")], offers)
    assert permitted_pairs(gold, None, ON) == {"K": {"touches", "first"}}
    assert permitted_pairs(gold, None, date(2026, 7, 1)) == {"K": {"touches"}}
    assert permitted_pairs(gold, None, date(2027, 1, 1)) == {"K": frozenset()}


def test_barred_pairs_are_counted() -> None:
    rankings = {"K": [Ranked("a", 0.5), Ranked("b", 0.25)], "L": [Ranked("b", 0.5)]}
    permitted = {"K": frozenset({"a"}), "L": frozenset({"b"})}
    assert count_barred(rankings, permitted) == 1


def test_what_is_measured_with_and_without_labels(read: Callable[..., GoldSet]) -> None:
    gold = read([request("K")], [offer("a"), offer("b")])
    rankings = {"K": [Ranked("a", 0.75), Ranked("b", 0.25)]}
    permitted = {"K": frozenset({"a"})}
    assert measure(gold, rankings, None, permitted) == {"barred-pairs-proposed": 1}
    found = measure(gold, rankings, {"K": {"a": 1, "b": 2}}, permitted)
    assert found["barred-pairs-proposed"] == 1
    assert found["recall@10-same-language"] == found["p@1"] == 1.0
    assert found["ndcg@10-cross-language"] == 0.0


def test_calibration_is_against_grades_two_and_three() -> None:
    rankings = {"K": [Ranked("a", 0.75), Ranked("b", 0.25), Ranked("c", 0.25)]}
    found = calibration(rankings, {"K": {"a": 1, "b": 2}})
    # 0.75 and nothing of it; 0.25 and half of it
    assert found["ece"] == found["ece@10"] == pytest.approx((0.75 + 2 * 0.25) / 3, abs=1e-6)
    assert len(found["reliability"]) == 10
    assert found["reliability"][2] == {"count": 2, "score": 0.25, "share": 0.5}
    assert found["reliability"][9] == {"count": 0, "score": 0.0, "share": 0.0}


def test_codes_are_counted_by_need(read: Callable[..., GoldSet]) -> None:
    needs = [need("marking"), need("marking", "equipment", 2), need("tracing", line=3)]
    gold = read([request("K", needs=needs)], [offer("a"), offer("b", provisions=[])])
    assert code_scores(gold).tolist() == [[pytest.approx((1 + 0.5 + 0) / 3), 0.0]]


def test_equal_scores_are_ranked_by_id(read: Callable[..., GoldSet]) -> None:
    gold = read([request("K")], [offer("b"), offer("c"), offer("a")])
    everyone = {"K": frozenset({"a", "b", "c"})}
    found = ranked(gold, everyone, np.array([[0.5, 0.75, 0.5]]))
    assert [entry.offer for entry in found["K"]] == ["c", "a", "b"]


@needs_packages
def test_baselines_obey_the_rules_and_find_the_words() -> None:
    for text_only in (False, True):
        gold = read_set(EXAMPLES, text_only=text_only)
        permitted = permitted_pairs(gold, None, ON)
        found = rank_baselines(gold, permitted)
        assert (CODES in found) is not text_only
        for rankings in found.values():
            assert count_barred(rankings, permitted) == 0
            assert {r: len(entries) for r, entries in rankings.items()} == {
                r: min(len(offers), 50) for r, offers in permitted.items()
            }


@needs_packages
def test_each_baseline_puts_what_is_said_alike_first(read: Callable[..., GoldSet]) -> None:
    other = {"title": "Music lessons", "description": "A choir for children, with a piano."}
    gold = read([request("K")], [offer("a", **other), offer("b"), offer("c", **other)])
    for name, rankings in rank_baselines(gold, {"K": frozenset({"a", "b", "c"})}).items():
        assert rankings["K"][0].offer == "b", name
    assert ENCODER in rank_baselines(gold, {"K": frozenset()})


def test_fitting_reads_a_soft_label_as_part_of_a_yes() -> None:
    alike = np.ones((4, len(FEATURES)))
    model = fitted(alike, np.array([0.25, 0.25, 0.5, 0.0]), None)
    # Nothing tells the four apart: the score is the mean of the labels, but for the shrinking.
    assert model.scores(alike)[0] == pytest.approx(0.25, abs=0.05)
    # What the prior says already, it keeps.
    weights = bounded([1.0] * len(FEATURES))
    prior = Model("p", FEATURES, weights, -sum(weights))
    assert fitted(alike, np.full(4, 0.5), prior).weights == pytest.approx(prior.weights, abs=1e-6)


def test_who_enters_the_same_twice_is_held_back_together() -> None:
    owners = {"a": "A", "b": "B", "c": "C", "d": "D", "e": "C"}
    found = joined(owners, [("a", "b"), ("e", "b"), ("x", "a")])
    assert found["a"] == found["b"] == found["c"] == found["e"] != found["d"]
    assert joined(owners, ()) == owners


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Some of the examples, with grades that their codes suggest: a set with labels, no more."""
    directory = tmp_path / "examples"
    directory.mkdir()
    for name, rows in (("requests.jsonl", 12), ("offers.jsonl", 24)):
        lines = (EXAMPLES / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (directory / name).write_text("".join(lines[:rows]), encoding="utf-8")
    gold = read_set(directory)
    permitted, served = permitted_pairs(gold, None, ON), code_scores(gold)
    with (directory / "qrels.tsv").open("w") as file:
        file.write("request\toffer\tgrade\n")
        for row, values in zip(gold.requests, served, strict=True):
            for column, value in zip(gold.offers, values, strict=True):
                grade = round(3 * value)
                if grade and column.external in permitted[row.external]:
                    file.write(f"{row.external}\t{column.external}\t{grade}\n")
    return directory


def evaluate(gold: Path, out: Path, report: Path) -> Result:
    options = ["evaluate", str(gold), "--out", str(out), "--report", str(report)]
    return CliRunner().invoke(main, options)


@pytest.mark.long
@needs_packages
def test_the_report_has_every_part_and_is_the_same_again(labelled: Path, tmp_path: Path) -> None:
    written = []
    for name in ("1", "2"):
        directory = tmp_path / name
        directory.mkdir()
        result = evaluate(labelled, directory / "out", directory / "figures.md")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["barred-pairs-proposed"] == 0
        names = ("figures.md", "figures.svg", "figures-reliability.svg")
        written.append([(directory / name).read_text(encoding="utf-8") for name in names])
    assert [re.sub("made on .*", "", text) for text in written[0]] == [
        re.sub("made on .*", "", text) for text in written[1]
    ]
    report, systems, scores = written[0]
    assert "entraide evaluate GOLD_DIR --out DIR --report figures.md\n" in report
    assert str(tmp_path) not in report
    assert not re.search(r"\$\w|nan", report)
    for label in ("BM25", "TF-IDF cosine", ENCODER, "Entraide", "best possible"):
        assert len(re.findall(rf"^\| {re.escape(label)} \|", report, re.MULTILINE)) >= 2
    for word in ("`prior-", "`examples`", "prior as shipped", "ECE"):
        assert word in report
    for picture in (systems, scores):
        ElementTree.fromstring(picture)


def test_a_report_needs_labels_and_a_directory(tmp_path: Path) -> None:
    result = evaluate(EXAMPLES, tmp_path / "out", tmp_path / "figures.md")
    assert result.exit_code == 2
    assert "qrels.tsv" in result.output
    (tmp_path / "set").mkdir()
    shutil.copy(EXAMPLES / "offers.jsonl", tmp_path / "set")
    (tmp_path / "set" / "qrels.tsv").write_text("request\toffer\tgrade\n")
    result = evaluate(tmp_path / "set", tmp_path / "out", tmp_path / "none" / "figures.md")
    assert result.exit_code == 2
    assert "is no directory" in result.output


def test_without_the_baselines_packages_the_report_says_what_is_missing(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baselines.importlib.util, "find_spec", lambda name: None)
    result = evaluate(labelled, tmp_path / "out", tmp_path / "figures.md")
    assert result.exit_code == 1
    assert "need bm25s" in result.output
    assert not (tmp_path / "figures.md").exists()


def test_evaluating_alone_does_without_the_baselines_packages(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = builtins.__import__

    def refuse(name: str, *rest: object, **named: object) -> object:
        if name.startswith("bm25s"):
            raise ImportError(name)
        return really(name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    monkeypatch.setattr(baselines.importlib.util, "find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["evaluate", str(labelled), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert {"ndcg@10", "ndcg@10-cross-language", "ece", "ece@10", "reliability"} <= found.keys()
    assert "baselines" not in found
    assert "without baselines: the baselines need bm25s" in result.stderr
    assert "requirements/development.txt" in result.stderr
