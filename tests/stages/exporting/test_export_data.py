"""A run's rows train elsewhere token for token as here, or nothing is called exported."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_from_disk

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import DataError, MissingError, RecipeError, RefusedError
from tunesmith.files import read_json, read_json_lines
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.exporting import export_data as exporting
from tunesmith.stages.exporting.export_data import ExportedData, export_data
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.train import train
from tunesmith.tokens.tokenizer import load_tokenizer

TALKS = [
    {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": f"Question {number}?"},
            {"role": "assistant", "content": f"First {number}", "weight": 0},
            {"role": "user", "content": "And more?"},
            {"role": "assistant", "content": f"Second {number}"},
        ]
    }
    for number in range(30)
]


def _trained(folder: Path, place: Path, rows: list[Any], **sections: Any) -> Run:
    data = write_rows(place / "rows.jsonl", rows)
    split = {"examples": {"split": {"validation": 0.2, "test": 0.2}, "redact": []}}
    sections["training"] = {"steps": 1, **sections.get("training", {})}
    recipe = make_recipe(folder, data, **{**split, **sections})
    run = opened(recipe, run_folder(place / "run"), recipe_folder=place, progress=Talk())
    prepare(run)
    train(run)
    return run


@pytest.fixture(scope="module")
def run(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of pairs that was trained."""
    return _trained(tiny_folder, tmp_path_factory.mktemp("pairs"), colour_rows(40))


@pytest.fixture(scope="module")
def talks(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of conversations, of which some answers are not trained."""
    chat = {"template": {"name": "chatml"}}
    return _trained(tiny_folder, tmp_path_factory.mktemp("talks"), TALKS, **chat)


def _export(run: Run, form: str, place: Path, **given: Any) -> ExportedData:
    return export_data(run.folder, form, out=place / form, progress=Talk(), **given)


def _wanted(run: Run, split: str) -> list[tuple[list[int], list[int]]]:
    """Ids of each row, and its targets by the definition: -100 where nothing is trained."""
    store = open_store(run.folder, split)  # type: ignore[arg-type]
    rows = [store[index] for index in range(len(store))]
    return [
        (
            row.ids.tolist(),
            [int(t) if on else -100 for t, on in zip(row.ids, row.is_trained, strict=True)],
        )
        for row in rows
    ]


def _read(path: Path, split: str, form: str) -> list[tuple[list[int], list[int]]]:
    """As the trainers read it: by the libraries that they read it with."""
    if form == "llamafactory":
        rows = load_from_disk(str(path / "data"))[split].to_list()
    else:
        rows = pq.read_table(path / "data" / f"{split}.parquet").to_pylist()
    assert all(row["attention_mask"] == [1] * len(row["input_ids"]) for row in rows)
    return [(row["input_ids"], row["labels"]) for row in rows]


@pytest.mark.parametrize("form", ["trl", "axolotl", "llamafactory"])
def test_other_trainers_get_the_same_tokens_and_targets(
    form: str, talks: Run, tmp_path: Path
) -> None:
    found = _export(talks, form, tmp_path)
    for split in ("train", "validation"):
        assert _read(tmp_path / form, split, form) == _wanted(talks, split)
    assert found.rows["train"] + found.rows["validation"] < 30  # rows to test with stay here
    assert "trained, the same as here" in found.summary[1]
    assert found.summary[-1].startswith(f"train with {exporting.TRAINERS[form].title}: cd ")
    assert (tmp_path / form / "chat_template.jinja").read_text()
    told = read_json(tmp_path / form / "export.json")
    assert told["rows"] == found.rows
    assert f"{form}.yaml" in told["files"]


def _settings(run: Run, form: str, place: Path) -> dict[str, Any]:
    _export(run, form, place)
    found: dict[str, Any] = yaml.safe_load((place / form / f"{form}.yaml").read_text())
    return found


def test_settings_say_what_the_recipe_says(tiny_folder: Path, tmp_path: Path) -> None:
    training = {
        "method": {"lora": {"rank": 4, "alpha": 8, "targets": ["q_proj"], "use_rslora": True}},
        "steps": 10,
        "warmup_fraction": 0.2,
        "schedule": "linear",
        "learning_rate": 3e-5,
        "dropout": 0.05,
    }
    made = _trained(tiny_folder, tmp_path, colour_rows(40), training=training)
    places = {"trl": "model_name_or_path", "llamafactory": "model_name_or_path"}
    for form in ("trl", "axolotl", "llamafactory"):
        found = _settings(made, form, tmp_path)
        assert found[places.get(form, "base_model")] == str(tiny_folder.resolve())
        assert found["learning_rate"] == 3e-5
        assert found["gradient_accumulation_steps"] == 8
        assert found["max_steps"] == 10
        assert found["warmup_steps"] == 2
        assert "num_train_epochs" not in found
        assert "num_epochs" not in found
    trl, axolotl, factory = (
        yaml.safe_load((tmp_path / form / f"{form}.yaml").read_text())
        for form in ("trl", "axolotl", "llamafactory")
    )
    assert (trl["lora_r"], trl["lora_alpha"], trl["lora_dropout"]) == (4, 8, 0.05)
    assert trl["use_peft"]
    assert trl["lora_target_modules"] == axolotl["lora_target_modules"] == ["q_proj"]
    assert (axolotl["adapter"], axolotl["peft_use_rslora"]) == ("lora", True)
    assert (factory["finetuning_type"], factory["lora_target"]) == ("lora", ["q_proj"])
    assert axolotl["lr_scheduler"] == trl["lr_scheduler_type"] == "linear"


def test_no_row_is_longer_than_the_settings_allow(run: Run, tmp_path: Path) -> None:
    longest = max(len(ids) for split in ("train", "validation") for ids, _ in _wanted(run, split))
    names = {"trl": "max_length", "axolotl": "sequence_len", "llamafactory": "cutoff_len"}
    for form, name in names.items():
        assert _settings(run, form, tmp_path)[name] == longest


def test_what_the_others_have_no_setting_for_is_told(tiny_folder: Path, tmp_path: Path) -> None:
    training = {"optimizer": "muon", "dropout": 0.1, "early_stopping": 3}
    made = _trained(tiny_folder, tmp_path, colour_rows(40), training=training)
    told = _export(made, "trl", tmp_path).untold
    assert [one.split(":")[0] for one in told] == ["optimizer", "dropout", "early_stopping", "keep"]


def test_settings_that_were_found_and_lost_are_not_guessed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = run.recipe.training.model_copy(update={"learning_rate": "auto"})
    lost = replace(run, recipe=run.recipe.model_copy(update={"training": training}))
    monkeypatch.setattr(exporting, "settled_run", lambda _: lost)
    with pytest.raises(MissingError, match=r"auto.*training.learning_rate"):
        _export(run, "trl", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_openais_rows_hold_system_input_and_weight(talks: Run, tmp_path: Path) -> None:
    found = _export(talks, "openai-jsonl", tmp_path)
    rows = list(read_json_lines(tmp_path / "openai-jsonl" / "train.jsonl"))
    assert len(rows) == found.rows["train"]
    first = rows[0]["messages"]
    assert [one["role"] for one in first] == ["system", "user", "assistant", "user", "assistant"]
    assert [one.get("weight") for one in first] == [None, None, 0, None, None]
    assert set(rows[0]) == {"messages"}


def test_an_input_stands_below_its_instruction_and_the_recipes_system_first(
    tiny_folder: Path, tmp_path: Path
) -> None:
    rows = [{"instruction": f"Add {n}.", "input": f"{n}", "response": "yes"} for n in range(20)]
    template = {"name": "alpaca", "system": "Count."}
    made = _trained(tiny_folder, tmp_path, rows, template=template)
    _export(made, "openai-jsonl", tmp_path)
    first = next(iter(read_json_lines(tmp_path / "openai-jsonl" / "train.jsonl")))["messages"]
    assert first[0] == {"role": "system", "content": "Count."}
    assert first[1]["content"].partition("\n\n")[2] in first[1]["content"].partition("\n\n")[0]


def test_texts_that_are_no_chat_are_counted_and_no_chat_at_all_is_refused(
    tiny_folder: Path, tmp_path: Path
) -> None:
    texts = [{"text": f"A text that goes on, number {number}."} for number in range(20)]
    made = _trained(tiny_folder, tmp_path, texts, template={"name": "plain"})
    with pytest.raises(DataError, match="no row to train on is a chat"):
        _export(made, "openai-jsonl", tmp_path)
    assert _export(made, "trl", tmp_path).rows["train"] > 5


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_rendered_rows_are_what_the_model_reads_and_writes(
    kind: str, talks: Run, tmp_path: Path
) -> None:
    _export(talks, "rendered", tmp_path, kind=kind)
    file = tmp_path / "rendered" / f"train.{kind}"
    rows = pq.read_table(file).to_pylist() if kind == "parquet" else list(read_json_lines(file))
    for row, (ids, targets) in zip(rows, _wanted(talks, "train"), strict=True):
        assert row["prompt"] + row["completion"] + "\n" == _text(talks, ids)
        assert row["completion"] == _text(talks, [one for one in targets if one >= 0])
        assert row["completion"].startswith("Second ")


def _text(run: Run, ids: list[int]) -> str:
    return str(load_tokenizer(run.recipe.model.name).hf.decode(ids))


def test_each_answer_of_a_conversation_is_a_rendered_row(tiny_folder: Path, tmp_path: Path) -> None:
    whole = [
        {"messages": [{**one, "weight": 1} if "weight" in one else one for one in row["messages"]]}
        for row in TALKS
    ]
    made = _trained(tiny_folder, tmp_path, whole, template={"name": "chatml"})
    found = _export(made, "rendered", tmp_path)
    assert found.rows["train"] == 2 * len(open_store(made.folder, "train"))
    first, second = list(read_json_lines(tmp_path / "rendered" / "train.jsonl"))[:2]
    assert first["id"] == second["id"]
    assert second["prompt"].startswith(first["prompt"] + first["completion"])


def _shifted(table: pa.Table) -> pa.Table:
    moved = [[*one[1:], one[0]] for one in table["labels"].to_pylist()]
    return table.set_column(2, "labels", pa.array(moved, pa.list_(pa.int64())))


def _all_trained(table: pa.Table) -> pa.Table:
    return table.set_column(2, "labels", pa.array(table["input_ids"].to_pylist()))


def _padded(table: pa.Table) -> pa.Table:
    masks = [[0, *one[1:]] for one in table["attention_mask"].to_pylist()]
    return table.set_column(1, "attention_mask", pa.array(masks))


DAMAGES: dict[str, Callable[[pa.Table], pa.Table]] = {
    "targets that are shifted": _shifted,
    "prompts that are trained too": _all_trained,
    "tokens that are masked": _padded,
    "a row too few": lambda table: table.slice(0, table.num_rows - 1),
    "a row twice": lambda table: pa.concat_tables([table, table.slice(0, 1)]),
    "rows in another order": lambda table: table.take([1, 0, *range(2, table.num_rows)]),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_rows_that_were_damaged_while_they_were_written_are_named(
    damage: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = exporting.write_token_parquet

    def damaged(path: Path, rows: Any) -> None:
        write(path, rows)
        pq.write_table(DAMAGES[damage](pq.read_table(path)), path)

    monkeypatch.setattr(exporting, "write_token_parquet", damaged)
    with pytest.raises(RefusedError, match=r"row \d+ of train is another"):
        _export(run, "trl", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("form", "kind", "told"),
    [
        ("trl", "f16", "leave it out"),
        ("openai-jsonl", "parquet", "leave it out"),
        ("rendered", "csv", "jsonl or parquet"),
    ],
)
def test_a_type_that_a_form_does_not_have_is_named(
    form: str, kind: str, told: str, run: Run
) -> None:
    with pytest.raises(RecipeError, match=f"no type '{kind}'.*{told}"):
        export_data(run.folder, form, kind=kind, progress=Talk())


def test_only_an_exports_own_files_are_replaced(run: Run, tmp_path: Path) -> None:
    _export(run, "rendered", tmp_path)
    with pytest.raises(RecipeError, match="stands there already"):
        _export(run, "rendered", tmp_path)
    _export(run, "rendered", tmp_path, is_replacing=True)
    mine = tmp_path / "rendered" / "notes" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(RecipeError, match=r"notes/mine\.txt was not written by an export"):
        _export(run, "rendered", tmp_path, is_replacing=True)
    assert mine.read_text() == "mine"
    (tmp_path / "trl").mkdir()
    (tmp_path / "trl" / "thesis.tex").write_text("mine")
    with pytest.raises(RecipeError, match="trl was not written by an export"):
        _export(run, "trl", tmp_path, is_replacing=True)
    assert (tmp_path / "trl" / "thesis.tex").read_text() == "mine"


def test_a_run_without_rows_or_model_or_with_other_rows_is_told_what_to_do(
    tiny_folder: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "rows.jsonl", colour_rows(20))
    recipe, folder = make_recipe(tiny_folder, data), run_folder(tmp_path / "run")
    made = opened(recipe, folder, tmp_path, progress=Talk())
    made.claim()
    with pytest.raises(MissingError, match="no such run"):
        _export(made, "openai-jsonl", tmp_path)
    prepare(made)
    assert _export(made, "openai-jsonl", tmp_path).rows == {"train": 20}
    with pytest.raises(MissingError, match="no model yet"):
        _export(made, "trl", tmp_path)
    train(made)
    write_rows(data, colour_rows(30))
    prepare(made)
    with pytest.raises(RefusedError, match="trained on other rows"):
        _export(made, "rendered", tmp_path)
