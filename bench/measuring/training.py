"""A contender and a task -> examples a second, memory, losses: one run of one child process."""

import json
import shutil
import statistics
import sys
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from measuring.child import ChildError, Ended, run_child
from measuring.contenders import Contender
from measuring.environments import PEERS_FOLDER, Environment
from measuring.tasks import EXAMPLES_PER_STEP, LEARNING_RATE, Task

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How each child is run.

    Attributes:
        steps: Updates of one run.
        warmup: First updates that are not timed.
        under: A command put before each child's own, such as `taskset -c 0`.
        tcmalloc: The allocator's library.
        scratch: Where runs and outputs go.
        environments: Of the peers.
    """

    steps: int
    warmup: int
    under: tuple[str, ...]
    tcmalloc: Path | None
    scratch: Path
    environments: dict[str, Environment] = field(default_factory=dict)


def train_once(contender: Contender, task: Task, trial: Trial, *, save: bool = False) -> Figures:
    """Train from the base model for the trial's steps.

    Args:
        contender: Who trains.
        task: What.
        trial: How long.
        save: Keep the trained model, in the figures' `model`.

    Raises:
        ChildError: It failed.
    """
    scratch = trial.scratch / f"{task.name}-{contender.name}".replace(" ", "-").replace(",", "")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    if contender.peer is None:
        figures, ended = _train_ours(contender, task, trial, scratch)
        model = scratch / "run" / "model"
    else:
        model = scratch / "model"
        figures, ended = _train_peer(contender, task, trial, scratch, model if save else None)
    result = _in_short(figures, trial.warmup)
    if not save:
        shutil.rmtree(scratch)
    return {**result, "peak_mb": ended.peak_mb, **({"model": str(model)} if save else {})}


def _in_short(figures: Figures, warmup: int) -> Figures:
    timed = list(zip(figures["examples"], figures["seconds"], strict=True))[warmup:]
    return {
        "examples_per_second": statistics.median(count / seconds for count, seconds in timed),
        "first_step_seconds": figures["first_step_seconds"],
        "trained_tokens": figures["trained_tokens"][0],
        "total_trained_tokens": sum(figures["trained_tokens"]),
        "first_loss": figures["losses"][0],
        "last_loss": figures["losses"][-1],
        **{key: figures[key] for key in ("threads",) if key in figures},
    }


def _train_peer(
    contender: Contender, task: Task, trial: Trial, scratch: Path, model: Path | None
) -> tuple[Figures, Ended]:
    environment = trial.environments[str(contender.peer)]
    if environment.missing is not None:
        raise ChildError(environment.missing)
    variables = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    if contender.has_tcmalloc:
        if trial.tcmalloc is None:
            raise ChildError("tcmalloc is not installed (Debian: libtcmalloc-minimal4)")
        variables["LD_PRELOAD"] = str(trial.tcmalloc)
    job = {
        "model": str(task.model),
        "rows": str(task.rows),
        "steps": trial.steps,
        "examples_per_step": EXAMPLES_PER_STEP,
        "variant": contender.variant,
        "learning_rate": LEARNING_RATE,
        "scratch": str(scratch / "work"),
        "save": str(model) if model else None,
    }
    script = PEERS_FOLDER / f"{contender.script}.py"
    command = [*trial.under, str(environment.python), str(script), "--job", str(scratch / "job")]
    (scratch / "job").write_text(json.dumps(job), encoding="utf-8")
    ended = run_child(command, scratch=scratch, environment=variables, timeout_seconds=900)
    figures: Figures = json.loads(ended.output.strip().splitlines()[-1])
    return figures, ended


def _train_ours(
    contender: Contender, task: Task, trial: Trial, scratch: Path
) -> tuple[Figures, Ended]:
    """`tunesmith train` on a copy of the prepared run, timed by its own log."""
    run = scratch / "run"
    shutil.copytree(task.run, run)
    settings = [
        f"training.steps={trial.steps}",
        f"training.precision={contender.variant}",
        f"training.checkpoint_every={trial.steps}",  # peers write none
    ]
    options = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-m", "tunesmith", "train", str(task.recipe), "--run", str(run)]
    ended = run_child([*trial.under, *command, "--json", *options], scratch=scratch)
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["split"] == "train"]
    clock = [0.0, *(line["seconds"] for line in steps)]
    return {
        "seconds": [end - start for start, end in pairwise(clock)],
        "first_step_seconds": None,
        "examples": [EXAMPLES_PER_STEP] * len(steps),
        "trained_tokens": [line["num_targets"] for line in steps],
        "losses": [line["loss"] for line in steps],
    }, ended
