"""A conversation survives whatever ends a reply."""

import threading
from typing import Any

import pytest
from transformers import TextIteratorStreamer

from tests.generation.tiny_responders import gpt2_responder
from tunesmith.errors import DataError
from tunesmith.generation.generate import Continuation
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.chat import ChatSession
from tunesmith.stages.responders import streamed_answer

LONG = GenerationRecipe(max_new_tokens=400)


def _session(context: int = 512, recipe: GenerationRecipe = LONG) -> ChatSession:
    return ChatSession(gpt2_responder(context, recipe, template="chatml"))


class _Interrupting(TextIteratorStreamer):
    """A reader who presses Ctrl-C after three tokens."""

    num_tokens = 0

    def put(self, value: Any) -> None:
        type(self).num_tokens += 1
        super().put(value)

    def __next__(self) -> str:
        while self.num_tokens < 4:
            pass
        raise KeyboardInterrupt


def test_ctrl_c_ends_the_generation_and_forgets_the_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = "".join(_session().reply("Hello"))
    session = _session()
    before = threading.active_count()
    with monkeypatch.context() as patch:
        patch.setattr(streamed_answer, "TextIteratorStreamer", _Interrupting)
        with pytest.raises(KeyboardInterrupt):
            list(session.reply("Something else"))
    assert threading.active_count() == before
    assert _Interrupting.num_tokens < 300, "the model went on writing"
    assert "".join(session.reply("Hello")) == expected


def test_a_reply_that_is_closed_early_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed_answer, "generate", _saying("one ", "two"))
    session = _session()
    reply = session.reply("First")
    assert next(reply)
    before = threading.active_count()
    reply.close()
    assert threading.active_count() <= before
    asked: list[int] = []
    monkeypatch.setattr(streamed_answer, "generate", _saying("one", lengths=asked))
    list(session.reply("First"))
    list(_session().reply("First"))
    assert asked[0] == asked[1]


def test_an_answered_turn_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(streamed_answer, "generate", _saying("one", lengths=asked))
    session = _session()
    for _ in range(2):
        assert "".join(session.reply("First")) == "one"
    session.reset()
    list(session.reply("First"))
    assert asked[1] > asked[0] == asked[2]


def test_two_replies_never_use_the_model_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    working: list[int] = []
    most: list[int] = []

    def generate(*_: Any, listeners: Any, **__: Any) -> list[Continuation]:
        working.append(1)
        most.append(len(working))
        threading.Event().wait(0.1)
        working.pop()
        listeners.streamer.end()
        return [Continuation(ids=[65], finish_reason="stop")]

    monkeypatch.setattr(streamed_answer, "generate", generate)
    session = _session()
    readers = [threading.Thread(target=lambda: list(session.reply("Hi"))) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert most == [1, 1, 1]


def test_an_error_of_the_model_reaches_the_reader_and_the_message_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def generate(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    expected = "".join(_session().reply("Hello"))
    session = _session()
    with monkeypatch.context() as patch:
        patch.setattr(streamed_answer, "generate", generate)
        with pytest.raises(ZeroDivisionError):
            list(session.reply("Something else"))
    assert "".join(session.reply("Hello")) == expected


def test_an_answer_near_the_end_of_the_context_is_cut_and_a_full_one_can_be_reset() -> None:
    session = _session(context=120)
    first = "".join(session.reply("Hello"))
    assert first, "400 new tokens do not fit, some do"
    with pytest.raises(DataError, match=r"no room .* the model's 120\. Type /reset"):
        list(session.reply("a" * 100))
    session.reset()
    assert "".join(session.reply("Hello")) == first


def test_a_message_that_is_too_long_by_itself_is_not_to_be_reset() -> None:
    with pytest.raises(DataError, match="Write a shorter message"):
        list(_session(context=60).reply("a" * 100))


def _saying(*pieces: str, lengths: list[int] | None = None) -> Any:
    """A `generate` that says this; notes the prompts' lengths."""

    def generate(_: object, prompts: Any, *, listeners: Any, **__: Any) -> list[Continuation]:
        if lengths is not None:
            lengths.append(len(prompts[0].ids))
        for piece in pieces:
            listeners.streamer.on_finalized_text(piece)
        listeners.streamer.end()
        return [Continuation(ids=list("".join(pieces).encode()), finish_reason="stop")]

    return generate
