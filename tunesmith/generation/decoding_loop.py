"""Prompts -> continuations, each as it ends; its place is taken by a prompt that waits.

Every step reads one row without padding: a token for each text that is going on, and the whole
prompts of those that join. What all prompts begin with is read once.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch

from tunesmith.generation.likeliest import LikeliestTokens, RoundedHead, likeliest
from tunesmith.generation.prompt import AskedText, Continuation, FinishReason, TokenChoice
from tunesmith.generation.sampling import RowDraws, draws_of, sampled
from tunesmith.models.continue_texts import continue_texts, find_continuation_output, plain_head
from tunesmith.models.forward import ContinuationOutput, LanguageModel
from tunesmith.models.rows.key_value_cache import KeyValueCache
from tunesmith.training.engine import has_bf16

_LEAST_SHARED = 8  # tokens that are worth a forward of their own
_JOINING_TOKENS = 4096  # of prompts that join in one step, or one longer prompt
_JOINING_SHARE = 8  # prompts join once an eighth of the places is free
_LARGE_HEAD = 1 << 22  # weights from which a rounded copy pays


@dataclass(slots=True)
class _Text:
    number: int
    asked: AskedText
    draws: RowDraws | None
    ids: list[int] = field(default_factory=list)
    first_near_tie: int | None = None

    @property
    def prompt_ids(self) -> Sequence[int]:
        return self.asked.prompt.ids

    @property
    def is_cancelled(self) -> bool:
        event = self.asked.listeners.cancelled
        return event is not None and event.is_set()

    @property
    def needs_logits(self) -> bool:
        return self.draws is not None or self.asked.listeners.num_likely is not None

    def ended(self, reason: FinishReason) -> tuple[int, Continuation]:
        tie = self.first_near_tie
        return self.number, Continuation(ids=self.ids, finish_reason=reason, first_near_tie=tie)


class Writer:
    """Continues texts with one model, `num_at_once` of them at a time, each on its own terms.

    Texts may be added between any two steps; each step tells which of them have ended.
    """

    def __init__(self, model: LanguageModel, *, stop_ids: Sequence[int], num_at_once: int) -> None:
        self._model = model
        self._stop_ids = frozenset(stop_ids)
        self._num_at_once = num_at_once
        self._cache = KeyValueCache(num_at_once)
        self._beginning: Sequence[int] = ()
        self._waiting: deque[_Text] = deque()
        self._going: list[_Text] = []
        model.network.eval()

    @cached_property
    def _head(self) -> RoundedHead | None:
        return _rounded_head(self._model)

    @property
    def is_idle(self) -> bool:
        """Whether no text waits or goes on."""
        return not self._waiting and not self._going

    def add(self, number: int, asked: AskedText) -> None:
        """Let a text wait for a place; it is begun after those that were added before.

        Args:
            number: What `step` calls it.
            asked: The text, with at least one token.
        """
        prompt = asked.prompt
        self._waiting.append(_Text(number, asked, draws_of(asked.recipe, prompt.key)))
        if asked.listeners.streamer is not None:
            asked.listeners.streamer.put(torch.tensor(prompt.ids))

    @torch.inference_mode()
    def begin_with(self, ids: Sequence[int]) -> None:
        """Read once what the texts to come begin with, where it is worth it; none may go on."""
        self._cache.shrink()
        if len(ids) >= _LEAST_SHARED and list(ids) != list(self._beginning):
            self._cache = KeyValueCache(self._num_at_once)
            self._beginning = ids
            self._read(ids, [len(ids)], is_greedy=True)
            self._cache.share()

    def step(self) -> list[tuple[int, Continuation]]:
        """Write one more token of each text.

        Returns:
            The numbers of texts that have ended, and what follows their prompts.
        """
        ended = self._drop_cancelled()
        if not self.is_idle:
            ended += self._accept(*self._write())
        return ended

    @torch.inference_mode()
    def _drop_cancelled(self) -> list[tuple[int, Continuation]]:
        dropped = [text for text in [*self._going, *self._waiting] if text.is_cancelled]
        for place in reversed(range(len(self._going))):
            if self._going[place].is_cancelled:
                self._leave(place)
        if dropped:
            self._waiting = deque(text for text in self._waiting if not text.is_cancelled)
        return [_told_end(text, "length") for text in dropped]

    @torch.inference_mode()
    def _write(self) -> tuple[LikeliestTokens, torch.Tensor | None]:
        """Read the newest tokens and prompts that join, and choose what follows each text.

        Returns:
            The choice, and the (R, V) logits where they were computed.
        """
        ids = [text.ids[-1] for text in self._going]
        joining = self._take()
        self._part_from_beginning(joining)
        shared = self._cache.num_shared
        for text in joining:
            ids += text.prompt_ids[shared:]
        is_greedy = not any(text.needs_logits for text in [*self._going, *joining])
        lengths = [len(text.prompt_ids) - shared for text in joining]
        read = self._read(ids, lengths, is_greedy=is_greedy)
        self._going += joining
        if is_greedy and self._head is not None:
            return self._head.choose(read), None
        return likeliest(sampled(read, [text.draws for text in self._going])), read

    def _read(
        self, ids: Sequence[int], new_lengths: Sequence[int], *, is_greedy: bool
    ) -> torch.Tensor:
        output: ContinuationOutput = "hidden" if is_greedy and self._head else "logits"
        return continue_texts(self._model, self._cache, ids, new_lengths, output=output)

    def _part_from_beginning(self, joining: Sequence[_Text]) -> None:
        """Share nothing any more, once a text joins that begins otherwise."""
        if all(_begins_with(text.prompt_ids, self._beginning) for text in joining):
            return
        self._cache.unshare()
        self._beginning = ()

    def _take(self) -> list[_Text]:
        """Prompts that join now: few at a time would cost a forward's overhead each."""
        num_free = self._num_at_once - len(self._going)
        if self._going and num_free < max(1, self._num_at_once // _JOINING_SHARE):
            return []
        taken: list[_Text] = []
        room = _JOINING_TOKENS
        while self._waiting and len(taken) < num_free:
            room -= len(self._waiting[0].prompt_ids) - self._cache.num_shared
            if taken and room < 0:
                break
            taken.append(self._waiting.popleft())
        return taken

    @torch.inference_mode()
    def _accept(
        self, choice: LikeliestTokens, logits: torch.Tensor | None
    ) -> list[tuple[int, Continuation]]:
        """Add its token to each text; those that end leave their places."""
        tokens, ties = choice.tokens.tolist(), choice.is_near_tie.tolist()
        ended = []
        for place in reversed(range(len(self._going))):
            text = self._going[place]
            if text.first_near_tie is None and ties[place] and text.draws is None:
                text.first_near_tie = len(text.ids)
            is_stopped = self._add_token(
                text, tokens[place], None if logits is None else logits[place]
            )
            if is_stopped or len(text.ids) >= text.asked.room:
                self._leave(place)
                ended.append(_told_end(text, "stop" if is_stopped else "length"))
        return ended

    def _add_token(self, text: _Text, token: int, logits: torch.Tensor | None) -> bool:
        """Add a token unless it is a stop, and tell who listens; whether the text is over."""
        told = text.asked.listeners
        if told.streamer is not None:
            told.streamer.put(torch.tensor([token]))
        if token in self._stop_ids:
            return True
        text.ids.append(token)
        if told.on_token is not None:
            told.on_token(_token_choice(token, logits, told.num_likely))
        return told.is_over is not None and told.is_over(text.ids)

    def _leave(self, place: int) -> None:
        """Free a place; the last text moves into it."""
        self._cache.remove(place)
        last = self._going.pop()
        if place < len(self._going):
            self._going[place] = last


def write_all(writer: Writer, texts: Sequence[AskedText]) -> Iterator[tuple[int, Continuation]]:
    """Continue texts, in their order as places become free; what all begin with is read once.

    Yields:
        The number of a text and what follows its prompt, as soon as it has ended.
    """
    ids = [text.prompt.ids for text in texts]
    writer.begin_with(ids[0][: _count_shared(ids)])
    for number, text in enumerate(texts):
        writer.add(number, text)
    while not writer.is_idle:
        yield from writer.step()


def _told_end(text: _Text, reason: FinishReason) -> tuple[int, Continuation]:
    """A text's end, of which its streamer hears too."""
    if text.asked.listeners.streamer is not None:
        text.asked.listeners.streamer.end()
    return text.ended(reason)


def _token_choice(token: int, logits: torch.Tensor | None, num_likely: int | None) -> TokenChoice:
    if logits is None or num_likely is None:
        return TokenChoice(token=token)
    logprobs = logits.float().log_softmax(dim=-1)
    best = logprobs.topk(num_likely)
    likely = tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    return TokenChoice(token=token, logprob=float(logprobs[token]), likely=likely)


def _begins_with(ids: Sequence[int], beginning: Sequence[int]) -> bool:
    """Whether a text has these tokens, and at least one more."""
    return len(ids) > len(beginning) and list(ids[: len(beginning)]) == list(beginning)


def _rounded_head(model: LanguageModel) -> RoundedHead | None:
    """A bf16 copy of a large plain head, where the processor multiplies bf16."""
    weight = plain_head(model) if find_continuation_output(model) == "hidden" else None
    if weight is None or weight.numel() < _LARGE_HEAD or weight.dtype != torch.float32:
        return None
    return RoundedHead(weight.detach()) if model.device.type == "cpu" and has_bf16("cpu") else None


def _count_shared(prompts: Sequence[Sequence[int]]) -> int:
    """Tokens that all prompts begin with; each keeps at least one of its own."""
    if len(prompts) < 2:
        return 0
    ids = [list(prompt) for prompt in prompts]
    first, last, ends = min(ids), max(ids), min(map(len, ids)) - 1
    pairs = enumerate(zip(first, last, strict=False))
    return min(ends, next((place for place, (a, b) in pairs if a != b), ends))
