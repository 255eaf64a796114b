"""A draft of a recipe on stdin -> its forecast on stdout, as one line of JSON each.

It ends when stdin does, so that none outlives a studio that was killed. Run by `draft_forecast`:
`python -m tunesmith.studio.forecast_process`.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from tunesmith.errors import TunesmithError
from tunesmith.recipe.draft import read_draft
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.forecast import forecast

_POLITENESS = 10
_LONGEST_PROBLEM = 600


def _answer(job: dict[str, str]) -> dict[str, Any]:
    """The forecast, or what stands in its way."""
    folder, scratch = Path(job["folder"]), RunFolder(Path(job["scratch"]))
    draft = read_draft(job["text"])
    if draft.recipe is None:
        return {"problem": "the recipe has mistakes"}
    run = Run(recipe=draft.recipe, folder=scratch, paths_from=folder)
    try:
        run.claim()
        _take_splits(folder, scratch)
        result = forecast(run)
    except TunesmithError as error:
        return {"problem": str(error)[:_LONGEST_PROBLEM]}
    return {"lines": list(result.summary)}


def _take_splits(folder: Path, scratch: RunFolder) -> None:
    """Examples fall where they fell in earlier runs; what falls now is forgotten."""
    known = folder / scratch.splits.name
    scratch.splits.unlink(missing_ok=True)
    if known.is_file():
        scratch.splits.write_bytes(known.read_bytes())


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(1)


def forecast_and_end() -> None:
    """Do what stdin asks for."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    os.nice(_POLITENESS)
    answer = _answer(job)
    sys.stdout.write("\n" + json.dumps(answer) + "\n")
    sys.stdout.flush()
    os._exit(0)  # the thread waits in a read that Python's end would wait for


if __name__ == "__main__":
    forecast_and_end()
