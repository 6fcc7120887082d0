"""The factory of every service."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import flask_smorest
from flask import Flask, Response, jsonify
from werkzeug.middleware.proxy_fix import ProxyFix

from shared import tracing
from shared.events.topics import check_broker
from shared.settings import Settings
from shared.web.being_restored import BeingRestored
from shared.web.bodies import READ_LIMIT
from shared.web.database import check_database, connect_database
from shared.web.docs_page import content_security_policy, render_docs
from shared.web.errors import Mapper, register_errors
from shared.web.health import CHECK_TIMEOUT_SECONDS, Check, Readiness
from shared.web.identity import public
from shared.web.key_sets import KeySource
from shared.web.keys import key_source
from shared.web.logging import configure_logging
from shared.web.metrics import exposition
from shared.web.openapi import StaticAnswer, describe, json_answer, make_api
from shared.web.pipeline import Pipeline
from shared.web.prepared import Preparation
from shared.web.problems import Problem
from shared.web.rates import Rates
from shared.web.verification import TokenChecker

_NONE: Mapping[str, Check] = MappingProxyType({})
_NO_MAPPERS: Mapping[type[Exception], Mapper] = MappingProxyType({})


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_service(
    name: str,
    settings: Settings,
    blueprints: Sequence[flask_smorest.Blueprint],
    *,
    description: str,
    checks: Mapping[str, Check] = _NONE,
    errors: Mapping[type[Exception], Mapper] = _NO_MAPPERS,
    clock: Callable[[], datetime] = _utc_now,
    source: KeySource | None = None,
) -> Flask:
    """The app of a service: its blueprints with everything that services share.

    Connects the database, makes its collections and indexes and configures logging, so call it in
    the process that serves. `checks`
    raise while something else that the service needs is amiss (Degraded, if it does without), and
    are added to /readyz; `errors` make problems of the service's own exceptions; `clock` gives
    aware UTC times; `source` has the keys that check tokens, unless the settings name them. Starts
    with broker, database or keys out of reach: /readyz says so until they are there.
    """
    configure_logging(settings)
    tracing.start(settings)
    connect_database(settings)
    preparation = Preparation(settings)
    preparation.start()
    app = Flask(name, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = READ_LIMIT
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    app.json.sort_keys = False  # type: ignore[attr-defined] # of the default provider
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    if trusted := settings.trusted_proxies:  # whose callers' addresses they tell, for the rates
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=trusted)  # type: ignore[method-assign]

    source = source or key_source(settings)
    tokens = TokenChecker(source, settings.issuer, settings.audience, clock, settings.term_key)
    restored = BeingRestored()
    Pipeline(name, tokens, Rates(settings), clock, settings.queue_seconds, restored).install(app)
    register_errors(app, errors)
    api = make_api(app, name, description)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    _add_documents(app, describe(app, api))
    _add_probes(app, Readiness({**_own_checks(settings, source, preparation, restored), **checks}))
    return app


def _own_checks(
    settings: Settings, source: KeySource, preparation: Preparation, restored: BeingRestored
) -> Mapping[str, Check]:
    def check_own_database() -> None:
        check_database(CHECK_TIMEOUT_SECONDS)
        preparation.check()
        restored.check()

    return {
        "broker": lambda: check_broker(settings, CHECK_TIMEOUT_SECONDS),
        "database": check_own_database,
        "keys": lambda: _check_keys(source),
    }


def _check_keys(source: KeySource) -> None:
    source.find(None)


def _add_documents(app: Flask, document: dict[str, Any]) -> None:
    """Its description and the page of that, written out when first asked for: a process is ready
    the sooner."""

    @cache
    def openapi() -> StaticAnswer:
        return json_answer(document)

    @cache
    def docs() -> StaticAnswer:
        return StaticAnswer(render_docs(document), "text/html; charset=utf-8")

    @public
    def openapi_json() -> Response:
        return openapi().response()

    @public
    def docs_page() -> Response:
        answer = docs().response()
        answer.headers["Content-Security-Policy"] = content_security_policy()
        return answer

    app.add_url_rule("/openapi.json", view_func=openapi_json)
    app.add_url_rule("/docs", view_func=docs_page)


def _add_probes(app: Flask, readiness: Readiness) -> None:
    @public
    def healthz() -> Response:
        return jsonify({"status": "ok"})

    @public
    def readyz() -> Response:
        report = readiness.report()
        if report.ready:
            return jsonify({"status": "ready", "checks": report.checks})
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "not-ready",
            "The service is not ready",
            f"It cannot reach: {', '.join(report.failing)}.",
            headers={"Retry-After": "5"},
            members={"checks": report.checks},
        )

    @public
    def metrics() -> Response:
        return exposition()

    for view in (healthz, readyz, metrics):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
