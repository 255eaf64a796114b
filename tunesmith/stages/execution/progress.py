"""What a stage says while it works -> whoever listens: a terminal, or nobody."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Bars and talk. One task runs at a time; a new one ends the one before it."""

    def start(self, task: str, total: int | None) -> None:
        """Begin a task of `total` steps, or of unknown length."""

    def advance(self, count: int = 1) -> None:
        """Count steps of the task as done."""

    def status(self, text: str) -> None:
        """Say how the task stands, in the place of what was said before; by any thread."""

    def note(self, text: str) -> None:
        """Say one sentence to the user."""

    def close(self) -> None:
        """End the task."""


class SilentProgress:
    """Progress that nobody listens to; the default where Tunesmith is called from Python."""

    def start(self, task: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, count: int = 1) -> None:
        """Say nothing."""

    def status(self, text: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Say nothing."""
