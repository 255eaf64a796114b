"""Each row gets the new tokens that were asked for, or as many as its context still holds."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.generation.tiny_responders import gpt2_responder
from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.generation.responder import (
    EMPTY_PROMPT,
    NOT_EXPRESSED,
    TOO_LONG,
    Completion,
    OpenQuestion,
    Responder,
    answer_all,
)
from tunesmith.recipe.recipe import GenerationRecipe

CONTEXT, WANTED = 96, 40
LENGTHS = (3, 7, 20, 30, 30, 41, 60, 200)


def _responder(batch: int) -> Responder:
    recipe = GenerationRecipe(max_new_tokens=WANTED, batch=batch)
    return gpt2_responder(CONTEXT, recipe, template="concatenate")


def _answers(responder: Responder, contents: dict[str, str]) -> dict[str, Completion]:
    questions = [
        OpenQuestion(example_id=name, messages=(Message(role="user", content=text),))
        for name, text in contents.items()
    ]
    return {answer.example_id: answer for answer in answer_all(responder, questions)}


@pytest.fixture(scope="module")
def rooms() -> tuple[dict[str, str], dict[str, int]]:
    """Questions of many lengths, and how much of the context each leaves."""
    texts = {f"q{place}": chr(97 + place) * n for place, n in enumerate(LENGTHS)}
    responder = _responder(1)
    prompts = {
        name: responder.prompt_of(
            OpenQuestion(example_id=name, messages=(Message(role="user", content=text),))
        )
        for name, text in texts.items()
    }
    return texts, {name: CONTEXT - len(prompt.ids) for name, prompt in prompts.items()}


def test_a_prompt_near_the_end_of_the_context_gets_what_room_is_left(
    rooms: tuple[dict[str, str], dict[str, int]],
) -> None:
    texts, room = rooms
    assert {0 < left < WANTED for left in room.values()} == {True, False}, "the test is blind"
    answers = _answers(_responder(8), texts)
    for name, answer in answers.items():
        if room[name] <= 0:
            assert (answer.finish_reason, answer.text) == (TOO_LONG, "")
        elif answer.finish_reason == "length":
            assert answer.num_tokens == min(WANTED, room[name])
    assert "length" in {answers[name].finish_reason for name in texts if 0 < room[name] < WANTED}
    assert sum(answer.finish_reason == TOO_LONG for answer in answers.values()) == 1


def test_the_limit_of_one_row_does_not_change_another(
    rooms: tuple[dict[str, str], dict[str, int]],
) -> None:
    assert _answers(_responder(8), rooms[0]) == _answers(_responder(1), rooms[0])


def test_a_prompt_that_fills_the_context_has_no_answer_and_one_token_less_has() -> None:
    responder = _responder(1)
    extra = CONTEXT - responder.room_after(responder.prompt_of(_question("a" * 90))) - 90
    for left, reason in ((1, "length"), (0, TOO_LONG)):
        answer = _answers(responder, {"q": "a" * (CONTEXT - extra - left)})["q"]
        assert (answer.finish_reason, answer.num_tokens) == (reason, left)


def test_everything_that_is_asked_is_told_as_done(
    rooms: tuple[dict[str, str], dict[str, int]],
) -> None:
    questions = [_question(text) for text in rooms[0].values()]
    told: list[int] = []
    answers = list(answer_all(_responder(3), questions, on_answer=told.append))
    assert sum(told) == len(answers) == len(LENGTHS)


def test_a_question_that_cannot_be_expressed_fails_alone_where_that_is_wanted() -> None:
    several = (*_question("a").messages, Message(role="assistant", content="b"))
    turns = OpenQuestion(example_id="turns", messages=(*several, *_question("c").messages))
    asked = [turns, _question("a")]
    answers = {one.example_id: one for one in answer_all(_responder(2), asked, is_lenient=True)}
    assert answers["turns"].finish_reason == NOT_EXPRESSED
    assert answers["q"].finish_reason in ("stop", "length")
    with pytest.raises(DataError, match="has one turn"):
        list(answer_all(_responder(2), asked))


def test_a_prompt_without_a_token_fails_alone() -> None:
    responder = _responder(2)
    nothing = SimpleNamespace(render_prompt=lambda messages: (), stop_tokens=("<|end|>",))
    (answer,) = answer_all(replace(responder, template=nothing), [_question("a")])
    assert answer.finish_reason == EMPTY_PROMPT


def _question(text: str) -> OpenQuestion:
    return OpenQuestion(example_id="q", messages=(Message(role="user", content=text),))
