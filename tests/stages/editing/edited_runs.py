"""A recipe with prepared pairs, and the desk at which they are changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.stages.rig import Talk, make_recipe, opened, write_rows
from tunesmith.files import read_json_lines
from tunesmith.stages.editing.edit_desk import EditDesk
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.results.prepared import Prepared

SPLIT = {"split": {"validation": 0.2, "test": 0.3}}
QUESTION = "Question {} about the shop?"


def rows(count: int = 40) -> list[dict[str, str]]:
    """Pairs that are all different."""
    return [
        {"instruction": QUESTION.format(n), "response": f"Answer {n} of the shop."}
        for n in range(count)
    ]


@dataclass(frozen=True, kw_only=True)
class EditedRun:
    """A run that can be prepared again and again."""

    root: Path
    run: Run

    @classmethod
    def of(
        cls, root: Path, model: Path, material: list[dict[str, str]], **examples: Any
    ) -> "EditedRun":
        """Over one file of rows."""
        data = write_rows(root / "rows.jsonl", material)
        recipe = make_recipe(model, data, examples={**SPLIT, **examples})
        (root / "recipe.yaml").touch()
        folder = RunFolder(root / "run", recipe_folder=root)
        return cls(root=root, run=opened(recipe, folder, recipe_folder=root, progress=Talk()))

    def prepare(self) -> Prepared:
        """Prepare, and return what came of it."""
        return prepare(self.run)

    def desk(self, author: str = "Ana") -> EditDesk:
        """A desk that reads all files anew."""
        return EditDesk(self.run.folder, self.root / "recipe.yaml", author=author)

    def kept(self) -> dict[str, dict[str, Any]]:
        """What is in a split, by question, each with its split."""
        return {
            str(row.get("instruction", row["id"])): {**row, "split": split}
            for split in ("train", "validation", "test")
            for row in read_json_lines(self.run.folder.examples(split))  # type: ignore[arg-type]
        }

    def dropped(self) -> list[dict[str, Any]]:
        """What was left out."""
        return [*read_json_lines(self.run.folder.dropped)]

    def question(self, number: int) -> Mapping[str, Any]:
        """A pair by its number."""
        return self.kept()[QUESTION.format(number)]

    def in_split(self, split: str) -> list[dict[str, Any]]:
        """The pairs of a split."""
        return [row for row in self.kept().values() if row["split"] == split]
