"""Several answers that come at once, piece by piece -> whole ones, in the order of their models."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tunesmith.errors import RemoteError
from tunesmith.stages.results.answered import Answer

ANSWERED = ("stop", "length")


@dataclass(frozen=True, slots=True)
class AnswerPiece:
    """Some text of one model's answer; `answer` is all of it, once it has ended."""

    place: int
    text: str
    answer: Answer | None = None


def whole_answers(pieces: Iterable[AnswerPiece]) -> Iterator[Answer]:
    """The whole answers, in the order of their models."""
    ended: dict[int, Answer] = {}
    place = 0
    for piece in pieces:
        if piece.answer is not None:
            ended[piece.place] = piece.answer
        while place in ended:
            yield ended.pop(place)
            place += 1


def is_address(name: str) -> bool:
    """Whether a model's name is that of a server."""
    return name.startswith(("http://", "https://"))


def short_name(name: str) -> str:
    """What a column is headed with: of a model behind a server its name there."""
    return name.partition("#")[2] or name if is_address(name) else name


def refuse_unanswered(answers: Iterable[Answer]) -> None:
    """Say with the exit code that a server did not answer.

    Raises:
        RemoteError: The reason stands in the answer.
    """
    failed = [one for one in answers if is_address(one.model) and one.finish_reason not in ANSWERED]
    if failed:
        cure = "Ask again, or look at the server's log."
        raise RemoteError(failed[0].finish_reason, where=failed[0].model, cure=cure)
