"""Every error a user can cause, with its exit code.

::

    TunesmithError            1    unexpected, or none of the below
    ├── RecipeError           2    the recipe or the command line is wrong
    ├── DataError             3    data is unreadable, empty or does not fit
    ├── MissingError          4    a file, folder or model does not exist
    ├── RemoteError           5    a remote service or the network failed
    ├── DivergedError         6    training met NaN or infinity
    ├── RefusedError          7    a mismatch or corruption; `--force REASON` overrides it
    ├── DiskFullError        74    no space left on the device
    └── StoppedError         75    stopped by a signal after saving (130 for Ctrl-C)
"""

from typing import ClassVar


class TunesmithError(Exception):
    """An error with a place, a cause and a cure, in that order.

    Args:
        message: What is wrong, with the offending value; a sentence without its full stop.
        where: File and line, recipe key or command that caused it.
        cure: What the user can do; whole sentences.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str | None = None, cure: str | None = None) -> None:
        self.message = message
        self.where = where
        self.cure = cure
        super().__init__(message)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" {self.cure}" if self.cure else ""
        stop = "" if self.message.endswith((".", "?", "!", "\n")) else "."
        return f"{place}{self.message}{stop}{cure}"

    def to_json(self) -> dict[str, dict[str, str | None]]:
        """The error as the object that `--json` prints."""
        return {
            "error": {
                "type": type(self).__name__,
                "message": self.message,
                "where": self.where,
                "cure": self.cure,
            }
        }


class RecipeError(TunesmithError):
    """The recipe or the command line is wrong."""

    exit_code = 2


class DataError(TunesmithError):
    """Data is unreadable, empty or does not fit."""

    exit_code = 3


class MissingError(TunesmithError):
    """A file, a folder or a model does not exist."""

    exit_code = 4


class RemoteError(TunesmithError):
    """A remote service or the network failed."""

    exit_code = 5


class DivergedError(TunesmithError):
    """Training met NaN or infinity."""

    exit_code = 6


class RefusedError(TunesmithError):
    """A mismatch or corruption that `--force REASON` can override."""

    exit_code = 7


class DiskFullError(TunesmithError):
    """No space is left on the device."""

    exit_code = 74


class StoppedError(TunesmithError):
    """A signal stopped the run after its state was saved; the same command resumes it."""

    exit_code = 75

    def __init__(self, message: str, *, is_interrupt: bool = False) -> None:
        super().__init__(message, cure="Run the same command again to resume.")
        if is_interrupt:
            self.exit_code = 130  # type: ignore[misc]
