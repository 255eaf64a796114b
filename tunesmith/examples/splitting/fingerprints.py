"""Examples -> numbers by which equal, near-equal and related ones are found, without their texts.

Word 3-grams are hashed to 54 bits. Their MinHash signature (rensa, 256 values) is cut into 64
bands of 4: two texts whose 3-grams have a Jaccard similarity of 0.5 agree in one band with a
probability of 98.4 %, at 0.57 with 99.9 %, at 0.1 with 0.6 %. Legend: B examples, L examples
of 20 words or more, G distinct 3-grams of these.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tunesmith.examples.example import Example, Message
from tunesmith.examples.splitting.words import words_of

Uint64s = npt.NDArray[np.uint64]
Uint32s = npt.NDArray[np.uint32]

MIN_WORDS = 20  # below, only what is equal but for case and punctuation is a duplicate
NUM_BANDS, BAND_ROWS = 64, 4
NUM_PERMUTATIONS = NUM_BANDS * BAND_ROWS
MAX_BATCH = 1024  # the number of a text fits in the 10 bits above a 3-gram's 54
HASH_BITS = 54
_SEED = 42
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """Hashes and MinHash signatures of B examples, in order.

    Attributes:
        ids: (B,) what `Example.id` writes as 16 digits.
        prompts: (B,) equal where the prompts are, but for case, punctuation and the system.
        wholes: (B,) equal where all messages are, but for case, punctuation and the system.
        frames: (B,) equal where the system message is and the same turns are trained.
        groups: (B,) of the group that the source named; 0 where it named none.
        is_long: (B,) bool; the rest is of the long ones alone.
        counts: (L,) uint32; distinct 3-grams of each.
        shingles: (G,) the 3-grams, sorted within each example.
        bands: (64, L) uint32.
        sketches: (L, 4) one bit of each of the 256 values.
    """

    ids: Uint64s
    prompts: Uint64s
    wholes: Uint64s
    frames: Uint64s
    groups: Uint64s
    is_long: npt.NDArray[np.bool_]
    counts: Uint32s
    shingles: Uint64s
    bands: Uint32s
    sketches: Uint64s

    @classmethod
    def joined(cls, parts: "Sequence[Fingerprints]") -> Self:
        """Several batches as one."""
        return cls(
            **{
                field.name: np.concatenate(
                    [getattr(part, field.name) for part in parts],
                    axis=1 if field.name == "bands" else 0,
                )
                for field in fields(cls)
            }
        )


def fingerprints(examples: Sequence[Example], ids: Sequence[str]) -> Fingerprints:
    """Read each example once.

    Args:
        examples: Any number.
        ids: Of the examples; they cost a hash each, and the caller has them.
    """
    starts = range(0, max(1, len(examples)), MAX_BATCH)
    parts = [_batch(examples[i : i + MAX_BATCH], ids[i : i + MAX_BATCH]) for i in starts]
    return parts[0] if len(parts) == 1 else Fingerprints.joined(parts)


def _batch(examples: Sequence[Example], ids: Sequence[str]) -> Fingerprints:
    words: list[str] = []
    num_words: list[int] = []
    keys = np.zeros((4, len(examples)), dtype=np.uint64)
    is_long = np.zeros(len(examples), dtype=np.bool_)
    for place, example in enumerate(examples):
        asked, answered = _words(example)
        prompt = _hash(" ".join(asked)) if asked else _raw_hash(example)
        both = asked + answered
        whole = _hash(" ".join(both)) if both else _raw_hash(example)
        group = _hash(example.group) if example.group is not None else 0
        keys[:, place] = (prompt, whole, _frame(example), group)
        if len(both) >= MIN_WORDS:
            is_long[place] = True
            words += both
            num_words.append(len(both))
    counts, shingles = _shingles(words, num_words)
    bands, sketches = _signatures(counts, shingles)
    return Fingerprints(
        ids=np.fromiter((int(one, 16) for one in ids), dtype=np.uint64, count=len(ids)),
        prompts=keys[0],
        wholes=keys[1],
        frames=keys[2],
        groups=keys[3],
        is_long=is_long,
        counts=counts,
        shingles=shingles,
        bands=bands,
        sketches=sketches,
    )


def _words(example: Example) -> tuple[list[str], list[str]]:
    """Those of the prompt and those of its answers. All of a plain text is its prompt.

    A system message is left out: many examples share one, and it would make all of them
    near-duplicates.
    """
    if example.is_text:
        return words_of(example.reference), []
    asked: list[str] = []
    for message in example.prompt:
        if message.role != "system":
            asked += words_of(_text(message))
    return asked, words_of(example.reference) + words_of(example.rejected or "")


def _text(message: Message) -> str:
    return f"{message.content}\n{message.input}" if message.input else message.content


def _raw_hash(example: Example) -> int:
    """Of the texts as they are, where no word is in them, as in "???"."""
    read = example.messages if example.is_text else example.prompt
    return _hash("\0".join(_text(turn) for turn in read if turn.role != "system"))


def _frame(example: Example) -> int:
    """Of what two examples may differ in although every word is equal."""
    first = example.messages[0]
    flags = [turn.is_trained for turn in example.messages]
    if first.role != "system" and not any(flag is not None for flag in flags):
        return 0
    return _hash(f"{first.content if first.role == 'system' else ''}\0{flags}")


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _shingles(words: list[str], num_words: list[int]) -> tuple[Uint32s, Uint64s]:
    """Each text's distinct word 3-grams, sorted, and how many."""
    import rensa  # noqa: PLC0415 - only where there is something to compare

    if not num_words:
        return np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint64)
    hashed: Any = rensa.RMinHash.hash_token_sets([words])[0]
    word = np.array(hashed, dtype=np.uint64)
    gram = _mixed(_mixed(_mixed(word[:-2] * _MIX[0]) + word[1:-1] * _MIX[1]) + word[2:] * _MIX[2])
    lengths = np.array(num_words)
    text = np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)
    is_inside = text[:-2] == text[2:]
    # The text's number stands above the hash, so that one sort orders all texts at once.
    low = np.uint64(64 - HASH_BITS)
    packed = (text[:-2][is_inside] << np.uint64(HASH_BITS)) | (gram[is_inside] >> low)
    packed.sort()
    packed = packed[np.r_[True, packed[1:] != packed[:-1]]]
    counts = np.bincount(packed >> np.uint64(HASH_BITS), minlength=len(lengths))
    return counts.astype(np.uint32), packed & np.uint64((1 << HASH_BITS) - 1)


def _mixed(values: Uint64s) -> Uint64s:
    """Spread the difference of two values over all bits."""
    spread = (values ^ (values >> np.uint64(31))) * _MIX[0]
    result: Uint64s = spread ^ (spread >> np.uint64(29))
    return result


def _signatures(counts: Uint32s, shingles: Uint64s) -> tuple[Uint32s, Uint64s]:
    import rensa  # noqa: PLC0415

    if not len(counts):
        return np.zeros((NUM_BANDS, 0), dtype=np.uint32), np.zeros((0, 4), dtype=np.uint64)
    offsets = np.zeros(len(counts) + 1, dtype=np.uint64)
    np.cumsum(counts, out=offsets[1:])
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
        shingles, offsets, NUM_PERMUTATIONS, _SEED
    )
    values = np.array(matrix.to_rows(), dtype=np.uint32)  # (L, 256)
    wide = values.reshape(len(counts), NUM_BANDS, BAND_ROWS).astype(np.uint64)
    key = np.zeros(wide.shape[:2], dtype=np.uint64)
    for place in range(BAND_ROWS):
        key = _mixed(key + wide[:, :, place])
    bits = np.packbits((values & 1).astype(np.bool_), axis=1)  # (L, 32)
    return (key >> np.uint64(32)).astype(np.uint32).T.copy(), bits.view(np.uint64)
