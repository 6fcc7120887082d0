"""Settings of a process, read from the environment once and passed on as a value."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

LogFormat = Literal["console", "json"]


class SettingsError(ValueError):
    """A variable is missing or cannot be read; the message names it and says what to do."""


@dataclass(frozen=True)
class Variable:
    """A variable that the code reads: its name, its default (None: it must be set), its meaning."""

    name: str
    default: str | None
    meaning: str


VARIABLES: tuple[Variable, ...] = (
    Variable("ENTRAIDE_KAFKA", None, "Kafka bootstrap servers, host:port, comma-separated"),
    Variable("ENTRAIDE_MONGODB", None, "MongoDB connection URI"),
    Variable("ENTRAIDE_DATABASE", "", "database name; empty: entraide_<service>"),
    Variable("ENTRAIDE_TOPIC_PREFIX", "", "put before every topic's and consumer group's name"),
    Variable("ENTRAIDE_TOPIC_PARTITIONS", "6", "partitions of a topic that is created"),
    Variable("ENTRAIDE_TOPIC_REPLICATION", "1", "replicas of a topic that is created"),
    Variable("ENTRAIDE_TOPIC_MIN_INSYNC", "1", "replicas that must have a write before it counts"),
    Variable(
        "ENTRAIDE_JWKS_URL",
        "",
        "where the public keys of token issuers are published, comma-separated",
    ),
    Variable("ENTRAIDE_JWKS_FILE", "", "a file with those keys, instead of the URL"),
    Variable("ENTRAIDE_ISSUER", "entraide", "the issuer that tokens must name"),
    Variable("ENTRAIDE_AUDIENCE", "entraide", "the audience that tokens must name"),
    Variable("ENTRAIDE_TERM_KEY", None, "the deployment's key for term hashes, base64, 32 bytes"),
    Variable("ENTRAIDE_LOG_FORMAT", "json", "console or json"),
    Variable("ENTRAIDE_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR"),
    Variable("ENTRAIDE_METRICS_PORT", "0", "a worker's port for Prometheus; 0: none"),
    Variable(
        "ENTRAIDE_TRACES",
        "",
        "where traces go: an OTLP/HTTP collector such as http://collector:4318; empty: none",
    ),
    Variable(
        "ENTRAIDE_READY_FILE",
        "",
        "a file that a worker makes once it is ready, this worker's own: beside it are its notes",
    ),
    Variable("ENTRAIDE_AS_OF", "", "a fixed date for the matcher; empty: today"),
    Variable(
        "ENTRAIDE_IMPORT_MAX_BYTES", "33554432", "bytes of a file that an API takes in one go"
    ),
    Variable(
        "ENTRAIDE_ATTACHMENT_MAX_BYTES",
        "10485760",
        "bytes of a file that is attached to a record, 15728640 at most",
    ),
    Variable(
        "ENTRAIDE_CLAMD", "", "host:port of a clamd that scans attached files; empty: no scanner"
    ),
    Variable(
        "ENTRAIDE_RATE_TOKEN",
        "6000/minute",
        "calls that one process of a service takes of one person, such as 600/minute; or off",
    ),
    Variable(
        "ENTRAIDE_RATE_ADDRESS",
        "6000/minute",
        "calls that one process takes of one network without a valid token, and its pages; or off",
    ),
    Variable(
        "ENTRAIDE_QUEUE_SECONDS",
        "5",
        "seconds that a call may wait for a thread of its service before it is refused; 0: any",
    ),
    Variable(
        "ENTRAIDE_TRUSTED_PROXIES",
        "0",
        "proxies before the service whose X-Forwarded-For and -Proto are believed, 9 at most",
    ),
    Variable("ENTRAIDE_COUNTRIES_FILE", "", "a countries.tsv that decides areas and groups"),
)


@dataclass(frozen=True)
class Settings:
    """What a process of one service needs to know of its surroundings."""

    service: str
    kafka: str
    mongodb: str
    database: str
    term_key: bytes
    topic_prefix: str = ""
    topic_partitions: int = 6
    topic_replication: int = 1
    topic_min_insync: int = 1
    jwks_url: str = ""
    jwks_file: Path | None = None
    issuer: str = "entraide"
    audience: str = "entraide"
    log_format: LogFormat = "json"
    log_level: str = "INFO"
    metrics_port: int = 0
    traces: str = ""
    ready_file: Path | None = None
    as_of: date | None = None
    import_max_bytes: int = 32 * 1024 * 1024
    attachment_max_bytes: int = 10 * 1024 * 1024
    clamd: str = ""
    countries_file: Path | None = None
    rate_token: str = "off"  # noqa: S105 (no secret: what calls may come with one)
    rate_address: str = "off"
    queue_seconds: int = 0
    trusted_proxies: int = 0

    @classmethod
    def from_environment(cls, service: str, environ: Mapping[str, str]) -> "Settings":
        """Settings of `service` from variables; raises SettingsError naming the variable."""
        values: dict[str, str] = {}
        for variable in VARIABLES:
            value = environ.get(variable.name, "").strip() or variable.default
            if value is None:
                raise SettingsError(f"set {variable.name}: {variable.meaning}")
            values[variable.name] = value
        as_of = values["ENTRAIDE_AS_OF"]
        return cls(
            service=service,
            kafka=values["ENTRAIDE_KAFKA"],
            mongodb=values["ENTRAIDE_MONGODB"],
            database=values["ENTRAIDE_DATABASE"] or f"entraide_{service}",
            term_key=_key(values["ENTRAIDE_TERM_KEY"]),
            topic_prefix=values["ENTRAIDE_TOPIC_PREFIX"],
            topic_partitions=_whole("ENTRAIDE_TOPIC_PARTITIONS", values, least=1),
            topic_replication=_whole("ENTRAIDE_TOPIC_REPLICATION", values, least=1),
            topic_min_insync=_whole("ENTRAIDE_TOPIC_MIN_INSYNC", values, least=1),
            jwks_url=values["ENTRAIDE_JWKS_URL"],
            jwks_file=_path(values["ENTRAIDE_JWKS_FILE"]),
            issuer=values["ENTRAIDE_ISSUER"],
            audience=values["ENTRAIDE_AUDIENCE"],
            log_format=_log_format(values["ENTRAIDE_LOG_FORMAT"]),
            log_level=_log_level(values["ENTRAIDE_LOG_LEVEL"]),
            metrics_port=_whole("ENTRAIDE_METRICS_PORT", values, least=0),
            traces=_collector(values["ENTRAIDE_TRACES"]),
            ready_file=_path(values["ENTRAIDE_READY_FILE"]),
            as_of=_date("ENTRAIDE_AS_OF", as_of) if as_of else None,
            import_max_bytes=_whole("ENTRAIDE_IMPORT_MAX_BYTES", values, least=1),
            attachment_max_bytes=_whole(
                "ENTRAIDE_ATTACHMENT_MAX_BYTES", values, least=1, most=15 * 1024 * 1024
            ),
            clamd=_address("ENTRAIDE_CLAMD", values["ENTRAIDE_CLAMD"]),
            countries_file=_path(values["ENTRAIDE_COUNTRIES_FILE"]),
            rate_token=values["ENTRAIDE_RATE_TOKEN"],
            rate_address=values["ENTRAIDE_RATE_ADDRESS"],
            queue_seconds=_whole("ENTRAIDE_QUEUE_SECONDS", values, least=0),
            trusted_proxies=_whole("ENTRAIDE_TRUSTED_PROXIES", values, least=0, most=9),
        )


def _path(value: str) -> Path | None:
    return Path(value) if value else None


def _collector(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise SettingsError(
            f"ENTRAIDE_TRACES must be a URL such as http://collector:4318, not {value!r}"
        )
    return value


def _address(name: str, value: str) -> str:
    host, colon, port = value.rpartition(":")
    if value and not (host and colon and port.isascii() and port.isdigit()):
        raise SettingsError(f"{name} must be host:port, not {value!r}")
    return value


def _whole(name: str, values: Mapping[str, str], least: int, most: int | None = None) -> int:
    try:
        number = int(values[name])
    except ValueError:
        raise SettingsError(f"{name} must be a whole number, not {values[name]!r}") from None
    if number < least:
        raise SettingsError(f"{name} must be at least {least}, not {number}")
    if most is not None and number > most:
        raise SettingsError(f"{name} must be at most {most}, not {number}")
    return number


def _date(name: str, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise SettingsError(f"{name} must be a date such as 2026-01-31, not {value!r}") from None


def _key(value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise SettingsError("ENTRAIDE_TERM_KEY must be base64") from None
    if len(key) < 32:
        raise SettingsError("ENTRAIDE_TERM_KEY must hold at least 32 bytes, base64-encoded")
    return key


def _log_format(value: str) -> LogFormat:
    if value == "console":
        return "console"
    if value == "json":
        return "json"
    raise SettingsError(f"ENTRAIDE_LOG_FORMAT must be console or json, not {value!r}")


def _log_level(value: str) -> str:
    if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(
            f"ENTRAIDE_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {value!r}"
        )
    return value
