"""Real labelled tables through the library: each row, its own label, nothing lost unsaid."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.examples.reading import read_all
from tunesmith.examples.example import Example
from tunesmith.examples.tasks.library import library
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.sources.row import Dropped


def read(folder: Path, **source: Any) -> tuple[list[Example], list[Dropped]]:
    items = list(read_all(recipe_from_mapping({"sources": [source]}).sources, folder=folder))
    kept = [item for item in items if isinstance(item, Example)]
    return kept, [item for item in items if isinstance(item, Dropped)]


@pytest.mark.parametrize(
    ("name", "task", "columns", "num_labels"),
    [
        ("banking77_test.csv", "intent", {"text": "text", "label": "category"}, 77),
        ("bitext_requests_dev.csv", "topic", {"text": "instruction", "label": "category"}, 11),
    ],
)
def test_every_row_of_a_table_asks_for_its_own_label(
    shared_data: Path, name: str, task: str, columns: dict[str, str], num_labels: int
) -> None:
    path = shared_data / "support" / name
    kept, dropped = read(shared_data, path=f"support/{name}", task=task, columns=columns)
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))
    labels = {row[columns["label"]] for row in rows}
    assert len(labels) == num_labels
    pairs = {(row[columns["text"]].strip(), row[columns["label"]]) for row in rows}
    assert [one.reason for one in dropped] == ["exact duplicate"] * (len(rows) - len(pairs))
    assert len(kept) == len(pairs)
    offered = 0
    for example in kept:
        assert (example.messages[0].input, example.reference) in pairs
        offered += all(label in example.messages[0].content for label in labels)
    assert offered == (len(kept) if num_labels <= 30 else 0)
    wordings = library()[task].wordings if num_labels <= 30 else library()[task].open
    assert len({example.messages[0].content for example in kept}) == len(wordings)


def test_school_maths(shared_data: Path) -> None:
    kept, dropped = read(shared_data, path="gsm8k/train_first_2000.jsonl", task="maths")
    assert len(kept) + len(dropped) == 2000
    assert len(kept) >= 1999
