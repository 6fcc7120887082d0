"""What a donor is told before submitting: which of its own offers a draft looks like."""

from services.offers.documents import AssistanceOffer

TEXT = {
    "title": "Strong-rooms for police stations",
    "description": "We build strong-rooms with alarms for seized rifles, and train storekeepers.",
    "provisions": [
        {"theme": "stockpile-management", "kind": "infrastructure", "capacity": 5, "unit": "rooms"}
    ],
}


def test_a_draft_that_looks_like_an_offer_of_the_same_donor(record, donor, caller):
    AssistanceOffer.objects.delete()
    sent = record("published", **TEXT)
    record("published", **TEXT, organisation="org-2")
    record("published")
    draft = record("draft", **TEXT)
    address = f"/v1/offers/{draft.json['id']}/similar"
    (item,) = donor.get(address, query_string={"language": "es"}).json["items"]
    assert (item["id"], item["channel"]) == (sent.json["id"], None)
    assert item["sentence"].startswith("Esto se parece a lo que usted envió el ")
    assert caller("donor", organisation="org-2").get(address).status_code == 404
    assert caller("coordinator").get(address).status_code == 404
