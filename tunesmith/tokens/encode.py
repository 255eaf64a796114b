"""Segments of text -> token ids, each marked as trained or not.

Template and content between two control tokens are encoded together, as transformers does;
`runs` says where the text is cut, and why no content becomes a control token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from tunesmith.errors import DataError
from tunesmith.templates.template import Rendering, Segment
from tunesmith.tokens.runs import Piece
from tunesmith.tokens.tokenizer import Tokenizer

IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedExample:
    """Token ids and, for each, whether the loss counts it. Equal lengths.

    The first token is never a target, whatever its mark: nothing stands before it.
    """

    ids: IntArray  # (T,) int32
    is_trained: BoolArray  # (T,) bool


def encode_segments(segments: Sequence[Segment], tokenizer: Tokenizer) -> EncodedExample:
    """Encode a rendered example and carry over which tokens are trained.

    A cut is forced only where training begins or ends, so the prompt's ids are exactly
    those that generation starts from.

    Raises:
        DataError: No token is trained, so the example could teach nothing.
    """
    return encode_rows([tuple(segments)], tokenizer)[0]


def encode_rows(renderings: Sequence[Rendering], tokenizer: Tokenizer) -> list[EncodedExample]:
    """Encode many rendered rows at once; one encoded example each, in their order.

    Raises:
        DataError: No token of a row is trained, so it could teach nothing.
    """
    rows = [tokenizer.encoder.pieces(rendering) for rendering in renderings]
    parts = iter(tokenizer.encoder.ids(chain.from_iterable(rows)))
    encoded = []
    for row in rows:
        example = _assemble(row, [next(parts) for _ in row])
        if not example.is_trained[1:].any():
            text = "".join(piece.text for piece in row)
            raise DataError(f"no token of this row is trained: {text[:80]!r}")
        encoded.append(example)
    return encoded


def encode_prompt(segments: Sequence[Segment], tokenizer: Tokenizer) -> IntArray:
    """The ids that generation starts from, (T,) int32."""
    return np.array(tokenizer.encoder.prompt_ids(tuple(segments)), dtype=np.int32)


def _assemble(pieces: Sequence[Piece], parts: Sequence[list[int]]) -> EncodedExample:
    lengths = [len(part) for part in parts]
    return EncodedExample(
        ids=np.fromiter(chain.from_iterable(parts), dtype=np.int32, count=sum(lengths)),
        is_trained=np.repeat(np.array([p.is_trained for p in pieces], dtype=np.bool_), lengths),
    )
