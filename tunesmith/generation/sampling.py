"""Logits of a batch -> the next token of each row, independent of the rows beside it."""

import hashlib

import torch
from transformers import LogitsProcessor, TopPLogitsWarper

NEAR_TIE = 1e-4  # two best logits closer than this may swap with the batch size


class RowwiseSampler(LogitsProcessor):
    """Turns taking the best logit into sampling, each row with random numbers of its own.

    The Gumbel-max trick: the best of logits plus Gumbel noise is a sample of their softmax
    (Gumbel 1954). A row's noise depends on its key alone, so its text does not depend on
    the batch it is in.
    """

    def __init__(self, *, seed: int, temperature: float, top_p: float) -> None:
        self._seed = seed
        self._temperature = temperature
        self._top_p = TopPLogitsWarper(top_p) if top_p < 1 else None
        self._generators: list[torch.Generator] = []

    def add(self, key: str) -> None:
        """A text comes in, behind the others."""
        self._generators.append(_generator(f"{self._seed}:{key}"))

    def remove(self, row: int) -> None:
        """A text is done; the last one takes its row."""
        last = self._generators.pop()
        if row < len(self._generators):
            self._generators[row] = last

    def __call__(self, input_ids: torch.Tensor | None, scores: torch.Tensor) -> torch.Tensor:
        """(B, V) logits -> (B, V) logits whose best is the sample; the ids are not looked at."""
        scores = scores / self._temperature
        if self._top_p is not None:
            scores = self._top_p(input_ids, scores)
        width = scores.shape[1]
        noise = [-torch.empty(width).exponential_(generator=g).log() for g in self._generators]
        return scores + torch.stack(noise).to(scores.device)


class TieWatch(LogitsProcessor):
    """Notes where rows first come to a near tie: another batch size may go on otherwise there.

    `first_ties` are places in what is generated, counted from 0; None for a row without one.
    """

    def __init__(self, num_rows: int, *, stop_ids: list[int], prompt_length: int) -> None:
        self.first_ties: list[int | None] = [None] * num_rows
        self._is_over = torch.zeros(num_rows, dtype=torch.bool)
        self._stop_ids = torch.tensor(stop_ids)
        self._prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """(B, T) ids and (B, V) logits -> the same logits."""
        place = input_ids.shape[1] - self._prompt_length
        if place > 0:
            self._is_over |= torch.isin(input_ids[:, -1].cpu(), self._stop_ids)
        best = scores.topk(2, dim=-1).values.cpu()
        is_tie = (best[:, 0] - best[:, 1] < NEAR_TIE) & ~self._is_over
        self.first_ties = [
            place if first is None and now else first
            for first, now in zip(self.first_ties, is_tie.tolist(), strict=True)
        ]
        return scores


def _generator(key: str) -> torch.Generator:
    digest = hashlib.sha256(key.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
