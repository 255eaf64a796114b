"""A model in memory -> what its GGUF file is to hold; written, and read back and compared."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from tunesmith import __version__
from tunesmith.export.gguf_files.architectures import (
    Array,
    architecture_of,
    model_fields,
    model_tensors,
)
from tunesmith.export.gguf_files.gguf_mark import MARK
from tunesmith.export.gguf_files.gguf_vocabulary import (
    split_names,
    vocabulary_fields,
    vocabulary_kind,
)
from tunesmith.export.gguf_files.tensor_types import (
    TENSOR_TYPES,
    TensorType,
    dequantised,
    is_within_bound,
    quantised,
    stored_as,
)

_CHAT_TEMPLATE = "tokenizer.chat_template"
_SPLIT = "tokenizer.ggml.pre"
_ARCHITECTURE = "general.architecture"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufContent:
    """What a file is to hold.

    Attributes:
        architecture: Its name in llama.cpp.
        fields: By their whole key; an int, float, bool, str, or a list of one kind.
        tensors: All tensors in fp32, one at a time.
        kind: How matrices are stored.
        splits: Names for the way texts are split, of which one has to be right.
    """

    architecture: str
    fields: Mapping[str, Any]
    tensors: Callable[[], Iterator[tuple[str, Array]]]
    kind: TensorType
    splits: tuple[str, ...] = ()

    def with_fields(self, **fields: object) -> "GgufContent":
        """The same with further fields; dots are written as two underscores."""
        more = {key.replace("__", "."): value for key, value in fields.items()}
        return replace(self, fields={**self.fields, **more})

    def split_by(self, name: str) -> "GgufContent":
        """The same, with texts split in one way."""
        return replace(self, fields={**self.fields, _SPLIT: name}, splits=(name,))


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufTokens:
    """What a file says of tokens.

    Attributes:
        state: The content of tokenizer.json.
        ids: Of `bos`, `eos`, `pad`, `eot`, as far as there are such tokens.
        chat_template: Jinja text that renders what the model was measured with.
        adds_begin: A runtime puts the begin token before a prompt.
    """

    state: Mapping[str, Any]
    ids: Mapping[str, int]
    chat_template: str
    adds_begin: bool


def gguf_content(network: Any, tokens: GgufTokens, *, name: str, kind: TensorType) -> GgufContent:
    """Everything that a file holds of a model.

    Args:
        network: Of transformers, with adapters merged.
        tokens: Its tokenizer, and how it is asked.
        name: What the model is called.
        kind: How matrices are stored.

    Raises:
        RefusedError: llama.cpp has no such model or tokenizer.
    """
    config = network.config
    splits = split_names(tokens.state) if vocabulary_kind(tokens.state) == "gpt2" else ("default",)
    vocabulary = vocabulary_fields(
        tokens.state,
        num_rows=int(network.get_input_embeddings().weight.shape[0]),
        ids=tokens.ids,
        split=splits[0],
    )
    fields: dict[str, Any] = {
        MARK: __version__,
        "general.name": _safe_name(name, config.model_type, tokens.state),
        "general.file_type": int(kind.file_type),
        "general.quantization_version": gguf.GGML_QUANT_VERSION,
        **model_fields(config),
        **vocabulary,
        "tokenizer.ggml.add_bos_token": tokens.adds_begin,
        _CHAT_TEMPLATE: tokens.chat_template,
    }
    return GgufContent(
        architecture=architecture_of(config).name,
        fields=fields,
        tensors=lambda: model_tensors(network),
        kind=kind,
        splits=splits,
    )


def _safe_name(name: str, kind: str, state: Mapping[str, Any]) -> str:
    """llama.cpp treats the spaces behind Phi-3's control tokens by the name of the model."""
    has_name = any(one in name.lower() for one in ("phi-3", "phi3"))
    if any(one["content"] == "</s>" for one in state.get("added_tokens", ())):
        return f"{name} (phi-3)" if kind == "phi3" and not has_name else name
    return "tuned" if has_name else name


def vocabulary_only(content: GgufContent) -> GgufContent:
    """A model of a few numbers with the same vocabulary: enough to ask llama.cpp for ids."""
    size, width = len(content.fields["tokenizer.ggml.tokens"]), 32
    sizes = {"context_length": 64, "embedding_length": width, "block_count": 1}
    sizes |= {"feed_forward_length": width, "attention.head_count": 1, "vocab_size": size}
    fields = {key: value for key, value in content.fields.items() if key.startswith("tokenizer.")}
    fields |= {f"llama.{key}": value for key, value in sizes.items()}
    fields |= {"llama.attention.layer_norm_rms_epsilon": 1e-6}
    layer = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    norms = ("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight")

    def tensors() -> Iterator[tuple[str, Array]]:
        yield "token_embd.weight", np.zeros((size, width), dtype=np.float32)
        yield from ((name, np.zeros(width, dtype=np.float32)) for name in norms)
        for name in layer:
            yield f"blk.0.{name}.weight", np.zeros((width, width), dtype=np.float32)

    return replace(
        content, architecture="llama", fields=fields, tensors=tensors, kind=TENSOR_TYPES["f16"]
    )


def write_gguf(content: GgufContent, path: Path) -> None:
    """Write a file; tensors are packed one at a time, and wait on the disk."""
    writer = gguf.GGUFWriter(path, content.architecture, use_temp_file=True)
    for key, value in content.fields.items():
        _add(writer, key, value)
    for name, values in content.tensors():
        kind = stored_as(name, values.shape, content.kind)
        writer.add_tensor(name, quantised(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    adders: dict[type, Callable[[str, Any], None]] = {
        bool: writer.add_bool,
        int: writer.add_uint32,
        float: writer.add_float32,
        str: writer.add_string,
        list: writer.add_array,
    }
    adders[type(value)](key, value)


def gguf_problems(path: Path, content: GgufContent) -> list[str]:
    """What a file holds that it should not, or lacks; empty where it holds the model.

    Args:
        path: The file.
        content: What it is to hold.
    """
    try:
        reader = gguf.GGUFReader(path)
        return [*_field_problems(reader, content), *_tensor_problems(reader, content)]
    except (ValueError, IndexError, KeyError, OverflowError, OSError) as error:
        return [f"the file cannot be read ({type(error).__name__}: {error})"]


def _field_problems(reader: gguf.GGUFReader, content: GgufContent) -> Iterator[str]:
    wanted = {**content.fields, _ARCHITECTURE: content.architecture}
    found = {key: field for key, field in reader.fields.items() if not key.startswith("GGUF.")}
    for key in sorted({*wanted, *found}):
        if key not in found:
            yield f"the field {key} is missing"
        elif key not in wanted:
            yield f"the field {key} is not the model's"
        elif not _is_same(found[key].contents(), wanted[key]):
            yield f"the field {key} is another than the model's"


def _is_same(read: Any, value: Any) -> bool:
    if isinstance(value, float):
        return bool(np.float32(read) == np.float32(value))
    if isinstance(value, list) and value and isinstance(value[0], float):
        return bool(np.array_equal(np.asarray(read, np.float32), np.asarray(value, np.float32)))
    return bool(read == value)


def _tensor_problems(reader: gguf.GGUFReader, content: GgufContent) -> Iterator[str]:
    found = {tensor.name: tensor for tensor in reader.tensors}
    for name, values in content.tensors():
        tensor = found.pop(name, None)
        if tensor is None:
            yield f"the tensor {name} is missing"
        elif tensor.tensor_type != stored_as(name, values.shape, content.kind):
            yield f"the tensor {name} is stored as {tensor.tensor_type.name}"
        elif not is_within_bound(
            values, dequantised(tensor.data, tensor.tensor_type), tensor.tensor_type
        ):
            yield f"the tensor {name} holds other numbers than the model's"
    for name in found:
        yield f"the tensor {name} is not the model's"
