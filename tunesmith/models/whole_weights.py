"""A model's place -> nothing, if its weights are there, whole and small enough; nothing is loaded.

For models that are loaded late: what would end their loading then is found out now.
"""

import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoModelForCausalLM

from tunesmith.errors import MissingError, TunesmithError
from tunesmith.files import read_json
from tunesmith.models.load import ModelPlace, adapter_base, load_error, model_config

_INDEX = "model.safetensors.index.json"
_FP32_BYTES = 4
_GIGA = 1e9


def check_weights(place: ModelPlace, *, free: int, where: str) -> None:
    """Find out whether a model will load.

    Args:
        place: A folder; of a model of the Hub the configuration alone is looked at.
        free: Bytes of memory that its weights may take, in fp32.
        where: The recipe's key, for messages.

    Raises:
        MissingError: A file is missing, damaged or of another model.
        TunesmithError: The weights do not fit into memory.
    """
    base = adapter_base(place)
    if base is not None:
        check_weights(base, free=free, where=where)
    if place.folder is None:
        model_config(place)
        return
    shapes = _shapes(place.folder, where)
    if base is None:
        _check_shapes(place, shapes, where)
    needed = _FP32_BYTES * sum(map(_size, shapes.values()))
    if needed > free:
        raise TunesmithError(
            f"{place.name} takes {needed / _GIGA:,.1f} GB of memory, {free / _GIGA:,.1f} GB are "
            "free",
            where=where,
            cure="Leave it out, serve it elsewhere and name its url, or free some memory.",
        )


def _shapes(folder: Path, where: str) -> dict[str, list[int]]:
    """The tensors of all files, by their headers, which also say how long the files must be."""
    names = sorted(file.name for file in folder.glob("*.safetensors"))
    if (folder / _INDEX).is_file():
        names = sorted(set(read_json(folder / _INDEX)["weight_map"].values()))
    if not names:
        raise load_error(str(folder), OSError("the folder holds no safetensors file"))
    shapes: dict[str, list[int]] = {}
    for name in names:
        try:
            with safe_open(os.fspath(folder / name), framework="pt") as file:
                shapes |= {key: file.get_slice(key).get_shape() for key in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError) as error:
            raise MissingError(
                f"the weights in {name} cannot be read ({error})",
                where=f"{where}: {folder}",
                cure="Fetch or copy the file again.",
            ) from None
    return shapes


def _check_shapes(place: ModelPlace, shapes: dict[str, list[int]], where: str) -> None:
    """Compare them with what the configuration describes, where both know a name."""
    config = model_config(place)
    try:
        with torch.device("meta"):
            network = AutoModelForCausalLM.from_config(config)
    except (ValueError, KeyError) as error:  # no causal language model, or an unknown family
        raise load_error(place.name, error) from error
    if getattr(config, "quantization_config", None) is not None:
        return  # its matrices are packed
    for name, wanted in network.state_dict().items():
        if name in shapes and list(wanted.shape) != shapes[name]:
            raise MissingError(
                f"{name} is {shapes[name]} in its weights and {list(wanted.shape)} in config.json",
                where=f"{where}: {place.path}",
                cure="Put config.json and weights of one model together.",
            )


def _size(shape: list[int]) -> int:
    return int(torch.Size(shape).numel())
