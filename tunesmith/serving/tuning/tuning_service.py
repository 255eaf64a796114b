"""A folder of jobs -> what a server needs to tune: files, jobs, and the models that they made."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.files import folder_lock
from tunesmith.serving.hosted_model import HostedModel
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.serving.tuning.job_desk import JobDesk
from tunesmith.serving.tuning.job_recipe import JobRecipes, read_defaults
from tunesmith.serving.tuning.uploads import UploadFolder

_JOBS = "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningService:
    """The tuning side of a server.

    Attributes:
        uploads: The files.
        desk: The jobs.
        load: A model's id and its run -> the model, in memory.
        held: The folder, which is this server's alone until it is closed.
    """

    uploads: UploadFolder
    desk: JobDesk
    load: Callable[[str, Path], HostedModel]
    held: ExitStack

    def close(self) -> None:
        """End the running job at a checkpoint, and leave the folder to the next server."""
        self.desk.close()
        self.held.close()


def open_tuning(
    folder: Path,
    bases: Mapping[str, Mapping[str, Any]],
    load: Callable[[str, Path], HostedModel],
    limits: ServingLimits,
) -> TuningService:
    """Find what a folder holds, and begin to work on the jobs that wait in it.

    Args:
        folder: Of files and jobs; made if it is not there.
        bases: Models that may be tuned, by id -> the recipe's `model`; those that jobs make join.
        load: Brings a model that a job made into memory.
        limits: What may be kept and asked.

    Raises:
        RecipeError: `defaults.yaml` in it is wrong, or another server works in it.
        DataError: A record in it is damaged.
    """
    defaults = read_defaults(folder)

    def base_of(name: str) -> Mapping[str, Any] | None:
        run = desk.made().get(name)
        return bases.get(name) if run is None else {"name": str(run.resolve() / "model")}

    with ExitStack() as held:
        held.enter_context(folder_lock(folder / _JOBS, option="--jobs"))
        uploads = UploadFolder(folder / "files", limits)
        recipes = JobRecipes(uploads=uploads, defaults=defaults)
        desk = JobDesk(folder / _JOBS, recipes, base_of, limits)
        return TuningService(uploads=uploads, desk=desk, load=load, held=held.pop_all())
