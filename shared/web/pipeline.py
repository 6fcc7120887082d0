"""What every request passes through before its handler and every answer after it."""

import re
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, request
from pymongo.errors import PyMongoError

from shared import tracing
from shared.web import idempotency
from shared.web.being_restored import BeingRestored
from shared.web.bodies import receive_body
from shared.web.database import current_database
from shared.web.identity import Identity, check_role, check_scope
from shared.web.marks import current_marks
from shared.web.metrics import known_method, observe
from shared.web.problems import Problem
from shared.web.queueing import check_waited
from shared.web.rates import Rates
from shared.web.verification import TokenChecker

REQUEST_ID_HEADER = "X-Request-ID"

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_UNMATCHED = "(unmatched)"
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

_log = structlog.get_logger("shared.web.access")


class Pipeline:
    """The steps around the handlers of one app, in the order in which `install` adds them."""

    def __init__(
        self,
        service: str,
        tokens: TokenChecker,
        rates: Rates,
        clock: Callable[[], datetime],
        queue_seconds: int,
        restored: BeingRestored,
    ) -> None:
        self._service = service
        self._queue_seconds = queue_seconds
        self._tokens = tokens
        self._rates = rates
        self._clock = clock
        self._restored = restored
        self._store: idempotency.Store | None = None

    def install(self, app: Flask) -> None:
        """Add the steps to the app."""
        app.before_request(self.start)
        app.before_request(self.admit)
        app.after_request(self.finish)

    def start(self) -> None:
        """Give the request its id, in logs and answers alike."""
        g.started = time.monotonic()
        given = request.headers.get(REQUEST_ID_HEADER, "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        g.span = self._begin_span()

    def _begin_span(self) -> tracing.Span | None:
        """The step of this call, in the caller's trace if it names one."""
        route = request.url_rule.rule if request.url_rule else _UNMATCHED
        if route in _PROBES:
            return None
        method = known_method(request.method)
        span = tracing.begin(
            f"{method} {route}",
            request.headers.get(tracing.HEADER),
            {"http.request.method": method, "http.route": route},
        )
        if span is not None:
            structlog.contextvars.bind_contextvars(trace=span.traceparent)
        return span

    def admit(self) -> Response | None:
        """Check the wait, the service, the caller and how often it calls, the body, the key."""
        if request.url_rule is None or request.url_rule.rule not in _PROBES:
            check_waited(self._service, self._queue_seconds)
            self._restored.check()
        if request.routing_exception is not None or request.url_rule is None:
            self._rates.count_address(request.remote_addr)
            return None
        marks = current_marks()
        if marks.public:
            if request.url_rule.rule not in _PROBES:
                self._rates.count_address(request.remote_addr)
        else:
            identity = self._identified()
            g.identity = identity
            self._rates.count_token(identity.subject)
            check_role(identity, marks.roles)
            check_scope(identity, self._service, request.method, marks.scope)
        if not (marks.takes_file or marks.page):
            receive_body()
        if marks.idempotent and idempotency.current_idempotency_key() is not None:
            return idempotency.begin(self._answers(), self._clock())
        return None

    def _identified(self) -> Identity:
        try:
            return self._tokens.check(request.headers.get("Authorization"))
        except Problem as problem:
            if problem.status == HTTPStatus.UNAUTHORIZED:
                self._rates.count_address(request.remote_addr)
            raise

    def _answers(self) -> idempotency.Store:
        # Not in the factory: a service starts, and says what it lacks, without its database.
        if self._store is None:
            self._store = current_database()[idempotency.COLLECTION]
        return self._store

    def finish(self, response: Response) -> Response:
        """Keep the answer for its key, add the headers of every answer, count and log it."""
        if self._store is not None:
            try:
                idempotency.finish(self._store, response, self._clock())
            except PyMongoError:
                # The work is done: its answer counts more than the keeping of it.
                _log.error("an answer could not be kept for its key", exc_info=True)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers[REQUEST_ID_HEADER] = g.request_id
        self._record(response)
        return response

    def _record(self, response: Response) -> None:
        seconds = time.monotonic() - g.started
        route = request.url_rule.rule if request.url_rule else _UNMATCHED
        problem = g.get("problem", "")
        observe(self._service, request.method, route, response.status_code, seconds, problem)
        self._end_span(response.status_code)
        identity = g.get("identity")
        log = _log.debug if route in _PROBES else _log.info
        log(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            role=identity.role if isinstance(identity, Identity) else None,
        )

    def _end_span(self, status: int) -> None:
        span: tracing.Span | None = g.get("span")
        if span is not None:
            failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
            span.end({"http.response.status_code": status}, failed=failed)
            tracing.leave()
