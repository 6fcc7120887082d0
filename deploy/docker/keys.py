"""A token issuer's key pair: `python -m deploy.docker.keys PRIVATE_FILE KEY_SET_FILE`."""

import json
import sys
from pathlib import Path

from deploy.local.stack import write_private
from shared.web.tokens import generate_key

PUBLIC_MODE = 0o644
"""The services' user in a container is nobody on the host, and has to read the key set."""


def add_key(private: Path, key_set: Path) -> str:
    """Make a key: its private half into `private`, its public half into the set; its key id.

    A set that is there keeps its keys, so that tokens signed before stay valid. Raises
    FileExistsError when `private` exists, ValueError when the set is none, OSError.
    """
    if private.exists():
        raise FileExistsError(f"{private} exists: a private key is never overwritten")
    pair = generate_key()
    keys = json.loads(pair.jwks_json())["keys"]
    if key_set.exists():
        try:
            keys = [*json.loads(key_set.read_text())["keys"], *keys]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{key_set} is not a JSON Web Key Set") from None
    key_set.parent.mkdir(parents=True, exist_ok=True)
    write_private(private, pair.private_json())
    arriving = key_set.with_name(f".{key_set.name}.arriving")
    arriving.write_text(json.dumps({"keys": keys}, indent=2) + "\n")
    arriving.chmod(PUBLIC_MODE)
    arriving.replace(key_set)
    return pair.public["kid"]


def main(arguments: list[str]) -> int:
    """Make a key; 0, or 1 with a message, or 2 unless two files are named."""
    if len(arguments) != 2:
        sys.stderr.write("name two files: for the private key, and for the public key set\n")
        return 2
    try:
        key_id = add_key(*map(Path, arguments))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"made the key {key_id}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
