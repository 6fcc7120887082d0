"""How gunicorn serves a service's HTTP API in a container."""

import os
import tempfile

# One process with threads: a service's work is waiting for its database, and more containers scale better than more
# processes in one. Prometheus' multiprocess files are kept all the same, so that raising the number is safe.
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
threads = 16
worker_class = "gthread"
bind = "0.0.0.0:8000"  # noqa: S104 (inside its container; the compose file publishes on loopback)
graceful_timeout = 20
timeout = 60
keepalive = 15
# The default is in /tmp on disk: a slow disk must not make the master believe that a worker hangs.
worker_tmp_dir = "/dev/shm"  # noqa: S108
control_socket_disable = True
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="entraide-metrics-"))
