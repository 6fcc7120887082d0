"""A donor's track record as sentences in the reader's language."""

from services.matcher.engine.explanation import Heard, heard_facts
from services.matcher.engine.wording import filled, percent_text, sentences


def track_record_text(
    heard: Heard, in_time: float | None, received: float | None, language: str
) -> str:
    """How States judged the donor's earlier help, which part of it came in time, and how much of
    what was promised, both where known."""
    templates = sentences()["track_record"]
    told = [filled(templates["judged"], language, heard_facts(heard, language))]
    for name, part in (("in_time", in_time), ("received", received)):
        if part is not None:
            facts = {"percent": percent_text(part, language)}
            told.append(filled(templates[name], language, facts))
    return ("" if language == "zh" else " ").join(told)
