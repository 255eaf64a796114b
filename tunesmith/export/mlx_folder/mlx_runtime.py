"""A model's folder -> MLX with it in memory: what it expects next, and what it answers."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tunesmith.errors import RefusedError
from tunesmith.export.written_answer import WrittenAnswer

_PROGRAM = Path(__file__).with_name("mlx_process.py")
_SECONDS_TO_END = 10.0
_SHOWN = 200


def has_mlx() -> bool:
    """Whether MLX and its language models are installed."""
    return find_spec("mlx_lm") is not None


class MlxRuntime:
    """A model in MLX; a context that ends it.

    Attributes:
        stop_ids: The tokens at which it ends an answer.
    """

    def __init__(self, folder: Path) -> None:
        """Load a folder.

        Raises:
            RefusedError: MLX cannot.
        """
        self._folder = folder
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed where the process ends
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )
        self.stop_ids = [int(token) for token in self._read("load it")["stops"]]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def log_probabilities(self, ids: Sequence[int], *, num_likely: int) -> dict[int, float]:
        """The likeliest next tokens and their log-probabilities in nats."""
        told = self._ask(ids, num_tokens=1, num_likely=num_likely)
        return {int(token): float(value) for token, value in told["likely"].items()}

    def write(self, ids: Sequence[int], *, num_tokens: int) -> WrittenAnswer:
        """Go on with a prompt, always by the likeliest token."""
        told = self._ask(ids, num_tokens=num_tokens, num_likely=0)
        return WrittenAnswer(ids=tuple(told["ids"]), is_ended=bool(told["is_ended"]))

    def _ask(self, ids: Sequence[int], **asked: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"ids": list(ids), **asked}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # nothing is left to read, which is told
        return self._read("answer")

    def _read(self, task: str) -> dict[str, Any]:
        """The next line that it tells.

        Raises:
            RefusedError: It has ended; the last line that it said is shown.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            found: dict[str, Any] = json.loads(line)
            return found
        self._process.wait()
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        self._end()
        last = lines[-1][:_SHOWN] if lines else "it says nothing"
        raise RefusedError(f"MLX cannot {task} ({last})", where=self._folder.name)

    def _end(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        try:
            self._process.wait(timeout=_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._said.close()
