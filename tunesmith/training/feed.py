"""Rows of a step -> batches on the device, prepared one step ahead by a thread."""

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from tunesmith.models.forward import plan_micro_batches
from tunesmith.tokens.collate import Batch, PairTerms, collate
from tunesmith.tokens.store import TokenStore
from tunesmith.training.distributed import Ranks

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepData:
    """The rows of one update.

    Attributes:
        step: From 0.
        rows: Rows of the store that this rank reads, in order.
        groups: For each batch, which of `rows` it holds.
        batches: This rank's micro-batches.
        num_targets: Trained tokens of the step, on all ranks.
        num_tokens: Tokens of the step, on all ranks.
        divisor: What the sum of the losses is divided by: trained tokens, or pairs.
    """

    step: int
    rows: list[int]
    groups: list[list[int]]
    batches: list[Batch]
    num_targets: int
    num_tokens: int
    divisor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePairs:
    """By what the pairs of a store are learned.

    Attributes:
        log_probabilities: Of the chosen and the rejected answers under the untuned model,
            summed over their trained tokens, (N, 2) float64.
        beta: How far the model may move away from it; less is farther.
    """

    log_probabilities: npt.NDArray[np.float64]
    beta: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """How rows become batches on this rank.

    Attributes:
        store: The rows.
        rows_of_step: Which of them an update reads.
        micro_batch: Examples at once.
        shared_row_limit: Longest example that may share a row.
        smallest_saving: Tokens that sharing a common beginning must save; None is never.
        pairs: Of a store of preferences, once the untuned model has read it.
        device: Where batches go.
        ranks: The processes that share a step.
    """

    store: TokenStore
    rows_of_step: Callable[[int], list[int]]
    micro_batch: int
    shared_row_limit: int | None
    device: torch.device
    ranks: Ranks
    smallest_saving: int | None = None
    pairs: ReferencePairs | None = None

    def data_of(self, step: int) -> StepData:
        """All of one update's data."""
        all_rows = self.rows_of_step(step)
        rows = self.ranks.share_of(all_rows)
        groups, batches = self.batches_of(rows)
        num_targets = int(self.store.num_targets[all_rows].sum())
        return StepData(
            step=step,
            rows=rows,
            groups=groups,
            batches=batches,
            num_targets=num_targets,
            num_tokens=int(self.store.lengths[all_rows].sum()),
            divisor=num_targets if self.pairs is None else len(all_rows),
        )

    def batches_of(self, rows: list[int]) -> tuple[list[list[int]], list[Batch]]:
        """Rows in micro-batches: which rows each holds, and its tensors."""
        lengths = [int(self.store.lengths[row]) for row in rows]
        plan = plan_micro_batches(lengths, size=self.micro_batch, limit=self.shared_row_limit)
        groups = [[rows[place] for place in group] for group in plan]
        return groups, [self.batch_of(group) for group in groups]

    def batch_of(self, rows: list[int]) -> Batch:
        """Rows as one batch on the device; of preferences, with the reference of each answer."""
        examples = [one for row in rows for one in self.store.rows_of(row)]
        batch = collate(examples, smallest_saving=self.smallest_saving)
        if self.pairs is not None:
            dtype = torch.float32 if self.device.type == "mps" else torch.float64
            reference = torch.from_numpy(self.pairs.log_probabilities[rows].ravel()).to(dtype)
            batch = replace(batch, pairs=PairTerms(reference, self.pairs.beta))
        return batch.to(self.device)


def prefetched(items: Iterator[_Item]) -> Generator[_Item, None, None]:
    """The same items, the next one made by a thread while the caller works on this one.

    An error of the thread is raised here; leaving the loop early ends the thread.
    """
    ready: queue.Queue[tuple[_Item | None, BaseException | None]] = queue.Queue(maxsize=1)
    is_over = threading.Event()

    def fill() -> None:
        try:
            for item in items:
                if not _put(ready, (item, None), is_over):
                    return
            _put(ready, (None, None), is_over)
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            _put(ready, (None, error), is_over)

    thread = threading.Thread(target=fill, name="tunesmith-feed", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item
    finally:
        is_over.set()
        thread.join()


def _put(target: "queue.Queue[_Item]", item: _Item, is_over: threading.Event) -> bool:
    while not is_over.is_set():
        try:
            target.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
