"""Texts to be judged and a judge -> verdicts in their order, each read or failed.

A reply that cannot be read is asked for again, twice; then the call has failed. A failure is
counted under its reason and never becomes a number.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from tunesmith.endpoints.chat_request import AnyCaller, ChatFailure, ChatRequest, Outcome
from tunesmith.evaluation.judge.fence import Fence
from tunesmith.evaluation.judge.judge_prompt import ATTEMPTS, JudgePrompt
from tunesmith.evaluation.judge.read_reply import Unreadable

T = TypeVar("T")
V = TypeVar("V")
Read = Callable[[str, str, Sequence[str]], V | Unreadable]  # reply, key, judged texts

AT_ONCE = 256  # questions in memory
TOO_LONG = "too long to be judged"
CUT_REPLY = "reply cut off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement(Generic[V]):
    """What a judge said: `value`, or None and the reason; `call_id` names the last call."""

    value: V | None
    reason: str | None = None
    call_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCall:
    """Texts by the names under which the judge sees them.

    A `repeat` above 0 asks the same anew.
    """

    texts: Mapping[str, str]
    repeat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(Generic[V]):
    """A model that judges, what it is told, and how its replies are read."""

    caller: AnyCaller
    prompt: JudgePrompt
    read: Read[V]
    seed: int = 0

    def requests(self, calls: Iterable[JudgeCall]) -> list[ChatRequest]:
        """What will be asked, if every reply can be read; to forecast a job."""
        fenced = ((call, self.prompt.fence(call.texts, seed=self.seed)) for call in calls)
        return [
            self.prompt.request(fence, repeat=call.repeat)
            for call, fence in fenced
            if fence is not None
        ]

    def verdicts(self, calls: Sequence[JudgeCall]) -> list[Judgement[V]]:
        """Ask all at once, then again for what could not be read."""
        fences = [self.prompt.fence(call.texts, seed=self.seed) for call in calls]
        found: list[Judgement[V]] = [Judgement(value=None, reason=TOO_LONG) for _ in calls]
        waiting = [(place, fence) for place, fence in enumerate(fences) if fence is not None]
        for attempt in range(ATTEMPTS):
            requests = [
                self.prompt.request(fence, attempt=attempt, repeat=calls[place].repeat)
                for place, fence in waiting
            ]
            again = []
            for one, outcome in zip(waiting, self.caller.ask_all(requests), strict=True):
                place, fence = one
                found[place], is_settled = self._read(outcome, fence, calls[place])
                if not is_settled:
                    again.append(one)
            waiting = again
            if not waiting:
                break
        return found

    def _read(self, outcome: Outcome, fence: Fence, call: JudgeCall) -> tuple[Judgement[V], bool]:
        """The verdict, and whether asking again is of no use: the layer below has retried."""
        if isinstance(outcome, ChatFailure):
            return Judgement(value=None, reason=outcome.reason, call_id=outcome.call_id), True
        shown = [*call.texts.values(), self.prompt.rubric]
        value = self.read(outcome.text, fence.key, shown)
        is_cut = outcome.finish_reason == "length"
        if isinstance(value, Unreadable) or (is_cut and not _begins_with_json(outcome.text)):
            reason = value.reason if isinstance(value, Unreadable) and not is_cut else CUT_REPLY
            return Judgement(value=None, reason=reason, call_id=outcome.call_id), False
        return Judgement(value=value, call_id=outcome.call_id), True


def _begins_with_json(reply: str) -> bool:
    """Whether a verdict comes first, so that what was cut off is only what follows it.

    A server may leave out the mark that opens a thought; then a cut reply is all thought.
    """
    return reply.lstrip().removeprefix("```json").lstrip("`\n ").startswith("{")


def in_chunks(items: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Lists of so many items, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
