"""Where a run keeps the validation rows that are reviewed, and what its models answered to them."""

from dataclasses import dataclass
from pathlib import Path

from tunesmith.stages.execution.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class ReviewFiles:
    """Where the rows, answers and signs of a review lie.

    Attributes:
        path: `reviews/` in the run's folder.
    """

    path: Path

    @property
    def rows(self) -> Path:
        """The validation rows that are answered, as examples."""
        return self.path / "rows.jsonl"

    def answers(self, model: str) -> Path:
        """What a model answered to them, as completions."""
        return self.path / "answers" / f"{model}.jsonl"

    def signs(self, model: str) -> Path:
        """What was found in its answers that makes them unusable."""
        return self.path / "signs" / f"{model}.jsonl"


def review_files(folder: RunFolder) -> ReviewFiles:
    """Those of a run."""
    return ReviewFiles(folder.path / "reviews")
