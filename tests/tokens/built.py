"""Small tokenizers of every kind, built here: byte-level, sentencepiece-like, unigram."""

from collections.abc import Sequence

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

WORDS = [
    "Hello world, hello there: what is up? The answer is yes. user assistant Below x y z\n"
] * 3
UTF8 = [f"<0x{byte:02X}>" for byte in range(256)]


def byte_level(
    added: Sequence[AddedToken] = (), *, prefix: bool = False
) -> PreTrainedTokenizerFast:
    """As GPT-2."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"],
        show_progress=False,
    )
    backend.train_from_iterator(WORDS, trainer)
    hf = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|endoftext|>")
    hf.add_tokens(list(added))
    return hf


def sentencepiece_like(scheme: str, added: Sequence[AddedToken] = ()) -> PreTrainedTokenizerFast:
    """As Llama: `legacy` puts a space before each piece, `first` only before the text."""
    backend = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if scheme == "legacy":
        backend.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
    else:
        backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=False)
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    special = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=[*special, *UTF8], show_progress=False, limit_alphabet=60
    )
    plain = Tokenizer(backend.model)
    plain.pre_tokenizer = pre_tokenizers.Metaspace()
    plain.train_from_iterator(WORDS, trainer)
    backend.model = plain.model
    backend.add_special_tokens(special)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    hf = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")
    hf.add_tokens(list(added))
    return hf


def unigram() -> PreTrainedTokenizerFast:
    """A model whose vocabulary holds its control tokens as ordinary, likely pieces."""
    letters = sorted({letter for text in WORDS for letter in text.replace(" ", "▁")})
    pieces = [("<unk>", 0.0), ("</s>", 0.0), *((byte, -20.0) for byte in UTF8)]
    pieces += [(letter, -5.0) for letter in [*letters, *'</>|_"()']]
    vocabulary = list(dict(pieces).items())
    backend = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    backend.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    backend.add_special_tokens(["<unk>", "</s>"])
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>")
