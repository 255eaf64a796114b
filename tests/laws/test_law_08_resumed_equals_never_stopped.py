"""Law 8: resumed == never stopped, bit for bit, from any step, also after damage."""

import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from tests.training.rig import Log, make_plan, train, weights
from tunesmith.errors import RefusedError, StoppedError
from tunesmith.models.shorten import SHORTCUTS
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training.signals import StopRequest

RECIPE = TrainingRecipe(
    epochs=3.0,
    examples_per_step=4,
    micro_batch=2,
    learning_rate=1e-2,
    dropout=0.1,
    checkpoint_every=1,
    validate_every=3,
)
LORA = RECIPE.model_copy(update={"method": "lora"})
TABLES = {"sparse_embedding": SHORTCUTS["sparse_embedding"]}


class Killed(BaseException):
    """Stands for kill -9: nothing of ours runs after it."""


def _kill() -> None:
    raise Killed


@pytest.mark.parametrize(
    ("recipe", "steps", "num_tokens"),
    [(RECIPE, range(1, 11), 260), (RECIPE, (1, 7), 600), (LORA, (1, 7), 260)],
    ids=["full", "read rows", "lora"],
)
def test_resumed_equals_never_stopped_from_every_step(
    tmp_path: Path, recipe: TrainingRecipe, steps: Sequence[int], num_tokens: int
) -> None:
    settings = {"num_tokens": num_tokens, "shortcuts": TABLES if num_tokens == 600 else None}
    whole = make_plan(tmp_path / "whole", recipe, **settings)
    expected = train(whole)
    assert whole.num_steps == 10
    has_table = any(p.shape[0] == num_tokens for p in whole.optimizer.parameters[:1])
    assert has_table == (num_tokens == 260 and recipe is RECIPE)
    for step in steps:
        folder = tmp_path / f"killed-{step}"
        log = Log()
        log.at_step[step] = _kill
        with pytest.raises(Killed):
            train(make_plan(folder, recipe, **settings), log)
        resumed = make_plan(folder, recipe, **settings)
        after = train(resumed)
        assert {**log.losses(), **after.losses()} == expected.losses()
        for name, tensor in weights(whole).items():
            assert torch.equal(tensor, weights(resumed)[name]), (step, name)


def test_dropout_really_draws_numbers_in_this_test(tmp_path: Path) -> None:
    """Without random numbers the law above would hold for a loop that forgot to seed them."""
    dry = RECIPE.model_copy(update={"dropout": 0.0})
    assert (
        train(make_plan(tmp_path / "a", RECIPE)).losses()
        != train(make_plan(tmp_path / "b", dry)).losses()
    )


def test_a_stop_signal_saves_and_the_same_command_goes_on(tmp_path: Path) -> None:
    expected = weights_after(tmp_path / "whole")
    log, stop = Log(), StopRequest()
    log.at_step[4] = lambda: setattr(stop, "number", signal.SIGTERM)
    recipe = RECIPE.model_copy(update={"checkpoint_every": 1000})
    with pytest.raises(StoppedError, match="after step 4 of 10") as caught:
        train(make_plan(tmp_path / "s", recipe), log, stop)
    assert caught.value.exit_code == 75
    resumed = make_plan(tmp_path / "s", recipe)
    train(resumed)
    assert all(torch.equal(t, weights(resumed)[n]) for n, t in expected.items())


def weights_after(folder: Path) -> dict[str, torch.Tensor]:
    plan = make_plan(folder, RECIPE)
    train(plan)
    return weights(plan)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, torch.Tensor], Path]:
    """The weights of a whole training, and the folder of the same one, killed at step 6."""
    root = tmp_path_factory.mktemp("damaged")
    log = Log()
    log.at_step[6] = _kill
    with pytest.raises(Killed):
        train(make_plan(root / "killed", RECIPE), log)
    return weights_after(root / "whole"), root / "killed"


@pytest.mark.parametrize("damage", ["truncate", "flip", "no manifest", "missing file", "empty"])
def test_a_damaged_checkpoint_is_skipped_with_a_message(
    killed: tuple[dict[str, torch.Tensor], Path], tmp_path: Path, damage: str
) -> None:
    expected, folder = killed
    shutil.copytree(folder, tmp_path / "d")
    newest = tmp_path / "d" / "checkpoints" / "step-000005"
    _damage(newest, damage)
    resumed = make_plan(tmp_path / "d", RECIPE)
    after = train(resumed)
    assert after.notes[0].startswith("skipped a checkpoint: step-000005")
    assert "resuming after step 4" in after.notes[1]
    assert all(torch.equal(t, weights(resumed)[n]) for n, t in expected.items())


def _damage(folder: Path, kind: str) -> None:
    file = folder / "weights.safetensors"
    data = bytearray(file.read_bytes())
    if kind == "truncate":
        file.write_bytes(data[: len(data) // 2])
    elif kind == "flip":
        data[-5] ^= 1
        file.write_bytes(data)
    elif kind == "no manifest":
        (folder / "manifest.json").unlink()
    elif kind == "missing file":
        (folder / "optimizer.safetensors").unlink()
    else:
        for path in folder.iterdir():
            path.unlink()


def test_another_recipe_is_refused_by_name_unless_forced(tmp_path: Path) -> None:
    log = Log()
    log.at_step[3] = _kill
    with pytest.raises(Killed):
        train(make_plan(tmp_path / "r", RECIPE), log)
    other = RECIPE.model_copy(update={"learning_rate": 1e-3})
    with pytest.raises(RefusedError, match=r"recipe was .* is .*--force REASON"):
        train(make_plan(tmp_path / "r", other))


def test_resuming_after_the_last_step_does_nothing(tmp_path: Path) -> None:
    plan = make_plan(tmp_path / "x", RECIPE)
    train(plan)
    again = make_plan(tmp_path / "x", RECIPE)
    assert train(again).losses() == {}
    assert all(torch.equal(t, weights(again)[n]) for n, t in weights(plan).items())
