"""What a training is made of, what changes while it runs, and who is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.models.forward import LanguageModel
from tunesmith.models.shorten import ShortcutUse
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.distributed import Ranks
from tunesmith.training.engine import Engine
from tunesmith.training.feed import Feed
from tunesmith.training.optimizer import Optimizer
from tunesmith.training.resources.pace import CheckpointPace, steps_between
from tunesmith.training.schedule import examples_in_all
from tunesmith.training.step import StepRules

LogLine = dict[str, Any]
BEST = "best"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """What a training is made of.

    Attributes:
        model: Trained in place.
        optimizer: Over the model's trainable parameters.
        feed: The training rows.
        validation: The held-out rows; None where there are none.
        recipe: How to train.
        engine: Where and how the arithmetic runs.
        num_steps: Updates of the whole training.
        folder: Where checkpoints go.
        identity: What a checkpoint must agree with to be resumed.
        shortcuts: What became of each shortcut.
    """

    model: LanguageModel
    optimizer: Optimizer
    feed: Feed
    validation: Feed | None
    recipe: TrainingRecipe
    engine: Engine
    num_steps: int
    folder: Path
    identity: dict[str, Any]
    shortcuts: Mapping[str, ShortcutUse] = field(default_factory=dict)

    @property
    def ranks(self) -> Ranks:
        """This process among the others."""
        return self.feed.ranks

    @property
    def rules(self) -> StepRules:
        """What is the same for every step."""
        return StepRules(
            precision=self.engine.precision,
            max_grad_norm=self.recipe.max_grad_norm,
            ranks=self.ranks,
        )

    def num_examples(self, step: int) -> int:
        """Examples read in the first `step` updates; the last update may hold fewer."""
        wanted = step * self.recipe.step_size
        return min(wanted, examples_in_all(len(self.feed.store), self.recipe))

    @property
    def validate_every(self) -> int:
        """Steps between validations."""
        asked = self.recipe.validate_every
        return steps_between(self.num_steps) if asked == "auto" else asked

    def pace(self, state: "TrainingState") -> CheckpointPace:
        """When checkpoints are due, from `state` on."""
        return CheckpointPace(
            every=self.recipe.checkpoint_every,
            num_steps=self.num_steps,
            step=state.step,
            seconds=state.seconds,
        )


@dataclass(slots=True, kw_only=True)
class TrainingState:
    """How far a training is: everything besides tensors that a checkpoint holds.

    Attributes:
        step: Updates done.
        tokens_seen: Tokens of all examples read so far.
        seconds: Time spent training, over all starts.
        micro_batch: Examples at once; halved when memory runs out.
        is_checkpointing: Whether activations are recomputed to save memory.
        best_loss: Lowest validation loss so far; None before the first.
        best_step: The step that reached it.
        num_worse: Validations since then.
        is_stopped_early: Whether `early_stopping` ended the training.
        forced: Reasons for which a checkpoint of another identity was resumed, with what
            differed.
    """

    step: int = 0
    tokens_seen: int = 0
    seconds: float = 0.0
    micro_batch: int = 1
    is_checkpointing: bool = False
    best_loss: float | None = None
    best_step: int | None = None
    num_worse: int = 0
    is_stopped_early: bool = False
    forced: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingListener:
    """What the loop tells: lines for the log, talk for the user."""

    log: Callable[[LogLine], None]
    note: Callable[[str], None]
