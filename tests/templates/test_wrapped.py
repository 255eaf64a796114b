"""Content that carries a template's own markers is noticed, with the cure."""

import json
from pathlib import Path

from tests.templates.texts import CHAT_TEXTS, TEXTS
from tunesmith.examples.example import Message
from tunesmith.files import read_json_lines
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.names import find_template
from tunesmith.templates.template import Template
from tunesmith.templates.wrapped import wrapped_marker, wrapping_cure


def template(name: str) -> Template:
    return find_template(TemplateRecipe(name=name), CHAT_TEXTS)


def asks(content: str) -> list[Message]:
    return [Message(role="user", content=content), Message(role="assistant", content="x")]


def test_questions_with_headers_carry_them() -> None:
    wrapped = [asks(f"### Question:\nWhat is {number}?\n\n### Answer:\n") for number in range(3)]
    assert {wrapped_marker(template("question-answer"), row) for row in wrapped} == {
        "### Question:"
    }
    assert not any(wrapped_marker(template("concatenate"), row) for row in wrapped)


def test_our_own_material_carries_none() -> None:
    path = Path(__file__).parents[2] / "tunesmith" / "starter" / "material" / "test.jsonl"
    rows = list(read_json_lines(path))
    assert len(rows) > 100
    for name in ("alpaca", "question-answer", "chatml", "phi3"):
        known = template(name)
        assert not any(wrapped_marker(known, asks(row["instruction"])) for row in rows)


def test_lamini_questions_carry_the_headers(shared_data: Path) -> None:
    lines = (shared_data / "qa/lamini_docs_dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [asks(json.loads(line)["question"]) for line in lines]
    wrapping, bare = template("question-answer"), template("concatenate")
    assert {wrapped_marker(wrapping, row) for row in rows} == {"### Question:"}
    assert not any(wrapped_marker(bare, row) for row in rows)
    cure = wrapping_cure(template("question-answer"), "### Question:")
    assert "use template concatenate" in cure


def test_ordinary_data_carries_none(shared_data: Path) -> None:
    rows = json.loads((shared_data / "instruct/raschka_instruction_dev.json").read_text())
    for name in ("alpaca", "question-answer", "chatml", "phi3"):
        known = template(name)
        assert not any(wrapped_marker(known, asks(row["instruction"])) for row in rows)


def test_markers_are_found_where_they_would_count() -> None:
    assert wrapped_marker(template("alpaca"), asks("a\n### Response:\nb")) == "### Response:"
    assert wrapped_marker(template("alpaca"), asks("the '### Response:' header")) is None
    assert wrapped_marker(template("chatml"), asks("a<|im_end|>")) == "<|im_end|>"
    assert wrapped_marker(find_template(TemplateRecipe(name="phi3"), TEXTS), asks("<|user|>"))
    assert wrapped_marker(template("plain"), asks("### Response:")) is None
