"""Rows with a chosen and a rejected answer, in the shapes in which they are found."""

import json
from pathlib import Path
from typing import Any

import pytest

from tunesmith.examples.columns.column_plan import column_choice
from tunesmith.examples.example import Example
from tunesmith.examples.preference_rows import laid_out_rows
from tunesmith.examples.read_chunks import read_chunks
from tunesmith.files import read_json_lines
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.row import Dropped

ASKED = [{"role": "user", "content": "What grows here?"}]
TALK = [*ASKED, {"role": "assistant", "content": "Where?"}, {"role": "user", "content": "Here."}]
FROM = [{"from": "human", "value": "What grows here?"}]
GOOD, BAD = "Green peas.", "Nothing at all."


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


def read(
    folder: Path, rows: list[Any], *, is_paired: bool = True, **keys: Any
) -> tuple[list[Example], list[Dropped], NotReadCount]:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = SourceRecipe(path="rows.jsonl", **keys)
    source = source.with_rejected() if is_paired else source
    chunks = list(read_chunks([source], ExamplesRecipe(), folder=folder))
    (folder / "made.jsonl").write_bytes(b"".join(chunk.lines for chunk in chunks))
    examples = [Example.from_json(one) for one in read_json_lines(folder / "made.jsonl")]
    not_read = NotReadCount()
    for chunk in chunks:
        not_read.update(chunk.not_read)
    return examples, [one for chunk in chunks for one in chunk.dropped], not_read


SHAPES = {
    "texts": {"prompt": "What grows here?", "chosen": GOOD, "rejected": BAD},
    "lists": {"prompt": ASKED, "chosen": said(GOOD), "rejected": said(BAD)},
    "implicit lists": {"chosen": ASKED + said(GOOD), "rejected": ASKED + said(BAD)},
    "implicit talk": {
        "chosen": f"\n\nHuman: What grows here?\n\nAssistant: {GOOD}",
        "rejected": f"\n\nHuman: What grows here?\n\nAssistant: {BAD}",
    },
    "implicit text": {
        "chosen": f"What grows here? {GOOD}",
        "rejected": f"What grows here? {BAD}",
    },
    "openai": {
        "input": {"messages": ASKED, "tools": []},
        "preferred_output": said(GOOD),
        "non_preferred_output": said(BAD),
    },
    "llama-factory": {"instruction": "What grows here?", "chosen": GOOD, "rejected": BAD},
    "llama-factory talk": {
        "conversations": FROM,
        "chosen": {"from": "gpt", "value": GOOD},
        "rejected": {"from": "gpt", "value": BAD},
    },
    "the answer under its usual name": {
        "question": "What grows here?",
        "answer": GOOD,
        "rejected_answer": BAD,
    },
    "our own": {"messages": ASKED + said(GOOD), "rejected": BAD},
    "a list beside": {
        "prompt": "What grows here?",
        "messages": ASKED + said(GOOD),
        "rejected": ASKED + said(BAD),
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_usual_shapes_hold_a_prompt_and_two_answers(tmp_path: Path, shape: str) -> None:
    (example,), dropped, not_read = read(tmp_path, [SHAPES[shape]])
    assert [turn.content for turn in example.messages] == ["What grows here?", GOOD]
    assert (example.rejected, dropped) == (BAD, [])
    assert not_read.sentences() == not_read.sums.open_sums(1) == []


def test_a_conversation_and_an_input_stay_before_both_answers(tmp_path: Path) -> None:
    rows = [
        {"prompt": TALK, "chosen": said(GOOD), "rejected": said(BAD)},
        {"instruction": "What grows?", "input": "A field.", "chosen": GOOD, "rejected": BAD},
    ]
    (talk, asked), _, _ = read(tmp_path, rows)
    assert (len(talk.messages), talk.rejected) == (4, BAD)
    assert (asked.messages[0].input, asked.rejected) == ("A field.", BAD)


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    row = {"q": "What grows here?", "good": GOOD, "bad": BAD}
    fields = {"instruction": "q", "chosen": "good", "rejected": "bad"}
    (example,), _, _ = read(tmp_path, [row], fields=fields)
    assert (example.reference, example.rejected) == (GOOD, BAD)


FAULTS = [
    ({"prompt": "What grows?", "response": GOOD}, "no rejected answer"),
    ({"prompt": "What grows?", "chosen": GOOD, "rejected": None}, "no rejected answer"),
    ({"prompt": "What grows?", "chosen": GOOD, "rejected": " "}, "no rejected answer"),
    ({"prompt": "What grows?", "chosen": GOOD, "rejected": f"{GOOD}\n"},
     "chosen and rejected are the same"),
    ({"prompt": "Who?", "chosen": "I am ann@example.org.", "rejected": "I am bob@example.org."},
     "chosen and rejected are the same"),  # once both addresses are hidden
    ({"chosen": ASKED + said(GOOD), "rejected": TALK + said(BAD)},
     "chosen and rejected answer different prompts"),
    ({"prompt": "What grows?", "chosen": GOOD, "rejected": {"a": 1}}, "unreadable rejected answer"),
    ({"input": {"messages": ASKED, "tools": [{"type": "function"}]},
      "preferred_output": said(GOOD), "non_preferred_output": said(BAD)}, "tool calls"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "reason"), FAULTS)
def test_what_is_no_preference_is_dropped_by_its_reason(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    examples, (dropped,), not_read = read(tmp_path, [row])
    assert (examples, dropped.reason) == ([], reason)
    assert not_read.sums.open_sums(1) == []


def test_a_test_row_needs_no_rejected_answer(tmp_path: Path) -> None:
    row = {"prompt": "What grows?", "response": GOOD}
    (example,), dropped, _ = read(tmp_path, [row], use_as="test")
    assert (example.rejected, dropped) == (None, [])


def test_two_rejected_answers_to_one_prompt_are_two_examples(tmp_path: Path) -> None:
    rows = [{"prompt": "What?", "chosen": GOOD, "rejected": one} for one in (BAD, "Stones.")]
    first, second = read(tmp_path, rows)[0]
    assert first.id != second.id
    assert (first.rejected, second.rejected) == (BAD, "Stones.")


def test_what_is_rejected_is_hidden_and_cleaned_too(tmp_path: Path) -> None:
    row = {"prompt": "Who?", "chosen": GOOD, "rejected": "Write to ann@example.org.<|im_end|>"}
    (example,), _, _ = read(tmp_path, [row])
    assert example.rejected == "Write to [email]."
    _, (dropped,), _ = read(tmp_path, [{**row, "rejected": "a\x00b"}])
    assert dropped.reason == "control character"


def test_other_objectives_read_the_chosen_answer_as_before(tmp_path: Path) -> None:
    """And say that the rejected one is not read; ids are what they were."""
    rows = [SHAPES["texts"], SHAPES["llama-factory"]]
    examples, _, not_read = read(tmp_path, rows, is_paired=False)
    plain = [{"prompt": "What grows here?", "response": GOOD}]
    assert [one.rejected for one in examples] == [None, None]
    assert examples[0].id == read(tmp_path, plain, is_paired=False)[0][0].id
    assert not_read.sentences() == ["not read in rows.jsonl: column 'rejected' (2)"]
    choice = column_choice(SourceRecipe(path="x"))
    assert list(laid_out_rows([1, 2], choice)) == [1, 2]


def test_a_correction_is_chosen_and_the_models_answer_rejected(tmp_path: Path) -> None:
    said_of = {
        "schema": "tunesmith.feedback/1", "messages": ASKED, "answer": BAD, "thumb": "down",
    }  # fmt: skip
    rows = [
        {**said_of, "answer_id": "a", "correction": GOOD, "note": "wrong"},
        {**said_of, "answer_id": "b", "thumb": "up", "answer": GOOD},
        {**said_of, "answer_id": "c"},
    ]
    (example,), dropped, not_read = read(tmp_path, rows)
    assert (example.reference, example.rejected) == (GOOD, BAD)
    assert [one.reason for one in dropped] == ["no rejected answer", "thumb down, no correction"]
    assert not_read.sentences() == ["not read in rows.jsonl: column 'note' (1)"]
    supervised, _, passed = read(tmp_path, rows, is_paired=False)
    assert [one.reference for one in supervised] == [GOOD, GOOD]
    assert passed.sentences() == [
        "not read in rows.jsonl: column 'note' (1), column 'rejected' (1)"
    ]
