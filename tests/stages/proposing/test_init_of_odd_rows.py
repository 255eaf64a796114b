"""Without a terminal `init` takes the likeliest line for rows of objects; its recipe reads them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.proposing.new_recipe import write_recipe_for
from tunesmith.stages.proposing.recipe_proposal import propose_recipe

ASKED, TOLD = "When did mill {} open?", "The mill of number {} opened then."

ROWS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "an object with more texts": (
        {"question": ASKED, "answer": {"lang": "en", "value": TOLD}},
        {"response": "answer.value"},
    ),
    "the longest text": (
        {"question": {"dataset": "eli5", "full_text": ASKED}, "answer": TOLD},
        {"instruction": "question.full_text"},
    ),
    "candidates after turns": (
        {"history": ["Hello there.", "Good day.", ASKED], "candidates": ["No, never.", TOLD]},
        {"response": "candidates.-1"},
    ),
    "code beside its description": (
        {"text": ASKED, "code": TOLD, "test_list": ["assert mill({}) == 3"]},
        {"instruction": "text", "response": "code"},
    ),
    "two solutions": (
        {"goal": ASKED, "sol1": TOLD, "sol2": "No mill has the number {}.", "difficulty": 1},
        {"instruction": "goal", "response": "sol1"},
    ),
    "two names that ask": (
        {"question": ASKED, "query": TOLD},
        {"instruction": "question", "response": "query"},
    ),
    "inputs and outputs": (
        {"inputs": {"question": ASKED}, "outputs": {"answer": TOLD}},
        {"instruction": "inputs.question", "response": "outputs.answer"},
    ),
}


def numbered(value: Any, number: int) -> Any:
    return json.loads(json.dumps(value).replace("{}", str(number)))


@pytest.mark.parametrize("name", ROWS)
def test_the_likeliest_line_reads_the_rows(tmp_path: Path, name: str) -> None:
    row, fields = ROWS[name]
    content = "".join(json.dumps(numbered(row, n)) + "\n" for n in range(8))
    (tmp_path / "rows.jsonl").write_text(content)
    recipe = tmp_path / "recipe.yaml"
    written = write_recipe_for(
        [{"path": str(tmp_path / "rows.jsonl")}], recipe, ask=None, progress=SilentProgress()
    )
    assert written.proposal is not None
    (source,) = load_recipe(recipe).sources
    assert dict(source.fields) == fields


def test_of_a_folder_that_is_no_source_each_file_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl", ".hidden.jsonl"):
        rows = [{"question": f"{ASKED}{name}", "answer": TOLD}, {"question": "So?", "answer": name}]
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "c.bin").write_bytes(b"\0\1\2")
    notes: list[str] = []
    progress = SimpleNamespace(note=notes.append)
    proposal = propose_recipe([{"path": str(folder)}], ask=None, progress=progress)  # type: ignore[arg-type]
    assert [Path(one.name).name for one in proposal.sources] == ["a.jsonl", "b.jsonl"]
    assert any("left out" in note and "c.bin" in note for note in notes)
