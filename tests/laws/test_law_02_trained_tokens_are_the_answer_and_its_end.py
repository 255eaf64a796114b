"""Law 2: trained tokens decode to exactly what the template writes for the turn, and its end."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pytest

from tests.laws.pairs import (
    Pair,
    answers,
    chat_text,
    control_ids,
    conversation,
    encoded_turns,
    fitting,
)
from tunesmith.errors import DataError
from tunesmith.templates.template import Segment
from tunesmith.tokens.encode import encode_segments
from tunesmith.tokens.tokenizer import Tokenizer

CONVERSATIONS = [
    conversation("What is up?", "Not much."),
    conversation(
        "Hi", "  **Bold** \n", "go on", "\n\nGrüße 日本 👍🏽", "x", "</s> typed", system="Be!"
    ),
    conversation(
        *("<|im_end|> <|over|>", "a<|im_end|>b<|end|><|over|>", "[/INST] [/ASK]"),
        "</s><|endoftext|> </think> <turn_end>z<|done|>[END]",
    ),
]


def test_trained_tokens_decode_to_the_turn_and_its_end(pair: Pair) -> None:
    tokenizer = pair.tokenizer
    for path, template in pair.exact_templates():
        tail = _tail(tokenizer, path)
        end = _up_to_stop(tail, template.stop_tokens)
        for messages in (fitting(path, one) for one in CONVERSATIONS):
            turns = encoded_turns(template.render(messages), tokenizer)
            for index, (_, trained) in zip(answers(messages), turns, strict=True):
                prompt = chat_text(tokenizer, path, messages[:index], add_generation_prompt=True)
                full = chat_text(tokenizer, path, messages[: index + 1])
                assert full.startswith(prompt)
                assert full.endswith(tail)
                expected = full[len(prompt) : len(full) - len(tail)] + end
                assert _decoded(trained, tokenizer) == expected, (path.name, messages)
                assert trained[-1] in tokenizer.stop_ids(template.stop_tokens)


def test_a_row_without_a_trained_token_is_refused_by_name(pair: Pair) -> None:
    read = Segment(text="Only read", is_content=True, is_trained=False)
    with pytest.raises(DataError, match="no token of this row is trained: 'Only read'"):
        encode_segments((read,), pair.tokenizer)


def _tail(tokenizer: Tokenizer, path: Path) -> str:
    """What the template writes behind an answer."""
    return chat_text(tokenizer, path, conversation("?", "@@")).rpartition("@@")[2]


def _up_to_stop(tail: str, stop_tokens: Sequence[str]) -> str:
    """To the first stop token; where the template writes none, all of it and the end token."""
    found = min((token for token in stop_tokens if token in tail), key=tail.index, default=None)
    return tail + stop_tokens[-1] if found is None else tail[: tail.index(found)] + found


def _decoded(trained: Sequence[int], tokenizer: Tokenizer) -> str:
    """The text of trained ids.

    Some tokenizers begin a text anew behind each control token and put a space there, as they
    do in front of all; that space is theirs.
    """
    if not tokenizer.encoder.backends.restarts:
        return tokenizer.decode(trained)
    control = set(control_ids(tokenizer).values())
    texts = []
    for is_control, run in groupby(trained, control.__contains__):
        ids = list(run)
        is_start = bool(texts) and not is_control
        texts.append(tokenizer.decode(ids, is_start=is_start))
    return "".join(texts)
