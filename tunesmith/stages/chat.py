"""What a person types, turn by turn -> what a model answers, piece by piece."""

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Unpack

from tunesmith.errors import DataError, RecipeError, RemoteError
from tunesmith.examples.example import Message
from tunesmith.files import write_json_lines
from tunesmith.stages.responders.asked_model import AskedModel, ServedModel
from tunesmith.stages.responders.model_names import AskOptions, check_key, open_model
from tunesmith.stages.results.answer_pieces import ANSWERED
from tunesmith.stages.results.answered import Answer


class ChatSession:
    """A conversation with one model; remembers the turns where its template has several."""

    def __init__(self, model: AskedModel) -> None:
        self._model = model
        self._system: list[Message] = []
        self._turns: list[Message] = []  # of user and assistant, in turn
        self._num_retries = 0

    @property
    def has_memory(self) -> bool:
        """Whether earlier turns are part of the prompt."""
        return self._model.has_memory

    def close(self) -> None:
        """Let go of the model."""
        self._model.free()

    def reset(self) -> None:
        """Forget the conversation; a system message stays."""
        self._turns = []

    def set_system(self, text: str) -> None:
        """Lead the conversation by a system message, or by none; it begins anew.

        Raises:
            DataError: The template cannot express it.
        """
        system = [Message(role="system", content=text)] if text else []
        self._model.refusal([*system, Message(role="user", content="a")])
        self._system = system
        self.reset()

    def reply(self, text: str) -> Generator[str, None, None]:
        """Answer one message; the pieces joined are the answer.

        A template without turns sees each message alone. A reply that is closed or
        interrupted ends its generation, and its message is forgotten.

        Raises:
            DataError: The conversation has outgrown the model's context, or a server failed.
        """
        self._num_retries = 0
        return self._reply(text, before=len(self._turns))

    def retry(self) -> Generator[str, None, None]:
        """Answer the last message once more; a sample is drawn anew.

        Raises:
            DataError: Nothing has been answered yet.
        """
        if not self._turns:
            raise DataError("nothing has been answered yet", cure="Write a message first.")
        self._num_retries += 1
        return self._reply(self._turns[-2].content, before=len(self._turns) - 2)

    def save(self, path: Path) -> int:
        """Write the conversation as JSON Lines, which `tunesmith import` reads.

        Returns:
            How many answers it holds.

        Raises:
            RecipeError: There is such a file, or nowhere to write it.
        """
        if path.exists():
            raise RecipeError("is there already", where=str(path), cure="Name a new file.")
        pairs = [self._turns[at : at + 2] for at in range(0, len(self._turns), 2)]
        threads = [self._turns] if self.has_memory and pairs else pairs
        lines = [[*self._system, *thread] for thread in threads]
        write_json_lines(
            path,
            (
                {"messages": [{"role": one.role, "content": one.content} for one in line]}
                for line in lines
            ),
        )
        return len(pairs)

    def _reply(self, text: str, *, before: int) -> Generator[str, None, None]:
        earlier = self._turns[:before] if self.has_memory else []
        asked = [*self._system, *earlier, Message(role="user", content=text)]
        self._refuse_full(asked)
        key = f"turn {len(asked)}" + (f" again {self._num_retries}" if self._num_retries else "")
        answer: Answer | None = None
        shown = ""
        with closing(self._model.answer(asked, key=key)) as pieces:
            while answer is None:
                try:
                    piece = next(pieces)
                    shown += piece
                    yield piece
                except StopIteration as end:
                    answer = end.value
        if answer.finish_reason not in ANSWERED:
            kind = RemoteError if isinstance(self._model, ServedModel) else DataError
            raise kind(f"no answer: {answer.finish_reason}", cure="Ask again, or something else.")
        if shown.strip():
            said = Message(role="assistant", content=shown)
            self._turns[before:] = [Message(role="user", content=text), said]

    def _refuse_full(self, asked: Sequence[Message]) -> None:
        problem = self._model.refusal(asked)
        if problem is not None:
            is_long = len(asked) > len(self._system) + 1
            cure = "Type /reset to begin anew." if is_long else "Write a shorter message."
            raise DataError(problem, cure=cure)


def chat(model: str, **options: Unpack[AskOptions]) -> ChatSession:
    """Open a conversation with a model.

    Args:
        model: Its name, as `open_model` knows it.
        options: See `AskOptions`.

    Raises:
        MissingError: There is no such model.
        RemoteError: A server is not there.
    """
    check_key([model], options.get("key_env"))
    opened = open_model(model, **options)
    try:
        opened.check()
    except BaseException:
        opened.free()
        raise
    return ChatSession(opened)
