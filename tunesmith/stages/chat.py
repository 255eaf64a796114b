"""What a person types, turn by turn -> what a model answers, piece by piece."""

import threading
from collections.abc import Generator, Sequence
from contextlib import closing

from tunesmith.errors import DataError
from tunesmith.examples.example import Message
from tunesmith.generation.generate import Prompt
from tunesmith.generation.responder import OpenQuestion, Responder
from tunesmith.recipe.recipe import GenerationRecipe
from tunesmith.stages.responders.load_responder import named_responder
from tunesmith.stages.responders.streamed_answer import StreamedAnswer


class ChatSession:
    """A conversation with one model; remembers the turns where its template has several."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._messages: list[Message] = []
        self._model_lock = threading.Lock()

    @property
    def has_memory(self) -> bool:
        """Whether earlier turns are part of the prompt."""
        turns = (
            Message(role="user", content="a"),
            Message(role="assistant", content="b"),
            Message(role="user", content="c"),
        )
        try:
            self._responder.template.render_prompt(turns)
        except DataError:
            return False
        return True

    def reset(self) -> None:
        """Forget the conversation."""
        self._messages = []

    def reply(self, text: str) -> Generator[str, None, None]:
        """Answer one message; the pieces joined are the answer.

        A template without turns sees each message alone. A reply that is closed or
        interrupted ends its generation, and its message is forgotten.

        Raises:
            DataError: The conversation has outgrown the model's context.
        """
        if not self.has_memory:
            self.reset()
        asked = [*self._messages, Message(role="user", content=text)]
        stream = StreamedAnswer(self._responder, self._prompt(asked), model_lock=self._model_lock)
        pieces = []
        with closing(stream.pieces()) as texts:
            for piece in texts:
                pieces.append(piece)
                yield piece
        answer = "".join(pieces)
        if answer.strip():
            self._messages = [*asked, Message(role="assistant", content=answer)]

    def _prompt(self, asked: Sequence[Message]) -> Prompt:
        question = OpenQuestion(example_id=f"turn {len(asked)}", messages=asked)
        prompt = self._responder.prompt_of(question)
        if self._responder.room_after(prompt) > 0:
            return prompt
        raise DataError(
            f"the conversation is {len(prompt.ids):,} tokens; that leaves no room for an answer "
            f"in the model's {self._responder.model.context_tokens:,}",
            cure="Type /reset to begin anew." if len(asked) > 1 else "Write a shorter message.",
        )


def chat(model: str, *, generation: GenerationRecipe) -> ChatSession:
    """Open a conversation with a model: starter, a run, a folder or a Hub id.

    Raises:
        MissingError: There is no such model.
    """
    return ChatSession(named_responder(model, recipe=generation))
