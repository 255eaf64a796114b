"""Text of our own -> small tokenizers, one of each kind, for laws that need real ones.

    python -m tests.material.build_tokenizers

The same text gives the same files; `test_material.py` builds them again and compares. The
kinds are those of GPT-2, GPT-NeoX, Mistral, Llama 2, Gemma, T5, Qwen, Llama 3, and one of
word pieces with single spaces as added tokens.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

HERE = Path(__file__).parent
FOLDER = HERE / "tokenizers"
TEXT = (HERE / "text.txt").read_text(encoding="utf-8").splitlines(keepends=True)
THINKING = ["<think>", "</think>"]
STARTS = [
    *("<|turn|>", "<|system|>", "<|user|>", "<|assistant|>", "<|rules|>", "<|ask|>", "<|reply|>"),
    *("<|mid|>", "<turn_begin>", "<｜Asker｜>", "<｜Helper｜>", "<|im_start|>", "[ASK]", "[/ASK]"),
]
STOPS = ["<|over|>", "<|done|>", "<|end|>", "<turn_end>", "<|im_end|>"]
UTF8 = [f"<0x{byte:02X}>" for byte in range(256)]
SPACE = "▁"
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

Built = tuple[Tokenizer, dict[str, Any]]  # and its tokenizer_config.json


def tokens(
    names: Sequence[str], *, special: bool = True, strips: str = "", normalized: bool = False
) -> list[AddedToken]:
    """Added tokens; `strips` is "left", "right" or nothing."""
    return [
        AddedToken(
            name,
            special=special,
            normalized=normalized,
            lstrip=strips == "left",
            rstrip=strips == "right",
        )
        for name in names
    ]


def gpt2() -> Built:
    """Bytes; one token is begin, end and pad; no marker of any template."""
    backend = _bytes(["<|endoftext|>"])
    one = dict.fromkeys(("bos_token", "eos_token", "pad_token", "unk_token"), "<|endoftext|>")
    return backend, {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": False, **one}


def neox() -> Built:
    """Bytes, NFC, runs of spaces as added tokens; no begin token; a token that hides names."""
    backend = _bytes(["<|endoftext|>", "<|padding|>"])
    backend.normalizer = normalizers.NFC()
    runs = [" " * length for length in range(24, 1, -1)]
    backend.add_tokens(tokens(["|||EMAIL_ADDRESS|||", *runs], special=False, normalized=True))
    return backend, {"eos_token": "<|endoftext|>", "pad_token": "<|padding|>"}


def mistral() -> Built:
    """Sentencepiece's byte fallback, a space before the text, a begin token put in front."""
    backend = _pieces(["<unk>", "<s>", "</s>"])
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    _begin_with(backend, "<s>")
    return backend, {"tokenizer_class": "LlamaTokenizer", "legacy": False, **_NAMED}


def llama2() -> Built:
    """As before, with a space before each piece of text; stop tokens take what follows them."""
    backend = _pieces(["<unk>", "<s>", "</s>"])
    backend.normalizer = normalizers.Sequence(
        [normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
    )
    _begin_with(backend, "<s>")
    backend.add_special_tokens([*tokens(STARTS), *tokens(STOPS, strips="right")])
    backend.add_tokens(tokens(THINKING, special=False))
    return backend, {**_NAMED, "pad_token": "<unk>"}


def gemma() -> Built:
    """Byte fallback without a space in front, tokens of several words; added line breaks."""
    backend = _pieces(["<pad>", "<eos>", "<bos>", "<unk>"], is_split=False)
    backend.normalizer = normalizers.Replace(" ", SPACE)
    backend.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    backend.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    _begin_with(backend, "<bos>")
    breaks = ["\n" * length for length in range(1, 6)]
    backend.add_tokens(tokens(breaks, special=False))
    backend.add_special_tokens(tokens(["<turn_begin>", "<turn_end>"]))
    named = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"}
    return backend, {**named, "unk_token": "<unk>"}


def unigram() -> Built:
    """Likely pieces; control tokens stand in the vocabulary; markers that are not special."""
    held = ["<unk>", "</s>", *STARTS, *STOPS, *THINKING]
    letters = sorted({letter for line in TEXT for letter in line if letter.isprintable()})
    words = sorted({f"{SPACE}{word}" for line in TEXT for word in line.split() if word.isalpha()})
    scored = [(token, 0.0) for token in held] + [(byte, -20.0) for byte in UTF8]
    scored += [(word, -6.0) for word in words]
    scored += [(letter.replace(" ", SPACE), -5.0) for letter in letters]
    backend = Tokenizer(models.Unigram(scored, unk_id=0, byte_fallback=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    backend.decoder = _unspaced()
    backend.add_special_tokens(tokens(["<unk>", "</s>"]))
    backend.add_tokens(tokens(held[2:], special=False))
    return backend, {"eos_token": "</s>", "unk_token": "<unk>"}


def qwen() -> Built:
    """Bytes behind a pattern of words; a template's stop token is the end; thinking not special."""
    backend = _bytes(["<|endoftext|>"], words=_WORDS)
    backend.normalizer = normalizers.NFC()
    backend.add_special_tokens(tokens([*STARTS, *STOPS]))
    backend.add_tokens(tokens(THINKING, special=False))
    return backend, {"eos_token": "<|over|>", "pad_token": "<|endoftext|>"}


def llama3() -> Built:
    """Whole words first, a begin token put in front; starts of turns take what precedes them."""
    backend = _bytes(["<|begin|>", "<|done|>"], words=_WORDS)
    settings = json.loads(backend.to_str())
    settings["model"]["ignore_merges"] = True
    backend = Tokenizer.from_str(json.dumps(settings))
    backend.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            _begin_processor("<|begin|>", backend.token_to_id("<|begin|>")),
        ]
    )
    backend.add_special_tokens([*tokens(STARTS, strips="left"), *tokens(STOPS)])
    backend.add_tokens(tokens(THINKING, special=False, normalized=True))
    return backend, {"bos_token": "<|begin|>", "eos_token": "<|done|>"}


def words() -> Built:
    """Word pieces over bytes, and every space an added token; holds stop tokens, no starts."""
    trained = json.loads(_bytes(["[END]"]).to_str())["model"]["vocab"]
    model = models.WordPiece(
        trained,
        unk_token="[END]",
        continuing_subword_prefix="",
        max_input_chars_per_word=10_000,
    )
    backend = Tokenizer(model)
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(tokens(["[END]"]))
    backend.add_tokens(tokens([" ", "  ", "    ", "\n"], special=False))
    backend.add_special_tokens(tokens(STOPS))
    return backend, {"eos_token": "[END]"}


BUILDERS: dict[str, Callable[[], Built]] = {
    build.__name__: build
    for build in (gpt2, neox, mistral, llama2, gemma, unigram, qwen, llama3, words)
}
_NAMED = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def _bytes(special: list[str], *, words: str | None = None) -> Tokenizer:
    """Byte pairs over bytes."""
    backend = Tokenizer(models.BPE())
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=words is None)
    if words is None:
        backend.pre_tokenizer = level
    else:
        split = pre_tokenizers.Split(Regex(words), "isolated")
        backend.pre_tokenizer = pre_tokenizers.Sequence([split, level])
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=special,
        show_progress=False,
    )
    backend.train_from_iterator(TEXT, trainer)
    return backend


def _pieces(special: list[str], *, is_split: bool = True) -> Tokenizer:
    """Byte pairs over characters, rare ones as bytes; trained on words or on whole lines."""
    backend = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=is_split)
    alphabet = _frequent_letters()
    trainer = trainers.BpeTrainer(
        vocab_size=800,
        special_tokens=[*special, *UTF8],
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    backend.train_from_iterator([line.rstrip("\n") for line in TEXT], trainer)
    plain = Tokenizer(backend.model)
    plain.decoder = _unspaced()
    plain.add_special_tokens(tokens(special))
    return plain


def _frequent_letters() -> list[str]:
    """ASCII, and what else occurs often; the trainer itself would draw among equals."""
    counts = Counter("".join(TEXT))
    ascii_letters = {chr(code) for code in range(33, 127)}
    others = {letter for letter, count in counts.items() if count > 2 and ord(letter) > 127}
    return sorted(ascii_letters | others | {SPACE})


def _unspaced() -> decoders.Decoder:
    """Sentencepiece's decoder, which takes the space off that was put in front."""
    return decoders.Sequence(
        [
            decoders.Replace(SPACE, " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )


def _begin_with(backend: Tokenizer, begin: str) -> None:
    backend.post_processor = _begin_processor(begin, backend.token_to_id(begin))


def _begin_processor(begin: str, token_id: int) -> processors.PostProcessor:
    return processors.TemplateProcessing(single=f"{begin} $A", special_tokens=[(begin, token_id)])


def write(folder: Path, built: Built) -> None:
    """Write what `AutoTokenizer` reads."""
    backend, config = built
    folder.mkdir(parents=True, exist_ok=True)
    backend.save(str(folder / "tokenizer.json"), pretty=False)
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 4096, **config}
    (folder / "tokenizer_config.json").write_text(
        json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    for name, build in BUILDERS.items():
        write(FOLDER / name, build())
