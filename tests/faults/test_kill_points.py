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


def _die_at_manifest(number: int, *, is_renamed: bool) -> Callable[[], None]:
    """End the process just before or just after the n-th manifest gets its name."""

    def patch() -> None:
        real, calls = Path.replace, [0]

        def dying(self: Path, target: Path) -> Path:
            calls[0] += target.name == "manifest.json"
            is_here = target.name == "manifest.json" and calls[0] == number
            if is_here and not is_renamed:
                os._exit(DIED)
            result = real(self, target)
            if is_here:
                os._exit(DIED)
            return result

        Path.replace = dying

    return patch


BEFORE, AFTER = "before the manifest's rename", "after the manifest's rename"
POINTS = {
    "before the tensors": _die_at_call(checkpoints, "_write_files", 3),
    "between two files": _die_at_call(checkpoints, "save_file", 6),
    "before the manifest": _die_at_call(files, "hash_file", 7),
    BEFORE: _die_at_manifest(3, is_renamed=False),
    AFTER: _die_at_manifest(3, is_renamed=True),
    "before the rename": _die_at_call(checkpoints, "remove_checkpoint", 3),
    "after the rename": _die_at_call(checkpoints, "keep_newest", 3),
    "amid deleting an old one": _die_at_call(checkpoints.shutil, "rmtree", 5),
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
    assert _run_in_child(tmp_path / "dead", POINTS[point]) == DIED
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


@pytest.mark.parametrize(("point", "is_written"), [(BEFORE, False), (AFTER, True)])
def test_the_manifest_is_the_last_file_of_a_folder(
    tmp_path: Path, point: str, is_written: bool
) -> None:
    assert _run_in_child(tmp_path / "dead", POINTS[point]) == DIED
    (half,) = (tmp_path / "dead" / "checkpoints").glob(".tmp-step-*")
    names = {path.name for path in half.iterdir() if not path.name.startswith(".tmp-")}
    files_before = {"weights.safetensors", "optimizer.safetensors", "state.json"}
    assert names == (files_before | {"manifest.json"} if is_written else files_before)
    assert any(path.name.startswith(".tmp-manifest.json") for path in half.iterdir()) != is_written
