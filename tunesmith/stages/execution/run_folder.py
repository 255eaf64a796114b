"""A run's folder: where each file lies, the lock, and the manifest of what is done."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError
from tunesmith.examples.splitting.split import Split
from tunesmith.files import read_json, write_json
from tunesmith.stages.execution.claim import is_manifest

_SPLITS = "splits.jsonl"
_UNSAFE = re.compile(r"[^\w.+-]+")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths under `runs/<run>/`; nothing is created before a stage writes.

    `recipe_folder` is where the recipe's file lies, if there is one: splits are remembered there.
    """

    path: Path
    recipe_folder: Path | None = None

    @property
    def recipe(self) -> Path:
        """The recipe with every default written out."""
        return self.path / "recipe.yaml"

    @property
    def environment(self) -> Path:
        """Versions, device, seed, engine choices, hashes; never a secret."""
        return self.path / "environment.json"

    @property
    def manifest(self) -> Path:
        """What each stage depended on and wrote."""
        return self.path / "manifest.json"

    @property
    def dropped(self) -> Path:
        """Everything that was read and left out, with the reason."""
        return self.path / "data" / "dropped.jsonl"

    @property
    def summary(self) -> Path:
        """Counts of what was kept and dropped."""
        return self.path / "data" / "summary.json"

    @property
    def calls(self) -> Path:
        """What other models were asked and answered, for every stage that asks one."""
        return self.path / "calls.sqlite"

    @property
    def exports(self) -> Path:
        """Which forms of the model were exported, and how they compare."""
        return self.path / "exports.json"

    @property
    def token_lengths(self) -> Path:
        """How long the rows of each split are."""
        return self.path / "data" / "token_lengths.json"

    @property
    def contradictions(self) -> Path:
        """Questions with different answers, for a person to decide."""
        return self.path / "data" / "contradictions.jsonl"

    @property
    def splits(self) -> Path:
        """Where each example fell, for all runs; beside the recipe if one can write there."""
        beside = self.recipe_folder
        is_writable = beside is not None and os.access(beside, os.W_OK)
        return (beside if beside is not None and is_writable else self.path) / _SPLITS

    @property
    def shipped_splits(self) -> Path | None:
        """Where the recipe's author wrote that down, if it cannot be written to."""
        if self.recipe_folder is None or self.splits.parent == self.recipe_folder:
            return None
        return self.recipe_folder / _SPLITS

    @property
    def tokens(self) -> Path:
        """The token stores."""
        return self.path / "tokens"

    @property
    def log(self) -> Path:
        """One line a step and a validation."""
        return self.path / "log.jsonl"

    @property
    def samples(self) -> Path:
        """What the model answered to a few validation rows at each validation."""
        return self.path / "samples.jsonl"

    @property
    def settings(self) -> Path:
        """What the numbers of training that the recipe leaves to `auto` came to, and how."""
        return self.path / "settings.json"

    @property
    def trials(self) -> Path:
        """The trials of a search that is not done."""
        return self.path / "trials.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Enough to resume training."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The tuned model."""
        return self.path / "model"

    @property
    def scores(self) -> Path:
        """Scores with intervals, and comparisons."""
        return self.path / "scores.json"

    @property
    def probes(self) -> Path:
        """What base and tuned know beside the task, a probe or text a line."""
        return self.path / "probes.jsonl"

    @property
    def rounds(self) -> Path:
        """This round against the one before, where the recipe names one."""
        return self.path / "rounds.json"

    @property
    def page(self) -> Path:
        """The report."""
        return self.path / "report.html"

    @property
    def study(self) -> Path:
        """What is known of the base model beyond this run, if anything is."""
        return self.path / "study.json"

    def taught(self, index: int) -> Path:
        """What the teacher wrote that stands at this place among the recipe's sources."""
        return self.path / "data" / f"teacher-{index}.jsonl"

    def examples(self, split: Split) -> Path:
        """The examples of a split."""
        return self.path / "data" / f"{split}.jsonl"

    def completions(self, model: str) -> Path:
        """What a model answered to the test set; a name of the Hub has no slash here."""
        return self.path / "completions" / f"{_UNSAFE.sub('-', model)}.jsonl"

    def judgements(self, kind: str) -> Path:
        """What a judge made of planted answers (`trust`), and of pairs (`pairwise`)."""
        return self.path / "judgements" / f"{kind}.jsonl"

    def grades(self, metric: str) -> Path:
        """One metric's grades of all models."""
        return self.path / "grades" / f"{metric}.jsonl"

    def signs(self, model: str) -> Path:
        """What was found in a model's answers that makes them unusable."""
        return self.path / "signs" / self.completions(model).name

    def read_manifest(self) -> dict[str, Any]:
        """The manifest; empty before the first stage is done.

        Raises:
            DataError: It is damaged.
        """
        if not self.manifest.is_file():
            return {}
        manifest = read_json(self.manifest)
        if not is_manifest(manifest):
            cure = "Delete it, and every stage is done again."
            raise DataError("is no manifest of a run", where=str(self.manifest), cure=cure)
        found: dict[str, Any] = manifest
        return found

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        """Replace the manifest, atomically."""
        write_json(self.manifest, manifest)
