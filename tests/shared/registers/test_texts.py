"""Reading texts where the sentence encoder is absent."""

from shared.language import vectors
from shared.registers.texts import TEXT_CHECKS, infer_from
from shared.web.health import Readiness


def test_readiness_tells_that_there_is_no_encoder_and_is_ready(monkeypatch):
    assert Readiness(TEXT_CHECKS).report().checks["encoder"]["state"] == "ok"
    monkeypatch.setattr(vectors, "_encoder", lambda: None)
    report = Readiness(TEXT_CHECKS).report()
    told = report.checks["encoder"]
    assert (told["state"], report.ready) == ("degraded", True)
    assert "thesaurus and terms alone" in told["detail"]


def test_texts_are_read_all_the_same(monkeypatch):
    monkeypatch.setattr(vectors, "_encoder", lambda: None)
    found = infer_from("Marking machines", "We ask for six of them.", None, "request")
    assert found["themes"][0][0] == "marking"
