"""A judge that answers from a function, in the place of an endpoint."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.endpoints.chat_request import (
    ChatFailure,
    ChatReply,
    ChatRequest,
    Outcome,
    ReplyFinish,
)
from tunesmith.evaluation.judge.plants import paraphrases
from tunesmith.evaluation.metrics import token_f1
from tunesmith.files import hash_json

OWN = {
    (one["reference"], one[answer]): score
    for ones in paraphrases().values()
    for one in ones
    for answer, score in (("right", 100), ("wrong", 0))
}
Reply = Callable[["Seen"], str | ChatFailure]


@dataclass(frozen=True)
class Seen:
    """A question as a judge would read it."""

    key: str
    texts: Mapping[str, str]
    request: ChatRequest | None = None

    def score(self, value: object) -> str:
        """A proper reply with a score."""
        return json.dumps({f"score-{self.key}": value})

    def better(self, choice: object) -> str:
        """A proper reply with a choice."""
        return json.dumps({f"better-{self.key}": choice})

    @property
    def asked(self) -> ChatRequest:
        """The request, where there was one."""
        assert self.request is not None
        return self.request


def true_score(texts: Mapping[str, str]) -> float:
    """What an answer is worth: words in common with the reference, and of our own questions the
    truth, which no word shows."""
    own = OWN.get((texts["reference"], texts["answer"]))
    return token_f1(texts["answer"], texts["reference"]) if own is None else own


def seen_text(text: str, request: ChatRequest | None = None) -> Seen:
    """What stands in the last message of a request."""
    match = re.search(r"^<data-(\w+)>\n(.*)\n</data-\1>$", text, re.MULTILINE)
    assert match is not None, text
    return Seen(match[1], json.loads(match[2]), request)


@dataclass
class StubAsker:
    """Satisfies `AnyCaller`; keeps what it was asked."""

    reply: Reply
    asked: list[ChatRequest] = field(default_factory=list)
    finish_reason: ReplyFinish = "stop"

    @property
    def endpoint(self) -> Any:
        raise NotImplementedError

    def ask_all(self, requests: Sequence[ChatRequest]) -> Iterator[Outcome]:
        for request in requests:
            self.asked.append(request)
            call_id = hash_json([m.content for m in request.messages] + [request.attempt])[:12]
            text = self.reply(seen_text(request.messages[-1].content, request))
            if isinstance(text, ChatFailure):
                yield text
            else:
                yield ChatReply(call_id=call_id, text=text, finish_reason=self.finish_reason)
