"""Lines from the training loop -> log.jsonl and the progress bar."""

from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tunesmith.files import json_line, raise_disk_full, read_json_lines, write_json_lines
from tunesmith.stages.execution.progress import Progress


class TrainingLog:
    """Appends a line a step; after a resume, the lines behind the checkpoint are gone.

    Attributes:
        last_losses: The newest loss of each split, in nats per token.
        last_accuracy: Of the newest validation, 0 to 100; None before the first.
    """

    def __init__(self, path: Path, progress: Progress, *, is_active: bool) -> None:
        self._path = path
        self._progress = progress
        self._is_active = is_active
        self._stream: IO[bytes] | None = None
        self._step = 0
        self.last_losses: dict[str, float] = {}
        self.last_accuracy: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._stream is not None:
            self._stream.close()
        self._progress.close()

    def begin(self, step: int, num_steps: int) -> None:
        """Drop lines of steps after `step`, which will be done again, and show the bar."""
        if not self._is_active:
            return
        kept = []
        if step and self._path.is_file():
            kept = [line for line in read_json_lines(self._path) if line["step"] <= step]
            self.last_losses = {line["split"]: line["loss"] for line in kept}
            self.last_accuracy = next(
                (line["accuracy"] for line in reversed(kept) if "accuracy" in line), None
            )
        write_json_lines(self._path, kept)
        self._stream = self._path.open("ab")
        self._progress.start("training", num_steps)
        self._progress.advance(step)

    def log(self, line: dict[str, Any]) -> None:
        """Write one line at once, so that a kill loses none.

        Raises:
            DiskFullError: The line does not fit on the disk.
        """
        self.last_losses[line["split"]] = line["loss"]
        self.last_accuracy = line.get("accuracy", self.last_accuracy)
        if self._stream is None:
            return
        try:
            self._stream.write(json_line(line))
            self._stream.flush()
        except OSError as error:
            raise_disk_full(error, self._path)
            raise
        if line["split"] == "train":
            self._progress.advance()
        elif "accuracy" in line:
            unit, of = ("pair", "preferred") if "margin" in line else ("token", "right")
            told = f"{line['loss']:.3f} nats per {unit}, {line['accuracy']:.1f} % {of}"
            self._progress.status(f"validation: {told}")
