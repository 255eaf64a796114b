"""The key-value cache: texts that are being written -> their keys and values, kept.

R texts, L tokens of the longest. One row of a model's input holds the newest token of every
text that is going on, then whole new prompts; its attention reads and writes here. A
beginning that all texts share is kept once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from tunesmith.models.rows.spans import attention_weights, causal_attention

_GROWTH = 64  # tokens by which the block of keys grows at least


class KeyValueCache:
    """A key-value cache of up to `num_texts` texts; the first `num_going` places are taken."""

    def __init__(self, num_texts: int) -> None:
        self.num_going = 0
        self.num_shared = 0
        self._num_texts = num_texts
        self._lengths: list[int] = []  # tokens at each place, the shared ones left out
        self._shared: dict[torch.nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}
        self._own: dict[torch.nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}
        self._new: list[int] = []
        self._places = torch.empty(0, dtype=torch.int64)
        self._masks: dict[int | None, torch.Tensor] = {}

    def begin_step(self, new_lengths: Sequence[int], device: torch.device) -> torch.Tensor:
        """Announce a row: a token for each going text, then new texts of these lengths.

        Returns:
            The positions of its tokens, (1, T) int64.
        """
        self._new = list(new_lengths)
        self._masks = {}
        self._places = torch.tensor(self._lengths, dtype=torch.int64, device=device)
        pieces = [self._places, *(torch.arange(n, device=device) for n in self._new)]
        return (torch.cat(pieces) + self.num_shared)[None]

    def end_step(self) -> None:
        """Count what the row has added; the new texts are going on from now."""
        self._lengths = [length + 1 for length in self._lengths] + self._new
        self.num_going = len(self._lengths)

    def share(self) -> None:
        """Make the only text, just read, the beginning of all others; its place is free again."""
        (self.num_shared,) = self._lengths
        self._shared = {
            module: (
                keys[:1, :, : self.num_shared].clone(),
                values[:1, :, : self.num_shared].clone(),
            )
            for module, (keys, values) in self._own.items()
        }
        self._own, self._lengths, self.num_going = {}, [], 0

    def unshare(self) -> None:
        """Give each going text the shared beginning as its own; from now on nothing is shared."""
        shared, self.num_shared = self.num_shared, 0
        self._lengths = [length + shared for length in self._lengths]
        for module, pair in self._own.items():
            beginnings = self._shared[module]
            self._own[module] = tuple(  # type: ignore[assignment]
                torch.cat([start.expand(len(kept), -1, -1, -1), kept], dim=2)
                for start, kept in zip(beginnings, pair, strict=True)
            )
        self._shared = {}

    def shrink(self) -> None:
        """Give back the memory of texts that have ended, where none is going on."""
        assert not self.num_going
        self._own = {}

    def remove(self, place: int) -> None:
        """Free a place; the last going text moves into it."""
        last = self.num_going - 1
        length = self._lengths[last]
        if place != last:
            for keys, values in self._own.values():
                keys[place, :, :length] = keys[last, :, :length]
                values[place, :, :length] = values[last, :, :length]
            self._lengths[place] = length
        self._lengths.pop()
        self.num_going = last

    def attend(
        self,
        module: torch.nn.Module,
        states: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        options: Mapping[str, Any],
    ) -> torch.Tensor:
        """Keep the keys and values of the row, and let each token see its own text.

        Args:
            module: The attention layer, whose keys and values these are.
            states: Query, key and value, each (1, heads, T, D).
            options: The terms of the family's formula (`attention.row_attention`).

        Returns:
            (1, T, heads, D).
        """
        query, key, value = states
        kept = self._block(module, key, value)
        going = self.num_going
        outputs = []
        if going:
            rows = torch.arange(going, device=key.device)
            kept[0][rows, :, self._places] = key[0, :, :going].transpose(0, 1)
            kept[1][rows, :, self._places] = value[0, :, :going].transpose(0, 1)
            outputs.append(self._continue(module, query[0, :, :going], kept, options))
        start = going
        for place, length in enumerate(self._new, going):
            parts = [part[:, :, start : start + length] for part in states]
            kept[0][place, :, :length], kept[1][place, :, :length] = parts[1][0], parts[2][0]
            if self.num_shared:
                parts[1:] = [
                    torch.cat(pair, dim=2)
                    for pair in zip(self._shared[module], parts[1:], strict=True)
                ]
            new_query, new_key, new_value = parts
            output = causal_attention(new_query, new_key, new_value, options)
            outputs.append(output.transpose(1, 2))
            start += length
        return torch.cat(outputs, dim=1)

    def _continue(
        self,
        module: torch.nn.Module,
        query: torch.Tensor,
        kept: tuple[torch.Tensor, torch.Tensor],
        options: Mapping[str, Any],
    ) -> torch.Tensor:
        """One token of each text, (heads, R, D) -> (1, R, heads, D)."""
        num_heads, going, width = query.shape
        shared, length = self.num_shared, max(self._lengths) + 1
        keys, values = (block[:going, :, :length] for block in kept)  # (R, groups, L, D)
        groups = keys.shape[1]
        query = query.transpose(0, 1).reshape(going, groups, -1, width)
        query = query * (options.get("scaling") or width**-0.5)
        scores = query @ keys.transpose(-1, -2)  # (R, groups, heads of a group, L)
        if shared:
            seen = _fold(query) @ self._shared[module][0][0].transpose(-1, -2)
            scores = torch.cat([_unfold(seen, going), scores], dim=-1)
        weights = attention_weights(
            scores.reshape(going, num_heads, 1, shared + length),
            self._mask(options.get("sliding_window"), length),
            options,
        ).reshape(going, groups, -1, shared + length)
        output = weights[..., shared:] @ values
        if shared:
            seen = _fold(weights[..., :shared]) @ self._shared[module][1][0]
            output = output + _unfold(seen, going)
        return output.reshape(1, going, num_heads, width)

    def _mask(self, window: int | None, length: int) -> torch.Tensor:
        """(R, 1, 1, shared + L) bool: what the newest token of each text sees."""
        if window not in self._masks:
            place = torch.arange(self.num_shared + length, device=self._places.device)
            distance = self._places[:, None] + self.num_shared - place
            limit = window or self.num_shared + length
            self._masks[window] = ((distance >= 0) & (distance < limit))[:, None, None]
        return self._masks[window]

    def _block(
        self, module: torch.nn.Module, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A layer's (texts, groups, capacity, D) blocks, grown to hold what comes."""
        needed = max([length + 1 for length in self._lengths] + self._new)
        taken = self.num_going + len(self._new)
        old = self._own.get(module)
        places = 0 if old is None else old[0].shape[0]
        if old is not None and old[0].shape[2] >= needed and places >= taken:
            return old
        capacity = 0 if old is None else old[0].shape[2]
        if needed > capacity:
            capacity = needed + max(_GROWTH, needed // 4)
        if taken > places:
            places = min(self._num_texts, max(taken, 2 * places))
        # Zeros: what no token has filled is read with weight 0, which does not undo a NaN.
        grown = (
            key.new_zeros(places, key.shape[1], capacity, key.shape[3]),
            value.new_zeros(places, value.shape[1], capacity, value.shape[3]),
        )
        if old is not None:
            for new, kept in zip(grown, old, strict=True):
                new[: self.num_going, :, : kept.shape[2]] = kept[: self.num_going]
        self._own[module] = grown
        return grown


def _fold(states: torch.Tensor) -> torch.Tensor:
    """(R, groups, heads of a group, D) -> (groups, R x heads, D): all texts in one product."""
    folded: torch.Tensor = states.transpose(0, 1).flatten(1, 2)
    return folded


def _unfold(states: torch.Tensor, num_texts: int) -> torch.Tensor:
    unfolded: torch.Tensor = states.unflatten(1, (num_texts, -1)).transpose(0, 1)
    return unfolded
