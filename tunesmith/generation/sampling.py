"""Logits of a batch -> the next token of each row, independent of the rows beside it."""

import hashlib
from collections.abc import Sequence

import torch
from transformers import LogitsProcessor, TopPLogitsWarper

from tunesmith.recipe.recipe import GenerationRecipe

NEAR_TIE = 1e-4  # two best logits closer than this may swap with the batch size


class RowDraws:
    """The random numbers of one text, and how sharply it is sampled."""

    def __init__(self, *, seed: int, key: str, temperature: float, top_p: float) -> None:
        self.sharpness = (temperature, top_p)
        self._generator = _generator(f"{seed}:{key}")

    def noise(self, width: int) -> torch.Tensor:
        """The next (V,) Gumbel noise of this text."""
        return -torch.empty(width).exponential_(generator=self._generator).log()


def draws_of(recipe: GenerationRecipe, key: str) -> RowDraws | None:
    """What a text is sampled with; None where it takes the likeliest token."""
    if recipe.temperature == 0:
        return None
    temperature, top_p = recipe.temperature, recipe.top_p
    return RowDraws(seed=recipe.seed, key=key, temperature=temperature, top_p=top_p)


def sampled(logits: torch.Tensor, draws: Sequence[RowDraws | None]) -> torch.Tensor:
    """Turn taking the best logit into sampling, each row with random numbers of its own.

    The Gumbel-max trick: the best of logits plus Gumbel noise is a sample of their softmax
    (Gumbel 1954). A row's noise depends on its key alone, so its text does not depend on
    the batch it is in.

    Args:
        logits: (B, V).
        draws: B of them; a row with None stays as it is.

    Returns:
        (B, V): the best of each row is the sample.
    """
    kinds = list(dict.fromkeys(None if row is None else row.sharpness for row in draws))
    if len(kinds) == 1:
        return logits if kinds[0] is None else _noisy(logits, [row for row in draws if row])
    result = logits.clone()
    for kind in kinds:
        rows = [place for place, row in enumerate(draws) if row and row.sharpness == kind]
        if rows:
            result[rows] = _noisy(
                logits[rows], [row for row in draws if row and row.sharpness == kind]
            )
    return result


def _noisy(logits: torch.Tensor, draws: Sequence[RowDraws]) -> torch.Tensor:
    """Rows of one temperature and top_p, all sampled."""
    temperature, top_p = draws[0].sharpness
    scores = logits / temperature
    if top_p < 1:
        scores = TopPLogitsWarper(top_p)(None, scores)
    noise = [row.noise(scores.shape[1]) for row in draws]
    return scores + torch.stack(noise).to(scores.device)


class RowwiseSampler(LogitsProcessor):
    """`sampled`, as transformers' own `generate` wants it."""

    def __init__(self, draws: Sequence[RowDraws]) -> None:
        self._draws = draws

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """(B, V) logits -> (B, V) logits whose best is the sample; the ids are not looked at."""
        return sampled(scores, self._draws)


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
