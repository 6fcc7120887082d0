"""How long things of identity last."""

from datetime import timedelta

SESSION = timedelta(hours=12)
SESSION_IDLE = timedelta(minutes=60)
HALF_SESSION = timedelta(minutes=10)
"""Between the password and the second factor, or its setting up."""

INVITATION = timedelta(days=7)
RESET = timedelta(hours=1)
ACCESS_TOKEN = timedelta(minutes=5)
API_TOKEN_MOST = timedelta(days=366)
KEY_PERIOD = timedelta(days=30)
"""How long a key signs; see signing_keys.py."""
