"""Rows and a recipe -> what a search for its rate may cost, and which rows it measures by.

Costs are counted in tokens, so that the same rows always buy the same trials: a token that is
trained on counts one, one that is only read a third (a forward pass without its backward pass).
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.tokens.store import TokenStore
from tunesmith.training.resources.pace import steps_between
from tunesmith.training.schedule import count_steps, examples_in_all
from tunesmith.training.search.find_rate import Ladder

_SHARE = 0.19  # of the training's own cost, which is a fifth with what is not counted
_READ = 1 / 3  # a token that is read, of one that is trained on
_ENOUGH = 16  # rows to measure by; with fewer in validation, some of training are held aside
_MOST = 64
_FEWEST = 6
_HELD_ASIDE = 5  # one of so many training rows at most
_MEASURED = 40  # one row is measured by for so many examples of the whole training
_STEPS = (2, 128)  # of a trial of the first rung
_UNITS = 4  # three trials, and one beyond an end; more where trials are as long as may be
_MOST_UNITS = 10
FEWEST_TRIALS = 3
RANGE_STEPS = 14
RANGE_ROWS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRows:
    """Which rows a search reads: indices in the stores of training and validation.

    Attributes:
        train: What trials train on.
        held_aside: Training rows that trials do not train on and are measured by.
        validation: Rows of the validation split that they are measured by.
    """

    train: list[int]
    held_aside: list[int]
    validation: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBudget:
    """What a search may cost, in tokens.

    Attributes:
        whole: The training itself, its validations too.
        measuring: One measurement of the rows that are held out.
        step: A step.
        range_test: A range test; 0 where it would take too much of it.
        trial_steps: Of a trial.
        num_trials: That can be paid; of twice the length, half as many.
    """

    whole: float
    measuring: float
    step: float
    range_test: float
    trial_steps: int
    num_trials: int

    @property
    def is_enough(self) -> bool:
        """Whether a search can tell rates apart with it."""
        return self.num_trials >= FEWEST_TRIALS

    @property
    def likely_share(self) -> float:
        """What a search will cost, of the training's own cost: about, and at most a fifth."""
        units = min(self.num_trials, _UNITS)
        return self.cost(units * self.trial_steps, units) + self.range_test / self.whole

    def ladder(self, middle: float, num_steps: int) -> Ladder:
        """The trials that it pays, around a rate."""
        return Ladder(
            middle=middle,
            num_steps=num_steps,
            trial_steps=self.trial_steps,
            num_trials=self.num_trials,
        )

    def cost(self, num_steps: int, num_measurements: int) -> float:
        """What some steps and measurements come to, as a share of the training's own cost."""
        return (num_steps * self.step + num_measurements * self.measuring) / self.whole


def search_rows(store: TokenStore, held_out: TokenStore, recipe: TrainingRecipe) -> SearchRows:
    """Choose the rows by the recipe's seed; never a test row, which nobody hands over."""
    draw = np.random.default_rng([recipe.seed, 18])
    wanted = min(_MOST, max(_FEWEST, examples_in_all(len(store), recipe) // _MEASURED))
    validation = draw.permutation(len(held_out))[:wanted].tolist()
    lacking = max(0, min(wanted, _ENOUGH) - len(validation))
    order = draw.permutation(len(store)).tolist()
    num_aside = min(lacking, len(store) // _HELD_ASIDE)
    return SearchRows(
        train=sorted(order[num_aside:]),
        held_aside=sorted(order[:num_aside]),
        validation=sorted(validation),
    )


def search_budget(
    store: TokenStore, held_out: TokenStore, rows: SearchRows, recipe: TrainingRecipe
) -> SearchBudget:
    """Reckon up what trials may cost and divide it among them."""
    whole = training_cost(store, held_out, recipe)
    budget = whole * _SHARE
    step = float(store.lengths.mean()) * recipe.step_size
    measured = store.lengths[rows.held_aside].sum() + held_out.lengths[rows.validation].sum()
    measuring = _READ * float(measured)
    longest = np.sort(store.lengths)[-RANGE_ROWS:].sum()
    range_test = RANGE_STEPS * float(longest)
    if range_test > budget / 4:
        range_test = 0.0
    rest = budget - range_test
    affordable = int((rest - _UNITS * measuring) / (_UNITS * step))
    trial_steps = min(_STEPS[1], count_steps(len(store), recipe), max(_STEPS[0], affordable))
    units = int(rest / (trial_steps * step + measuring)) if measured else 0
    return SearchBudget(
        whole=whole,
        measuring=measuring,
        step=step,
        range_test=range_test,
        trial_steps=trial_steps,
        num_trials=min(_MOST_UNITS, units),
    )


def training_cost(store: TokenStore, held_out: TokenStore, recipe: TrainingRecipe) -> float:
    """What the whole training costs, in tokens."""
    num_examples = examples_in_all(len(store), recipe)
    validations = 1 + ceil(count_steps(len(store), recipe) / _validate_every(recipe, len(store)))
    read = _READ * float(held_out.lengths.sum()) * validations
    return float(store.lengths.mean()) * num_examples + read


def _validate_every(recipe: TrainingRecipe, num_rows: int) -> int:
    asked = recipe.validate_every
    return steps_between(count_steps(num_rows, recipe)) if asked == "auto" else asked
