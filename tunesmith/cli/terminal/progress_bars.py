"""A stage's progress -> bars and sentences on stderr."""

import contextlib
import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator

from tunesmith.cli.fast_imports import fast_imports
from tunesmith.stages.execution.bars import BarProgress
from tunesmith.stages.execution.progress import Progress, SilentProgress

_STATUS_SECONDS = 30.0


class LineProgress:
    """Sentences on stderr without bars, for logs and pipes."""

    def __init__(self) -> None:
        self._next_status = 0.0

    def start(self, task: str, total: int | None) -> None:
        """Name the task, so that a log shows where the time went."""
        rows = "" if total is None else f" ({total:,})"
        self.note(f"{task}{rows}")

    def advance(self, count: int = 1) -> None:
        """A log has no bars."""

    def status(self, text: str) -> None:
        """Say how it stands, now and then."""
        now = time.monotonic()
        if now >= self._next_status:
            self._next_status = now + _STATUS_SECONDS
            self.note(text)

    def note(self, text: str) -> None:
        """Say one sentence."""
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing stands open."""


@contextlib.contextmanager
def talking(is_quiet: bool, is_verbose: bool) -> Iterator[Progress]:
    """Progress for one command: bars in a terminal, lines elsewhere, nothing when quiet."""
    progress = _progress(is_quiet)
    with _logging_to(progress, is_quiet, is_verbose):
        try:
            yield progress
        finally:
            progress.close()


def _progress(is_quiet: bool) -> Progress:
    if is_quiet or not is_first_rank():
        return SilentProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()


def is_first_rank() -> bool:
    """Whether this process may talk: of those that torchrun started, one does."""
    return os.environ.get("RANK", "0") == "0"


class _Notes(logging.Handler):
    """Log records of Tunesmith, said as notes."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.note(record.getMessage())


@contextlib.contextmanager
def _logging_to(progress: Progress, is_quiet: bool, is_verbose: bool) -> Iterator[None]:
    """Our own talk is heard; that of libraries only with -v."""
    logger = logging.getLogger("tunesmith")
    handler = _Notes(progress)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if is_verbose else logging.INFO)
    logger.propagate = False
    with warnings.catch_warnings():
        if not is_verbose:
            warnings.simplefilter("ignore")
            silence_libraries(has_download_bars=not is_quiet and sys.stderr.isatty())
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(before[0])
            logger.propagate = before[1]


def silence_libraries(*, has_download_bars: bool) -> None:
    """Take the bars and notes of transformers and the Hub off stderr; downloads keep theirs."""
    with fast_imports():
        import huggingface_hub.utils.logging
        import transformers.utils.logging
        from huggingface_hub.utils.tqdm import disable_progress_bars

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    huggingface_hub.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    if not has_download_bars:
        disable_progress_bars()
