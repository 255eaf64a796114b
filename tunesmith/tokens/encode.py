"""Segments of text -> token ids, each marked as trained or not.

Template and content between two control tokens are encoded together, as transformers does;
`runs` says where the text is cut, and why no content becomes a control token.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tunesmith.errors import DataError
from tunesmith.templates.template import Rendering, Segment
from tunesmith.tokens.text_encoder import TextPiece
from tunesmith.tokens.tokenizer import Tokenizer
from tunesmith.tokens.word_cache import PackedIds

_FLAG = (b"\0", b"\1")
_ID_BYTES = 4

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
    parts = iter(tokenizer.encoder.ids([piece for row in rows for piece in row]))
    return [_assemble(row, [next(parts) for _ in row]) for row in rows]


def encode_prompt(segments: Sequence[Segment], tokenizer: Tokenizer) -> IntArray:
    """The ids that generation starts from, (T,) int32."""
    return np.array(tokenizer.encoder.prompt_ids(tuple(segments)), dtype=np.int32)


def _assemble(pieces: Sequence[TextPiece], parts: Sequence[PackedIds]) -> EncodedExample:
    """Both arrays are views of bytes, made without a Python number for each token."""
    flags = b"".join(
        _FLAG[piece.is_trained] * (len(part) // _ID_BYTES)
        for piece, part in zip(pieces, parts, strict=True)
    )
    if flags.find(1, 1) < 0:
        text = "".join(piece.text for piece in pieces)
        raise DataError(f"no token of this row is trained: {text[:80]!r}")
    return EncodedExample(
        ids=np.frombuffer(b"".join(parts), dtype=np.int32),
        is_trained=np.frombuffer(flags, dtype=np.bool_),
    )
