"""Logs: one JSON object (or one readable line) an event, never with bodies, tokens or texts."""

import logging
import sys
from collections.abc import Sequence
from types import TracebackType

import structlog
from pymongo.errors import ConnectionFailure
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.registers.steps import named
from shared.settings import Settings
from shared.web.reads import keep_read

# Whose messages name an address at most, never what a document or a request holds.
_HARMLESS = (ConnectionFailure, ConnectionError, TimeoutError)
_QUIET = ("kafka", "pymongo", "urllib3", "werkzeug")
_AUDIT = "entraide.audit"

_audit = structlog.get_logger(_AUDIT)

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure_logging(settings: Settings) -> None:
    """Send structlog's and the standard library's records to stdout in one format.

    `settings.log_format` is `json` or `console`, `settings.log_level` the least level shown.
    """
    shared_steps: list[Processor] = [
        _naming(settings.service),
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_exception,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared_steps,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(allow=()), *shared_steps],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_last_steps(settings),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    # Who saw what is a record, not a remark: no level turns it off.
    logging.getLogger(_AUDIT).setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)


def record_confidential_read(subject: str, role: str, record: str, hidden_lines: int) -> None:
    """Put on record that somebody read a record with confidential lines, some perhaps hidden.

    Written whatever the level of the other logs, and kept for the audit trail. Both name the
    account as histories do: a subject that may be an address is told by its digest.
    """
    keep_read(record)
    _audit.info(
        "confidential record read",
        subject=named(subject),
        role=role,
        id=record,
        hidden_lines=hidden_lines,
    )


def _naming(service: str) -> Processor:
    def add_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add_service


def _last_steps(settings: Settings) -> Sequence[Processor]:
    if settings.log_format == "json":
        return [
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]


def add_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by `raised`: the exceptions' types and the lines that raised them.

    Messages are left out, except of lost connections: a message may quote what a caller wrote.
    """
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["raised"] = [described(one) for one in chain(error)]
    return event


def chain(error: BaseException) -> list[BaseException]:
    """The exception and what led to it, the last first."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        suppressed = current.__suppress_context__
        current = current.__cause__ or (None if suppressed else current.__context__)
    return found


def described(error: BaseException) -> dict[str, object]:
    """An exception's type, where it was raised, and its message if that can hold no text."""
    kind = type(error)
    description: dict[str, object] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    if isinstance(error, _HARMLESS):
        description["message"] = str(error)[:500]
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    description["frames"] = frames[-30:]
    return description
