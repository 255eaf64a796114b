"""Loading a tokenizer: what is found out, what is refused, and that encoding is proved."""

import pickle
from pathlib import Path

import pytest
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Backend
from transformers import PreTrainedTokenizerFast

from tests.material.build_tokenizers import BUILDERS, FOLDER
from tests.tokens.built import byte_level, sentencepiece_like, unigram
from tunesmith.errors import MissingError, RecipeError
from tunesmith.templates.template import Segment
from tunesmith.tokens.encode import encode_prompt
from tunesmith.tokens.tokenizer import load_tokenizer, wrap_tokenizer

BEGINS = {"gpt2": None, "pythia_gpt_neox": None, "olmo_neox": None, "mistral_v1": "<s> "}


OUR_BEGINS = {
    **dict.fromkeys(("gpt2", "neox", "qwen", "unigram", "words")),
    **{"mistral": "<s> ", "llama2": "<s>", "llama3": "<|begin|>", "gemma": "<bos>"},
}


@pytest.mark.parametrize("name", BUILDERS)
def test_our_tokenizers_are_proved_exact(name: str) -> None:
    assert_proved_exact(FOLDER / name, begin=OUR_BEGINS[name])


@pytest.mark.parametrize("name", BEGINS)
def test_real_tokenizers_are_proved_exact(name: str, shared_data: Path) -> None:
    assert_proved_exact(shared_data / "tokenizers" / name, begin=BEGINS[name])


def assert_proved_exact(folder: Path, *, begin: str | None) -> None:
    tokenizer = load_tokenizer(folder)
    assert tokenizer.texts.begin == begin
    assert tokenizer.end_id == tokenizer.hf.eos_token_id
    assert tokenizer.vocabulary_size == max(tokenizer.hf.get_vocab().values()) + 1
    assert tokenizer.texts.end_token in tokenizer.texts.control_tokens
    assert not any(token.isspace() for token in tokenizer.texts.control_tokens)


@pytest.mark.parametrize(
    "hf",
    [
        byte_level(),
        byte_level(prefix=True),
        sentencepiece_like("first"),
        sentencepiece_like("always"),
        sentencepiece_like("never"),
        sentencepiece_like("legacy"),
        unigram(),
        byte_level([AddedToken("    "), AddedToken("  ", normalized=False)]),
    ],
    ids=["byte", "byte+prefix", "first", "always", "never", "legacy", "unigram", "spaces"],
)
def test_every_kind_of_tokenizer_is_proved_exact(hf: PreTrainedTokenizerFast) -> None:
    tokenizer = wrap_tokenizer(hf, name="built")
    begin = tokenizer.texts.begin or ""
    written = (Segment(text=f"{begin}Hello world", is_content=False, is_trained=False),)
    assert encode_prompt(written, tokenizer).tolist() == hf("Hello world").input_ids


def test_a_saved_tokenizer_loads_again(tmp_path: Path) -> None:
    byte_level([AddedToken("<think>")]).save_pretrained(tmp_path)
    tokenizer = load_tokenizer(tmp_path)
    assert "<think>" in tokenizer.texts.control_tokens
    assert tokenizer.fingerprint == load_tokenizer(tmp_path).fingerprint
    assert tokenizer.fingerprint != wrap_tokenizer(byte_level(), name="x").fingerprint


def test_a_pickled_tokenizer_encodes_alike() -> None:
    tokenizer = wrap_tokenizer(sentencepiece_like("first"), name="built")
    again = pickle.loads(pickle.dumps(tokenizer))
    text = (Segment(text="Hello </s> world", is_content=False, is_trained=False),)
    assert encode_prompt(text, again).tolist() == encode_prompt(text, tokenizer).tolist()
    assert again.fingerprint == tokenizer.fingerprint


def test_pad_and_stop_ids() -> None:
    tokenizer = wrap_tokenizer(byte_level([AddedToken("<|im_end|>")]), name="built")
    assert tokenizer.pad_id == tokenizer.end_id
    stops = tokenizer.stop_ids(("<|im_end|>", "<|endoftext|>", "<|absent|>"))
    assert stops == (tokenizer.control_ids["<|im_end|>"], tokenizer.end_id)


def test_decoding_keeps_the_space_that_a_continuation_begins_with() -> None:
    tokenizer = wrap_tokenizer(sentencepiece_like("first"), name="built")
    ids = [
        *tokenizer.hf("Hello", add_special_tokens=False).input_ids,
        tokenizer.end_id,
    ]
    assert tokenizer.decode(ids) == " Hello</s>"
    assert tokenizer.decode(ids, is_start=True) == "Hello</s>"
    assert tokenizer.decode(ids, is_start=True, skip_control=True) == "Hello"


def test_a_tokenizer_that_changes_text_is_refused() -> None:
    hf = byte_level()
    hf.backend_tokenizer.normalizer = normalizers.Lowercase()
    with pytest.raises(RecipeError, match="cannot be handled exactly: the answer"):
        wrap_tokenizer(hf, name="uncased")


def test_a_tokenizer_that_strips_text_is_refused() -> None:
    backend = Backend(models.WordLevel({"<unk>": 0, "Hello": 1, "</s>": 2}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.decoder = decoders.WordPiece()
    backend.add_special_tokens(["</s>"])
    hf = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")
    with pytest.raises(RecipeError, match="words: this tokenizer cannot be handled exactly"):
        wrap_tokenizer(hf, name="words")


def test_a_tokenizer_without_end_is_refused() -> None:
    hf = byte_level()
    hf.eos_token = None
    with pytest.raises(RecipeError, match="names no end token"):
        wrap_tokenizer(hf, name="endless")


def test_missing_folders_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such model folder"):
        load_tokenizer(tmp_path / "absent")
    with pytest.raises(MissingError, match="no such model folder"):
        load_tokenizer("./absent")
    with pytest.raises(MissingError, match="no tokenizer in this folder"):
        load_tokenizer(tmp_path)
