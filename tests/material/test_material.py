"""The material has each trait of real templates and tokenizers, so the laws meet them all."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateError
from transformers.utils.chat_template_utils import _compile_jinja_template

from tests.material.build_tokenizers import BUILDERS, FOLDER, HERE, write
from tunesmith.errors import RecipeError
from tunesmith.tokens.tokenizer import Tokenizer, load_tokenizer

TURN = [("user", " q "), ("assistant", " a ")]
TALK = [*TURN, ("user", "r"), ("assistant", "b")]
TIGHT = [("user", "q"), ("assistant", "a")]
RULED = [("system", "rules"), *TURN]
SIGNS = {"bos_token": "<BOS>", "eos_token": "<EOS>"}

Show = Callable[..., str]


def shown(text: str, turns: list[tuple[str, str]] = TURN, **options: Any) -> str:
    """What transformers renders; an empty text where the template refuses."""
    messages = [{"role": role, "content": content} for role, content in turns]
    try:
        return _compile_jinja_template(text).render(messages=messages, **SIGNS, **options)
    except TemplateError:  # it calls raise_exception
        return ""


TEMPLATE_TRAITS: dict[str, Callable[[str], bool]] = {
    "keeps content": lambda t: " q " in shown(t) and " a " in shown(t),
    "trims questions only": lambda t: " q " not in shown(t) and " a " in shown(t),
    "trims answers only": lambda t: " q " in shown(t) and " a " not in shown(t),
    "trims all": lambda t: " q " not in shown(t) and " a " not in shown(t),
    "changes content": lambda t: "x\n\ny" not in shown(t, [("user", "x\n\ny")]),
    "ignores the generation prompt": lambda t: shown(t, add_generation_prompt=True) == shown(t),
    "a prompt that ends with a space": lambda t: prompt(t).endswith(" "),
    "a prompt that ends with a word": lambda t: prompt(t)[-1:] == ":",
    "an answer behind a space": lambda t: shown(t, TIGHT).startswith(f"{prompt(t)} a"),
    "a prompt that no answer follows": lambda t: not shown(t).startswith(prompt(t)),
    "rewritten history": lambda t: not shown(t, TALK).startswith(shown(t)),
    "an empty thought": lambda t: "<think></think>" in shown(t),
    "thinking in the prompt": lambda t: "<think>" in prompt(t),
    "refused system": lambda t: shown(t, RULED) == "",
    "joined system": lambda t: "rules\n\nq" in shown(t, RULED).replace("\n\n q", "\n\nq"),
    "system of its own": lambda t: "You" in shown(t) and "You" not in shown(t, RULED),
    "no begin token": lambda t: "<BOS>" not in shown(t),
    "a begin token": lambda t: shown(t).startswith("<BOS>") and shown(t, TALK).count("BOS") == 1,
    "a begin token a question": lambda t: shown(t, TALK).count("<BOS>") == 2,
    "the tokenizer's end token": lambda t: "<EOS>" in shown(t),
    "an end of its own": lambda t: shown(t).endswith("|>"),
    "no end": lambda t: shown(t).rstrip(" ").endswith("a"),
    "text behind the end": lambda t: shown(t).endswith(">\n"),
    "dates": lambda t: str(datetime.now(UTC).year) in shown(t, strftime_now=now),
    "tools": lambda t: "spade" in shown(t, tools=[{"name": "spade"}]),
    "roles that must alternate": lambda t: "raise_exception('first the user" in t,
    "roles of other names": lambda t: "model" in shown(t) and "assistant" not in shown(t),
    "neighbours in one turn": lambda t: "q \n\n again" in shown(t, [TURN[0], ("user", " again ")]),
    "a macro": lambda t: "macro" in t,
    "a namespace": lambda t: "namespace(" in t,
    "a generation tag": lambda t: "{%- generation" in t,
    "a loop that is cut short": lambda t: "continue" in t,
    "markers beyond ASCII": lambda t: "｜" in shown(t),
}


def prompt(text: str) -> str:
    return shown(text, TURN[:1], add_generation_prompt=True)


def now(form: str) -> str:
    return datetime.now(UTC).strftime(form)


TOKENIZER_TRAITS: dict[str, Callable[[Tokenizer], bool]] = {
    "no begin token": lambda t: t.hf.bos_token is None,
    "begin token put in front": lambda t: t.texts.begin == t.hf.bos_token is not None,
    "and a space behind it": lambda t: (t.texts.begin or "").endswith(" "),
    "pad equal to end": lambda t: t.hf.pad_token == t.hf.eos_token,
    "no pad": lambda t: t.hf.pad_token is None,
    "a pad of its own": lambda t: t.pad_id != t.end_id,
    "byte-level pairs": lambda t: "ByteLevel" in settings(t, "decoder"),
    "byte fallback": lambda t: "ByteFallback" in settings(t, "decoder"),
    "unigram": lambda t: '"Unigram"' in settings(t, "model"),
    "word pieces": lambda t: '"WordPiece"' in settings(t, "model"),
    "whole words first": lambda t: '"ignore_merges": true' in settings(t, "model"),
    "a space before each piece": lambda t: t.encoder.backends.restarts,
    "runs of spaces as added tokens": lambda t: " " * 24 in t.hf.added_tokens_encoder,
    "single spaces as added tokens": lambda t: " " in t.hf.added_tokens_encoder,
    "line breaks as added tokens": lambda t: "\n\n" in t.hf.added_tokens_encoder,
    "NFC": lambda t: "NFC" in settings(t, "normalizer"),
    "encoded word by word": lambda t: t.encoder.backends.cuts_at_words,
    "tokens of several words": lambda t: any(token[1:-1].count("▁") for token in t.hf.get_vocab()),
    "spaces that move without control tokens": lambda t: bool(t.encoder.backends.new_ids),
    "encoded as a whole": lambda t: not t.encoder.backends.cuts_at_words,
    "no marker": lambda t: len(t.control_ids) < 5,
    "all markers": lambda t: {"<|turn|>", "<|over|>", "<think>"} <= set(t.control_ids),
    "ends but no beginnings": lambda t: (
        "<|over|>" in t.control_ids and "<|turn|>" not in t.texts.control_tokens
    ),
    "lstrip": lambda t: any(token.lstrip for token in added(t)),
    "rstrip": lambda t: any(token.rstrip for token in added(t)),
    "normalized": lambda t: any(token.normalized and token.content.strip() for token in added(t)),
    "thinking not special": lambda t: any(
        token.content == "<think>" and not token.special for token in added(t)
    ),
    "a template's stop token is the end": lambda t: t.texts.end_token == "<|over|>",
    "a model class that builds its parts itself": lambda t: (
        type(t.hf).__name__ in ("LlamaTokenizer", "GPT2Tokenizer")
    ),
}


def settings(tokenizer: Tokenizer, part: str) -> str:
    return json.dumps(json.loads(tokenizer.encoder.scanner.backend.to_str())[part])


def added(tokenizer: Tokenizer) -> list[Any]:
    return list(tokenizer.hf.added_tokens_decoder.values())


def test_every_trait_of_templates_is_there() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (HERE / "templates").glob("*.jinja")]
    missing = [name for name, has in TEMPLATE_TRAITS.items() if not any(map(has, texts))]
    assert not missing


def test_every_trait_of_tokenizers_is_there() -> None:
    tokenizers = [load_tokenizer(FOLDER / name) for name in BUILDERS]
    missing = [name for name, has in TOKENIZER_TRAITS.items() if not any(map(has, tokenizers))]
    assert not missing


def test_tokenizers_are_what_their_program_builds(tmp_path: Path) -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(BUILDERS)
    for name, build in BUILDERS.items():
        write(tmp_path / name, build())
        for path in (FOLDER / name).iterdir():
            built = json.loads((tmp_path / name / path.name).read_text(encoding="utf-8"))
            kept = json.loads(path.read_text(encoding="utf-8"))
            assert built == kept, f"{name}: run python -m tests.material.build_tokenizers"


def test_without_an_end_token_none_is_accepted(tmp_path: Path) -> None:
    write(tmp_path, (BUILDERS["neox"]()[0], {}))
    with pytest.raises(RecipeError, match="names no end token"):
        load_tokenizer(tmp_path)
