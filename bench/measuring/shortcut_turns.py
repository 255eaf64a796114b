"""A prepared run and names of shortcuts -> seconds of the same steps with each left out, in turns.

    python -m measuring.shortcut_turns RECIPE RUN --without nothing sparse_embedding --steps 20

`nothing` is the model as users train it. Every way is a training of its own in this process; all
take the same batch one after the other, forwards and backwards in turns. With one way alone
the process says what memory that takes.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tunesmith.models.shortcuts.matmul_library import use_matmul_library
from tunesmith.models.shorten import SHORTCUTS
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.responders.renderer import recipe_renderer
from tunesmith.stages.train import Training, base_record, start_engine
from tunesmith.training.distributed import Ranks
from tunesmith.training.engine import seed_everything
from tunesmith.training.plan import TrainingPlan
from tunesmith.training.step import train_step

NOTHING = "nothing"  # is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One step of one way: seconds by the clock and of the processor, and the loss."""

    way: str
    step: int
    seconds: float
    processor_seconds: float
    loss: float


def main() -> None:
    """Train and print the turns, one JSON object a line."""
    options = _options()
    torch.set_num_threads(options.threads)
    plans = {way: plan_without(way, options) for way in options.without}
    for turn in take_steps(plans, steps=options.steps):
        print(json.dumps({name: getattr(turn, name) for name in Turn.__slots__}), flush=True)


def take_steps(plans: dict[str, TrainingPlan], *, steps: int) -> Iterator[Turn]:
    """The same batch for everyone, step by step."""
    feed = replace(next(iter(plans.values())).feed, micro_batch=8)
    for step in range(steps):
        data = feed.data_of(step)
        ways = list(plans)[:: -1 if step % 2 else 1]
        for way in ways:
            seed_everything(0, step)
            yield _turn(way, plans[way], data)


def plan_without(way: str, options: argparse.Namespace) -> TrainingPlan:
    """The recipe's training, with every shortcut but one, or with all."""
    recipe = load_recipe(options.recipe, overrides=[f"training.precision={options.precision}"])
    beside = options.recipe.parent
    run = Run(recipe=recipe, folder=RunFolder(options.run, beside), paths_from=beside)
    renderer = recipe_renderer(recipe, beside)
    training = Training(
        run=run,
        renderer=renderer,
        engine=start_engine(recipe.training),
        ranks=Ranks(),
        force=None,
        base=base_record(renderer.place, run),
        shortcuts={name: shortcut for name, shortcut in SHORTCUTS.items() if name != way},
    )
    with use_matmul_library("standard"):
        plan = training.plan(training.load())
    plan.model.network.train()
    return plan


def _turn(way: str, plan: TrainingPlan, data: Any) -> Turn:
    started, worked = time.perf_counter(), time.process_time()
    with use_matmul_library(plan.identity["products"]):
        result = train_step(
            plan.model,
            data.batches,
            optimizer=plan.optimizer,
            num_targets=data.num_targets,
            rules=plan.rules,
        )
    return Turn(
        way=way,
        step=data.step,
        seconds=time.perf_counter() - started,
        processor_seconds=time.process_time() - worked,
        loss=result.loss,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--without", nargs="+", choices=[NOTHING, *SHORTCUTS], default=[NOTHING])
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="auto")
    return parser.parse_args()


if __name__ == "__main__":
    main()
