"""Alpaca, question-answer and concatenate: the exact text, its borders, what is refused."""

import json
from pathlib import Path

import pytest

from tests.templates.texts import TEXTS, joined, trained
from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.names import find_template
from tunesmith.templates.template import Template

USER = Message(role="user", content="Say hi.")
WITH_INPUT = Message(role="user", content="Say hi.", input="To Bo.")
ANSWER = Message(role="assistant", content=" Hi, Bo!\n")
SYSTEM = Message(role="system", content="You are terse.")
WITHOUT = (
    "Below is an instruction that describes a task. Write a response that appropriately "
    "completes the request.\n\n### Instruction:\nSay hi.\n\n### Response:"
)
WITH = (
    "Below is an instruction that describes a task, paired with an input that provides further "
    "context. Write a response that appropriately completes the request.\n\n### Instruction:\n"
    "Say hi.\n\n### Input:\nTo Bo.\n\n### Response:"
)
PROMPTS = [
    ("alpaca", [USER], WITHOUT),
    ("alpaca", [WITH_INPUT], WITH),
    ("alpaca", [SYSTEM, USER], "You are terse.\n\n### Instruction:\nSay hi.\n\n### Response:"),
    ("question-answer", [USER], "### Question:\nSay hi.\n\n### Answer:"),
    ("question-answer", [WITH_INPUT], "### Question:\nSay hi.\n\nTo Bo.\n\n### Answer:"),
    (
        "question-answer",
        [SYSTEM, USER],
        "You are terse.\n\n### Question:\nSay hi.\n\n### Answer:",
    ),
    ("concatenate", [USER], "Say hi."),
    ("concatenate", [WITH_INPUT], "Say hi.\n\nTo Bo."),
]


def template(name: str, **settings: object) -> Template:
    return find_template(TemplateRecipe(name=name, **settings), TEXTS)


@pytest.mark.parametrize(("name", "asked", "text"), PROMPTS)
def test_prompt_is_exactly_this_text(name: str, asked: list[Message], text: str) -> None:
    assert joined(template(name).render_prompt(asked)) == f"<s>{text}"
    (row,) = template(name).render([*asked, ANSWER])
    assert joined(row) == f"<s>{text} Hi, Bo!\n</s>"
    assert trained(row) == " Hi, Bo!\n</s>"


def test_alpaca_headers_are_those_of_published_prompts(shared_data: Path) -> None:
    published = json.loads((shared_data / "prompt_templates_json/alpaca.json").read_text())
    values = {"instruction": "Say hi.", "input": "To Bo."}
    assert published["prompt_no_input"].format(**values) == f"{WITHOUT}\n"
    assert published["prompt_input"].format(**values) == f"{WITH}\n"


@pytest.mark.parametrize("name", ["alpaca", "question-answer"])
def test_recipe_system_prompt_is_for_rows_without_one(name: str) -> None:
    terse = template(name, system="You are terse.")
    assert terse.render_prompt([USER]) == template(name).render_prompt([SYSTEM, USER])
    other = Message(role="system", content="Other.")
    assert terse.render_prompt([other, USER]) == template(name).render_prompt([other, USER])


def test_train_on_all_trains_every_character() -> None:
    (row,) = template("alpaca", train_on="all").render([USER, ANSWER])
    assert trained(row) == joined(row)


@pytest.mark.parametrize("name", ["alpaca", "question-answer", "concatenate"])
def test_what_has_no_place_is_refused_by_name(name: str) -> None:
    several = [USER, ANSWER, USER, ANSWER]
    with pytest.raises(DataError, match=f"template '{name}' has one turn"):
        template(name).render(several)
    with pytest.raises(DataError, match=f"template '{name}' needs an instruction"):
        template(name).render([ANSWER])
    with pytest.raises(DataError, match="the last message is the user's"):
        template(name).render([USER])
    untrained = Message(role="assistant", content="x", is_trained=False)
    with pytest.raises(DataError, match="no assistant turn is to be trained"):
        template(name).render([USER, untrained])


def test_concatenate_refuses_a_system_prompt() -> None:
    with pytest.raises(DataError, match="'concatenate' has no place for a system prompt"):
        template("concatenate").render([SYSTEM, USER, ANSWER])


def test_plain_trains_all_of_a_text_and_its_end() -> None:
    (row,) = template("plain").render([Message(role="assistant", content="Once upon")])
    assert trained(row) == joined(row) == "<s>Once upon</s>"
    assert joined(template("plain").render_prompt([USER])) == "<s>Say hi."
    assert joined(template("plain").render_prompt([])) == "<s>"
    with pytest.raises(DataError, match="takes text alone; this row has user, assistant"):
        template("plain").render([USER, ANSWER])
