"""A recipe that leaves numbers to `auto` and the rows it trains on -> the recipe with all of them.

Sizes and lengths follow from the number of rows; the rate from trials, where they can be paid.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.tokens.store import TokenStore
from tunesmith.training.search.budget import SearchBudget, search_budget, search_rows
from tunesmith.training.search.find_rate import RateSearch, Trial, within_range
from tunesmith.training.search.rules_of_thumb import (
    PATIENCE,
    horizon_factor,
    preference_epochs,
    usual_epochs,
    usual_examples_per_step,
)
from tunesmith.training.search.trials import RangeTest


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRate:
    """What came of a search.

    Attributes:
        learning_rate: Of the whole training.
        trials: In the order in which they were made.
        range_test: Rates and the loss after each; empty where there was none.
        share: What all of it cost, of the training's own cost, in tokens.
    """

    learning_rate: float
    trials: list[Trial] = field(default_factory=list)
    range_test: RangeTest = field(default_factory=list)
    share: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """As `settings.json` has it."""
        return asdict(self)


def settle_sizes(recipe: TrainingRecipe, *, num_rows: int, is_validated: bool) -> TrainingRecipe:
    """Put numbers where they follow from the rows: all but the learning rate.

    Args:
        recipe: With or without numbers.
        num_rows: To train on.
        is_validated: Whether there are validation rows, by which a training can stop early.
    """
    found: dict[str, Any] = {}
    if recipe.examples_per_step == "auto":
        found["examples_per_step"] = usual_examples_per_step(num_rows)
    if recipe.epochs == "auto" and recipe.steps is None:
        size = found.get("examples_per_step", recipe.examples_per_step)
        rule = preference_epochs if recipe.objective == "dpo" else usual_epochs
        found["epochs"] = rule(num_rows, size)
        if recipe.early_stopping is None and is_validated:
            found["early_stopping"] = PATIENCE
    return recipe.model_copy(update=found)


def plan_search(
    store: TokenStore, held_out: TokenStore, recipe: TrainingRecipe, *, expected: float
) -> SearchBudget:
    """What a search may cost.

    Args:
        store: The rows to train on.
        held_out: The rows to validate on.
        recipe: Its sizes are settled.
        expected: A rate, by a rule of thumb.
    """
    known = recipe.model_copy(update={"learning_rate": expected})
    return search_budget(store, held_out, search_rows(store, held_out, known), known)


def find_rate(
    budget: SearchBudget,
    *,
    expected: float,
    num_steps: int,
    attempt: Callable[[float, int], float | None],
    range_test: Callable[[float], RangeTest],
    told: Callable[[Trial], None],
) -> FoundRate:
    """Make the trials that a budget pays.

    Args:
        budget: Enough for some.
        expected: The rate by a rule of thumb.
        num_steps: Of the whole training.
        attempt: Makes a trial: a rate and steps give a loss, or None where it diverged.
        range_test: Makes a range test around a rate.
        told: Of each trial.
    """
    higher = horizon_factor(budget.trial_steps, num_steps)
    tested = range_test(expected * higher) if budget.range_test else []
    middle = within_range(expected * higher, tested) / higher
    search = RateSearch(budget.ladder(middle, num_steps), attempt, told)
    rate = search.best_rate()
    steps = sum(trial.steps for trial in search.trials)
    share = budget.cost(steps, len(search.trials)) + budget.range_test / budget.whole
    return FoundRate(
        learning_rate=rate, trials=search.trials, range_test=tested, share=round(share, 4)
    )
