"""A small training put together from parts, without recipe files or a command line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tests.tiny import random_store, setting_of, tiny_network
from tunesmith.models.adapter import add_adapter
from tunesmith.models.forward import choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.models.shorten import Shortcut, shorten
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.distributed import Ranks
from tunesmith.training.dropout import set_dropout
from tunesmith.training.engine import REFERENCE
from tunesmith.training.feed import Feed
from tunesmith.training.loop import run_training
from tunesmith.training.optimizer import make_optimizer
from tunesmith.training.plan import TrainingListener, TrainingPlan, TrainingState
from tunesmith.training.resume import resume
from tunesmith.training.schedule import count_steps, rows_of_step
from tunesmith.training.signals import StopRequest

LENGTHS = [40, 3, 17, 8, 29, 5, 61, 12, 20, 33, 7, 50, 16]


class Log:
    """Collects what the loop tells; may stop or break the training at a step."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.at_step: dict[int, Any] = {}

    def log(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        if line["split"] == "train" and line["step"] in self.at_step:
            self.at_step[line["step"]]()

    @property
    def listener(self) -> TrainingListener:
        return TrainingListener(log=self.log, note=self.notes.append)

    def losses(self, split: str = "train") -> dict[int, float]:
        return {line["step"]: line["loss"] for line in self.lines if line["split"] == split}


def with_numbers(recipe: TrainingRecipe) -> TrainingRecipe:
    """A recipe with a number in the place of each `auto`."""
    numbers = {"learning_rate": 5e-5, "examples_per_step": 8, "epochs": 2.0}
    return recipe.model_copy(update={name: numbers[name] for name in recipe.open_settings})


def make_plan(
    folder: Path,
    recipe: TrainingRecipe,
    *,
    family: str = "llama",
    num_tokens: int = 260,
    shortcuts: Mapping[str, Shortcut] | None = None,
) -> TrainingPlan:
    """A plan over thirteen random rows of 256 tokens and five held-out ones."""
    recipe = with_numbers(recipe)
    register()
    folder.mkdir(exist_ok=True)
    store = random_store(folder / "train.arrow", LENGTHS)
    held_out = random_store(folder / "validation.arrow", [9, 30, 14, 5, 21], seed=100)
    network = tiny_network(family, vocab_size=num_tokens)
    set_dropout(network, recipe.dropout)
    model = choose_layout(network)
    if recipe.lora is not None:
        torch.manual_seed(0)
        model.network = add_adapter(model.network, recipe.lora, dropout=recipe.dropout)
    setting = setting_of(model.inner, torch.from_numpy(store.distinct_ids()))
    used = shorten(setting, shortcuts=shortcuts or {})
    num_steps = count_steps(len(store), recipe)

    def feed(of: Any) -> Feed:
        return Feed(
            store=of,
            rows_of_step=lambda step: rows_of_step(
                step, num_rows=len(store), num_steps=num_steps, recipe=recipe
            ),
            micro_batch=1,
            shared_row_limit=None,
            device=torch.device("cpu"),
            ranks=Ranks(),
        )

    return TrainingPlan(
        model=model,
        optimizer=make_optimizer(model.network, recipe),
        feed=feed(store),
        validation=feed(held_out),
        recipe=recipe,
        engine=REFERENCE,
        num_steps=num_steps,
        folder=folder / "checkpoints",
        shortcuts=used,
        identity={"data": store.key, "recipe": recipe.model_dump_json()},
    )


def train(plan: TrainingPlan, log: Log | None = None, stop: StopRequest | None = None) -> Log:
    """Train from wherever the plan's folder stands to the end."""
    log = log or Log()
    state = resume(plan, listener=log.listener, force=None)
    size = plan.recipe.micro_batch if isinstance(plan.recipe.micro_batch, int) else 2
    state = state or TrainingState(micro_batch=size)
    run_training(plan, state, listener=log.listener, stop=stop or StopRequest())
    return log


def weights(plan: TrainingPlan) -> dict[str, torch.Tensor]:
    """A copy of all weights, by name."""
    return {name: p.detach().clone() for name, p in plan.model.network.named_parameters()}
