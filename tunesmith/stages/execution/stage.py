"""What a stage depends on -> its hash -> run it, or take what it wrote before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.errors import RefusedError
from tunesmith.files import hash_bytes, hash_json
from tunesmith.stages.execution.run_folder import RunFolder

StageResult = dict[str, Any]  # as the manifest keeps it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the loop.

    Attributes:
        name: The key in the manifest.
        inputs: Everything the outputs depend on, as JSON values.
        outputs: Files and folders that must be there for the stage to count as done.
    """

    name: str
    inputs: Mapping[str, Any]
    outputs: Sequence[Path]

    @property
    def key(self) -> str:
        """The hash of all inputs."""
        return hash_json(dict(self.inputs))


def run_stage(folder: RunFolder, stage: Stage, work: Callable[[], StageResult]) -> StageResult:
    """Do the work unless it was done with the same inputs and its outputs still stand."""
    done = finished_result(folder, stage)
    if done is not None:
        return done
    forget(folder, stage.name)
    result = work()
    manifest = folder.read_manifest()
    manifest[stage.name] = {
        "key": stage.key,
        "inputs": dict(stage.inputs),
        "outputs": {_relative(folder, path): _size(path) for path in stage.outputs},
        "result": result,
    }
    folder.write_manifest(manifest)
    return result


def finished_result(folder: RunFolder, stage: Stage) -> StageResult | None:
    """What the stage returned before; None where it has to run."""
    entry = folder.read_manifest().get(stage.name)
    if entry is None or entry["key"] != stage.key:
        return None
    if any(_size(folder.path / name) != size for name, size in entry["outputs"].items()):
        return None
    result: StageResult = entry["result"]
    return result


def changed_inputs(folder: RunFolder, stage: Stage) -> list[str]:
    """The inputs that differ from those of the finished stage, by name; empty if none ran."""
    entry = folder.read_manifest().get(stage.name)
    if entry is None:
        return []
    before, now = entry["inputs"], stage.inputs
    return [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]


def require_current(folder: RunFolder, stages: Sequence[Stage]) -> None:
    """Refuse to build on what another recipe made.

    Raises:
        RefusedError: A stage has not run with these inputs, or its files are gone.
    """
    for stage in stages:
        if finished_result(folder, stage) is None:
            changed = changed_inputs(folder, stage)
            reason = f"{', '.join(changed)} changed" if changed else "it is unfinished"
            raise RefusedError(
                f"the run's {stage.name} stage is not that of this recipe ({reason})",
                where=str(folder.path),
                cure="Run tunesmith run RECIPE, or undo the change.",
            )


def forget(folder: RunFolder, name: str) -> None:
    """Take a stage out of the manifest: its files are about to change."""
    manifest = folder.read_manifest()
    if manifest.pop(name, None) is not None:
        folder.write_manifest(manifest)


def code_of(*rooms: str) -> str:
    """A hash of the source of packages and modules: what they made is stale when it changes.

    Args:
        rooms: Names under `tunesmith/`: a folder, or a file.
    """
    package = Path(__file__).resolve().parents[2]
    sources: list[Path] = []
    for room in rooms:
        path = package / room
        files = (file for file in path.rglob("*") if file.suffix in (".py", ".yaml", ".jsonl"))
        sources += sorted(files) if path.is_dir() else [path]
    return hash_bytes(b"\0".join(source.read_bytes() for source in sources))


def _relative(folder: RunFolder, path: Path) -> str:
    return str(path.relative_to(folder.path))


def _size(path: Path) -> int | None:
    """Bytes of a file, or of all files in a folder; None if it is not there."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size if path.is_file() else None
