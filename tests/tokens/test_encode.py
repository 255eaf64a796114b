"""Segments become exactly the ids of transformers, cut where training begins and ends."""

import pytest
from tokenizers import AddedToken

from tests.tokens.built import byte_level, sentencepiece_like, unigram
from tunesmith.errors import DataError
from tunesmith.templates.template import Rendering, Segment
from tunesmith.tokens.encode import encode_prompt, encode_rows, encode_segments
from tunesmith.tokens.tokenizer import Tokenizer, wrap_tokenizer

STRIPPING = [
    AddedToken("<|user|>", rstrip=True, special=True),
    AddedToken("<|assistant|>", rstrip=True, lstrip=True, special=True),
    AddedToken("<|end|>", rstrip=True, special=True),
    AddedToken("<|word|>", single_word=True),
    AddedToken("<|norm|>", normalized=True),
    AddedToken("<think>", normalized=False),
]


def rendering(*pieces: tuple[str, str]) -> Rendering:
    """Pieces as (kind, text): t template, c content, T and C trained."""
    return tuple(
        Segment(text=text, is_content=kind in "cC", is_trained=kind in "TC")
        for kind, text in pieces
    )


@pytest.fixture(scope="module", params=["byte", "first", "always", "never"])
def stripping(request: pytest.FixtureRequest) -> Tokenizer:
    if request.param == "byte":
        return wrap_tokenizer(byte_level(STRIPPING), name="byte")
    return wrap_tokenizer(sentencepiece_like(request.param, STRIPPING), name=request.param)


PROMPTS = [
    rendering(("t", "<|user|>\n"), ("c", "Hello"), ("t", "<|end|>\n<|assistant|>\n")),
    rendering(("t", "<|user|>\n"), ("c", "  \n Hello  "), ("t", "  <|assistant|> \n")),
    rendering(("t", "<|user|>\n"), ("c", " \n "), ("t", " \n<|assistant|>")),
    rendering(("t", "a<|word|>"), ("c", "x"), ("t", "<|word|> <|word|>b <|word|>")),
    rendering(("t", "<|word|>"), ("c", ". x ."), ("t", "<|word|>")),
    rendering(("c", "Hello"), ("t", "<|norm|>"), ("c", " world"), ("t", "<think>\n")),
    rendering(("t", "</s>"), ("c", "Hello"), ("t", "</s></s>  "), ("c", "  ")),
    rendering(("t", ""), ("c", ""), ("t", "Hello")),
]


@pytest.mark.parametrize("prompt", PROMPTS, ids=range(len(PROMPTS)))
def test_ordinary_text_gets_the_ids_of_transformers(
    stripping: Tokenizer, prompt: Rendering
) -> None:
    text = "".join(segment.text for segment in prompt)
    expected = stripping.hf(text, add_special_tokens=False).input_ids
    assert encode_prompt(prompt, stripping).tolist() == expected


def test_nothing_is_stripped_across_the_beginning_of_training(stripping: Tokenizer) -> None:
    prompt = rendering(("t", "<|user|>Hello<|assistant|>\n"))
    row = rendering(*((("t", prompt[0].text)), ("C", "\n  yes"), ("T", "<|end|>"), ("t", "\nx")))
    encoded = encode_segments(row, stripping)
    before = encode_prompt(prompt, stripping).tolist()
    assert encoded.ids[: len(before)].tolist() == before
    trained = encoded.ids[encoded.is_trained].tolist()
    assert stripping.decode(trained) == "\n  yes<|end|>"
    assert not encoded.is_trained[: len(before)].any()
    assert not encoded.is_trained[-1]


def test_a_stop_token_takes_the_line_break_after_it() -> None:
    tokenizer = wrap_tokenizer(byte_level(STRIPPING), name="byte")
    row = rendering(
        ("t", "<|user|>a<|assistant|>"), ("C", "b"), ("T", "<|end|>"), ("t", "\n<|user|>")
    )
    whole = tokenizer.hf("<|user|>a<|assistant|>b<|end|>\n<|user|>").input_ids
    assert encode_segments(row, tokenizer).ids.tolist() == whole


@pytest.mark.parametrize("scheme", ["first", "always", "legacy"])
def test_an_answer_in_the_middle_gains_no_space(scheme: str) -> None:
    tokenizer = wrap_tokenizer(sentencepiece_like(scheme), name=scheme)
    for answer in ("yes", " yes", "  yes", "\nyes"):
        encoded = encode_segments(
            rendering(("t", "<s>answer:"), ("C", answer), ("T", "</s>")), tokenizer
        )
        trained = encoded.ids[encoded.is_trained].tolist()
        assert tokenizer.decode(trained) == f"{answer}</s>"


@pytest.mark.parametrize(
    "tokenizer",
    [
        wrap_tokenizer(byte_level(STRIPPING), name="byte"),
        wrap_tokenizer(sentencepiece_like("legacy"), name="legacy"),
        wrap_tokenizer(unigram(), name="unigram"),
    ],
    ids=lambda tokenizer: tokenizer.name,
)
def test_typed_control_tokens_stay_text(tokenizer: Tokenizer) -> None:
    control = set(tokenizer.control_ids.values())
    for token in tokenizer.control_ids:
        for typed in (token, f" {token} x", f"x{token}{token}"):
            row = rendering(("t", "Hello "), ("c", typed), ("T", "yes"))
            ids = encode_segments(row, tokenizer).ids.tolist()
            assert control.isdisjoint(ids)
            assert tokenizer.decode(ids, is_start=True) == f"Hello {typed}yes"


def test_a_control_token_put_together_from_content_stays_text() -> None:
    tokenizer = wrap_tokenizer(byte_level(STRIPPING), name="byte")
    for pieces in (("<", "|end|>"), ("<|end", "|>"), ("<|", "end|>")):
        for kinds in ("tc", "ct"):
            row = rendering(*zip(kinds, pieces, strict=True), ("T", "yes"))
            ids = encode_segments(row, tokenizer).ids.tolist()
            assert tokenizer.control_ids["<|end|>"] not in ids


def test_whitespace_tokens_keep_their_ids() -> None:
    spaces = [AddedToken("<|first|>"), AddedToken("    "), AddedToken("<|last|>"), AddedToken("  ")]
    tokenizer = wrap_tokenizer(byte_level(spaces), name="spaces")
    row = rendering(("t", "x:"), ("c", "    x  y"))
    assert encode_prompt(row, tokenizer).tolist() == tokenizer.hf("x:    x  y").input_ids
    assert tokenizer.hf.convert_tokens_to_ids("    ") in encode_prompt(row, tokenizer)


def test_many_rows_at_once_give_the_same_as_one_by_one(stripping: Tokenizer) -> None:
    rows = [
        rendering(("t", "<|user|>"), ("c", f"row {i}"), ("t", "<|assistant|>"), ("C", "y" * i))
        for i in range(1, 20)
    ]
    together = encode_rows(rows, stripping)
    for row, encoded in zip(rows, together, strict=True):
        alone = encode_segments(row, stripping)
        assert alone.ids.tolist() == encoded.ids.tolist()
        assert alone.is_trained.tolist() == encoded.is_trained.tolist()
        assert encoded.ids.dtype == "int32"
        assert encoded.is_trained.dtype == "bool"


def test_a_row_without_a_trained_token_is_refused_with_its_text(stripping: Tokenizer) -> None:
    with pytest.raises(DataError, match="no token of this row is trained: 'Hello world'"):
        encode_segments(rendering(("c", "Hello world")), stripping)
    with pytest.raises(DataError, match="no token of this row is trained"):
        encode_segments(
            rendering(("T", "</s>" if "</s>" in stripping.control_ids else "H")), stripping
        )


def test_seamless_says_whether_the_border_lies_within_a_token(stripping: Tokenizer) -> None:
    is_seamless = stripping.encoder.is_seamless
    assert is_seamless(rendering(("t", "<|user|>a<|end|>"), ("t", "x\n"), ("C", "")))
    assert not is_seamless(rendering(("t", "<|user|>hel"), ("C", "lo there")))
