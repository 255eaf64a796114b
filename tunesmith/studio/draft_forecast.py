"""A recipe that is being written -> its forecast, in a process of its own that ends with the page.

The process, `forecast_process`, gets one line of JSON on stdin and writes one on stdout.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tunesmith.files import hash_bytes

COMMAND = (sys.executable, "-m", "tunesmith.studio.forecast_process")
_POLL_SECONDS = 0.25
_LONGEST_PROBLEM = 600


class ForecastDesk:
    """One forecast at a time: the next one ends it.

    What was prepared is kept, outside the folder, for the next forecast of the same recipe: which
    split an example falls into is decided by a run, never by a half-written recipe.
    """

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="tunesmith-studio-")
        self._newest = 0

    async def forecast(
        self, text: str, recipe: Path, is_gone: Callable[[], Awaitable[bool]]
    ) -> dict[str, Any]:
        """Reckon up a draft.

        Args:
            text: Without mistakes.
            recipe: Its file; relative paths start beside it.
            is_gone: Whether nobody waits any more.

        Returns:
            `lines` for people, or `problem`; `superseded` where another was asked for.
        """
        self._newest += 1
        own = self._newest
        scratch = Path(self._scratch.name) / hash_bytes(str(recipe).encode())[:16]
        job = {"text": text, "folder": str(recipe.resolve().parent), "scratch": str(scratch)}
        child = await asyncio.create_subprocess_exec(
            *COMMAND,
            cwd=recipe.resolve().parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        told = asyncio.gather(child.stdout.read(), child.stderr.read())
        try:
            with suppress(ConnectionError):
                child.stdin.write(json.dumps(job).encode() + b"\n")
                await child.stdin.drain()
            while not told.done():
                await asyncio.wait({told}, timeout=_POLL_SECONDS)
                if own != self._newest or await is_gone():
                    return {"superseded": True}
            output, errors = told.result()
            return _understood(output, errors, await child.wait())
        finally:
            await _end(child, told)

    def close(self) -> None:
        """Delete what was prepared."""
        self._scratch.cleanup()


async def _end(child: asyncio.subprocess.Process, told: "asyncio.Future[Any]") -> None:
    """Leave neither the process nor its pipes behind."""
    with suppress(ProcessLookupError):
        child.kill()
    if child.stdin is not None:
        child.stdin.close()
    with suppress(asyncio.CancelledError):
        await told
    await child.wait()


def _understood(output: bytes, errors: bytes, code: int) -> dict[str, Any]:
    lines = output.splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    last = errors.decode("utf-8", "replace").strip().splitlines()[-1:]
    said = "".join(last)[:_LONGEST_PROBLEM]
    return {"problem": f"the forecast ended with exit code {code}. {said}".strip()}
