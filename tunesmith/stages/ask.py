"""One prompt and several models -> their answers, piece by piece.

Models on this machine answer in turn, so that only one is in memory at a time; servers answer
meanwhile.
"""

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from queue import SimpleQueue
from typing import Unpack

from tunesmith.examples.example import Message
from tunesmith.stages.responders.asked_model import AskedModel, LocalModel
from tunesmith.stages.responders.model_names import AskOptions, check_key, open_model
from tunesmith.stages.results.answer_pieces import AnswerPiece, whole_answers
from tunesmith.stages.results.answered import Answer

_JOIN_SECONDS = 5.0  # a model that is being loaded is not waited for


Turns = list[tuple[int, AskedModel]]
Heard = SimpleQueue[AnswerPiece | BaseException]


def ask(text: str, models: Sequence[str], **options: Unpack[AskOptions]) -> Iterator[Answer]:
    """Put one question to each model; their answers, in the order of the models.

    Args:
        text: The question.
        models: Names, as `open_model` knows them.
        options: See `AskOptions`.

    Raises:
        MissingError: There is no such model.
        RemoteError: A server is not there.
    """
    return whole_answers(ask_pieces(text, models, **options))


def ask_pieces(
    text: str, models: Sequence[str], **options: Unpack[AskOptions]
) -> Generator[AnswerPiece, None, None]:
    """The pieces of all answers as they come; closing it ends them all.

    All models are found, and servers asked whether they are there, before any is loaded.

    Args:
        text: The question.
        models: Names, as `open_model` knows them.
        options: See `AskOptions`.

    Raises:
        MissingError: There is no such model.
        RecipeError: An address is none, or a key has nowhere, or several places, to go.
        RemoteError: A server is not there.
    """
    check_key(models, options.get("key_env"))
    opened: list[AskedModel] = []
    with ExitStack() as held:
        for name in models:
            opened.append(open_model(name, **options))
            held.callback(opened[-1].free)
        for model in opened:
            model.check()
        yield from _heard(text, opened)


def _heard(text: str, models: Sequence[AskedModel]) -> Generator[AnswerPiece, None, None]:
    queue: Heard = SimpleQueue()
    is_over = threading.Event()
    messages = (Message(role="user", content=text),)
    threads = [
        threading.Thread(target=_work, args=(turns, messages, queue, is_over), daemon=True)
        for turns in _side_by_side(models)
    ]
    for thread in threads:
        thread.start()
    try:
        num_waiting = len(models)
        while num_waiting:
            piece = queue.get()
            if isinstance(piece, BaseException):
                raise piece
            num_waiting -= piece.answer is not None
            yield piece
    finally:
        is_over.set()
        for model in models:
            if not isinstance(model, LocalModel):
                model.free()
        for thread in threads:
            thread.join(timeout=_JOIN_SECONDS)


def _side_by_side(models: Sequence[AskedModel]) -> list[Turns]:
    """Models here one after the other, and each server beside them."""
    turns = list(enumerate(models))
    here = [turn for turn in turns if isinstance(turn[1], LocalModel)]
    return [here, *([turn] for turn in turns if turn not in here)]


def _work(
    turns: Turns, messages: Sequence[Message], queue: Heard, is_over: threading.Event
) -> None:
    try:
        for place, model in turns:
            for piece in _pieces(place, model, messages):
                queue.put(piece)
                if is_over.is_set():
                    return
    except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
        queue.put(error)


def _pieces(place: int, model: AskedModel, messages: Sequence[Message]) -> Iterator[AnswerPiece]:
    with closing(model.answer(messages)) as texts:
        while True:
            try:
                yield AnswerPiece(place, next(texts))
            except StopIteration as end:
                model.free()
                yield AnswerPiece(place, "", end.value)
                return
