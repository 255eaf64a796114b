"""A model about to be trained -> the same mathematics with less time or memory, where proven.

A shortcut is one module of `models/shortcuts` with three functions. It is used where nothing
speaks against it and it differs from the plain way by no more than fp32 rounds. Each brings 5 %
of time or of peak memory on two of the bench's models: `python bench/shortcuts.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tunesmith.models.shortcuts import matmul_library, sparse_embedding
from tunesmith.models.shortcuts.setting import TrainingSetting

TOLERANCE = 1e-5  # relative, as fp32 rounds sums; a real difference is a hundred times larger


class Shortcut(Protocol):
    """What each module of `models/shortcuts` offers."""

    def why_not(self, setting: TrainingSetting) -> str | None:
        """Why it may not be used here; None: it may."""

    def difference(self, setting: TrainingSetting) -> float:
        """How far a probe's result is from the plain way's, relative; changes nothing."""

    def apply(self, setting: TrainingSetting) -> None:
        """Put it in; a second time changes nothing."""


SHORTCUTS: Mapping[str, Shortcut] = {
    "matmul_library": matmul_library,
    "sparse_embedding": sparse_embedding,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortcutUse:
    """What became of a shortcut.

    Attributes:
        is_used: Whether it was put in.
        reason: Why, or why not, in words.
        difference: From the plain way, relative; None where it was not measured.
    """

    is_used: bool
    reason: str
    difference: float | None = None


def shorten(
    setting: TrainingSetting, *, shortcuts: Mapping[str, Shortcut] = SHORTCUTS
) -> dict[str, ShortcutUse]:
    """Put every shortcut in that may be used; the setting's network is changed in place."""
    return {name: _try(shortcut, setting) for name, shortcut in shortcuts.items()}


def _try(shortcut: Shortcut, setting: TrainingSetting) -> ShortcutUse:
    reason = shortcut.why_not(setting)
    if reason is not None:
        return ShortcutUse(is_used=False, reason=reason)
    difference = shortcut.difference(setting)
    if not difference <= TOLERANCE:
        reason = f"it differs from the plain way by {difference:.1e}"
        return ShortcutUse(is_used=False, reason=reason, difference=difference)
    shortcut.apply(setting)
    reason = f"it equals the plain way within {TOLERANCE:.0e}"
    return ShortcutUse(is_used=True, reason=reason, difference=difference)
