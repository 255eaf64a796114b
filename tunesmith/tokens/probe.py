"""A tokenizer -> nothing, or an error: is encoding with it exact?

Ordinary text must get the ids that transformers gives, content must never become a control
token, and trained text must decode to what was written.
"""

from collections.abc import Callable
from typing import Any

from tunesmith.errors import RecipeError
from tunesmith.templates.template import Rendering, Segment
from tunesmith.tokens.text_encoder import TextEncoder

_MAX_CONTROL = 48
_TEXTS = (
    "Hello",
    " Hello world ",
    "Hello\n\n  world\n",
    "\n",
    "   ",
    "  two spaces   three\t\ttabs",
    "def f(x):\n        return x  # eight\n",
    "1234567 3.14 (a+b)*c != d; e-mail@x.org",
    "don't DON'T I'll",
    "Grüße, naïve façade — „quoted“",
    "日本語のテキスト。中文",
    "العربية עברית हिन्दी",
    "👍🏽 👨‍👩‍👧 🇩🇪",
    "### Question:\nWhat?\n\n### Answer:",
    "user\nHi\n",
)


def refuse_inexact(
    hf: Any, encoder: TextEncoder, *, decode: Callable[[list[int]], str], where: str
) -> None:
    """Compare with transformers on a varied set of texts.

    Args:
        hf: The tokenizer of transformers.
        encoder: Ours, made from it.
        decode: Ids that continue a text -> their text.
        where: What errors name as their place.

    Raises:
        RecipeError: They differ; names the text and both results.
    """
    findings = [_ids_differ(text, hf, encoder) for text in _TEXTS]
    findings += [_continuation_differs(text, encoder, decode) for text in _TEXTS]
    for token in _sample(sorted(encoder.scanner.ids)):
        for text in (f"{token}Hello {token} world\n{token}\n {token}", f" {token}  {token}{token}"):
            findings.append(_ids_differ(text, hf, encoder))
        findings.append(_content_controls(token, encoder))
    if found := next((finding for finding in findings if finding), None):
        raise RecipeError(
            f"this tokenizer cannot be handled exactly: {found}",
            where=where,
            cure="Use another model; training with approximate tokens is not offered.",
        )


def _sample(tokens: list[str]) -> list[str]:
    step = max(1, -(-len(tokens) // _MAX_CONTROL))
    return tokens[::step]


def _ids_differ(text: str, hf: Any, encoder: TextEncoder) -> str | None:
    theirs = hf(text, add_special_tokens=False).input_ids
    ours = encoder.prompt_ids(_template_text(text))
    if ours == theirs:
        return None
    return f"{text!r} gives {theirs} in transformers, here {ours}"


def _content_controls(token: str, encoder: TextEncoder) -> str | None:
    typed = Segment(text=f"{token} b{token}", is_content=True, is_trained=False)
    ids = encoder.prompt_ids((*_template_text("a "), typed))
    if set(encoder.scanner.ids.values()).isdisjoint(ids):
        return None
    return f"the typed text {token!r} becomes a control token"


def _continuation_differs(
    text: str, encoder: TextEncoder, decode: Callable[[list[int]], str]
) -> str | None:
    prompt = _template_text("Answer:")
    border = len(encoder.prompt_ids(prompt))
    answer = Segment(text=text, is_content=True, is_trained=True)
    decoded = decode(encoder.prompt_ids((*prompt, answer))[border:])
    return None if decoded == text else f"the answer {text!r} decodes to {decoded!r}"


def _template_text(text: str) -> Rendering:
    return (Segment(text=text, is_content=False, is_trained=False),)
