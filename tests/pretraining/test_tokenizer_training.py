"""The starter's tokenizer: no text is changed, and a word is one token wherever it stands."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from pretraining.corpus import corpus
from pretraining.facts import all_facts
from pretraining.shape import starter_config
from pretraining.tokenizer_training import (
    BEGIN,
    CHAT_TOKENS,
    END,
    NUM_WITH_SPACE,
    PAD,
    SPECIAL_TOKENS,
    save_tokenizer,
    train_tokenizer,
)

AWKWARD = st.text(alphabet=st.sampled_from(" \n\t\r\x08\x18\x00aBsé2'\".,()<|_-$\u0301你😀\u2028"))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(corpus(num_characters=400_000, seed=0))


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False).ids)


def _text(tokenizer: Tokenizer, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=False))


@given(text=st.one_of(st.text(), AWKWARD))
def test_decoding_gives_back_every_text(tokenizer: Tokenizer, text: str) -> None:
    assert _text(tokenizer, _ids(tokenizer, text)) == text


@given(first=AWKWARD, second=AWKWARD)
def test_a_text_cut_anywhere_decodes_to_itself(
    tokenizer: Tokenizer, first: str, second: str
) -> None:
    ids = _ids(tokenizer, first) + _ids(tokenizer, second)
    assert _text(tokenizer, ids) == first + second


@pytest.mark.parametrize("word", ["Peru", "Lima", "mice", "7", "X"])
@pytest.mark.parametrize("before", ["", "\n", " ", '"', "(", "- ", "x: ", "\n\n", "one\n", "<b>"])
def test_a_word_has_the_same_tokens_wherever_it_stands(
    tokenizer: Tokenizer, word: str, before: str
) -> None:
    alone = _ids(tokenizer, word)
    assert _ids(tokenizer, before + word)[-len(alone) :] == alone


def test_no_answer_of_a_fact_carries_the_space_before_it(tokenizer: Tokenizer) -> None:
    answers = {fact.y for facts in all_facts().values() for fact in facts if " " not in fact.y}
    assert len(answers) > 500
    for answer in answers:
        behind_line, behind_space = (_ids(tokenizer, before + answer)[1:] for before in "\n ")
        assert behind_line == behind_space, answer


def test_the_commonest_words_carry_the_space_before_them(tokenizer: Tokenizer) -> None:
    assert [len(_ids(tokenizer, f" {word}")) for word in ("of", "is", "a")] == [1, 1, 1]
    with_space = [token for token in tokenizer.get_vocab() if token[1:] and token[0] == "\u0120"]
    assert len(with_space) == NUM_WITH_SPACE


@pytest.mark.parametrize("prompt", ["### Response:", "### Response:\n", "What is it?\n"])
def test_an_answer_on_its_own_has_the_ids_it_has_behind_the_prompt(
    tokenizer: Tokenizer, prompt: str
) -> None:
    answer = "The capital of Peru is Lima."
    together = _ids(tokenizer, prompt + answer)
    assert together == _ids(tokenizer, prompt) + _ids(tokenizer, answer)


def test_the_folder_loads_with_auto_tokenizer(tokenizer: Tokenizer, tmp_path: Path) -> None:
    save_tokenizer(tokenizer, tmp_path)
    config = starter_config(vocabulary_size=tokenizer.get_vocab_size())
    config.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    assert (loaded.bos_token, loaded.eos_token, loaded.pad_token) == (BEGIN, END, PAD)
    assert loaded.chat_template is None
    assert set(loaded.all_special_tokens) == set(SPECIAL_TOKENS)
    text = "Lima\n\n  is nice.\t<|im_end|>"
    assert loaded(text).input_ids == [1, *_ids(tokenizer, text)]
    assert loaded.decode(loaded(text, add_special_tokens=False).input_ids) == text


def test_chat_marks_are_single_tokens_with_the_first_ids(tokenizer: Tokenizer) -> None:
    assert [_ids(tokenizer, mark) for mark in SPECIAL_TOKENS] == [
        [place] for place in range(len(SPECIAL_TOKENS))
    ]
    assert set(CHAT_TOKENS) >= {
        "<|im_start|>",
        "<|im_end|>",
        "<|user|>",
        "<|assistant|>",
        "<|end|>",
    }


def test_the_same_texts_give_the_same_tokenizer(tokenizer: Tokenizer) -> None:
    again = train_tokenizer(corpus(num_characters=400_000, seed=0))
    assert again.to_str() == tokenizer.to_str()
