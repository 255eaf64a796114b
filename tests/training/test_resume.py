"""What a checkpoint of another version says, and where it may go on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.training.rig import Log, make_plan, train
from tunesmith.errors import RefusedError
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.resume import differences

NOW = {"data": "d", "products": "standard"}
EARLIER = {
    "fused norms": 0,
    "last layer": "whole",
    "device": "cpu",
    "ranks": 1,
    "training.method": "full",
}


@pytest.mark.parametrize(
    ("saved", "expected"),
    [
        ({}, []),
        ({"fused norms": 0, "last layer": "whole"}, []),
        ({"fused norms": 0}, []),
        ({"fused norms": 61, "last layer": "whole"}, ["fused norms was 61, is 0"]),
        ({"fused norms": 0, "last layer": "in part"}, ["last layer was in part, is whole"]),
        (EARLIER, ["embedding gradient was added in place, is autograd's"]),
        ({**EARLIER, "device": "cuda"}, []),
        ({**EARLIER, "ranks": 2}, []),
        ({**EARLIER, "training.method": "lora"}, []),
        ({"something": 1}, ["something was 1, is None"]),
        ({"products": "onednn"}, ["products was onednn, is standard"]),
    ],
)
def test_shortcuts_that_were_taken_out_differ_only_where_they_were_used(
    saved: dict[str, Any], expected: list[str]
) -> None:
    same = {key: saved[key] for key in ("device", "ranks", "training.method") if key in saved}
    assert differences({**NOW, **saved}, {**NOW, **same}) == expected


RECIPE = TrainingRecipe(epochs=3.0, examples_per_step=4, micro_batch=2, checkpoint_every=1)


class Killed(BaseException):
    """Stands for kill -9: nothing of ours runs after it."""


def _kill() -> None:
    raise Killed


def _killed_after(step: int, folder: Path, **identity: Any) -> dict[int, float]:
    """Losses of a training, killed, whose checkpoints hold more in their identity."""
    log, plan = Log(), make_plan(folder, RECIPE)
    log.at_step[step] = _kill
    with pytest.raises(Killed):
        train(replace(plan, identity={**plan.identity, **identity}), log)
    return log.losses()


def test_a_checkpoint_from_before_goes_on_bit_for_bit_where_it_used_none(tmp_path: Path) -> None:
    expected = train(make_plan(tmp_path / "whole", RECIPE))
    identity = {"fused norms": 0, "last layer": "whole"}
    before = _killed_after(3, tmp_path / "killed", **identity)
    resumed = make_plan(tmp_path / "killed", RECIPE)
    assert {**before, **train(resumed).losses()} == expected.losses()


def test_a_checkpoint_from_before_is_refused_in_words_where_it_used_one(tmp_path: Path) -> None:
    identity = {"fused norms": 61, "last layer": "in part"}
    _killed_after(3, tmp_path / "killed", **identity)
    words = r"fused norms was 61, is 0; last layer was in part, is whole.*--force REASON"
    with pytest.raises(RefusedError, match=words):
        train(make_plan(tmp_path / "killed", RECIPE))
