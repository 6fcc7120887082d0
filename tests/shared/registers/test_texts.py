"""Reading texts where the sentence encoder is absent."""

from services.requests.documents import AssistanceRequest
from shared.language import vectors
from shared.registers.texts import TEXT_CHECKS, Texts, infer_from, read_texts
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


def test_what_was_read_without_is_read_again_once_the_encoder_is_there(monkeypatch):
    request, texts = AssistanceRequest(), Texts("Marking machines", "We ask for six of them.")
    with monkeypatch.context() as patched:
        patched.setattr(vectors, "_encoder", lambda: None)
        read_texts(request, texts, "en", b"key")
        assert request.signature["vector"] is None
    read_texts(request, texts, "en", b"key")
    assert request.signature["vector"] is not None
