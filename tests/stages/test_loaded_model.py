"""A model in memory answers, chats and streams as the commands do."""

from typing import Any

import pytest

from tests.generation.tiny_responders import gpt2_responder
from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Message
from tunesmith.generation.responder import OpenQuestion, answer_all
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.loaded_model import LoadedModel

SHORT = {"max_new_tokens": 12}
TALK = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi"},
    {"role": "user", "content": "And?"},
]


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return LoadedModel(gpt2_responder(256, GenerationRecipe(), template="chatml"))


@pytest.mark.parametrize("options", [SHORT, {**SHORT, "temperature": 0.9, "seed": 3}])
def test_answers_are_those_of_the_responder_and_come_in_order(
    model: LoadedModel, options: dict[str, Any]
) -> None:
    responder = gpt2_responder(256, GenerationRecipe(**options), template="chatml")
    texts = ["A much longer question than the others?", "Hi", "Why?"]
    answers = model.answer(texts, **options)
    asked = OpenQuestion(example_id="question", messages=(Message(role="user", content=texts[0]),))
    (expected,) = answer_all(responder, [asked])
    assert (answers[0].text, answers[0].num_tokens) == (expected.text, expected.num_tokens)
    assert str(answers[0]) == expected.text
    assert model.answer(texts[:1], **options)[0] == answers[0]
    if "temperature" not in options:
        assert [model.answer([text], **options)[0] for text in texts] == answers
    else:
        twice = model.answer(["Hi", "Hi"], **options)
        assert twice[0].text != twice[1].text, "two samples, not one twice"


@pytest.mark.parametrize("options", [SHORT, {**SHORT, "temperature": 0.9, "seed": 3}])
def test_streaming_and_chatting_give_the_same_answer(
    model: LoadedModel, options: dict[str, Any]
) -> None:
    whole = model.chat(TALK, **options)
    assert "".join(model.stream(TALK, **options)) == whole
    assert model.answer([[Message(**turn) for turn in TALK]], **options)[0].text == whole
    alone = model.answer(["Hello"], **options)[0].text
    assert "".join(model.stream("Hello", **options)) == alone


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.answer("Hello"), RecipeError, "takes a list of questions"),
        (lambda m: m.answer([[]]), DataError, "without messages"),
        (lambda m: m.chat([]), DataError, "without messages"),
        (lambda m: m.chat([{"role": "user"}]), DataError, r"messages\[0\]: a message has a role"),
        (lambda m: m.chat(["Hello"]), DataError, r"messages\[0\]: a message has a role"),
        (lambda m: m.chat([{"role": "bot", "content": "x"}]), DataError, "'bot' is unknown. Known"),
        (lambda m: m.chat([{"role": "user", "content": 3}]), DataError, "no text"),
        (lambda m: m.chat([{"role": "user", "content": "x" * 900}]), DataError, "no answer: "),
        (lambda m: m.stream("x" * 900), DataError, "no room"),
        (lambda m: m.answer(["Hi"], max_new_tokens=0), RecipeError, "max_new_tokens"),
        (lambda m: m.answer(["Hi"], temperature=-1.0), RecipeError, "temperature"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    model: LoadedModel, call: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call(model)


def test_no_question_has_no_answer(model: LoadedModel) -> None:
    assert model.answer([]) == []
