"""The models that rank, over HTTP: how they did, and putting one into use."""

from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.matcher.learning_documents import RankingModel
from services.matcher.model_schemas import ModelsPage, ModelView, UseBody
from services.matcher.models import (
    USABLE,
    LostRace,
    OtherFeatures,
    UnknownModel,
    in_use,
    put_into_use,
)
from shared.registers.context import context
from shared.web.blueprint import Blueprint
from shared.web.identity import require_roles
from shared.web.marks import answers
from shared.web.paging import PageQuery, page
from shared.web.problems import Problem, conflict, not_found

blueprint = Blueprint(
    "models",
    __name__,
    url_prefix="/v1/models",
    description="Ranking models with their figures, and which of them ranks.",
)
_FIGURES = ("log_loss", "order", "ece")


@blueprint.route("")
class Models(MethodView):
    """The models that are stored."""

    @require_roles("coordinator", "auditor", "operator")
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, ModelsPage)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List ranking models, the newest first, with how each did on decisions held back."""
        used = in_use().model.version
        found = page(RankingModel.objects, args, lambda one: _view(one, used))
        return {**found, "in_use": used}


@blueprint.route("/<string:version>/use", methods=["POST"])
@require_roles("operator")
@answers(HTTPStatus.NOT_FOUND, "There is no such model")
@answers(HTTPStatus.CONFLICT, "Another was put into use meanwhile, or this release cannot use it")
@blueprint.arguments(UseBody)
@blueprint.response(200, ModelView)
def use(body: dict[str, Any], version: str) -> dict[str, Any]:
    """Rank with a model from now on: an older one, or one that training did not take.

    Workers follow within seconds and rank everything again. Sending it again does nothing twice.
    """
    stored = RankingModel.objects(id=version).first()
    if stored is None:
        raise not_found("model")
    current = in_use()
    if current.stored is not None and current.model.version == version:
        return _view(stored, version)
    if current.model.version != body["instead_of"]:
        raise _changed(current.model.version)
    try:
        put_into_use(version, context().clock(), current.latest)
    except UnknownModel:
        raise not_found("model") from None
    except OtherFeatures:
        message = "This model was made for other features than this release has."
        raise conflict("other-features", message) from None
    except LostRace:
        raise _changed(in_use().model.version) from None
    return _view(stored, in_use().model.version)


def _changed(version: str) -> Problem:
    return conflict("changed", f"The model in use is {version} by now. Look again, then decide.")


def _view(stored: Any, used: str) -> dict[str, Any]:
    return {
        "version": stored.id,
        "in_use": stored.id == used,
        "usable": tuple(stored.feature_names) in USABLE,
        "parent": stored.parent,
        "decisions": stored.decisions,
        "learnt_until": stored.learnt_until,
        "created_at": stored.created_at,
        "figures": {name: _figure(stored.metrics, name) for name in _FIGURES},
    }


def _figure(metrics: Any, name: str) -> dict[str, Any] | None:
    if name not in metrics:
        return None
    return {"own": metrics[name], "in_use_then": metrics.get(f"in_use_{name}")}
