"""Every shortcut with and without, on the bench's models: time and peak memory, taken in turns.

    make bench-shortcuts                               # all; most of an hour on two cores
    python bench/shortcuts.py --only sparse_embedding --tasks pythia-lamini --steps 20

Time: two trainings in one process take the same batch in turns; the medians of each step's
ratio, by the clock and of the processor, since the clock of a busy machine tells little. Memory:
the peaks of processes of their own, in turns. A shortcut that brings less than 5 % of either on
two models of one run is to be taken out (decision 22). JSON is printed, or written with `--json`.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring.child import Ended, run_child
from measuring.shortcut_turns import NOTHING
from measuring.tasks import Material, Places, Task, make_task

from tunesmith.models.shorten import SHORTCUTS

ROOT = Path(__file__).resolve().parent.parent
TASKS = {
    "pythia-lamini": Material(model="pythia-70m", data="lamini"),
    "pythia-alpaca": Material(model="pythia-70m", data="alpaca"),
    "smollm2-lamini": Material(model="smollm2-135m", data="lamini"),
    "gpt2-textbook": Material(model="gpt2", data="alpaca", train_on="all", max_grad_norm=None),
    "llama-lamini": Material(model="llama-160m", data="lamini"),
    "llama-alpaca": Material(model="llama-160m", data="alpaca"),
}
PRECISIONS = {"matmul_library": "fp32"}  # the others: as users train, auto
EARNED = 0.05
_WARM_UP = 3  # steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How each pair is measured."""

    steps: int
    repeats: int
    threads: int
    measures: Sequence[str]
    scratch: Path


def main() -> None:
    """Measure what was asked for and print it."""
    options = _options()
    places = Places(bench=options.bench.resolve(), shared=options.shared.resolve())
    rounds = Rounds(
        steps=options.steps,
        repeats=options.repeats,
        threads=options.threads,
        measures=options.measures,
        scratch=places.bench / "scratch" / "shortcuts",
    )
    tasks = {name: make_task(TASKS[name], places) for name in options.tasks}
    pairs = [
        {"task": task, "model": TASKS[task].model, **measure(name, tasks[task], rounds)}
        for name in options.only
        for task in options.tasks
    ]
    how = {"steps": rounds.steps, "repeats": rounds.repeats, "threads": rounds.threads}
    result = {**how, "pairs": pairs, "earned": earned(pairs)}
    text = json.dumps(result, indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)


def measure(shortcut: str, task: Task, rounds: Rounds) -> dict[str, Any]:
    """What a shortcut saves on a task, as shares of what it takes without."""
    found: dict[str, Any] = {"shortcut": shortcut}
    if "time" in rounds.measures:
        found |= _measure_time(shortcut, task, rounds)
    if "memory" in rounds.measures:
        found |= _measure_memory(shortcut, task, rounds)
    print(json.dumps({"task": task.name, **found}), file=sys.stderr, flush=True)
    return found


def earned(pairs: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """For each shortcut the models on which it brings enough of processor time or memory."""
    kept: dict[str, set[str]] = {pair["shortcut"]: set() for pair in pairs}
    for pair in pairs:
        if max(pair.get("processor_time", 0), pair.get("memory", 0)) >= EARNED:
            kept[pair["shortcut"]].add(pair["model"])
    return {name: sorted(models) for name, models in kept.items()}


def _measure_time(shortcut: str, task: Task, rounds: Rounds) -> dict[str, Any]:
    lines = _child(task, rounds, shortcut, [NOTHING, shortcut]).output.splitlines()
    turns = [turn for turn in map(json.loads, lines) if turn["step"] >= _WARM_UP]
    return {
        "time": _saved(turns, "seconds"),
        "processor_time": _saved(turns, "processor_seconds"),
        "step_ms": {way: _step_ms(turns, way) for way in (NOTHING, shortcut)},
    }


def _measure_memory(shortcut: str, task: Task, rounds: Rounds) -> dict[str, Any]:
    taken: dict[str, list[float]] = {NOTHING: [], shortcut: []}
    for _ in range(rounds.repeats):
        for way, peaks in taken.items():
            peaks.append(_child(task, rounds, shortcut, [way]).peak_mb)
    peaks = {way: round(statistics.median(peaks), 1) for way, peaks in taken.items()}
    return {"memory": round(1 - peaks[NOTHING] / peaks[shortcut], 4), "peak_mb": peaks}


def _child(task: Task, rounds: Rounds, shortcut: str, ways: Sequence[str]) -> Ended:
    command = [sys.executable, "-m", "measuring.shortcut_turns", str(task.recipe), str(task.run)]
    options = {
        "--steps": rounds.steps,
        "--threads": rounds.threads,
        "--precision": PRECISIONS.get(shortcut, "auto"),
    }
    settings = [str(part) for option in options.items() for part in option]
    return run_child(
        [*command, *settings, "--without", *ways],
        scratch=rounds.scratch,
        environment={"PYTHONPATH": f"{ROOT / 'bench'}:{ROOT}", "OMP_WAIT_POLICY": "passive"},
    )


def _saved(turns: Sequence[dict[str, Any]], quantity: str) -> float:
    """The median over the steps of the share that is saved."""
    taken = {(turn["way"], turn["step"]): turn[quantity] for turn in turns}
    shares = [
        1 - taken[NOTHING, step] / without
        for (way, step), without in taken.items()
        if way != NOTHING
    ]
    return round(statistics.median(shares), 4)


def _step_ms(turns: Sequence[dict[str, Any]], way: str) -> float:
    taken = [1000 * turn["processor_seconds"] for turn in turns if turn["way"] == way]
    return round(statistics.median(taken), 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names, tasks = list(SHORTCUTS), list(TASKS)
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="SHORTCUT")
    parser.add_argument("--tasks", nargs="+", choices=tasks, default=tasks, metavar="TASK")
    both = ["time", "memory"]
    parser.add_argument("--measures", nargs="+", choices=both, default=both, metavar="MEASURE")
    parser.add_argument("--steps", type=int, default=12, help="of a training; three warm it up")
    parser.add_argument("--repeats", type=int, default=1, help="processes for each peak")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="write the result there, too")
    parser.add_argument("--bench", type=Path, default=ROOT / ".bench", help="models and runs")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    return parser.parse_args()


if __name__ == "__main__":
    main()
