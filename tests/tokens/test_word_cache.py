"""Runs encoded by words give the ids of the whole runs, and nothing is cut where it may not be."""

import itertools
import random
from typing import Any

import orjson
import pytest
from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tests.tokens.built import byte_level, sentencepiece_like, unigram
from tunesmith.errors import TunesmithError
from tunesmith.tokens import word_cache as words_module
from tunesmith.tokens.plain_backend import PlainBackends, plain_backends
from tunesmith.tokens.word_cache import WordCache, unpacked
from tunesmith.tokens.word_cuts import CUT

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")


def splitting(pattern: str) -> PreTrainedTokenizerFast:
    hf = byte_level()
    hf.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return hf


def digits() -> PreTrainedTokenizerFast:
    hf = byte_level()
    hf.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return hf


def composing() -> PreTrainedTokenizerFast:
    hf = byte_level([AddedToken("  "), AddedToken("    ")])
    hf.backend_tokenizer.normalizer = normalizers.NFC()
    return hf


def backends_of(hf: PreTrainedTokenizerFast) -> PlainBackends:
    added = hf.added_tokens_decoder.items()
    control = {token.content: number for number, token in added if token.content.strip()}
    return plain_backends(hf.backend_tokenizer.to_str(), control)


CUTTABLE = {
    "gpt2": byte_level,
    "gpt2 as split": lambda: splitting(GPT2),
    "llama3": lambda: splitting(LLAMA3),
    "qwen2": lambda: splitting(QWEN2),
    "digits": digits,
    "spaces and NFC": composing,
    "prefix": lambda: byte_level(prefix=True),
}
NOT_CUTTABLE = {
    "unigram": unigram,
    "unknown split": lambda: splitting(r"\w+ \w+|\s+|\S"),
    "a token that is one space": lambda: byte_level([AddedToken(" ")]),
    "unknown signs are fused": lambda: sentencepiece_like("legacy"),
}


def texts(count: int) -> list[str]:
    """Words, signs and spaces of all kinds in any order."""
    rng = random.Random(7)
    parts = [*"aZ09.,'\"#<>|(_\t\n\r", " ", " ", " ", "  ", "    ", "'s", "'LL", "hello", "world"]
    parts += [
        "\n\n",
        " \n",
        "ü",
        "u\u0308",
        "日本",
        "\u00a0",
        "\u2009",
        "\u0301",
        "👍🏽",
        "1234",
        "\x1c",
    ]
    return ["".join(rng.choices(parts, k=rng.randint(1, 40))) for _ in range(count)]


@pytest.mark.parametrize("name", CUTTABLE)
@pytest.mark.parametrize("is_head", [True, False])
def test_words_give_the_ids_of_the_whole_text(name: str, is_head: bool) -> None:
    backends = backends_of(CUTTABLE[name]())
    assert backends.cuts_at_words
    samples = texts(2000)
    whole = backends.encode(samples, is_head=is_head)
    memory = WordCache(backends)
    for _ in range(2):  # the second time from memory
        assert [unpacked([run]) for run in memory.encode(samples, is_head=is_head)] == whole


@pytest.mark.parametrize("name", CUTTABLE)
def test_any_two_visible_characters_can_be_cut_apart(name: str) -> None:
    backends = backends_of(CUTTABLE[name]())
    visible = [chr(code) for code in range(33, 127)]
    pairs = [f"{a} {b}" for a, b in itertools.product(visible, visible)]
    assert all(len(CUT.split(pair)) == 2 for pair in pairs)
    whole = backends.encode(pairs, is_head=False)
    by_words = WordCache(backends).encode(pairs, is_head=False)
    assert [unpacked([run]) for run in by_words] == whole


@pytest.mark.parametrize("name", NOT_CUTTABLE)
def test_what_is_not_shown_to_be_exact_is_not_cut(name: str) -> None:
    backends = backends_of(NOT_CUTTABLE[name]())
    assert not backends.cuts_at_words
    samples = texts(50)
    whole = backends.encode(samples, is_head=False)
    runs = WordCache(backends).encode(samples, is_head=False)
    assert [unpacked([run]) for run in runs] == whole


@pytest.mark.parametrize(
    "change",
    [
        {"dropout": 0.1},
        {"end_of_word_suffix": "</w>"},
        {"continuing_subword_prefix": "##"},
    ],
)
def test_a_model_that_looks_beyond_a_word_is_not_cut(change: dict[str, Any]) -> None:
    settings = orjson.loads(byte_level().backend_tokenizer.to_str())
    assert plain_backends(orjson.dumps(settings).decode(), {}).cuts_at_words
    settings["model"].update(change)
    if "dropout" not in change:  # the library refuses merges that do not fit these
        settings["model"]["merges"] = []
    assert not plain_backends(orjson.dumps(settings).decode(), {}).cuts_at_words


def test_without_a_split_the_vocabulary_decides() -> None:
    hf = byte_level()
    hf.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(
        add_prefix_space=False, use_regex=False
    )
    settings = orjson.loads(hf.backend_tokenizer.to_str())
    assert plain_backends(orjson.dumps(settings).decode(), {}).cuts_at_words
    model = settings["model"]
    model["vocab"]["eĠ"] = 1 + max(model["vocab"].values())
    model["merges"].append(["e", "Ġ"])
    assert not plain_backends(orjson.dumps(settings).decode(), {}).cuts_at_words


def test_a_wrong_cut_is_noticed() -> None:
    settings = orjson.loads(byte_level().backend_tokenizer.to_str())
    settings["pre_tokenizer"] = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": True,
        "use_regex": False,
    }
    model = settings["model"]
    model["vocab"]["eĠ"] = 1 + max(model["vocab"].values())
    model["merges"].insert(0, ["e", "Ġ"])
    across = plain_backends(orjson.dumps(settings).decode(), {})
    wrong = PlainBackends(
        head=across.head,
        middle=across.middle,
        restarts=across.restarts,
        new_ids=across.new_ids,
        cuts_at_words=True,
    )
    with pytest.raises(TunesmithError, match="do not give the ids"):
        WordCache(wrong).encode(["the answer"] * 100, is_head=False)


def test_a_full_memory_forgets_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_module, "_MAX_BYTES", 2_000)
    backends = backends_of(byte_level())
    memory = WordCache(backends)
    samples = texts(300)
    whole = backends.encode(samples, is_head=True)
    found = []
    for start in range(0, len(samples), 10):
        found += memory.encode(samples[start : start + 10], is_head=True)
    assert [unpacked([run]) for run in found] == whole
