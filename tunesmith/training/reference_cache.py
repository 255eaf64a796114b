"""The untuned model and stores of preferences -> what it thinks of each answer, computed once.

A preference is learned by how far the model has moved from where it began (DPO, arXiv
2305.18290). That is the same in every epoch and after every resume, so it is kept in a file that
names what it depends on; a file of anything else is stale, and is made anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tunesmith.errors import DivergedError, RefusedError
from tunesmith.files import atomic_file, hash_json
from tunesmith.training.feed import Feed, ReferencePairs
from tunesmith.training.plan import TrainingPlan
from tunesmith.training.validate import row_losses

_TOKENS_AT_ONCE = 4096  # however much memory there is: sums must not depend on that
_NAME = "log_probabilities"
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCache:
    """Where log-probabilities of the untuned model are kept, and what they depend on.

    Attributes:
        folder: Of the files.
        depends_on: Whatever decides them beside the rows: model, template, tokenizer, engine.
    """

    folder: Path
    depends_on: Sequence[Any]

    def path(self, split: str) -> Path:
        """The file of a split."""
        return self.folder / f"reference-{split}.safetensors"

    def key(self, feed: Feed) -> str:
        """What the file of a store has to name."""
        return hash_json([feed.store.key, len(feed.store), *self.depends_on])

    def read(self, split: str, feed: Feed) -> FloatArray | None:
        """What was computed for a store; None where nothing was, or for something else."""
        try:
            with safe_open(self.path(split), framework="numpy") as file:
                found: FloatArray = file.get_tensor(_NAME)
                metadata = file.metadata() or {}
        except (OSError, SafetensorError):
            return None
        is_ours = metadata == {"key": self.key(feed), "sum": _sum_of(found)}
        return found if is_ours and found.shape == (len(feed.store), 2) else None

    def write(self, split: str, feed: Feed, values: FloatArray) -> None:
        """Keep what was computed."""
        metadata = {"key": self.key(feed), "sum": _sum_of(values)}
        with atomic_file(self.path(split)) as stream:
            stream.write(save({_NAME: values}, metadata=metadata))


def with_references(plan: TrainingPlan, cache: ReferenceCache) -> TrainingPlan:
    """The plan of a training on preferences, with what the model thinks before it.

    Args:
        plan: Its model is as it was loaded; nothing is trained.
        cache: Read, and written where something is missing.

    Raises:
        DivergedError: The model gives an answer no finite probability.
        RefusedError: The model cannot read the two answers of a preference in one row.
    """
    feed = _with_pairs(plan, plan.feed, cache, "train")
    held_out = plan.validation and _with_pairs(plan, plan.validation, cache, "validation")
    known = [one.pairs for one in (feed, held_out) if one is not None and one.pairs is not None]
    sums = [_sum_of(one.log_probabilities) for one in known]
    return replace(
        plan,
        feed=feed,
        validation=held_out,
        identity={**plan.identity, "reference": hash_json(sums)},
    )


def _with_pairs(plan: TrainingPlan, feed: Feed, cache: ReferenceCache, split: str) -> Feed:
    _refuse_long(feed)
    values = feed.ranks.from_first(cache.read(split, feed))
    if values is None:
        values = reference_log_probabilities(plan, feed)
        if feed.ranks.is_first:
            cache.write(split, feed, values)
    return replace(feed, pairs=ReferencePairs(log_probabilities=values, beta=plan.recipe.beta))


def reference_log_probabilities(plan: TrainingPlan, feed: Feed) -> FloatArray:
    """Log-probabilities of the chosen and the rejected answers of a store, (N, 2) float64.

    Raises:
        DivergedError: One is not finite.
    """
    longest = int(feed.store.lengths.max(initial=1))
    alike = replace(feed, micro_batch=max(1, _TOKENS_AT_ONCE // longest))
    values = torch.zeros((len(feed.store), 2), dtype=torch.float64)
    for one in row_losses(plan.model, alike, precision=plan.engine.precision):
        values[one.row] = -torch.tensor(one.answers, dtype=torch.float64)
    summed = feed.ranks.sum_vector(values.to(feed.device)).cpu().numpy()
    bad = np.flatnonzero(~np.isfinite(summed).all(axis=1)).tolist()
    if bad:
        named = ", ".join(feed.store.example_id(row) for row in bad[:3])
        raise DivergedError(
            f"the untuned model gives {len(bad):,} preferences no finite probability ({named})",
            where="training.objective",
            cure="Look at these examples in data/train.jsonl and validation.jsonl.",
        )
    return np.asarray(summed)


def _refuse_long(feed: Feed) -> None:
    """Two answers share a row; some models read one row with a long example otherwise."""
    limit = feed.shared_row_limit
    rows = range(len(feed.store)) if limit is not None else ()
    longest = max((len(one.ids) for row in rows for one in feed.store.rows_of(row)), default=0)
    if limit is not None and longest > limit:
        raise RefusedError(
            f"an answer of {longest:,} tokens is longer than the {limit:,} up to which this model "
            "reads two answers of a preference beside each other",
            where="training.max_tokens",
            cure=f"Set training.max_tokens: {limit}.",
        )


def _sum_of(values: FloatArray) -> str:
    return hash_json([list(values.shape), np.ascontiguousarray(values).tobytes().hex()])
