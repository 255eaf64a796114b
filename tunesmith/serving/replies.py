"""Answers -> the objects of OpenAI's API: whole, or the chunks of a stream."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from tunesmith.generation.prompt import Continuation, TokenChoice
from tunesmith.serving.exchange import Exchange

_BROKEN = "\N{REPLACEMENT CHARACTER}"


class Reply:
    """The envelope of one request's answers."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._is_chat = exchange.request.is_chat
        self._id = f"{'chatcmpl' if self._is_chat else 'cmpl'}-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._decode = exchange.hosted.responder.tokenizer.decode
        self._num_written = [0] * len(exchange.choices)  # characters, for raw logprobs

    def whole(self) -> dict[str, Any]:
        """All answers at once."""
        exchange = self._exchange
        text = exchange.hosted.answer_text(exchange.request)
        choices = []
        for number, choice in enumerate(exchange.choices):
            assert choice.ended is not None
            answer, reason = text.of(choice.ended)
            said = (
                {"message": {"role": "assistant", "content": answer, "refusal": None}}
                if self._is_chat
                else {"text": answer}
            )
            logprobs = self._logprobs(number, choice.tokens)
            choices.append({"index": number, **said, "logprobs": logprobs, "finish_reason": reason})
        kind = "chat.completion" if self._is_chat else "text_completion"
        return {**self._head(kind), "choices": choices, "usage": self.usage()}

    def first(self, number: int) -> dict[str, Any]:
        """The chunk that says who speaks."""
        return self._chunk(number, {"delta": {"role": "assistant", "content": ""}}, None, ())

    def piece(
        self, number: int, text: str, tokens: Sequence[TokenChoice], reason: str | None = None
    ) -> dict[str, Any]:
        """A chunk with the next piece of an answer, or with its end."""
        if not self._is_chat:
            said: dict[str, Any] = {"text": text}
        else:
            said = {"delta": {"content": text} if text else {}}
        return self._chunk(number, said, reason, tokens)

    def counts(self) -> dict[str, Any]:
        """The chunk with the counts and no answer."""
        return {**self._head(self._chunk_kind), "choices": [], "usage": self.usage()}

    def usage(self) -> dict[str, int]:
        """Tokens that were read and written."""
        read = sum(len(prompt.ids) for prompt in self._exchange.prompts)
        ended = [choice.ended for choice in self._exchange.choices]
        written = sum(len(one.ids) for one in ended if isinstance(one, Continuation))
        return {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        }

    @property
    def _chunk_kind(self) -> str:
        return "chat.completion.chunk" if self._is_chat else "text_completion"

    def _head(self, kind: str) -> dict[str, Any]:
        hosted = self._exchange.hosted
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": hosted.name,
            "system_fingerprint": f"rendering-{hosted.rendering[:16]}",
        }

    def _chunk(
        self,
        number: int,
        said: dict[str, Any],
        reason: str | None,
        tokens: Sequence[TokenChoice],
    ) -> dict[str, Any]:
        choice = {
            "index": number,
            **said,
            "logprobs": self._logprobs(number, tokens) if tokens else None,
            "finish_reason": reason,
        }
        chunk = {**self._head(self._chunk_kind), "choices": [choice]}
        return {**chunk, "usage": None} if self._exchange.request.has_usage else chunk

    def _logprobs(self, number: int, tokens: Sequence[TokenChoice]) -> dict[str, Any] | None:
        if self._exchange.request.num_likely is None:
            return None
        if self._is_chat:
            return {"content": [self._told(one) for one in tokens], "refusal": None}
        texts = [self._decode([one.token]) for one in tokens]
        offsets = []
        for text in texts:
            offsets.append(self._num_written[number])
            self._num_written[number] += len(text)
        return {
            "tokens": texts,
            "token_logprobs": [one.logprob for one in tokens],
            "top_logprobs": [
                {self._decode([token]): value for token, value in one.likely} for one in tokens
            ],
            "text_offset": offsets,
        }

    def _told(self, choice: TokenChoice) -> dict[str, Any]:
        likely = [self._likely(token, value) for token, value in choice.likely]
        return {**self._likely(choice.token, choice.logprob), "top_logprobs": likely}

    def _likely(self, token: int, logprob: float | None) -> dict[str, Any]:
        """A token's text; its bytes only where it is no part of a character."""
        text = self._decode([token])
        is_whole = _BROKEN not in text
        return {
            "token": text,
            "logprob": logprob,
            "bytes": list(text.encode()) if is_whole else None,
        }
