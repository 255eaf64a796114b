"""A job -> Tunesmith's preparation of the same rows: seconds of each part, memory on top.

python -m measuring.our_preparation --job FILE      # with bench/ on the path
"""

import argparse
import json
import threading
import time
from pathlib import Path

import psutil

from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.prepared_files import open_store


class Clock:
    """Notes when each part of a stage begins and ends."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.current: tuple[str, float] | None = None

    def start(self, task: str, total: int | None) -> None:
        """Begin a part; the one before it ends."""
        self.close()
        self.current = (task, time.perf_counter())

    def advance(self, count: int = 1) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """End the part."""
        if self.current is not None:
            task, started = self.current
            self.seconds[task] = time.perf_counter() - started
        self.current = None


def main() -> None:
    """Prepare and print the times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", type=Path, required=True)
    job = json.loads(parser.parse_args().job.read_text(encoding="utf-8"))
    recipe = load_recipe(Path(job["recipe"]))
    folder = Path(job["recipe"]).parent
    run, clock = RunFolder(Path(job["scratch"]) / "run", folder), Clock()
    imports = _resident_mb()
    peaks: dict[str, float] = {}
    watching = threading.Thread(target=_watch, args=(clock, peaks), daemon=True)
    watching.start()
    started = time.perf_counter()
    prepare(Run(recipe=recipe, folder=run, paths_from=folder, progress=clock))
    seconds = time.perf_counter() - started
    store = open_store(run, "train")
    encoding = [task for task in clock.seconds if task.startswith("encoding")]
    result = {
        "encode_seconds": sum(clock.seconds[task] for task in encoding),
        "whole_seconds": seconds,
        "rows": len(store),
        "tokens_of_first_thousand": int(store.lengths[:1000].sum()),
        "trained_of_first_thousand": int(store.num_targets[:1000].sum()),
        "encode_mb_above_imports": max(peaks.get(task, imports) for task in encoding) - imports,
        "whole_mb_above_imports": max(peaks.values()) - imports,
    }
    print(json.dumps(result))


def _watch(clock: Clock, peaks: dict[str, float]) -> None:
    while True:
        task = clock.current[0] if clock.current else "between"
        peaks[task] = max(peaks.get(task, 0.0), _resident_mb())
        time.sleep(0.2)


def _resident_mb() -> float:
    """Memory of this process and its children, what they share counted once."""
    total = 0
    own = psutil.Process()
    for process in [own, *own.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


if __name__ == "__main__":
    main()
