"""The services' APIs as the commands use them: in a role, whose token the target has."""

from deploy.cli.target import Target
from entraide import client
from entraide.client import Answer


class Client(client.Client):
    """Calls the services in one role. May be used by several threads at once."""

    def __init__(
        self, target: Target, role: str, patience: float = client.PATIENCE_SECONDS
    ) -> None:
        super().__init__(target.urls, lambda: target.token(role), patience=patience)
        self._target = target

    def post_as(
        self, role: str, service: str, path: str, body: object = None, *, if_match: str
    ) -> Answer:
        """Take a step in another role than the client's."""
        token = self._target.token(role)
        return self.post(service, path, body, if_match=if_match, token=token)
