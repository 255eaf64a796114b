"""A name such as q4_0 -> how tensors lie in a GGUF file, and how far that may be from fp32."""

from dataclasses import dataclass

import gguf
import numpy as np
import numpy.typing as npt

from tunesmith.errors import RecipeError

_Q = gguf.GGMLQuantizationType
_F = gguf.LlamaFileType
_UNPACKED = (_Q.F32, _Q.F16, _Q.BF16)


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorType:
    """How the matrices of a file are stored; norms, biases and positions stay in fp32.

    Attributes:
        matrices: Of all layers.
        tables: Of the token embedding and the output layer, which lose most when they are rounded.
        file_type: As llama.cpp calls the whole.
    """

    matrices: gguf.GGMLQuantizationType
    tables: gguf.GGMLQuantizationType
    file_type: gguf.LlamaFileType


TENSOR_TYPES = {
    "f32": TensorType(matrices=_Q.F32, tables=_Q.F32, file_type=_F.ALL_F32),
    "f16": TensorType(matrices=_Q.F16, tables=_Q.F16, file_type=_F.MOSTLY_F16),
    "bf16": TensorType(matrices=_Q.BF16, tables=_Q.BF16, file_type=_F.MOSTLY_BF16),
    "q8_0": TensorType(matrices=_Q.Q8_0, tables=_Q.Q8_0, file_type=_F.MOSTLY_Q8_0),
    "q6_k": TensorType(matrices=_Q.Q6_K, tables=_Q.Q6_K, file_type=_F.MOSTLY_Q6_K),
    "q5_1": TensorType(matrices=_Q.Q5_1, tables=_Q.Q8_0, file_type=_F.MOSTLY_Q5_1),
    "q4_k_m": TensorType(matrices=_Q.Q4_K, tables=_Q.Q6_K, file_type=_F.MOSTLY_Q4_K_M),
    "q4_0": TensorType(matrices=_Q.Q4_0, tables=_Q.Q8_0, file_type=_F.MOSTLY_Q4_0),
}
# The largest error of a stored number, as a share of the largest number in its block.
_BOUNDS = {
    _Q.F32: 0.0,
    _Q.F16: 2.0**-11,
    _Q.BF16: 2.0**-8,
    _Q.Q8_0: 0.6 / 127,
    _Q.Q6_K: 0.6 / 32,
    _Q.Q5_1: 1.1 / 31,
    _Q.Q4_K: 1.5 / 15,
    _Q.Q4_0: 1.1 / 8,
}
_SMALLEST = 2.0**-24  # a step of the smallest fp16 numbers
_WIDER = {_Q.Q4_K: _Q.Q8_0, _Q.Q6_K: _Q.Q8_0}  # blocks of 256 that do not fit: of 32


def tensor_type(name: str) -> TensorType:
    """A type by its name.

    Raises:
        RecipeError: There is no such type.
    """
    if name not in TENSOR_TYPES:
        cure = f"Known are {', '.join(TENSOR_TYPES)}."
        raise RecipeError(f"no type {name!r}", where="--type", cure=cure)
    return TENSOR_TYPES[name]


def stored_as(name: str, shape: tuple[int, ...], kind: TensorType) -> gguf.GGMLQuantizationType:
    """How one tensor is stored; wider where a row is no whole number of blocks."""
    if len(shape) < 2 or name.startswith("position_embd"):
        return _Q.F32
    wanted = kind.tables if name in ("token_embd.weight", "output.weight") else kind.matrices
    while shape[-1] % gguf.GGML_QUANT_SIZES[wanted][0]:
        wanted = _WIDER.get(wanted, _Q.F16)
    return wanted


def quantised(
    values: npt.NDArray[np.float32], kind: gguf.GGMLQuantizationType
) -> npt.NDArray[np.generic]:
    """The bytes of a tensor; a row stays a row."""
    if kind in _UNPACKED:
        return np.asarray(gguf.quantize(values, kind))
    import libgguf  # type: ignore[import-untyped]  # noqa: PLC0415 - loads a library

    return np.asarray(libgguf.quantize_rows(values, libgguf.GGMLQuantizationType(int(kind))))


def dequantised(
    stored: npt.NDArray[np.generic], kind: gguf.GGMLQuantizationType
) -> npt.NDArray[np.float32]:
    """The numbers that a reader of the file gets."""
    return np.asarray(gguf.dequantize(stored, kind), dtype=np.float32)


def is_within_bound(
    values: npt.NDArray[np.float32],
    read: npt.NDArray[np.float32],
    kind: gguf.GGMLQuantizationType,
) -> bool:
    """Whether stored numbers are as near to the model's as their type allows, block by block."""
    if values.shape != read.shape or not np.isfinite(read).all():
        return False
    size = gguf.GGML_QUANT_SIZES[kind][0]
    blocks, others = values.reshape(-1, size), read.reshape(-1, size)
    largest = np.abs(blocks).max(axis=1, keepdims=True)
    return bool(
        (np.abs(blocks - others) <= _BOUNDS[kind] * largest + _SMALLEST * (kind != _Q.F32)).all()
    )
