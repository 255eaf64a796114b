"""Tokenizers and chat templates that laws 2, 3 and 4 are tested on.

Those of `tests/material` are ours and always there; the real ones in `../shared/data` come
in addition where that folder is, with the templates' own markers held by the tokenizer or not.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import AddedToken
from transformers import AutoTokenizer

from tests.material import build_tokenizers
from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.sandbox.compiled_template import CompiledTemplate, compile_template
from tunesmith.templates.chat_probe import chat_template
from tunesmith.templates.names import find_template
from tunesmith.templates.template import Rendering, Template
from tunesmith.tokens.encode import EncodedExample, encode_rows
from tunesmith.tokens.tokenizer import Tokenizer, load_tokenizer, wrap_tokenizer

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "tests" / "material"
REAL = ROOT.parent / "shared" / "data"
OUR_PAIRS = [(name, "ours") for name in sorted(build_tokenizers.BUILDERS)]
REAL_TOKENIZERS = ["gpt2", "mistral_v1", "olmo_neox", "pythia_gpt_neox"]
REAL_PAIRS = [
    *((name, markers) for name in REAL_TOKENIZERS for markers in ("as text", "not special")),
    ("gpt2", "special"),
    ("mistral_v1", "special"),
]
PAIRS = [*OUR_PAIRS, *(REAL_PAIRS if REAL.is_dir() else [])]
_FEW = [
    *(("gpt2", "ours"), ("mistral", "ours"), ("qwen", "ours")),
    *(("gpt2", "as text"), ("mistral_v1", "special"), ("olmo_neox", "not special")),
]
FEW_PAIRS = [names for names in _FEW if names in PAIRS]  # bytes, sentencepiece, with markers
NUM_TEMPLATES = {OURS: 20, REAL: 26}
INEXACT = ("inexact_think.jinja", "trl_deepseekv3.jinja")  # generation starts with <think>
REFUSES_SYSTEM = "refuses_system.jinja"

_MARKER = re.compile(
    r"<\|\w+\|>|<｜[^｜]+｜>|<(?:start|end)_of_turn>|\[/?(?:INST|SYSTEM_PROMPT)\]|</?think>"
)
_BUILT = ["<|system|>", "<|user|>", "<|assistant|>"]


class Pair:
    """A tokenizer, and the folder of chat templates that are tried with it."""

    def __init__(self, tokenizer: Tokenizer, folder: Path) -> None:
        self.tokenizer = tokenizer
        self.folder = folder

    def __repr__(self) -> str:
        return f"<{self.tokenizer.name}>"  # short, for what hypothesis prints

    def exact_templates(self) -> Iterator[tuple[Path, Template]]:
        """All that can be handled exactly."""
        for path in template_paths(self.folder):
            if path.name not in INEXACT:
                yield path, _template(path, self.tokenizer)


def pair_of(name: str, markers: str) -> Pair:
    """A tokenizer of ours, or a real one with the markers of all templates as `markers` says."""
    if markers == "ours":
        return Pair(_our_tokenizer(name), OURS)
    return Pair(_real_tokenizer(name, markers), REAL)


@cache
def template_paths(material: Path) -> list[Path]:
    folder = material / ("templates" if material == OURS else "chat_templates")
    paths = sorted(folder.glob("*.jinja"))
    assert len(paths) == NUM_TEMPLATES[material], f"{folder} holds {len(paths)} templates"
    return paths


def fitting(path: Path, messages: Sequence[Message]) -> list[Message]:
    """The conversation, without its system prompt where the template refuses one."""
    drops = path.name == REFUSES_SYSTEM and messages[0].role == "system"
    return list(messages[1:] if drops else messages)


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


def control_ids(tokenizer: Tokenizer) -> dict[str, int]:
    """Added tokens that are not only whitespace, as transformers lists them."""
    added = tokenizer.hf.added_tokens_decoder.items()
    return {token.content: token_id for token_id, token in added if token.content.strip()}


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
    return tokenizer.hf.apply_chat_template(turns, chat_template=_text(path), **options)


@cache
def _our_tokenizer(name: str) -> Tokenizer:
    return load_tokenizer(OURS / "tokenizers" / name)


@cache
def _real_tokenizer(name: str, markers: str) -> Tokenizer:
    hf = AutoTokenizer.from_pretrained(REAL / "tokenizers" / name)
    if markers != "as text":
        tokens = [AddedToken(name, special=markers == "special") for name in _all_markers()]
        hf.add_tokens(tokens, special_tokens=markers == "special")
    return wrap_tokenizer(hf, name=f"{name}, markers {markers}")


@cache
def _all_markers() -> list[str]:
    texts = [_text(path) for path in template_paths(REAL)]
    return sorted(set(_BUILT).union(*(_MARKER.findall(text) for text in texts)))


_FOUND: dict[tuple[str, str], Template] = {}


def built_in(name: str, tokenizer: Tokenizer) -> Template:
    """A template of Tunesmith's own."""
    key = (name, tokenizer.name)
    if key not in _FOUND:
        _FOUND[key] = find_template(TemplateRecipe(name=name), tokenizer.texts)
    return _FOUND[key]


def _template(path: Path, tokenizer: Tokenizer) -> Template:
    key = (path.name, tokenizer.name)
    if key not in _FOUND:
        _FOUND[key] = chat_template(str(path), _compiled(path), texts=tokenizer.texts)
    return _FOUND[key]


@cache
def _compiled(path: Path) -> CompiledTemplate:
    return compile_template(_text(path), where=f"template '{path}'")


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
