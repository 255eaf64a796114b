"""A recipe of preferences -> pairs of rows; what is none is dropped by its reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.stages.rig import Talk, make_recipe, opened, write_rows
from tests.tiny import byte_tokenizer
from tunesmith.errors import RecipeError, RefusedError
from tunesmith.files import read_json, read_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.exporting.export_data import export_data
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.prepared_files import open_store, refuse_preferences
from tunesmith.stages.train import train

ROWS = [
    {"prompt": f"Which colour has number {n}?", "chosen": f"blue {n}", "rejected": f"No {n}!"}
    for n in range(8)
]
DPO = {"objective": "dpo", "steps": 2}


def run_of(tmp_path: Path, model: Path, rows: list[Any], **sections: Any) -> Any:
    data = write_rows(tmp_path / "rows.jsonl", rows)
    sections.setdefault("training", DPO)
    recipe = make_recipe(model, data, **sections)
    folder = RunFolder(tmp_path / "run")
    return opened(recipe, folder, recipe_folder=tmp_path, progress=Talk())


def test_both_answers_follow_one_prompt_and_are_trained_alone(
    tmp_path: Path, tiny_folder: Path
) -> None:
    run = run_of(tmp_path, tiny_folder, [*ROWS, {"prompt": "What else?", "response": "Nothing."}])
    result = prepare(run)
    assert result.dropped == {"no rejected answer": 1}
    assert any("no rejected answer" in notice for notice in result.notices)
    store, tokenizer = open_store(run.folder, "train"), byte_tokenizer()
    assert (len(store), store.width, result.splits["train"].rows) == (8, 2, 8)
    chosen, rejected = store.rows_of(0)
    texts = [tokenizer.decode(row.ids[row.is_trained]) for row in (chosen, rejected)]
    assert texts[0].startswith("blue ")
    assert texts[1].startswith("No ")
    first = int(np.argmax(chosen.is_trained))
    assert np.array_equal(chosen.ids[:first], rejected.ids[:first])
    assert read_json(run.folder.summary)["splits"]["train"]["rows"] == 8


def test_earlier_answers_are_context_and_not_compared(tmp_path: Path, tiny_folder: Path) -> None:
    talk = [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "EARLIER"},
        {"role": "user", "content": "Two?"},
    ]
    rows = [{"prompt": talk, "chosen": "yes", "rejected": "no"}]
    run = run_of(tmp_path, tiny_folder, rows, template={"name": "chatml"})
    prepare(run)
    for row in open_store(run.folder, "train").rows_of(0):
        text = byte_tokenizer().decode(row.ids[row.is_trained])
        assert "EARLIER" not in text
        assert text[:2] in ("ye", "no")


def test_both_prompts_are_cut_alike_or_the_pair_is_dropped(
    tmp_path: Path, tiny_folder: Path
) -> None:
    rows = [{"prompt": "word " * 30, "chosen": "a" * 40, "rejected": "b"}, *ROWS]
    training = {**DPO, "max_tokens": 100, "when_too_long": "cut-context"}
    run = run_of(tmp_path, tiny_folder, rows, training=training)
    prepare(run)
    store = open_store(run.folder, "train")
    longest = int(store.lengths.argmax())
    chosen, rejected = store.rows_of(longest)
    first = int(np.argmax(chosen.is_trained))
    assert len(chosen.ids) == 100
    assert np.array_equal(chosen.ids[:first], rejected.ids[:first])
    dropping = run_of(tmp_path, tiny_folder, rows, training={**DPO, "max_tokens": 100})
    assert prepare(dropping).dropped == {"too long": 1}
    assert len(open_store(dropping.folder, "train")) == 8


def test_preferences_train_and_the_test_rows_expect_the_chosen_answer(
    tmp_path: Path, tiny_folder: Path
) -> None:
    examples = {"split": {"validation": 0.3, "test": 0.3}}
    run = run_of(tmp_path, tiny_folder, ROWS, examples=examples)
    result = train(run)
    assert result.reward_accuracy is not None
    assert "accuracy" not in result.to_dict()
    tested = open_store(run.folder, "test")
    assert tested.width == 1
    for one in read_json_lines(run.folder.examples("test")):
        assert one["response"].startswith("blue")
    held_out = [one for one in read_json_lines(run.folder.log) if one["split"] == "validation"]
    assert {"loss", "accuracy", "margin"} <= held_out[-1].keys()
    assert (run.folder.tokens / "reference-train.safetensors").is_file()


def test_commands_that_know_one_answer_refuse_two(tmp_path: Path, tiny_folder: Path) -> None:
    run = run_of(tmp_path, tiny_folder, ROWS)
    prepare(run)
    with pytest.raises(RefusedError, match="export-data takes no preferences"):
        export_data(run.folder, "openai-jsonl", progress=Talk())
    with pytest.raises(RefusedError, match="curve takes no preferences"):
        refuse_preferences(run.recipe, command="curve")


MISTAKES = [
    ({"training": {"beta": 0.2}}, "training.beta: has no effect without objective: dpo"),
    ({"training": {"objective": "dpo", "beta": 0.0}}, "training.beta"),
    ({"training": {"objective": "dop"}}, "training.objective.*dpo"),
    ({"training": DPO, "template": {"train_on": "all"}}, "train_on: all has no effect under"),
    ({"sources": [{"path": "a", "fields": {"rejected": "b"}}]}, "rejected.*objective: dpo"),
]


@pytest.mark.parametrize(("written", "told"), MISTAKES)
def test_mistakes_are_said_at_load(written: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        recipe_from_mapping({"sources": [{"path": "a"}], **written})
