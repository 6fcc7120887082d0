"""Files of offers: for whoever may read the offer; added by its donor."""

from typing import Any

from services.offers.documents import AssistanceOffer
from shared.events.envelope import check
from tests.shared.attachments import files


def add(who: Any, offer: str, name: str = "catalogue.pdf", **query: str) -> Any:
    """Attach a PDF."""
    headers = {**who.headers, "Content-Disposition": f"attachment; filename={name}"}
    return who.client.post(
        f"/v1/offers/{offer}/attachments",
        data=files.PDF,
        headers=headers,
        content_type="application/pdf",
        query_string=query,
    )


def test_files_are_seen_by_who_sees_the_offer(record: Any, caller: Any, donor: Any) -> None:
    draft, published = record(), record("published")
    strangers = [caller("requester", state="MLI"), caller("donor", organisation="another")]
    for offer, status in ((draft, 404), (published, 200)):
        id_ = offer.json["id"]
        added = add(donor, id_)
        assert added.status_code == 201, added.text
        path = f"/v1/offers/{id_}/attachments/{added.json['id']}"
        for who in strangers:
            assert who.get(f"{path}/file").status_code == status
            assert add(who, id_, "theirs.pdf").status_code == (403 if status == 200 else 404)
            # Without the right to it, it makes no difference what version somebody saw.
            assert who.delete(path, added.headers["ETag"]).status_code in (403, 404)
        assert add(donor, id_, "x.pdf", visibility="parties").status_code == 422
        assert donor.delete(path, added.headers["ETag"]).status_code == 204
        assert donor.get(f"{path}/file").status_code == 404


def test_files_of_what_is_published_are_told_in_its_history(record: Any, donor: Any) -> None:
    id_ = record("published").json["id"]
    added = add(donor, id_)
    removed = donor.delete(
        f"/v1/offers/{id_}/attachments/{added.json['id']}", added.headers["ETag"]
    )
    assert removed.status_code == 204
    event = AssistanceOffer.objects.get(id=id_).event()
    check(event)
    assert "catalogue" not in str(event.data)
    code = f"file-{added.json['id']}"
    steps = [(one["action"], one.get("reason")) for one in event.data["history"]]
    assert steps[-2:] == [("attach", code), ("detach", code)]
    shown = {one["action"] for one in donor.get(f"/v1/offers/{id_}").json["history"]}
    assert not shown & {"attach", "detach"}
    draft = record()
    assert add(donor, draft.json["id"]).status_code == 201
    history = AssistanceOffer.objects.get(id=draft.json["id"]).history
    assert "attach" not in {one.action for one in history}
