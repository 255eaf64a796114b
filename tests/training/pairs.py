"""Preferences of random bytes, and direct preference optimisation as a textbook writes it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.store import TokenStore, write_store
from tunesmith.training.distributed import Ranks
from tunesmith.training.feed import Feed, ReferencePairs

# Tokens of the prompt, of the beginning that both answers share, of what each goes on with.
SHAPES = [(40, 0, 5, 9), (3, 2, 30, 1), (25, 7, 4, 4), (60, 0, 1, 50), (18, 20, 11, 2)]


def random_pair(shape: Sequence[int], *, seed: int) -> tuple[EncodedExample, EncodedExample]:
    """A prompt of random bytes, and two answers to it."""
    generator = np.random.default_rng(seed)
    prompt, common, chosen, rejected = (generator.integers(256, size=size) for size in shape)
    ends = chosen, rejected
    if len(chosen) and len(rejected):
        rejected[0] = (chosen[0] + 1) % 256
    rows = [np.concatenate([prompt, common, end]).astype(np.int32) for end in ends]
    first, second = (
        EncodedExample(ids=row, is_trained=np.arange(len(row)) >= len(prompt)) for row in rows
    )
    return first, second


def pair_store(
    path: Path, shapes: Sequence[Sequence[int]] = SHAPES, *, seed: int = 0
) -> TokenStore:
    """A store of random preferences named p0, p1, ..."""
    rows = [
        (f"p{index}", row)
        for index, shape in enumerate(shapes)
        for row in random_pair(shape, seed=seed + index)
    ]
    write_store(path, rows, key="test", width=2)
    return TokenStore(path, key="test")


def pair_feed(
    store: TokenStore,
    references: np.ndarray,
    *,
    beta: float = 0.1,
    micro_batch: int = 8,
    smallest_saving: int | None = 16,
) -> Feed:
    """All of a store in one step."""
    return Feed(
        store=store,
        rows_of_step=lambda _: list(range(len(store))),
        micro_batch=micro_batch,
        shared_row_limit=None,
        device=torch.device("cpu"),
        ranks=Ranks(),
        smallest_saving=smallest_saving,
        pairs=ReferencePairs(log_probabilities=references, beta=beta),
    )


def textbook_log_probability(network: torch.nn.Module, row: EncodedExample) -> torch.Tensor:
    """Of a row's trained tokens, summed: one row alone, all logits, no tricks."""
    ids = torch.from_numpy(row.ids.astype(np.int64))
    logits = network(input_ids=ids[None]).logits[0, :-1].double()
    each = functional.log_softmax(logits, dim=-1)[torch.arange(len(ids) - 1), ids[1:]]
    return each[torch.from_numpy(row.is_trained[1:].copy())].sum()


def textbook_references(network: torch.nn.Module, store: TokenStore) -> np.ndarray:
    """Of all answers, (N, 2)."""
    with torch.no_grad():
        found = [
            [float(textbook_log_probability(network, one)) for one in store.rows_of(row)]
            for row in range(len(store))
        ]
    return np.array(found)


def textbook_losses(
    network: torch.nn.Module, store: TokenStore, references: np.ndarray, *, beta: float
) -> list[torch.Tensor]:
    """-log sigmoid(beta * ((chosen - its reference) - (rejected - its reference))) of each."""
    losses = []
    for row in range(len(store)):
        chosen, rejected = (textbook_log_probability(network, one) for one in store.rows_of(row))
        gained = chosen - references[row][0], rejected - references[row][1]
        losses.append(-functional.logsigmoid(beta * (gained[0] - gained[1])))
    return losses
