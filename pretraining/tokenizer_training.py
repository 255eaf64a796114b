r"""Pretraining texts -> a byte-level BPE tokenizer that transformers loads from its folder.

A word is the same token at the start of a text, of a line, behind a quote and after a space.
Words carry the space before them, as in GPT-2; where there is none, a mark (JOIN, the
backspace character) and a space are put in, and decoding takes both away. So "\nParis" is a
line break, JOIN and " Paris", and what a model learned of " Paris" in running text it can read
out behind a line break. Decoding gives back every text exactly, a JOIN in the text included.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)
from tokenizers.trainers import BpeTrainer

from tunesmith.files import write_json

END = "<|endoftext|>"
BEGIN = "<|begin|>"
PAD = "<|pad|>"
# The marks of the chat templates, and a few that are free for others.
CHAT_TOKENS = (
    "<|im_start|>",
    "<|im_end|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|end|>",
    "<|tool|>",
    *(f"<|free_{number}|>" for number in range(6)),
)
SPECIAL_TOKENS = (END, BEGIN, PAD, *CHAT_TOKENS)
VOCABULARY_SIZE = 3968  # 62 * 64
CONTEXT_TOKENS = 1024

JOIN = "\x08"
_LITERAL_JOIN = JOIN + "\x18"  # a JOIN that stands in the text itself
# Signs behind which a word begins without a space. Behind any other character a word is cut
# as GPT-2 would cut it, still without loss.
_OPENERS = '\n\t"([{<>-/_#*$=|:&`'
_WORD_FOLLOWS = r"(?=[\p{L}\p{N}])"
_ENDINGS = r"'(?:s|t|re|ve|m|ll|d)\b"
_PIECES = rf"\x08|{_ENDINGS}| ?[\p{{L}}\p{{M}}]+| ?\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}\x08]+|\s"


def train_tokenizer(texts: Iterable[str], *, vocabulary_size: int = VOCABULARY_SIZE) -> Tokenizer:
    """Learn the merges; special tokens take the first ids, in the order of their tuple."""
    tokenizer = _untrained()
    trainer = BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[
            AddedToken(text, special=True, normalized=False) for text in SPECIAL_TOKENS
        ],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A",
        pair=f"{BEGIN} $A {BEGIN}:1 $B:1",
        special_tokens=[(BEGIN, SPECIAL_TOKENS.index(BEGIN))],
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "tokenizer.json", json.loads(tokenizer.to_str()))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BEGIN,
        "eos_token": END,
        "pad_token": PAD,
        "extra_special_tokens": list(CHAT_TOKENS),
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT_TOKENS,
        "padding_side": "left",
    }
    write_json(folder / "tokenizer_config.json", settings)


def _untrained() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(JOIN, _LITERAL_JOIN),
            normalizers.Prepend(f"{JOIN} "),
            normalizers.Replace(Regex(r"\A\x08 (?![\p{L}\p{N}])"), ""),
            *(
                normalizers.Replace(Regex(rf"\x{ord(sign):02x}{_WORD_FOLLOWS}"), f"{sign}{JOIN} ")
                for sign in _OPENERS
            ),
            normalizers.Replace(Regex(rf"(?!{_ENDINGS})'{_WORD_FOLLOWS}"), f"'{JOIN} "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.ByteLevel(),
            # A JOIN without a space is one whose word is still to come, as in a text that is
            # being streamed, or one that a model wrote in vain.
            decoders.Replace(Regex(r"\x08(?!\x18) ?"), ""),
            decoders.Replace(_LITERAL_JOIN, JOIN),
        ]
    )
    return tokenizer
