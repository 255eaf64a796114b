"""A training's plan -> how many trained tokens a trained weight will see, and what that means."""

import numpy as np

from tunesmith.training.optimizer import trainable
from tunesmith.training.plan import TrainingPlan

_MOST_STEPS_LOOKED_AT = 1_000
_PRETRAINING = 20.0  # tokens a weight that pay most from scratch (Hoffmann et al. 2022)
_MEANINGS = (  # from so many tokens a weight on
    (_PRETRAINING, "as much as a pretraining, which takes about 20"),
    (
        1.0,
        "less than a pretraining (about 20), but enough to move the model far from what it knew: "
        "look at what it forgot",
    ),
    (
        0.0,
        "far less than a pretraining (about 20): form and style can be learned, and these rows by "
        "heart; knowledge beyond them comes from the base model",
    ),
)


def tokens_and_weights(plan: TrainingPlan) -> tuple[int, int]:
    """Trained tokens over all epochs, and the weights that learn.

    Of very many steps some, spread evenly, stand for all.
    """
    count = min(plan.num_steps, _MOST_STEPS_LOOKED_AT)
    steps = np.unique(np.linspace(0, plan.num_steps - 1, count).astype(int)).tolist()
    targets = plan.feed.store.num_targets
    seen = sum(int(targets[plan.feed.rows_of_step(step)].sum()) for step in steps)
    weights = sum(one.numel() for one in trainable(plan.model.network).values())
    return round(seen * plan.num_steps / len(steps)), weights


def share_in_words(num_tokens: int, num_weights: int) -> str:
    """How many tokens a weight sees, and what that means."""
    share = num_tokens / num_weights
    meaning = next(told for least, told in _MEANINGS if share >= least)
    return f"{share:.2g} trained tokens a weight: {meaning}"
