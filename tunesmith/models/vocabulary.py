"""An adapter's file -> how many tokens it was made for; its base model with as many rows.

An adapter may bring tokens of its own: its file then holds an input table and an output layer
with more rows than its base model has.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import PreTrainedModel

from tunesmith.errors import RefusedError

_WEIGHTS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
_WHOLE = ("weight", "base_layer.weight")  # of a table or an output layer
_ROWS = {
    **dict.fromkeys(_WHOLE, 0),
    "lora_embedding_A": 1,
    "lora_B.weight": 0,
}  # in which dimension

Shapes = Mapping[str, Sequence[int]]


def num_brought_tokens(
    network: PreTrainedModel, folder: Path, *, num_known: int | None
) -> int | None:
    """Tokens that an adapter's file has rows for; None where it holds none of the two matrices.

    Args:
        network: Of the base model's shape.
        folder: Of the adapter.
        num_known: Tokens that the base model knows.

    Raises:
        RefusedError: It has rows for another number of tokens in one matrix, and not in the other.
    """
    found = _rows_by_matrix(network, _shapes(folder / _WEIGHTS))
    if not found:
        return None
    sizes = {rows for rows, _ in found.values()}
    size = max(sizes)
    is_whole = len(found) == 2 and all(whole for _, whole in found.values())
    if len(sizes) > 1 or (size != num_known and not is_whole):
        held = ", ".join(f"{name} for {rows:,}" for name, (rows, _) in sorted(found.items()))
        raise RefusedError(
            f"the adapter was made for other than the {num_known:,} tokens of its base model, and "
            f"does not hold all rows of both matrices ({held})",
            where=str(folder),
            cure="Save it again with save_embedding_layers=True, or merge it with peft and name "
            "the merged model.",
        )
    return size


def num_rows(network: PreTrainedModel) -> int:
    """Tokens that a model's input table has rows for."""
    weight = network.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    return len(weight)


def fit_vocabulary(network: PreTrainedModel, folder: Path) -> None:
    """Give a base model as many rows as its adapter has; the adapter's file fills them.

    Raises:
        RefusedError: As `num_brought_tokens`.
    """
    known = num_rows(network)
    size = num_brought_tokens(network, folder, num_known=known)
    if size is not None and size != known:
        network.resize_token_embeddings(size, mean_resizing=False)


def _rows_by_matrix(network: PreTrainedModel, shapes: Shapes) -> dict[str, tuple[int, bool]]:
    """For the input table and the output layer, if they are there: rows, and whether whole."""
    matrices = (network.get_input_embeddings(), network.get_output_embeddings())
    names = [name for name, module in network.named_modules() if any(module is m for m in matrices)]
    found: dict[str, tuple[int, bool]] = {}
    for name in names:
        for part, dimension in _ROWS.items():
            shape = shapes.get(f"{_PREFIX}{name}.{part}")
            if shape is not None:
                is_whole = found.get(name, (0, False))[1] or part in _WHOLE
                found[name] = (shape[dimension], is_whole)
    return found


def _shapes(path: Path) -> Shapes:
    if not path.is_file():
        return {}
    with safe_open(path, framework="pt") as tensors:
        return {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118
