"""A process that dies at any moment of saving leaves a run that resumes to the same weights."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.training.rig import make_plan, train, weights
from tunesmith import files
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.training import checkpoint as checkpoints

RECIPE = TrainingRecipe(
    epochs=2.0,
    examples_per_step=4,
    micro_batch=4,
    learning_rate=1e-2,
    checkpoint_every=2,
    validate_every=100,
)
DIED = 137


def _die_at_call(owner: object, name: str, number: int) -> Callable[[], None]:
    """Replace a function by one that ends the process at its n-th call."""

    def patch() -> None:
        real, calls = getattr(owner, name), [0]

        def dying(*arguments: object, **named: object) -> object:
            calls[0] += 1
            if calls[0] == number:
                os._exit(DIED)
            return real(*arguments, **named)

        setattr(owner, name, dying)

    return patch


POINTS = {
    "before the tensors": (checkpoints, "_write_files", 3),
    "between two files": (checkpoints, "save_file", 6),
    "before the manifest": (files, "hash_file", 7),
    "while the manifest is renamed": (files, "write_json", 6),
    "before the rename": (checkpoints, "remove_checkpoint", 3),
    "after the rename": (checkpoints, "keep_newest", 3),
    "amid deleting an old one": (checkpoints.shutil, "rmtree", 5),
}


def _run_in_child(folder: Path, patch: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            patch()
            train(make_plan(folder, RECIPE))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("point", POINTS)
def test_a_death_while_saving_loses_nothing(tmp_path: Path, point: str) -> None:
    whole = make_plan(tmp_path / "whole", RECIPE)
    train(whole)
    assert _run_in_child(tmp_path / "dead", _die_at_call(*POINTS[point])) == DIED
    plan = make_plan(tmp_path / "dead", RECIPE)
    left = {path.name for path in plan.folder.iterdir()}
    newest, skipped = checkpoints.find_newest(plan.folder)
    assert newest is not None
    assert skipped == [], "nothing half-written bears a checkpoint's name"
    train(plan)
    for name, tensor in weights(whole).items():
        assert torch.equal(tensor, weights(plan)[name])
    after = {path.name for path in plan.folder.iterdir()}
    assert not [name for name in after if name.startswith((".tmp", ".trash"))], left
