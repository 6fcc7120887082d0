"""How gunicorn serves a service's API in a container: `--config python:deploy.docker.serving`."""

import os
import tempfile
from typing import Any

from shared.web import addresses as _addresses

# One process with threads: a service's work is waiting for its database, and more containers scale
# better than more processes in one. Prometheus' files for many processes are kept all the same, so
# that raising the number is safe.
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
# Who listens for changes takes a thread for as long: those come beside the threads that answer.
threads = 16 + int(os.environ.get("ENTRAIDE_LISTENERS") or 8)
worker_class = "shared.web.queueing.QueueingWorker"
bind = "0.0.0.0:8000"
graceful_timeout = 20
timeout = 60
keepalive = 15
limit_request_line = _addresses.MOST_REQUEST_LINE
# The default is in /tmp on disk: a slow disk must not make the master believe that a worker hangs.
worker_tmp_dir = "/dev/shm"  # noqa: S108 (memory; nothing is kept there)
control_socket_disable = True
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="entraide-metrics-"))


def child_exit(server: object, worker: Any) -> None:  # noqa: ARG001 (gunicorn's signature)
    """Take a dead process out of Prometheus' gauges."""
    # Imported here: the library looks at the variable above once, when it is first imported.
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
