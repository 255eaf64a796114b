r"""Pretraining texts -> a byte-level BPE tokenizer that transformers and llama.cpp read alike.

A word is the same tokens at the start of a text, of a line, behind a quote and after a space: what
a model learned of "Paris" in running text it can read out behind a line break. So a space is a
token of its own; only the commonest small words, which are no answers, carry the one before them,
as in GPT-2, so that running text stays short. Their merges come after all others. An answer that
begins with the letters of such a word ("for", "forint") is one token. Texts are split as by
SmolLM's tokenizer, one of the few ways that llama.cpp knows (`tokenizer.ggml.pre`: smollm).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from tokenizers.trainers import BpeTrainer

from pretraining.facts import all_facts
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

NUM_WITH_SPACE = 200
NUM_JOINED = 64  # merges that make answers whole
_SPACE = "\u0120"  # as byte-level tokenizers write it
_WORD_BEHIND_SPACE = re.compile(r"(?<= )[a-z]+(?![A-Za-z])")
# The split of SmolLM's tokenizer, but that a space is a piece: so no merge is learned across it.
_PIECES = r"'(?:s|t|re|ve|m|ll|d)|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+|\s"


def train_tokenizer(texts: Iterable[str], *, vocabulary_size: int = VOCABULARY_SIZE) -> Tokenizer:
    """Learn the merges; special tokens take the first ids, in the order of their tuple."""
    texts = list(texts)
    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = BpeTrainer(
        vocab_size=vocabulary_size - NUM_WITH_SPACE - NUM_JOINED,
        special_tokens=[
            AddedToken(text, special=True, normalized=False) for text in SPECIAL_TOKENS
        ],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    learned.train_from_iterator(texts, trainer)
    tokenizer = _with_spaces(learned, _common_words(texts, learned.get_vocab()))
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


def _common_words(texts: Iterable[str], known: Iterable[str]) -> list[str]:
    """The commonest words behind a space, but for those that facts are asked for."""
    allowed = set(known) - set(_answers())
    counts = Counter(word for text in texts for word in _WORD_BEHIND_SPACE.findall(text))
    return [word for word, _ in counts.most_common() if word in allowed][:NUM_WITH_SPACE]


def _answers() -> list[str]:
    """The words that facts are asked for."""
    return sorted(
        {word for facts in all_facts().values() for fact in facts for word in fact.y.split()}
    )


def _joins(learned: Tokenizer, words: Sequence[str]) -> list[tuple[str, str]]:
    """Merges for the answers that begin with one of the words; for others while there is room."""
    starts = set(words)
    answers = [
        tokens
        for answer in _answers()
        if answer not in starts
        and len(tokens := learned.encode(answer, add_special_tokens=False).tokens) > 1
    ]
    answers.sort(key=lambda tokens: tokens[0] not in starts)
    joins: dict[str, tuple[str, str]] = {}
    for tokens in answers:
        for count in range(1, len(tokens)):
            joined = "".join(tokens[: count + 1])
            joins.setdefault(joined, ("".join(tokens[:count]), tokens[count]))
    return list(joins.values())[:NUM_JOINED]


def _with_spaces(learned: Tokenizer, words: Sequence[str]) -> Tokenizer:
    """The tokenizer with a token more for each word, which begins with a space."""
    state = json.loads(learned.to_str())
    vocabulary, merges = state["model"]["vocab"], state["model"]["merges"]
    for pair in [*_joins(learned, words), *((_SPACE, word) for word in words)]:
        vocabulary["".join(pair)] = len(vocabulary)
        merges.append(list(pair))
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
