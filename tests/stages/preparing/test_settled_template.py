"""The template that rows settle on; too many that do not fit stop a run before it trains."""

from pathlib import Path
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import byte_tokenizer
from tunesmith.errors import DataError
from tunesmith.examples.example import Example, Message
from tunesmith.files import json_line, read_json, read_json_lines
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.settled_template import prepared_shapes
from tunesmith.stages.preview import preview_rows
from tunesmith.stages.train import train
from tunesmith.templates.choice import RowShapes

QUESTION = {"role": "user", "content": "And now?"}
SIMPLE = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}[{{ m.role }}]{{ m.content }}{% if m.role == 'assistant' %}{{ eos_token }}"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)


def turns(number: int) -> list[dict[str, Any]]:
    first = [
        {"role": "user", "content": f"Lamp {number}?"},
        {"role": "assistant", "content": f"Red {number}."},
    ]
    return [*first, QUESTION, {"role": "assistant", "content": f"Blue {number}."}]


def threads(count: int) -> list[dict[str, Any]]:
    return [{"messages": turns(i)} for i in range(count)]


def led(count: int) -> list[dict[str, Any]]:
    system = {"role": "system", "content": "Be brief."}
    return [{"messages": [system, *turns(i)[:2]]} for i in range(count)]


def lamini(count: int) -> list[dict[str, Any]]:
    return [
        {"question": f"### Question:\nWhere is {i}?\n\n### Answer:", "answer": f"In room {i}."}
        for i in range(count)
    ]


def run_of(model: Path, root: Path, files: dict[str, list[dict[str, Any]]], **template: Any) -> Run:
    """A run over files beside each other."""
    for name, rows in files.items():
        write_rows(root / name, rows)
    recipe = make_recipe(
        model,
        root / "unused",
        sources=[{"path": name} for name in files],
        examples={
            "split": {"validation": 0.2, "test": 0.2},
            "drop_near_duplicates": None,
            "group_near_duplicates": None,
        },
        template=template,
        training={"steps": 1},
    )
    return opened(recipe, run_folder(root / "run"), root, Talk())


@pytest.mark.parametrize(
    ("files", "name", "reason"),
    [
        ({"a.jsonl": colour_rows(20)}, "alpaca", "every row has one turn"),
        ({"a.jsonl": colour_rows(30), "b.jsonl": threads(1)}, "chatml", "1 of 31 rows have"),
        ({"a.jsonl": colour_rows(20), "b.jsonl": led(9)}, "alpaca", "every row has one turn"),
        ({"a.jsonl": led(9), "b.jsonl": threads(3)}, "chatml", "3 of 12 rows have several"),
        ({"a.jsonl": lamini(20)}, "concatenate", "20 of 20 questions already end in '### A"),
        ({"a.jsonl": [{"text": f"Tale {i}."} for i in range(9)]}, "plain", "plain text"),
    ],
)
def test_rows_choose_one_template_in_preview_and_in_preparing(
    tmp_path: Path,
    tiny_folder: Path,
    files: dict[str, list[dict[str, Any]]],
    name: str,
    reason: str,
) -> None:
    run = run_of(tiny_folder, tmp_path, files, name="auto")
    rows = {row.id: row.ids for row in preview_rows(run)}
    result = prepare(run)
    assert result.template["name"] == name
    assert reason in result.template["reason"]
    assert result.kept == sum(map(len, files.values()))
    assert isinstance(run.progress, Talk)
    said = [note for note in run.progress.notes if note.startswith("template ")]
    assert said == [f"template {name}: {result.template['reason']}"]
    assert load_recipe(run.folder.recipe).template.name == name
    assert read_json(run.folder.summary)["template"]["name"] == name
    assert rows.keys() == {
        row["id"]
        for split in ("train", "validation", "test")
        for row in read_json_lines(run.folder.examples(split))
    }
    train(run)
    assert read_json(run.folder.model / "tunesmith.json")["template"]["name"] == name
    prepare(run)
    assert len([note for note in run.progress.notes if note.startswith("template ")]) == 1


def test_the_tokenizers_own_chat_template_comes_first(tmp_path: Path, tiny_folder: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for file in tiny_folder.iterdir():
        (model / file.name).write_bytes(file.read_bytes())
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = SIMPLE
    tokenizer.save_pretrained(model)
    run = run_of(model, tmp_path, {"a.jsonl": colour_rows(20), "b.jsonl": threads(4)}, name="auto")
    assert prepare(run).template == {"name": "chat", "reason": "the tokenizer has a chat template"}
    other = run_of(model, tmp_path, {"a.jsonl": colour_rows(20), "b.jsonl": led(4)}, name="auto")
    with pytest.raises(DataError, match=r"4 of 24 rows do not fit template 'chat'") as caught:
        prepare(other)
    assert "template: {name: chatml}`, which keeps all of them" in str(caught.value.cure)


@pytest.mark.parametrize(
    ("files", "template", "counts", "cure"),
    [
        (
            {"a.jsonl": colour_rows(20), "b.jsonl": threads(3)},
            {"name": "alpaca", "system": "Be kind."},
            "3 of 23 rows do not fit template 'alpaca' (3 of 3 in b.jsonl)",
            '`template: {name: chatml, system: "Be kind."}`, which keeps all of them',
        ),
        (
            {"a.jsonl": [*colour_rows(20), *threads(2)]},
            {"name": "question-answer"},
            "2 of 22 rows do not fit template 'question-answer' (2 of 22 in a.jsonl)",
            "`template: {name: chatml}`, which keeps all of them",
        ),
        (
            {"a.jsonl": colour_rows(60), "b.jsonl": led(1)},
            {"name": "concatenate"},
            "1 of 61 rows do not fit template 'concatenate' (1 of 1 in b.jsonl)",
            "`template: {name: chatml}`, which keeps all of them",
        ),
        (
            {"a.jsonl": colour_rows(20), "b.jsonl": [{"text": f"Tale {i}."} for i in range(9)]},
            {"name": "auto"},
            "9 of 29 rows do not fit template 'alpaca' (9 of 9 in b.jsonl)",
            "`template: {name: plain}` keeps plain text alone: give it a recipe of its own",
        ),
    ],
)
def test_more_than_a_few_misfits_stop_before_training_with_the_line_that_keeps_them(
    tmp_path: Path,
    tiny_folder: Path,
    files: dict[str, list[dict[str, Any]]],
    template: dict[str, Any],
    counts: str,
    cure: str,
) -> None:
    run = run_of(tiny_folder, tmp_path, files, **template)
    with pytest.raises(DataError) as caught:
        train(run)
    assert counts in caught.value.message
    assert cure in str(caught.value.cure)
    assert caught.value.where == "template"
    lost = list(read_json_lines(run.folder.dropped))
    assert all(row["reason"] == "does not fit the template" for row in lost)
    assert f"\n  {lost[0]['source']}: " in caught.value.message
    assert not run.folder.log.exists()
    assert not run.folder.checkpoints.exists()
    leaving = {**template, "when_misfit": "drop"}
    assert "when_misfit: drop}" in str(caught.value.cure)
    kept = prepare(run_of(tiny_folder, tmp_path, files, **leaving))
    assert kept.dropped["does not fit the template"] == len(lost)


def test_a_few_misfits_are_dropped_with_reason_and_cure(tmp_path: Path, tiny_folder: Path) -> None:
    run = run_of(tiny_folder, tmp_path, {"a.jsonl": [*colour_rows(60), *threads(3)]}, name="alpaca")
    result = prepare(run)
    assert result.dropped == {"does not fit the template": 3}
    (first, *_) = read_json_lines(run.folder.dropped)
    assert "has one turn" in first["detail"]
    assert "Use template chatml" in first["detail"]


def test_an_explicit_template_that_doubles_headers_says_how_often(
    tmp_path: Path, tiny_folder: Path
) -> None:
    run = run_of(tiny_folder, tmp_path, {"a.jsonl": lamini(20)}, name="alpaca")
    (said,) = [one for one in prepare(run).notices if "wrapped twice" in one]
    assert said.startswith("20 rows already carry '### Question:'")
    assert "use template concatenate" in said


def test_rows_are_counted_alike_whether_they_are_read_whole_or_not(tmp_path: Path) -> None:
    """The short look at a line finds every row that is not one plain question."""
    led = "### Instruction:\nSort.", "b a\n\n### Response:\n\n"
    asked = [("Where?", ""), ("Sort:", "b a"), (led[0], led[1]), ("Q: Where?\nA:  ", ""),
             ("[INST] \"Why\"? [/INST]\t", ""), ("Is \"### Answer:\" it?", "")]  # fmt: skip
    rows = [
        (Message(role="user", content=text, input=given), Message(role="assistant", content="x"))
        for text, given in asked
    ]
    rows += [(Message(role="assistant", content="A tale."),), (*rows[0], *rows[0])]
    folder, expected = RunFolder(tmp_path), RowShapes()
    examples = [Example(messages=row, source=f"a:{i}") for i, row in enumerate(rows)]
    write_rows(folder.examples("train"), [])
    for split in ("validation", "test"):
        write_rows(folder.examples(split), [])  # type: ignore[arg-type]
    folder.examples("train").write_bytes(b"".join(json_line(one.to_json()) for one in examples))
    for row in rows:
        expected.take(row)
    assert prepared_shapes(folder) == expected
    assert expected.leads == {"### Response:": 1, "A:": 1, "[/INST]": 1}
