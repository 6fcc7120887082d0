"""Filling the register of embargoes from the list, from the command line."""

import base64
import os
from collections.abc import Callable

from click.testing import CliRunner

from deploy.cli.main import main
from services.matcher.embargo_documents import Embargo
from shared.settings import Settings
from shared.vocabulary.embargoes import listed_embargoes, listed_on
from shared.web.database import connect_database


def test_the_list_is_entered_only_when_somebody_says_so(
    make_settings: Callable[[str], Settings],
) -> None:
    settings = make_settings("matcher")
    connect_database(settings)
    own: dict[str, str | None] = {n: None for n in os.environ if n.startswith("ENTRAIDE_")}
    named = {
        "ENTRAIDE_MONGODB": settings.mongodb,
        "ENTRAIDE_DATABASE": settings.database,
        "ENTRAIDE_KAFKA": settings.kafka,
        "ENTRAIDE_TERM_KEY": base64.b64encode(settings.term_key).decode(),
        "COLUMNS": "160",
    }
    runner, number = CliRunner(), len(listed_embargoes())
    refused = runner.invoke(main, ["embargoes", "load"], input="n\n", env=own | named)
    assert refused.exit_code == 1
    day = listed_on()
    assert f"{day.day} {day:%B %Y}" in refused.output
    assert "the register is empty" in runner.invoke(main, ["embargoes"], env=own | named).output
    for entered, known in ((number, 0), (0, number)):
        done = runner.invoke(main, ["embargoes", "load", "--yes"], env=own | named)
        assert done.exit_code == 0, done.output
        assert f"entered: {entered}, in the register before: {known}" in done.output
    shown = runner.invoke(main, ["embargoes"], env=own | named).output
    assert shown.count("unconfirmed") == number
    assert all(one.status == "unconfirmed" and one.end is None for one in Embargo.objects)
    # Each says its source, of which day that is, and how far anybody has read it up.
    for one in Embargo.objects:
        assert one.source
        assert one.stated_on == day.isoformat()
        (why,) = (change.reason for change in one.changes)
        assert day.isoformat() in why
        assert ("press release" in why) == ("SC/" in one.source)
        assert ("general knowledge" in why) != ("press release" in why)
