"""Law 5: over-long rows are dropped and counted, or cut before the answer; an end is never lost."""

from pathlib import Path

import pytest

from tests.stages.rig import Talk, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import DataError
from tunesmith.files import read_json_lines
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.tokens.store import TokenStore

LONG_QUESTION = {"instruction": "x" * 300, "response": "short answer"}
LONG_ANSWER = {"instruction": "short?", "response": "y" * 300}
SHORT = {"instruction": "short?", "response": "fine"}
END = 257


def _prepared(tmp_path: Path, model: Path, policy: str) -> tuple[dict, TokenStore, list[dict]]:
    data = write_rows(tmp_path / "rows.jsonl", [LONG_QUESTION, LONG_ANSWER, SHORT])
    training = {"max_tokens": 100, "when_too_long": policy}
    folder = run_folder(tmp_path / "run")
    recipe = make_recipe(model, data, training=training)
    result = prepare(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    dropped = list(read_json_lines(folder.dropped))
    return result, open_store(folder, "train"), dropped


def test_drop_counts_and_names_every_long_row(tmp_path: Path, tiny_folder: Path) -> None:
    result, store, dropped = _prepared(tmp_path, tiny_folder, "drop")
    assert len(store) == result.splits["train"].rows == 1
    assert result.dropped == {"too long": 2}
    assert [row["source"].rpartition(":")[2] for row in dropped] == ["1", "2"]
    assert "tokens, training.max_tokens is 100" in dropped[0]["detail"]


def test_cut_context_keeps_the_whole_answer_and_its_end(tmp_path: Path, tiny_folder: Path) -> None:
    result, store, dropped = _prepared(tmp_path, tiny_folder, "cut-context")
    assert result.dropped == {"too long": 1}
    assert dropped[0]["source"].endswith(":2"), "an answer that does not fit is out, not cut"
    cut = store[0]
    assert len(cut.ids) == 100
    trained = cut.ids[cut.is_trained]
    assert len(trained) == len("short answer") + 1
    assert trained[-1] == END
    assert store[1].ids[-1] == END


def test_error_stops_and_names_the_row(tmp_path: Path, tiny_folder: Path) -> None:
    with pytest.raises(DataError, match=r"rows\.jsonl:1: too long: \d+ tokens"):
        _prepared(tmp_path, tiny_folder, "error")
