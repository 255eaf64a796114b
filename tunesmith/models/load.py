"""A model's name -> where it lies -> weights in fp32, safetensors only, no code of theirs.

Names: `starter` (ships with the package), a run (`runs/faq`), a folder, or a Hub id.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from tunesmith.errors import MissingError, RefusedError, RemoteError, TunesmithError
from tunesmith.files import hash_file, hash_json, read_json
from tunesmith.models.library_bars import without_library_bars
from tunesmith.models.rows import attention
from tunesmith.models.vocabulary import num_brought_tokens

STARTER_FOLDER = Path(__file__).resolve().parent.parent / "starter" / "model"
CONTRACT_FILE = "tunesmith.json"
_ADAPTER_FILE = "adapter_config.json"
_NOT_IN_WEIGHTS = (
    "activated LoRA",
    "ADAPTION_PROMPT",
    "CARTRIDGE",
    "CPT",
    "MULTITASK_PROMPT_TUNING",
    "P_TUNING",
    "PREFIX_TUNING",
    "PROMPT_TUNING",
    "XLORA",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlace:
    """Where a model lies: a local folder, or a Hub id with its revision."""

    name: str
    path: str
    revision: str | None = None

    @property
    def folder(self) -> Path | None:
        """The local folder, or None for a model on the Hub."""
        path = Path(self.path)
        return path if path.is_dir() else None

    @property
    def contract(self) -> dict[str, Any] | None:
        """What a tuned model says about its template, base and stop tokens."""
        if self.folder is None or not (self.folder / CONTRACT_FILE).is_file():
            return None
        contract: dict[str, Any] = read_json(self.folder / CONTRACT_FILE)
        return contract


def find_model(name: str, *, revision: str | None = None) -> ModelPlace:
    """Find a model by name; nothing is loaded.

    Raises:
        MissingError: The name looks like a path, and nothing usable is there.
    """
    if name == "starter":
        return ModelPlace(name=name, path=str(STARTER_FOLDER))
    path = Path(name).expanduser()
    for folder in (path / "model", path):
        if is_model_folder(folder):
            return ModelPlace(name=name, path=str(folder))
    if path.is_dir():
        raise MissingError(
            "the folder holds no config.json and no adapter_config.json",
            where=str(path),
            cure="Name a folder that transformers or Tunesmith saved.",
        )
    if path.exists() or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise MissingError("no such model folder", where=name)
    return ModelPlace(name=name, path=name, revision=revision)


def is_model_folder(folder: Path) -> bool:
    """Whether a folder holds a model or an adapter, by its configuration file."""
    return any((folder / name).is_file() for name in ("config.json", _ADAPTER_FILE))


def load_network(
    place: ModelPlace, *, has_random_weights: bool = False, **options: Any
) -> PreTrainedModel:
    """Load a causal language model in fp32; an adapter is merged into its base.

    Args:
        place: Where it lies.
        has_random_weights: Take only the shape, and draw the weights from torch's
            global random state.
        options: Of transformers' `from_pretrained`, for weights that are loaded as they lie.

    Raises:
        MissingError: No such model, or no safetensors in it.
        RemoteError: The Hub did not answer.
    """
    attention.register()
    try:
        with without_library_bars():
            network = _load(place, has_random_weights=has_random_weights, **options)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:  # of another size, too
        raise load_error(place.name, error) from error
    if not isinstance(network, PreTrainedModel):
        raise TypeError(f"transformers gave a {type(network).__name__}")
    network.eval()
    return network


def _load(place: ModelPlace, *, has_random_weights: bool, **options: Any) -> Any:
    if has_random_weights:
        config = AutoConfig.from_pretrained(place.path, revision=place.revision)
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    if place.folder is not None and (place.folder / _ADAPTER_FILE).is_file():
        return _load_adapted(place, place.folder)
    return AutoModelForCausalLM.from_pretrained(
        place.path,
        revision=place.revision,
        dtype=torch.float32,
        use_safetensors=True,
        **options,
    )


def weights_fingerprint(folder: Path) -> str:
    """A hash of everything in a model folder that decides its outputs."""
    names = sorted(
        path for path in folder.iterdir() if path.suffix in (".safetensors", ".json", ".jinja")
    )
    return hash_json([[path.name, hash_file(path)] for path in names])


def to_device(network: PreTrainedModel, device: str) -> PreTrainedModel:
    """Move a model; its own `to` has a signature that no type checker follows."""
    torch.nn.Module.to(network, torch.device(device))
    return network


def _load_adapted(place: ModelPlace, folder: Path) -> Any:
    from tunesmith.models.adapter import load_adapter  # noqa: PLC0415 - peft takes a second

    refuse_without_merge(place)
    base = adapter_base(place)
    assert base is not None
    recorded = _recorded_base(folder)
    require_same_base(base, recorded, folder)
    return load_adapter(load_network(base), folder)


def adapter_base(place: ModelPlace) -> ModelPlace | None:
    """The model that an adapter was made for; None where the place holds no adapter.

    Raises:
        MissingError: It is not there, or the adapter does not name it.
    """
    folder = place.folder
    if folder is None or not (folder / _ADAPTER_FILE).is_file():
        return None
    recorded = _recorded_base(folder)
    beside = folder / recorded["name"]
    name = str(beside) if beside.is_dir() else recorded["name"]
    return find_model(name, revision=recorded["revision"])


def refuse_without_merge(place: ModelPlace) -> None:
    """Refuse an adapter that is no change of its base model's weights.

    Raises:
        RefusedError: It adds positions or looks for words, and cannot be merged.
    """
    if place.folder is None or not (place.folder / _ADAPTER_FILE).is_file():
        return
    config = read_json(place.folder / _ADAPTER_FILE)
    kind = str(config.get("peft_type"))
    if config.get("alora_invocation_tokens"):
        kind = "activated LoRA"
    if kind in _NOT_IN_WEIGHTS:
        raise RefusedError(
            f"an adapter of the kind {kind} is no change of the weights and cannot be merged",
            where=f"model {place.name}",
            cure="Use an adapter of a kind that can, such as LoRA, or the base model.",
        )


def _recorded_base(folder: Path) -> dict[str, Any]:
    """Name and revision of an adapter's base model, and its fingerprint where we wrote it."""
    if (folder / CONTRACT_FILE).is_file():
        recorded: dict[str, Any] = read_json(folder / CONTRACT_FILE)["base"]
        return recorded
    config = read_json(folder / _ADAPTER_FILE)
    name = config.get("base_model_name_or_path")
    if not name:
        raise MissingError(
            "the adapter does not say which model it was made for",
            where=str(folder / _ADAPTER_FILE),
            cure="Put its base model's folder or Hub id under base_model_name_or_path.",
        )
    return {"name": name, "revision": config.get("revision")}


def require_same_base(place: ModelPlace, recorded: dict[str, Any], folder: Path) -> None:
    """Refuse a base model that is not the one that was tuned.

    Args:
        place: Where it lies now.
        recorded: What the tuned model's contract says of it.
        folder: The tuned model's.

    Raises:
        RefusedError: Its weights or its tokenizer have changed.
    """
    expected = recorded.get("fingerprint")
    if expected is None or place.folder is None:
        return
    if weights_fingerprint(place.folder) != expected:
        raise RefusedError(
            f"its base model {place.name} has changed since it was tuned",
            where=str(folder),
            cure="Put the old base model back, or train again.",
        )


def context_tokens(place: ModelPlace) -> int | None:
    """Positions a model was built for, from its configuration; None if it does not say."""
    config = root_config(place)
    value = getattr(config.get_text_config(), "max_position_embeddings", None)
    return value if isinstance(value, int) and value > 0 else None


def hidden_width(place: ModelPlace) -> int | None:
    """Numbers that a hidden state has, from the configuration; None if it does not say."""
    value = getattr(root_config(place).get_text_config(), "hidden_size", None)
    return value if isinstance(value, int) and value > 0 else None


def num_known_tokens(place: ModelPlace) -> int | None:
    """Tokens that a model can read and write, from its files; None if they do not say.

    Raises:
        MissingError: No such model, or no base of an adapter.
        RefusedError: An adapter brings tokens whose rows it does not hold.
        RemoteError: The Hub did not answer.
    """
    base = adapter_base(place)
    if base is not None and place.folder is not None:
        with torch.device("meta"):
            network = AutoModelForCausalLM.from_config(model_config(_root(base)))
        known = num_known_tokens(base)
        return num_brought_tokens(network, place.folder, num_known=known) or known
    value = getattr(model_config(place).get_text_config(), "vocab_size", None)
    return value if isinstance(value, int) else None


def _root(place: ModelPlace) -> ModelPlace:
    """The model below an adapter, or below an adapter of an adapter."""
    base = adapter_base(place)
    return place if base is None else _root(base)


def root_config(place: ModelPlace) -> Any:
    """The configuration of a model, or of that below an adapter; see `model_config`."""
    return model_config(_root(place))


def model_config(place: ModelPlace) -> Any:
    """What a model's configuration says.

    Raises:
        MissingError: There is none, or it cannot be read.
        RemoteError: The Hub did not answer.
    """
    try:
        return AutoConfig.from_pretrained(place.path, revision=place.revision)
    except (OSError, ValueError) as error:
        raise load_error(place.name, error) from error


def load_error(name: str, error: Exception) -> TunesmithError:
    """Say in our words why transformers could not load something."""
    text = " ".join(str(error).split())
    if "connect" in text.lower() or "offline" in text.lower():
        return RemoteError(
            f"the Hugging Face Hub did not answer ({text[:200]})",
            where=f"model {name}",
            cure="Check the network, or name a local folder.",
        )
    if isinstance(error, SafetensorError):
        return MissingError(
            f"its weights cannot be read ({text[:200]})",
            where=f"model {name}",
            cure="The file is damaged or cut off: copy or train it again.",
        )
    if "safetensors" in text:
        return MissingError(
            f"no safetensors weights ({text[:200]})",
            where=f"model {name}",
            cure="Pickled weights are not loaded; convert the model to safetensors first.",
        )
    return MissingError(
        f"cannot be loaded ({text[:300]})",
        where=f"model {name}",
        cure="Name starter, a run, a folder with config.json, or a Hub id.",
    )
