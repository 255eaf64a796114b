"""What the bench of shortcuts says of its figures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import shortcuts
from measuring.child import Ended
from measuring.shortcut_turns import NOTHING, take_steps

from tests.training.rig import make_plan
from tunesmith.models.shorten import SHORTCUTS
from tunesmith.recipe.recipe import TrainingRecipe


def test_a_shortcut_earns_its_place_on_two_models_not_on_two_tasks_of_one() -> None:
    def pair(shortcut: str, model: str, **figures: float) -> dict[str, object]:
        return {"shortcut": shortcut, "model": model, **figures}

    pairs = [
        pair("a", "one", processor_time=0.01, memory=0.06),
        pair("a", "one", processor_time=0.07, memory=0.0),
        pair("a", "two", processor_time=0.049, memory=0.049),
        pair("b", "one", processor_time=0.05, memory=-0.1),
        pair("b", "two", memory=0.3),
        pair("c", "one", memory=0.0),
    ]
    assert shortcuts.earned(pairs) == {"a": ["one"], "b": ["one", "two"], "c": []}


def test_shares_are_medians_of_each_steps_own_ratio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def turn(way: str, step: int, seconds: float) -> str:
        return json.dumps({"way": way, "step": step, "seconds": seconds, "processor_seconds": 1.0})

    lines = [turn(NOTHING, step, 0.9 * (step + 1)) for step in range(6)]
    lines += [turn("a", step, 1.0 * (step + 1)) for step in range(6)]
    lines += [turn(NOTHING, 0, 99.0)]
    ended = Ended(output="\n".join(lines), seconds=1.0, peak_mb=1.0)
    monkeypatch.setattr(shortcuts, "_child", lambda *_: ended)
    found = shortcuts._measure_time("a", None, None)
    assert found["time"] == pytest.approx(0.1)
    assert found["processor_time"] == 0.0


def test_all_ways_take_the_same_batches_in_turns(tmp_path: Path) -> None:
    plans = {}
    for way, used in ((NOTHING, SHORTCUTS), ("a", {})):
        plan = make_plan(tmp_path / way, TrainingRecipe(steps=3), num_tokens=600, shortcuts=used)
        plans[way] = replace(plan, identity={"products": "standard"})
    turns = list(take_steps(plans, steps=2))
    order = [(NOTHING, 0), ("a", 0), ("a", 1), (NOTHING, 1)]
    assert [(turn.way, turn.step) for turn in turns] == order
    losses = {(turn.way, turn.step): turn.loss for turn in turns}
    assert losses[NOTHING, 1] == pytest.approx(losses["a", 1], rel=1e-5)
    assert losses[NOTHING, 1] != losses[NOTHING, 0]
