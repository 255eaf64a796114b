"""A run's answers -> `signs/<model>.jsonl`, and `usability` and `headline` of `scores.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.headline import headline_of
from tunesmith.evaluation.usability.measure import UsabilityFiles, measure_usability
from tunesmith.files import hash_file
from tunesmith.rounds.look_levels import LookStanding, verdict_after_looks
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.output_file import are_signs

_BASE, _TUNED = "base", "tuned"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsabilityStage:
    """Whose answers are looked at, and by which template they were asked."""

    run: Run
    markers: tuple[str, ...]
    models: Sequence[str]

    @property
    def inputs(self) -> dict[str, Any]:
        """What the result depends on, beside the scores."""
        folder = self.run.folder
        return {
            "train": hash_file(folder.examples("train")),
            "test": hash_file(folder.examples("test")),
            "completions": {model: hash_file(folder.completions(model)) for model in self.models},
            "markers": list(self.markers),
        }

    @property
    def outputs(self) -> list[Path]:
        """A file a model."""
        return [self.run.folder.signs(model) for model in self.models]

    def look(self, scores: Mapping[str, Any]) -> dict[str, Any]:
        """Look at all answers; signs of models that no longer answer are deleted."""
        folder = self.run.folder
        for stale in folder.signs(_BASE).parent.glob("*.jsonl"):
            if stale not in self.outputs and are_signs(stale):
                stale.unlink()
        comparisons = [Comparison.from_json(one) for one in scores["comparisons"]]
        usability = measure_usability(
            UsabilityFiles(
                train=folder.examples("train"),
                test=folder.examples("test"),
                completions={model: folder.completions(model) for model in self.models},
                signs=folder.signs,
            ),
            markers=self.markers,
            comparisons=comparisons,
        )
        own = [one for one in comparisons if (one.first, one.second) == (_BASE, _TUNED)]
        standing = LookStanding.from_json(scores["looks"]) if "looks" in scores else None
        headline = headline_of(verdict_after_looks(own, standing), usability)
        return {"usability": usability.to_json(), "headline": headline.to_json()}
