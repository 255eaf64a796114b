"""A conversation survives whatever ends a reply."""

import threading
from pathlib import Path
from typing import Any

import pytest
from transformers import TextIteratorStreamer

from tests.generation.tiny_responders import gpt2_responder
from tunesmith.errors import DataError, RecipeError
from tunesmith.files import read_json_lines
from tunesmith.generation.generate import Continuation
from tunesmith.generation.responder import Responder
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.chat import ChatSession
from tunesmith.stages.responders import streamed_answer
from tunesmith.stages.responders.asked_model import LocalModel

LONG = GenerationRecipe(max_new_tokens=400)


def _session(context: int = 512, recipe: GenerationRecipe = LONG) -> ChatSession:
    return _session_of(gpt2_responder(context, recipe, template="chatml"))


def _session_of(responder: Responder) -> ChatSession:
    return ChatSession(LocalModel("tiny", lambda: responder))


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


def test_a_retry_answers_the_last_message_and_draws_anew() -> None:
    drawn = GenerationRecipe(max_new_tokens=12, temperature=2.0)
    session, once = _session(recipe=drawn), _session(recipe=drawn)
    with pytest.raises(DataError, match="nothing has been answered yet"):
        session.retry()
    first = "".join(session.reply("Hello"))
    again = ["".join(session.retry()) for _ in range(2)]
    assert len({first, *again}) == 3
    assert "".join(once.reply("Hello")) == first
    greedy = _session(recipe=GenerationRecipe(max_new_tokens=8))
    assert "".join(greedy.reply("Hello")) == "".join(greedy.retry())


def test_a_system_message_leads_until_it_is_taken_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(streamed_answer, "generate", _saying("one", lengths=asked))
    session = _session()
    list(session.reply("First"))
    session.set_system("Be brief and polite.")
    list(session.reply("First"))
    list(session.reply("Second"))
    assert session.save(tmp_path / "chat.jsonl") == 2
    session.set_system("")
    list(session.reply("First"))
    assert asked[0] == asked[3] < asked[1] < asked[2]
    (row,) = read_json_lines(tmp_path / "chat.jsonl")
    said = [(one["role"], one["content"]) for one in row["messages"]]
    assert said[:3] == [("system", "Be brief and polite."), ("user", "First"), ("assistant", "one")]
    with pytest.raises(RecipeError, match="is there already"):
        session.save(tmp_path / "chat.jsonl")


def test_a_chat_without_turns_is_saved_as_pairs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(streamed_answer, "generate", _saying("one"))
    session = _session_of(gpt2_responder(512, LONG, template="alpaca"))
    for text in ("First", "Second"):
        list(session.reply(text))
    session.save(tmp_path / "chat.jsonl")
    rows = list(read_json_lines(tmp_path / "chat.jsonl"))
    assert [row["messages"][0]["content"] for row in rows] == ["First", "Second"]


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
