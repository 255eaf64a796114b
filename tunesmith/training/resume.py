"""A plan and its checkpoint folder -> where training goes on, or a refusal that says why."""

from dataclasses import fields
from typing import Any

from tunesmith.errors import RefusedError
from tunesmith.training import checkpoint as checkpoints
from tunesmith.training.plan import BEST, Listener, Plan, TrainingState
from tunesmith.training.state import read_state


def resume(plan: Plan, *, listener: Listener, force: str | None) -> TrainingState | None:
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
    require_same_identity(loaded.state["identity"], plan.identity, where=str(newest), force=force)
    read_state(loaded, plan.model.network, plan.optimizer)
    known = {field.name for field in fields(TrainingState)}
    progress = TrainingState(**{k: v for k, v in loaded.state["progress"].items() if k in known})
    listener.note(
        f"resuming after step {progress.step} from {newest.name}, the newest that verifies"
    )
    return progress


def require_same_identity(
    saved: dict[str, Any], current: dict[str, Any], *, where: str, force: str | None
) -> None:
    """Refuse to go on under another identity, naming what changed, unless forced."""
    changed = [
        f"{key} was {saved.get(key)}, is {current.get(key)}"
        for key in sorted(saved.keys() | current.keys())
        if saved.get(key) != current.get(key)
    ]
    if changed and force is None:
        raise RefusedError(
            f"this checkpoint belongs to another training ({'; '.join(changed)})",
            where=where,
            cure="Undo the change, name another folder with --run, delete the run's "
            "checkpoints to start anew, or go on all the same with --force REASON.",
        )


def load_best(plan: Plan, progress: TrainingState) -> bool:
    """Put the weights with the lowest validation loss into the model; False if it has them."""
    folder = plan.folder / BEST
    wanted = plan.recipe.keep == "best" and progress.best_step not in (None, progress.step)
    if not wanted or checkpoints.why_invalid(folder) is not None:
        return False
    loaded = checkpoints.load_checkpoint(folder)
    if loaded.state["step"] != progress.best_step:
        return False
    read_state(loaded, plan.model.network, None)
    return True
