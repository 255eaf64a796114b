"""Training state -> folders that are whole or absent -> the newest one that verifies.

`step-000200/` holds weights, optimiser moments and counters as safetensors and JSON, no
pickle, and a manifest with every file's size and SHA-256, written last. A folder gets its
name by a rename, and loses it by one before it is deleted.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tunesmith import files
from tunesmith.errors import DataError, DiskFullError

_NAME = re.compile(r"step-(\d{6,})")
_MANIFEST = "manifest.json"
_STATE = "state.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a folder holds: tensors by file and name, and plain values."""

    tensors: Mapping[str, Mapping[str, torch.Tensor]]
    state: Mapping[str, Any]


def step_name(step: int) -> str:
    """The folder of a step; six digits at least, so that names sort."""
    return f"step-{step:06d}"


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint folder; it appears whole, replacing one of the same name.

    Raises:
        DiskFullError: It does not fit; whatever stood at `folder` still stands.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _require_space(folder, checkpoint)
    temporary = folder.parent / f".tmp-{folder.name}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        _write_files(temporary, checkpoint)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        files.raise_disk_full(error, folder)
        raise
    remove_checkpoint(folder)
    temporary.rename(folder)
    files.sync_folder(folder.parent)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read a folder that `find_newest` or `why_invalid` has verified."""
    manifest = files.read_json(folder / _MANIFEST)
    names = [name for name in manifest["files"] if name.endswith(".safetensors")]
    tensors = {name.removesuffix(".safetensors"): load_file(folder / name) for name in names}
    return Checkpoint(tensors=tensors, state=files.read_json(folder / _STATE))


def find_newest(folder: Path) -> tuple[Path | None, list[str]]:
    """The newest checkpoint that verifies, and why each newer one was skipped."""
    skipped: list[str] = []
    for candidate in sorted(_candidates(folder), key=_step_of, reverse=True):
        reason = why_invalid(candidate)
        if reason is None:
            return candidate, skipped
        skipped.append(f"{candidate.name}: {reason}")
    return None, skipped


def why_invalid(folder: Path) -> str | None:
    """What is wrong with a checkpoint; None when every file is as its manifest says."""
    if not folder.is_dir():
        return "not a folder"
    if not (folder / _MANIFEST).is_file():
        return "no manifest.json"
    try:
        listed = files.read_json(folder / _MANIFEST)["files"].items()
    except (DataError, KeyError, TypeError, AttributeError):
        return "manifest.json is damaged"
    reasons = (_why_file_differs(folder / name, facts) for name, facts in listed)
    return next((reason for reason in reasons if reason is not None), None)


def _why_file_differs(path: Path, facts: Mapping[str, Any]) -> str | None:
    if not path.is_file():
        return f"{path.name} is missing"
    if path.stat().st_size != facts["bytes"]:
        return f"{path.name} has {path.stat().st_size:,} bytes, not {facts['bytes']:,}"
    if files.hash_file(path) != facts["sha256"]:
        return f"{path.name} is damaged (its SHA-256 differs)"
    return None


def remove_checkpoint(folder: Path) -> None:
    """Delete a checkpoint; a kill in between leaves no folder that looks whole."""
    if folder.is_symlink():
        folder.unlink()  # what it leads to is not ours
    if not folder.exists():
        return
    trash = folder.parent / f".trash-{folder.name}"
    shutil.rmtree(trash, ignore_errors=True)
    folder.rename(trash)
    shutil.rmtree(trash)


def keep_newest(folder: Path, count: int) -> None:
    """Delete all but the newest `count` checkpoints, and what a kill left half-done."""
    for old in sorted(_candidates(folder), key=_step_of, reverse=True)[count:]:
        remove_checkpoint(old)
    sweep(folder)


def remove_all(folder: Path, *others: str) -> None:
    """Delete every checkpoint, the folders named besides, and what a kill left."""
    for path in [*_candidates(folder), *(folder / name for name in others)]:
        remove_checkpoint(path)
    sweep(folder)


def sweep(folder: Path) -> None:
    """Delete what a kill left half-written or half-deleted."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path.name.startswith((".tmp-", ".trash-")):
                shutil.rmtree(path, ignore_errors=True)


def _candidates(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [p for p in folder.iterdir() if p.is_dir() and _NAME.fullmatch(p.name)]


def _step_of(folder: Path) -> int:
    return int(folder.name.rsplit("-", 1)[-1])


def _write_files(folder: Path, checkpoint: Checkpoint) -> None:
    for name, tensors in checkpoint.tensors.items():
        contiguous = {key: tensor.detach().contiguous() for key, tensor in tensors.items()}
        save_file(contiguous, folder / f"{name}.safetensors", metadata={"format": "pt"})
    files.write_json(folder / _STATE, dict(checkpoint.state))
    listed = {}
    for path in sorted(folder.iterdir()):
        files.sync_file(path)
        listed[path.name] = {"bytes": path.stat().st_size, "sha256": files.hash_file(path)}
    files.write_json(folder / _MANIFEST, {"schema": 1, "files": listed})
    files.sync_folder(folder)


def _require_space(folder: Path, checkpoint: Checkpoint) -> None:
    needed = sum(t.nbytes for group in checkpoint.tensors.values() for t in group.values())
    free = shutil.disk_usage(folder.parent).free
    if free < needed:
        raise DiskFullError(
            f"a checkpoint needs {needed / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free",
            where=str(folder),
            cure="Free some space and run the same command again; the last checkpoint stands.",
        )
