"""What the portal's worker tells Prometheus; times in seconds."""

from typing import Final

from prometheus_client import Counter, Gauge

MAIL_WAITING: Final = Gauge("entraide_mail_waiting", "Mails that wait to be sent")
MAIL_AGE: Final = Gauge("entraide_mail_age_seconds", "Age of the oldest mail that is due")
MAIL_SENT: Final = Counter("entraide_mail_sent", "Mails that the server has taken", ["kind"])
MAIL_FAILURES: Final = Counter(
    "entraide_mail_failures", "Attempts to send that failed, to be made again", ["reason"]
)
MAIL_GIVEN_UP: Final = Counter(
    "entraide_mail_given_up", "Mails that will not be sent", ["kind", "reason"]
)

DECISIONS_OVERDUE: Final = Gauge(
    "entraide_decision_overdue_seconds",
    "For how long the oldest decision that waits could not be taken back any more",
)

WEBHOOK_CALLS: Final = Counter(
    "entraide_webhook_calls", "Calls of webhooks, by whether they were taken", ["outcome"]
)
