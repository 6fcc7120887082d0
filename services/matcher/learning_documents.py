"""What the matcher keeps of decisions, and of the models that are learnt from them."""

from mongoengine import (
    DateTimeField,
    Document,
    FloatField,
    IntField,
    ListField,
    MapField,
    StringField,
)

from services.matcher.engine.ranking import LEAST_SCORE
from shared.inserting import Inserted


class Decision(Document):
    """A coordinator's decision with the list that it was taken from; never changed, never deleted.

    The id is `<proposal>@<version>`, the version being the one that the decision made of the
    proposal. `action` is endorse or reject. `shown` is JSON text: the request's shortlist as it was
    stored when the decision came, one object an offer, best first: offer, score, features;
    empty for a decision on a proposal that had left the list. `features`, `score` and `rank` are
    the decided pair's own, `feature_names` what the features are called, none where the model is
    not known any more. Who decided is told by role alone, and a rejection's reason stays with the
    proposal.
    """

    meta = {"collection": "decisions", "indexes": ["at"]}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    proposal = StringField(required=True)
    request = StringField(required=True)
    offer = StringField(required=True)
    country = StringField(required=True)
    organisation = StringField(required=True)
    action = StringField(required=True)
    role = StringField(required=True)
    at = DateTimeField(required=True)
    request_version = StringField(required=True)
    offer_version = StringField(required=True)
    model = StringField()
    feature_names = ListField(StringField())
    as_of = StringField()
    rank = IntField()
    score = FloatField()
    features = ListField(FloatField())
    shown = StringField(required=True, default="[]")


class RankingModel(Inserted):
    """A ranker's weights by version, which never change; ModelUse says which of them ranks.

    `parent` is the version that was in use when it was learnt, None for a model set by hand.
    A pair below its `least_score` is not proposed.
    `decisions` is how many it was learnt from, the newest of them being of `learnt_until`.
    `metrics` tell how it did on decisions held back.
    """

    # Not strict: releases before models were learnt kept another field.
    meta = {"collection": "ranking_models", "strict": False}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    feature_names = ListField(StringField(), required=True)
    weights = ListField(FloatField(), required=True)
    intercept = FloatField(required=True)
    least_score = FloatField(required=True, default=LEAST_SCORE)
    parent = StringField()
    decisions = IntField(required=True, default=0)
    learnt_until = DateTimeField()
    metrics = MapField(FloatField())
    created_at = DateTimeField(required=True)


class ModelUse(Inserted):
    """That a model was put into use; the highest number is the latest.

    One insertion changes the model, and the number, being the id, is taken by one alone: who
    compared with a model that is no longer in use finds the next number gone.
    """

    meta = {"collection": "model_uses"}  # noqa: RUF012 (mongoengine declares it so)

    number = IntField(primary_key=True)
    model = StringField(required=True)
    at = DateTimeField(required=True)
