"""Training examples before a question: as turns, or as text; and where the answer ends."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tunesmith.errors import DataError
from tunesmith.examples.example import Example, Message
from tunesmith.generation.few_shot import Shots, choose_shots, has_turns
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.names import find_template
from tunesmith.templates.template import Rendering, Template
from tunesmith.tokens.tokenizer import load_tokenizer

ASKED = (Message(role="user", content="Capital of Kenya?"),)


def example(country: str, city: str, *, system: str | None = None) -> Example:
    turns = [Message(role="user", content=f"Capital of {country}?")]
    if system is not None:
        turns.insert(0, Message(role="system", content=system))
    answer = Message(role="assistant", content=city)
    return Example(messages=(*turns, answer), source="capitals.jsonl:1")


EXAMPLES = (example("Peru", "Lima"), example("Norway", "Oslo"))


def template(folder: Path, name: str) -> Template:
    return find_template(TemplateRecipe(name=name), load_tokenizer(str(folder)).texts)


def text_of(rendering: Rendering) -> str:
    return "".join(segment.text for segment in rendering)


def prompt(shots: Shots, max_length: int = 10_000) -> str:
    rendering = shots.render_prompt(ASKED, fits=lambda r: len(text_of(r)) <= max_length)
    return text_of(rendering)


def test_a_template_without_turns_shows_examples_as_text(tiny_folder: Path) -> None:
    made = template(tiny_folder, "question-answer")
    text = prompt(Shots(template=made, examples=EXAMPLES))
    begin = (made.contract["begin"] or "").strip()
    expected = "".join(
        f"### Question:\nCapital of {country}?\n\n### Answer:{city}\n\n"
        for country, city in (("Peru", "Lima"), ("Norway", "Oslo"))
    )
    assert text.removeprefix(begin) == f"{expected}### Question:\nCapital of Kenya?\n\n### Answer:"


def test_a_template_with_turns_shows_examples_as_turns(tiny_folder: Path) -> None:
    made = template(tiny_folder, "chatml")
    shots = Shots(template=made, examples=EXAMPLES)
    turns = [*EXAMPLES[0].messages, *EXAMPLES[1].messages, *ASKED]
    assert prompt(shots) == text_of(made.render_prompt(turns))
    led = (Message(role="system", content="Be brief."), *ASKED)
    rendering = shots.render_prompt(led, fits=lambda r: True)
    assert text_of(rendering).index("Be brief.") < text_of(rendering).index("Peru")


def test_a_template_that_refuses_many_turns_shows_fewer_examples(tiny_folder: Path) -> None:
    class Strict:
        """chatml for at most two questions."""

        def render_prompt(self, messages: Sequence[Message]) -> Rendering:
            if len(messages) > 3:
                raise DataError("too many turns")
            return made.render_prompt(messages)

        def __getattr__(self, name: str) -> Any:
            return getattr(made, name)

    made = template(tiny_folder, "chatml")
    text = prompt(Shots(template=Strict(), examples=EXAMPLES))
    assert text == text_of(made.render_prompt([*EXAMPLES[0].messages, *ASKED]))


@pytest.mark.parametrize("name", ["alpaca", "question-answer", "concatenate", "chatml"])
def test_without_room_for_examples_the_prompt_is_the_plain_one(
    tiny_folder: Path, name: str
) -> None:
    made = template(tiny_folder, name)
    shots = Shots(template=made, examples=EXAMPLES)
    plain = text_of(made.render_prompt(ASKED))
    assert prompt(shots, max_length=1) == plain
    one = prompt(shots, max_length=len(prompt(shots)) - 1)
    assert len(plain) < len(one) < len(prompt(shots))
    assert "Peru" in one


@pytest.mark.parametrize(
    ("name", "next_question"),
    [
        ("question-answer", "\n\n### Question:\nCapital of"),
        ("alpaca", "\n\nBelow is an instruction that describes a task. Write"),
        ("alpaca", "\n\n### Instruction:\nName"),
        ("concatenate", "\n\nCapital of"),
    ],
)
def test_an_answer_ends_where_the_model_asks_on(
    tiny_folder: Path, name: str, next_question: str
) -> None:
    shots = Shots(template=template(tiny_folder, name), examples=EXAMPLES)
    assert shots.cut_text(f"Nairobi{next_question} Chile?") == ("Nairobi", True)
    assert shots.cut_text("Nairobi") == ("Nairobi", False)


def test_a_template_with_turns_ends_its_answers_itself(tiny_folder: Path) -> None:
    shots = Shots(template=template(tiny_folder, "chatml"), examples=EXAMPLES)
    assert shots.cut_text("one\n\ntwo") == ("one\n\ntwo", False)


def test_templates_with_turns_are_told_from_those_without(tiny_folder: Path) -> None:
    turns = {name: has_turns(template(tiny_folder, name)) for name in ("chatml", "alpaca", "plain")}
    assert turns == {"chatml": True, "alpaca": False, "plain": False}


def test_shots_are_single_turns_whatever_the_order_of_the_file() -> None:
    many = [example(f"C{n}", f"c{n}") for n in range(30)] + [example("X", "x", system="s")]
    chosen = choose_shots(many, 4)
    assert len(chosen) == 4
    assert choose_shots(many[::-1], 4) == chosen
    assert all(one.is_single_turn for one in chosen)
