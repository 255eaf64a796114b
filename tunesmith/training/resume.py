"""A plan and its checkpoint folder -> where training goes on, or a refusal that says why."""

from dataclasses import fields
from typing import Any

from tunesmith.errors import RefusedError
from tunesmith.training import checkpoint as checkpoints
from tunesmith.training.plan import BEST, TrainingListener, TrainingPlan, TrainingState
from tunesmith.training.state import read_state

# Shortcuts that earlier versions had, as they are without: a checkpoint that had not used them
# goes on bit for bit, another is refused in words.
_TAKEN_OUT = {"fused norms": 0, "last layer": "whole", "embedding gradient": "autograd's"}


def resume(
    plan: TrainingPlan, *, listener: TrainingListener, force: str | None
) -> TrainingState | None:
    """Load the newest verified checkpoint into the plan's model and optimiser.

    Returns:
        Where it stands; None when there is nothing to resume.

    Raises:
        RefusedError: It was made by another recipe, data, machine or version.
    """
    newest, skipped = checkpoints.find_newest(plan.folder)
    for reason in skipped:
        listener.note(f"skipped a checkpoint: {reason}")
    if newest is None:
        return None
    loaded = checkpoints.load_checkpoint(newest)
    changed = differences(loaded.state["identity"], plan.identity)
    if changed and force is None:
        raise _refusal(changed, where=str(newest))
    read_state(loaded, plan.model.network, plan.optimizer)
    known = {field.name for field in fields(TrainingState)}
    progress = TrainingState(**{k: v for k, v in loaded.state["progress"].items() if k in known})
    if changed:
        progress.forced.append(f"{force}: {'; '.join(changed)}")
        listener.note(f"forced ({force}) to resume although {'; '.join(changed)}")
    listener.note(
        f"resuming after step {progress.step} from {newest.name}, the newest that verifies"
    )
    return progress


def differences(saved: dict[str, Any], current: dict[str, Any]) -> list[str]:
    """What differs between two identities, in words."""
    if _added_rows_in_place(saved):
        saved = {**saved, "embedding gradient": "added in place"}
    current = {**{key: _TAKEN_OUT[key] for key in _TAKEN_OUT.keys() & saved.keys()}, **current}
    return [
        f"{key} was {saved.get(key)}, is {current.get(key)}"
        for key in sorted(saved.keys() | current.keys())
        if saved.get(key) != current.get(key)
    ]


def _added_rows_in_place(saved: dict[str, Any]) -> bool:
    """Whether an earlier version gathered an embedding's gradient by rows; it did not say so."""
    is_alone_on_cpu = saved.get("device") == "cpu" and saved.get("ranks") == 1
    return "fused norms" in saved and is_alone_on_cpu and saved.get("training.method") == "full"


def _refusal(changed: list[str], *, where: str) -> RefusedError:
    return RefusedError(
        f"this checkpoint belongs to another training ({'; '.join(changed)})",
        where=where,
        cure="Undo the change, name another folder with --run, delete the run's "
        "checkpoints to start anew, or go on all the same with --force REASON.",
    )


def load_best(plan: TrainingPlan, progress: TrainingState, *, listener: TrainingListener) -> None:
    """Put the weights with the lowest validation loss into the model, if it has others."""
    if plan.recipe.keep == "last" or progress.best_step in (None, progress.step):
        return
    folder = plan.folder / BEST
    reason = checkpoints.why_invalid(folder)
    loaded = checkpoints.load_checkpoint(folder) if reason is None else None
    if loaded is None or loaded.state["step"] != progress.best_step:
        reason = reason or "it belongs to another step"
        listener.note(f"the best weights cannot be used ({reason}); the last ones are kept")
        progress.best_step = None
        return
    read_state(loaded, plan.model.network, None)
    listener.note(f"kept the weights after step {progress.best_step}, the best by validation loss")
