"""A teacher that is played: a good one, and ones that fail in the ways that teachers do.

`answer` takes the body of a chat completion, so a server in a process of its own can be it too:

    python -m tests.endpoint_server --answer tests.teacher.played:answer
"""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tunesmith.endpoints.chat_request import ChatFailure, ChatReply, ChatRequest, Endpoint, Outcome
from tunesmith.files import hash_json

Body = dict[str, Any]
Answer = Callable[[Body], str]
VERBS = ("Describe", "Compare", "Summarise", "List", "Explain", "Rewrite", "Outline", "Name")
THINGS = (
    *("lighthouse keepers", "alpine railways", "sourdough starters", "chess openings"),
    *("coral reefs", "paper mills", "night markets", "folk dances", "bee colonies"),
    *("tax forms", "tidal power", "string quartets", "desert plants", "city trams"),
    *("glass blowing", "mountain huts", "school gardens", "old maps", "ferry timetables"),
)
TURNS = (
    *("for somebody who has never seen them", "in the words of a child", "as a careful critic"),
    *("with one example from daily life", "before and after the railway came"),
    *("and say what most people get wrong", "without any technical term"),
    *("for the notice board of a village", "as they were a hundred years ago"),
)
FENCED = re.compile(r"<<<(TEXT|文本)-(\w+)\n(.*?)\n\1-\2>>>", re.DOTALL)


def last_message(body: Body) -> str:
    return str(body["messages"][-1]["content"])


def fenced(text: str) -> list[str]:
    return [match[2] for match in FENCED.findall(text)]


def rng_of(body: Body) -> random.Random:
    text = f"{body.get('seed')} {last_message(body)}"
    return random.Random(hashlib.sha256(text.encode()).hexdigest())


def answer(body: Body) -> str:  # noqa: PLR0911
    """What a good teacher answers to each of the prompts."""
    text, rng = last_message(body), rng_of(body)
    if '{"tasks"' in text:
        return json.dumps({"tasks": [new_task(rng) for _ in range(8)]})
    if '{"classification"' in text:
        numbers = re.findall(r"^(\d+)\. Decide", text, re.MULTILINE)
        return json.dumps({"classification": [int(number) for number in numbers]})
    if '{"instances"' in text:
        instances = [
            {"label": "yes", "input": "It rained all day."},
            {"label": "no", "input": "Nobody came to the fair."},
        ]
        return json.dumps({"instances": instances})
    if '{"input"' in text:
        about = fenced(text)[-1]
        given = f"A note about it, number {rng.randrange(10**6)}." if rng.random() < 0.5 else ""
        response = f"There is much to say on that, such as what {rng.randrange(10**9)} people saw."
        return json.dumps({"input": given, "response": f"{response} It was: {about}"})
    if '{"pairs"' in text:
        return json.dumps({"pairs": pairs_about(fenced(text)[0], text)})
    if '{"supported"' in text:
        return '{"supported": "yes"}'
    if '{"rewordings"' in text:
        return json.dumps({"rewordings": [f"Please tell me: {fenced(text)[0]}"]})
    return json.dumps({"response": "A lighthouse warns ships of rocks, and shows them the way in."})


def new_task(rng: random.Random) -> str:
    things = " and ".join(rng.sample(THINGS, 3))
    if rng.random() < 0.2:
        return f"Decide whether the text on {things} is friendly."
    return f"{rng.choice(VERBS)} {things} {rng.choice(TURNS)}."


def pairs_about(text: str, prompt: str) -> list[dict[str, str]]:
    """The first sentences, each asked for."""
    sentences = re.findall(r"[A-Z][^.\n]{20,}\.", text)[:2]
    start = "How do I know" if "How do I" in prompt else "What is said on"
    return [
        {"instruction": f"{start} {' '.join(one.split()[:6])}?", "response": one, "passage": one}
        for one in sentences
    ]


class PlayedEndpoint:
    """Who answers, by name only."""

    name = "played"
    identity: Mapping[str, str] = MappingProxyType({"model": "played"})
    at_once = 1

    def check(self) -> None:
        """Always there."""

    def reply(self, requests: Sequence[ChatRequest]) -> Sequence[Outcome]:
        raise AssertionError("a PlayedAsker answers by itself")


class PlayedAsker:
    """Answers at once, and remembers what it was asked."""

    def __init__(self, answer: Answer = answer, *, finish_reason: Any = "stop") -> None:
        self.answer = answer
        self.finish_reason = finish_reason
        self.asked: list[ChatRequest] = []
        self.num_handed = 0  # a real asker may have asked these ahead

    @property
    def endpoint(self) -> Endpoint:
        return PlayedEndpoint()

    def ask_all(self, requests: Sequence[ChatRequest]) -> Iterator[Outcome]:
        self.num_handed += len(requests)
        for request in requests:
            self.asked.append(request)
            messages = [{"role": one.role, "content": one.content} for one in request.messages]
            text = self.answer({"messages": messages, "seed": request.seed})
            call_id = hash_json([messages, request.seed])
            if text == "":
                yield ChatFailure(call_id=call_id, reason="server error", detail="dialled in")
            else:
                yield ChatReply(call_id=call_id, text=text, finish_reason=self.finish_reason)

    def num_asked(self, purpose: str) -> int:
        return sum(purpose in request.purpose for request in self.asked)
