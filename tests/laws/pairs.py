"""Real chat templates and real tokenizers, with and without the templates' own markers."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken
from transformers import AutoTokenizer

from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.names import find_template
from tunesmith.templates.template import Rendering, Template
from tunesmith.tokens.encode import EncodedExample, encode_rows
from tunesmith.tokens.tokenizer import Tokenizer, wrap_tokenizer

TOKENIZERS = ["gpt2", "mistral_v1", "olmo_neox", "pythia_gpt_neox"]
PAIRS = [
    *((name, markers) for name in TOKENIZERS for markers in ("as text", "not special")),
    ("gpt2", "special"),
    ("mistral_v1", "special"),
]
FEW_PAIRS = [("gpt2", "as text"), ("mistral_v1", "special"), ("olmo_neox", "not special")]
INEXACT = "trl_deepseekv3.jinja"  # starts answers with <think>, and writes answers without it
NUM_TEMPLATES = 26

_MARKER = re.compile(
    r"<\|\w+\|>|<｜[^｜]+｜>|<(?:start|end)_of_turn>|\[/?(?:INST|SYSTEM_PROMPT)\]|</?think>"
)
_BUILT = ["<|system|>", "<|user|>", "<|assistant|>"]


@cache
def tokenizer_of(folder: Path, markers: str) -> Tokenizer:
    """A real tokenizer; the markers of all templates added as `markers` says."""
    hf = AutoTokenizer.from_pretrained(folder)
    if markers != "as text":
        names = sorted(_all_markers(folder.parent.parent / "chat_templates"))
        tokens = [AddedToken(name, special=markers == "special") for name in names]
        hf.add_tokens(tokens, special_tokens=markers == "special")
    return wrap_tokenizer(hf, name=f"{folder.name}, markers {markers}")


def template_paths(shared_data: Path) -> list[Path]:
    paths = sorted((shared_data / "chat_templates").glob("*.jinja"))
    assert len(paths) == NUM_TEMPLATES
    return paths


def templates_for(shared_data: Path, tokenizer: Tokenizer) -> Iterator[tuple[Path, Template]]:
    """All templates that can be handled exactly."""
    for path in template_paths(shared_data):
        if path.name != INEXACT:
            yield path, _template(path, tokenizer)


_FOUND: dict[tuple[str, str], Template] = {}


def _template(path: Path, tokenizer: Tokenizer) -> Template:
    key = (path.name, tokenizer.name)
    if key not in _FOUND:
        _FOUND[key] = find_template(TemplateRecipe(name=str(path)), tokenizer.texts)
    return _FOUND[key]


def conversation(*contents: str, system: str | None = None) -> list[Message]:
    """User and assistant in turns."""
    roles = ["user", "assistant"]
    turns = [Message(role=roles[i % 2], content=text) for i, text in enumerate(contents)]
    return turns if system is None else [Message(role="system", content=system), *turns]


def answers(messages: Sequence[Message]) -> list[int]:
    return [i for i, message in enumerate(messages) if message.role == "assistant"]


def chat_text(tokenizer: Tokenizer, path: Path, messages: Sequence[Message], **options: Any) -> str:
    """What transformers renders."""
    return _apply(tokenizer, path, messages, tokenize=False, **options)


def chat_ids(
    tokenizer: Tokenizer, path: Path, messages: Sequence[Message], *, is_prompt: bool = True
) -> list[int]:
    """The ids that transformers gives."""
    return _apply(tokenizer, path, messages, add_generation_prompt=is_prompt).input_ids


def encoded_turns(
    rows: Sequence[Rendering], tokenizer: Tokenizer
) -> list[tuple[list[int], list[int]]]:
    """For each trained stretch: what precedes it in its row, and its own ids."""
    turns = []
    for example in encode_rows(rows, tokenizer):
        ids = example.ids.tolist()
        for start, end in trained_spans(example):
            turns.append((ids[:start], ids[start:end]))
    return turns


def trained_spans(example: EncodedExample) -> list[tuple[int, int]]:
    flags = [False, *example.is_trained.tolist(), False]
    starts = [i for i in range(len(flags) - 1) if flags[i + 1] and not flags[i]]
    ends = [i for i in range(len(flags) - 1) if flags[i] and not flags[i + 1]]
    return list(zip(starts, ends, strict=True))


def _apply(tokenizer: Tokenizer, path: Path, messages: Sequence[Message], **options: Any) -> Any:
    turns = [{"role": message.role, "content": message.content} for message in messages]
    if tokenizer.hf.bos_token is None:
        options["bos_token"] = ""
    return tokenizer.hf.apply_chat_template(
        turns, chat_template=path.read_text(encoding="utf-8"), **options
    )


@cache
def _all_markers(folder: Path) -> frozenset[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.jinja"))]
    return frozenset(_BUILT).union(*(_MARKER.findall(text) for text in texts))
