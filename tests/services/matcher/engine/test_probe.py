"""That texts alone are ranked well where nothing was fitted to them."""

import pytest

from services.matcher.engine.evaluation import metrics
from shared.language import encoder_available
from tests.services.matcher.engine.samples import engine, offer, request
from tests.shared.language.probing import probes


@pytest.mark.skipif(not encoder_available(), reason="no sentence encoder here")
def test_the_offer_for_what_is_asked_is_the_first_for_nearly_all() -> None:
    offers = [one for one in probes() if one.side == "offer"]
    asked = [one for one in probes() if one.side == "request"]
    made = engine(
        *(offer(one.id, provisions=[], signature=one.signature()) for one in offers),
        *(request(one.id, needs=[], priority=None, signature=one.signature()) for one in asked),
    )
    lists = {one.id: [e.offer for e in made.shortlist(one.id).entries] for one in asked}
    grades = {one.id: {o.id: 3 for o in offers if o.topic == one.topic} for one in asked}
    figures = metrics(lists, grades)
    assert figures["p@1"] >= 0.9, lists
    assert figures["ndcg@10"] >= 0.93, lists
