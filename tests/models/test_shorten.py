"""Which shortcuts are used is decided by reasons and by measuring, and is said in words."""

from dataclasses import dataclass, field

import pytest
import torch

from tests.tiny import setting_of, tiny_network
from tunesmith.models.shortcuts.setting import TrainingSetting
from tunesmith.models.shorten import SHORTCUTS, TOLERANCE, ShortcutUse, shorten

SETTING = setting_of(tiny_network("llama"), torch.arange(9))


@dataclass
class Made:
    """A shortcut that notes what is asked of it."""

    reason: str | None = None
    off_by: float = 0.0
    asked: list[str] = field(default_factory=list)

    def why_not(self, setting: TrainingSetting) -> str | None:
        self.asked.append("why not")
        return self.reason

    def difference(self, setting: TrainingSetting) -> float:
        self.asked.append("difference")
        return self.off_by

    def apply(self, setting: TrainingSetting) -> None:
        self.asked.append("apply")


def test_what_speaks_against_it_is_kept_and_nothing_is_tried() -> None:
    made = Made(reason="it is Monday")
    assert shorten(SETTING, shortcuts={"made": made}) == {
        "made": ShortcutUse(is_used=False, reason="it is Monday")
    }
    assert made.asked == ["why not"]


@pytest.mark.parametrize("off_by", [2 * TOLERANCE, float("inf"), float("nan")])
def test_what_differs_from_the_plain_way_is_not_put_in(off_by: float) -> None:
    made = Made(off_by=off_by)
    use = shorten(SETTING, shortcuts={"made": made})["made"]
    assert not use.is_used
    assert use.reason == f"it differs from the plain way by {off_by:.1e}"
    assert "apply" not in made.asked


def test_what_equals_the_plain_way_is_put_in_and_the_difference_is_told() -> None:
    made = Made(off_by=1e-7)
    use = shorten(SETTING, shortcuts={"made": made})["made"]
    assert use == ShortcutUse(
        is_used=True, reason="it equals the plain way within 1e-05", difference=1e-7
    )
    assert made.asked == ["why not", "difference", "apply"]


@pytest.mark.parametrize("name", SHORTCUTS)
def test_each_says_why_not_in_words_where_it_has_nothing_to_do(name: str) -> None:
    setting = setting_of(
        tiny_network("llama"), torch.arange(9), device="mps", precision="bf16", is_full=False
    )
    use = shorten(setting, shortcuts={name: SHORTCUTS[name]})[name]
    assert not use.is_used
    assert len(use.reason.split()) > 2
    assert use.difference is None
    assert not any("forward" in vars(module) for module in setting.network.modules())
