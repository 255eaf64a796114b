"""A model -> the same model with a low-rank adapter (LoRA, arXiv 2106.09685), and back."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from tunesmith.errors import RecipeError, RefusedError
from tunesmith.models.forward import probe_examples
from tunesmith.models.four_bits import set_matmul_dtype
from tunesmith.models.tying import give_own_matrix, is_tied, settle_ties
from tunesmith.models.vocabulary import fit_vocabulary, num_rows
from tunesmith.recipe.lora_recipe import LoraRecipe

_TOLERANCE = 1e-3  # of the logits; fp32 sums in another order stay far below


def add_adapter(network: PreTrainedModel, recipe: LoraRecipe, *, dropout: float) -> Any:
    """Wrap a model in a trainable adapter; its own weights stop requiring gradients.

    Raises:
        RecipeError: The target names match no module, a module cannot be trained whole, or DoRA
            would divide by zero.
    """
    whole = _whole_modules(network, recipe)
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,  # type: ignore[arg-type]  # peft divides it by the rank
        lora_dropout=dropout,
        target_modules=recipe.targets,
        exclude_modules=_inside(whole) if whole else None,
        modules_to_save=whole or None,
        use_rslora=recipe.use_rslora,
        use_dora=recipe.use_dora,
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in network.modules()),
        task_type="CAUSAL_LM",
    )
    try:
        with _without_peft_warning():
            adapted = get_peft_model(network, config)
    except ValueError as error:
        raise RecipeError(
            f"no module matches {recipe.targets!r} ({error})",
            where="training.method.lora.targets",
            cure=f"Use all-linear, or some of: {_known_names(network)}.",
        ) from error
    _refuse_zero_magnitudes(adapted)
    return adapted


def _refuse_zero_magnitudes(adapted: Any) -> None:
    """DoRA divides by the length of each row; one of zeros makes every loss NaN, in peft too."""
    for name, magnitude in adapted.named_parameters():
        if "lora_magnitude_vector" in name and bool((magnitude == 0).any()):
            module = name.partition(".lora_magnitude_vector")[0].rsplit(".", 1)[-1]
            raise RecipeError(
                f"{module} has {int((magnitude == 0).sum()):,} rows of zeros, such as that of a "
                "padding token, and DoRA divides by their length",
                where="training.method.lora.use_dora",
                cure=f"Leave {module} out of training.method.lora.targets, or set use_dora: false.",
            )


def _whole_modules(network: PreTrainedModel, recipe: LoraRecipe) -> list[str]:
    """Full names of the modules that are trained whole; peft would take a name's mere ending.

    Raises:
        RecipeError: A name matches no module with weights that can learn.
    """
    found: dict[str, None] = {}
    for name in recipe.modules_to_save or ():
        named = [
            (path, module)
            for path, module in network.named_modules()
            if f".{path}".endswith(f".{name}")
        ]
        parameters = [one for _, module in named for one in module.parameters()]
        if not parameters or not all(one.is_floating_point() for one in parameters):
            what = "is stored in four bits" if parameters else "has no weights, or is not there"
            raise RecipeError(
                f"{name!r} cannot be trained whole: it {what}",
                where="training.method.lora.modules_to_save",
                cure=f"Known: {_known_names(network)}.",
            )
        found |= dict.fromkeys(path for path, _ in named)
    return list(found)


def _inside(names: Sequence[str]) -> str:
    """A pattern of these modules and what is in them, for peft to leave them alone."""
    return rf"(?:{'|'.join(re.escape(name) for name in names)})(?:\..*)?"


def _known_names(network: PreTrainedModel) -> str:
    names = {name.rsplit(".", 1)[-1] for name, _ in network.named_modules() if name}
    return ", ".join(sorted(names))


def narrow_frozen(network: PreTrainedModel) -> None:
    """Keep the frozen matrices of an adapted model in bf16, in place, for bf16 training.

    Autocast rounds them so at every use: the products stay what they were, half of the memory
    and the rounding go. Matrices that learn, norms, and an embedding's table stay as they are.
    (Not for DoRA, which measures the matrices.)
    What is stored in four bits is widened to bf16 from now on.
    """
    set_matmul_dtype(network, torch.bfloat16)
    tables = {id(m.weight) for m in network.modules() if isinstance(m, torch.nn.Embedding)}
    for module in network.modules():
        if isinstance(module, torch.nn.Linear | Conv1D) and id(module.weight) not in tables:
            for parameter in module.parameters(recurse=False):
                if not parameter.requires_grad and parameter.is_floating_point():
                    parameter.data = parameter.data.to(torch.bfloat16)


def load_adapter(network: PreTrainedModel, folder: Path) -> Any:
    """Put a saved adapter around the model it was trained on, and merge it in.

    What comes out is a model like any other: peft froze its weights, and they learn again. An
    adapter of one of two tied matrices changes that one alone, so that they are two from now on.

    Raises:
        RefusedError: It does not fit the model, or what is merged computes something else.
    """
    fit_vocabulary(network, folder)
    was_tied = is_tied(network)
    table, output = network.get_input_embeddings(), network.get_output_embeddings()
    try:
        with _without_peft_warning():
            adapted = PeftModel.from_pretrained(network, str(folder)).eval()
            expected = _probe(adapted)
            plain = (
                network.get_input_embeddings() is table,
                network.get_output_embeddings() is output,
            )
            if was_tied and not all(plain):
                give_own_matrix(output)
            merged = adapted.merge_and_unload().requires_grad_(True)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise _refusal(folder, f"does not fit its base model ({reason})") from error
    if was_tied:
        settle_ties(merged)
    difference = float((_probe(merged) - expected).abs().max())
    if not difference <= _TOLERANCE * max(1.0, float(expected.abs().max())):
        raise _refusal(folder, f"computes something else once merged (logits by {difference:.1e})")
    return merged


@torch.no_grad()
def _probe(network: Any) -> torch.Tensor:
    """Logits of a short text of random tokens, the same each time."""
    ids = torch.from_numpy(probe_examples(num_rows(network))[0].ids).long()
    logits: torch.Tensor = network(input_ids=ids[None].to(network.device)).logits
    return logits


def _refusal(folder: Path, what: str) -> RefusedError:
    return RefusedError(
        f"the adapter {what}",
        where=str(folder),
        cure="Merge it with peft, by the versions it was made with, and name the merged model.",
    )


@contextmanager
def _without_peft_warning() -> Iterator[None]:
    with warnings.catch_warnings():
        # peft 0.21 asks for a property that transformers 5.23 renamed; harmless until 6.
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
        # Of tied matrices it warns here and when it merges; `load_adapter` sees to them.
        warnings.filterwarnings("ignore", message=".*(tie_word_embeddings|ensure_weight_tying)")
        warnings.filterwarnings("ignore", message="fan_in_fan_out is set to True but")
        yield
