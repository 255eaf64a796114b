"""What is wrong with a request -> an error in OpenAI's shape."""

from collections.abc import Mapping
from typing import Any

_TYPES = {401: "authentication_error", 429: "rate_limit_error"}


class ApiError(Exception):
    """A request that is not answered, with the HTTP status and the words that say why.

    Args:
        message: What is wrong, with the value, and what to do.
        status: Of HTTP.
        param: The parameter it is about.
        code: A word for programs.
        headers: More headers of the reply.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message
        self.status = status
        self.param = param
        self.code = code
        self.headers = dict(headers or {})
        super().__init__(message)

    def to_json(self) -> dict[str, Any]:
        """The body of the reply."""
        usual = "server_error" if self.status >= 500 else "invalid_request_error"
        return {
            "error": {
                "message": self.message,
                "type": _TYPES.get(self.status, usual),
                "param": self.param,
                "code": self.code,
            }
        }
