"""Where a server listens, and to whom: checked before anything is loaded."""

import ipaddress
import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tunesmith.errors import MissingError, RecipeError
from tunesmith.serving.serving_limits import ServingLimits

_LEAST_KEY = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """Where a server listens, and to whom.

    Attributes:
        host: An address of this machine.
        port: 0 takes one that is free.
        key_env: The environment variable with the key that clients have to send.
        limits: What one request may take.
        jobs: The folder of uploaded files and tuning jobs; None offers neither.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    key_env: str | None = None
    limits: ServingLimits = field(default_factory=ServingLimits)
    jobs: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether this machine alone can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def key(self) -> str | None:
        """What clients have to send; None where this machine alone can come in.

        Raises:
            MissingError: The variable is not set.
            RecipeError: Others could come in without one, or it is too weak.
        """
        where = f"--host {self.host}"
        if self.key_env is None:
            if self.is_loopback:
                return None
            problem = "others could reach the server, and it would ask for no key"
            cure = "Name a variable with a key: --key-env NAME. Or leave --host out."
            raise RecipeError(problem, where=where, cure=cure)
        key = os.environ.get(self.key_env, "")
        where = f"--key-env {self.key_env}"
        if not key:
            cure = f"export {self.key_env}=$(openssl rand -hex 32)"
            raise MissingError("the variable is not set", where=where, cure=cure)
        if len(key) < _LEAST_KEY or not key.isascii() or not key.isprintable() or " " in key:
            problem = f"the key is not {_LEAST_KEY} or more printable ASCII letters without a blank"
            raise RecipeError(problem, where=where, cure="openssl rand -hex 32 makes one.")
        return key


def check_extra(*more: str) -> None:
    """Refuse to serve without what serves.

    Args:
        more: Further modules that are needed.

    Raises:
        MissingError: One is not installed.
    """
    missing = [name for name in ("fastapi", "uvicorn", *more) if find_spec(name) is None]
    if missing:
        cure = "pip install 'tunesmith[serve]'"
        raise MissingError(f"{missing[0]} is not installed", where="serve", cure=cure)
