"""What `export` tells: the record of one exported form, and the list of them in a run."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.files import hash_file, our_records, read_json, write_json
from tunesmith.models.load import weights_fingerprint
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.results.record_json import FOR_PEOPLE, as_dict

_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A form of a run's model that was read back and compared.

    Attributes:
        name: Of its answers in the run.
        format: safetensors, gguf or ollama.
        path: Where it lies.
        sha256: Of the file, or of a folder's weights.
        compared: Figures of the comparison.
        differences: By metric: how its score differs from the tuned model's, with interval.
        untold: What was measured and stands in no file of it.
        summary: The same for a person.
    """

    name: str
    format: str
    path: str
    sha256: str
    compared: Mapping[str, object]
    differences: Mapping[str, object]
    untold: tuple[str, ...] = ()
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE, repr=False)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith export --json`."""
        return as_dict(self)


def exports_of(folder: RunFolder) -> list[dict[str, Any]]:
    """The exported forms of the weights that lie in a run now, oldest first."""
    if not folder.exports.is_file() or not folder.model.is_dir():
        return []
    with our_records(folder.exports):
        told = read_json(folder.exports)["exports"]
    current = weights_fingerprint(folder.model)
    return [
        one
        for one in told
        if one["weights"] == current and folder.completions(one["name"]).is_file()
    ]


def exported_models(folder: RunFolder) -> list[str]:
    """The names under which exported forms have answered the test set."""
    return [str(one["name"]) for one in exports_of(folder)]


def forget_stale(folder: RunFolder) -> None:
    """Strike forms of weights that were trained anew off the run's list."""
    if folder.exports.is_file():
        write_json(folder.exports, {"schema": _SCHEMA, "exports": exports_of(folder)})


def remember_export(folder: RunFolder, exported: Exported) -> None:
    """Add a form to the run's list; the same name takes the place of an older one."""
    others = [one for one in exports_of(folder) if one["name"] != exported.name]
    entry = {**exported.to_dict(), "weights": weights_fingerprint(folder.model)}
    entry["path"] = os.path.relpath(exported.path, folder.path)
    write_json(folder.exports, {"schema": _SCHEMA, "exports": [*others, entry]})


def untold_stops(stops: Sequence[str]) -> tuple[str, ...]:
    """What to say of strings at which answers end: no file but a `Modelfile` holds such."""
    if not stops:
        return ()
    told = json.dumps(list(stops), ensure_ascii=False)
    return (f'generation.stop; send it with each request: "stop": {told}',)


def hash_of(path: Path) -> str:
    """SHA-256 of a file, or the fingerprint of a model's folder."""
    return hash_file(path) if path.is_file() else weights_fingerprint(path)
