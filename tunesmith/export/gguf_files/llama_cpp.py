"""A GGUF file -> llama.cpp with it in memory: its ids, its prompts, its numbers, its answers.

llama.cpp's own server, as others run it, on a port of the loopback and in a process that ends with
it: llama.cpp aborts where a file is not as it expects.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from tunesmith.errors import MissingError, RefusedError
from tunesmith.export.written_answer import WrittenAnswer

_SECONDS = 600.0
_SECONDS_TO_END = 10.0
_SURE = 1000.0  # added to a logit
_SERVER = Path(__file__).with_name("llama_cpp_server.py")


class LlamaCpp:
    """A model in llama.cpp; a context that ends it."""

    def __init__(self, path: Path, *, context_tokens: int, num_threads: int) -> None:
        """Load a file.

        Args:
            path: A GGUF file.
            context_tokens: Of prompt and answer together.
            num_threads: That compute.

        Raises:
            MissingError: llama.cpp is not installed.
            RefusedError: It cannot load the file.
        """
        if find_spec("xllamacpp") is None:
            cure = "pip install 'tunesmith[export]'"
            raise MissingError("llama.cpp is not installed", where="xllamacpp", cure=cure)
        words = [str(path), str(context_tokens), str(num_threads)]
        self._process = subprocess.Popen(
            [sys.executable, str(_SERVER), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        address = self._process.stdout.readline().strip()
        if not address.startswith("http://"):
            self._end()
            raise RefusedError("llama.cpp cannot load the file", where=path.name)
        self._client = httpx2.Client(base_url=address, timeout=_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
        self._end()

    def _end(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        try:
            self._process.wait(timeout=_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ids_of(self, text: str, *, reads_control: bool, adds_begin: bool = False) -> list[int]:
        """The ids of a text.

        Args:
            text: Any text.
            reads_control: Whether control words in it become control tokens.
            adds_begin: Put the begin token before it where the file says so.
        """
        body = {"content": text, "parse_special": reads_control, "add_special": adds_begin}
        return [int(token) for token in self._ask("/tokenize", body)["tokens"]]

    def prompt_of(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The text that the file's own chat template makes of a conversation."""
        return str(self._ask("/apply-template", {"messages": list(messages)})["prompt"])

    def log_probabilities(self, ids: Sequence[int], *, num_likely: int) -> dict[int, float]:
        """The likeliest next tokens and their log-probabilities in nats.

        Empty where the likeliest one ends the answer or begins no whole character: llama.cpp
        tells nothing of such.
        """
        told = self._complete(ids, n_predict=1, n_probs=num_likely)
        return {
            int(one["id"]): float(one["logprob"])
            for first in told.get("completion_probabilities", ())[:1]
            for one in first["top_logprobs"]
        }

    def write(self, ids: Sequence[int], *, num_tokens: int) -> WrittenAnswer:
        """Go on with a prompt, always by the likeliest token."""
        told = self._complete(ids, n_predict=num_tokens, return_tokens=True)
        is_ended = told["stop_type"] == "eos"
        written = tuple(int(token) for token in told["tokens"])
        return WrittenAnswer(ids=written[:-1] if is_ended else written, is_ended=is_ended)

    def ends_at(self, token: int) -> bool:
        """Whether a token ends an answer: it is made to be the next one."""
        told = self._complete([token], n_predict=2, logit_bias=[[token, _SURE]])
        return str(told["stop_type"]) == "eos"

    def _complete(self, ids: Sequence[int], **options: object) -> dict[str, Any]:
        fixed = {"temperature": 0.0, "samplers": ["temperature"], "cache_prompt": False}
        return self._ask("/completion", {"prompt": list(ids), **fixed, **options})

    def _ask(self, route: str, body: Mapping[str, object]) -> dict[str, Any]:
        try:
            reply = self._client.post(route, json=dict(body))
        except httpx2.HTTPError as error:
            told = type(error).__name__
            raise RefusedError(
                f"llama.cpp ended while it was asked ({told})", where=route
            ) from None
        if reply.status_code != httpx2.codes.OK:
            told = reply.text[:200]
            raise RefusedError(f"llama.cpp answers {reply.status_code}: {told}", where=route)
        found: dict[str, Any] = reply.json()
        return found
