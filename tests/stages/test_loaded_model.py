"""A model in memory answers, chats and streams as the commands do."""

from typing import Any

import pytest

from tests.generation.tiny_responders import gpt2_responder
from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Message
from tunesmith.generation.responder import OpenQuestion, answer_all
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.loaded_model import LoadedModel, load

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


TURN = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize("given", [None, 5, b"Hi", "Hi", TURN, {"Hi"}, 2.0])
def test_what_is_no_list_of_questions_is_refused(model: LoadedModel, given: Any) -> None:
    with pytest.raises(RecipeError, match=r"^answer: takes a list of questions, not one .*chat"):
        model.answer(given)


@pytest.mark.parametrize("given", [None, 5, b"Hi", TURN, {"Hi"}, Message(role="user", content="")])
def test_what_is_no_conversation_is_refused(model: LoadedModel, given: Any) -> None:
    for ask in (model.chat, model.stream, lambda one: model.answer([one])):
        with pytest.raises(DataError, match=r"^messages: takes a text or a list of messages"):
            ask(given)


def test_a_message_is_checked_however_it_is_written(model: LoadedModel) -> None:
    bad: list[tuple[Any, Any, str]] = [
        ("bot", "Hi", "'bot' is unknown"),
        ("user", 3, "no text"),
        ("user", "a\ud800b", r"half a character, U\+D800"),
    ]
    for role, content, message in bad:
        turns: list[Any] = [Message(role=role, content=content), {"role": role, "content": content}]
        for turn in turns:
            with pytest.raises(DataError, match=rf"^messages\[0\]: .*{message}"):
                model.chat([turn])
    with pytest.raises(DataError, match="half a character"):
        model.answer(["\udfff"])


def test_questions_may_come_from_anything_that_has_an_order(model: LoadedModel) -> None:
    (expected,) = model.answer(["Hello"], max_new_tokens=4)
    assert model.answer((one for one in ["Hello"]), max_new_tokens=4) == [expected]  # type: ignore[arg-type]
    turns: Any = (one for one in [TURN])
    assert "".join(model.stream(turns, max_new_tokens=4)) == expected.text


@pytest.mark.parametrize("given", [None, 5, True, b"starter", [], {}, "", "a\0b", "x" * 5000])
def test_what_cannot_name_a_model_is_refused_before_anything_is_asked_of_the_hub(
    given: Any,
) -> None:
    with pytest.raises(RecipeError, match=r"^load: "):
        load(given)
