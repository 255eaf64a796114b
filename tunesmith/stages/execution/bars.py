"""A stage's progress -> bars in a terminal or a notebook; who is told where nobody was named."""

import sys
from typing import TYPE_CHECKING

from tunesmith.stages.execution.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from rich.progress import ProgressColumn


class BarProgress:
    """One bar at a time, with elapsed time, rate and the time that is left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bars

        self._console = Console(stderr=True, highlight=False)
        self._bars = Bars(*_columns(), console=self._console, transient=True)
        self._task: int | None = None

    def start(self, task: str, total: int | None) -> None:
        """End the bar before and begin another."""
        self.close()
        self._bars.start()
        self._task = int(self._bars.add_task(task, total=total, status=""))

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            from rich.progress import TaskID

            self._bars.advance(TaskID(self._task), count)

    def status(self, text: str) -> None:
        """Write behind the bar."""
        if self._task is not None:
            from rich.progress import TaskID

            self._bars.update(TaskID(self._task), status=text)

    def note(self, text: str) -> None:
        """Say one sentence above the bar."""
        from rich.text import Text

        self._console.print(Text(text))

    def close(self) -> None:
        """Take the bar away."""
        if self._task is not None:
            from rich.progress import TaskID

            self._bars.stop()
            self._bars.remove_task(TaskID(self._task))
            self._task = None


def _columns() -> "tuple[ProgressColumn, ...]":
    from rich import progress
    from rich.text import Text

    class Rate(progress.ProgressColumn):
        """Steps in a second."""

        def render(self, task: progress.Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.1f}/s", style="progress.data.speed")

    return (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        Rate(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[status]}", markup=False),
    )


def default_progress() -> Progress:
    """Bars where somebody watches: a notebook, or a session in a terminal. A script is silent."""
    return BarProgress() if _is_notebook() or _is_session() else SilentProgress()


def _is_notebook() -> bool:
    return "ipykernel" in sys.modules


def _is_session() -> bool:
    """Whether somebody types to Python in a terminal."""
    return hasattr(sys, "ps1") and sys.stderr.isatty()
