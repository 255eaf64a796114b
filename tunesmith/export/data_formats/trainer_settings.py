"""A run's training -> the settings with which TRL, Axolotl or LLaMA-Factory do the same.

What one of them has no setting for is told, not left out in silence.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.recipe.recipe import TrainingRecipe

Settings = dict[str, Any]
_ALL_LINEAR = "all-linear"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedElsewhere:
    """What is to be trained, and how.

    Attributes:
        recipe: With a number in the place of each `auto`.
        model: A Hub id or a folder.
        revision: Of a Hub model.
        num_steps: Updates of the whole training.
        longest: Tokens of the longest row.
        has_validation: There are rows to validate with.
        is_bf16: Matrices are multiplied in bf16.
    """

    recipe: TrainingRecipe
    model: str
    revision: str | None
    num_steps: int
    longest: int
    has_validation: bool
    is_bf16: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """A program that trains on rows of ids.

    Attributes:
        title: As people call it.
        file: The name of its settings.
        command: What trains, run in the folder.
        settings: What stands in that file.
    """

    title: str
    file: str
    command: str
    settings: Callable[[TrainedElsewhere], Settings]


def untold_settings(what: TrainedElsewhere) -> Iterator[str]:
    """What none of the three is told, and why."""
    recipe = what.recipe
    if recipe.optimizer != "adamw":
        yield f"optimizer: {recipe.optimizer}, which they do not have; AdamW stands there"
    if recipe.dropout and recipe.lora is None:
        yield f"dropout: {recipe.dropout:g} of the whole model"
    if recipe.early_stopping is not None:
        yield f"early_stopping: {recipe.early_stopping}"
    if what.has_validation and recipe.keep == "best":
        yield "keep: best; they keep the last weights"


def _arguments(what: TrainedElsewhere) -> Settings:
    """What transformers' TrainingArguments call so; one row at a time, summed up to a step."""
    recipe = what.recipe
    found: Settings = {
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": recipe.step_size,
        "learning_rate": recipe.highest_rate,
        "lr_scheduler_type": _schedule(recipe),
        "warmup_steps": _warmup(what),
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.max_grad_norm or 0.0,
        "optim": "adamw_torch",
        "bf16": what.is_bf16,
        "seed": recipe.seed,
        "output_dir": "model",
    }
    found |= {"num_train_epochs": recipe.passes} if recipe.steps is None else {}
    found |= {} if recipe.steps is None else {"max_steps": recipe.steps}
    return found | ({"eval_strategy": "epoch"} if what.has_validation else {})


def _warmup(what: TrainedElsewhere) -> int:
    """Ours begins with a share of the rate, theirs with none: one such step would be lost."""
    num_steps = math.ceil(round(what.recipe.warmup_fraction * what.num_steps, 6))
    return 0 if num_steps == 1 else num_steps


def _schedule(recipe: TrainingRecipe) -> str:
    is_warmed = recipe.schedule == "constant" and recipe.warmup_fraction
    return "constant_with_warmup" if is_warmed else recipe.schedule


def _trl(what: TrainedElsewhere) -> Settings:
    return {
        "model_name_or_path": what.model,
        **_given(model_revision=what.revision),
        "dtype": "float32",
        "dataset_name": "data",
        **({"dataset_test_split": "validation"} if what.has_validation else {}),
        "chat_template_path": "chat_template.jinja",
        "max_length": what.longest,
        "packing": False,
        **_arguments(what),
        **_lora(what.recipe, _TRL_LORA),
    }


def _llama_factory(what: TrainedElsewhere) -> Settings:
    return {
        "stage": "sft",
        "do_train": True,
        "model_name_or_path": what.model,
        **_given(model_revision=what.revision),
        "finetuning_type": "full" if what.recipe.lora is None else "lora",
        "tokenized_path": "data",
        "dataset": "train",  # it asks for a name, though the path decides
        **({"eval_dataset": "validation"} if what.has_validation else {}),
        "cutoff_len": what.longest,
        "packing": False,
        **_arguments(what),
        **_lora(what.recipe, _LLAMA_FACTORY_LORA),
    }


def _axolotl(what: TrainedElsewhere) -> Settings:
    found = {_AXOLOTL.get(name, name): value for name, value in _arguments(what).items()}
    table = {"ds_type": "parquet", "type": None}
    rows = {"datasets": [{"path": "data/train.parquet", **table}]}
    if what.has_validation:
        rows["test_datasets"] = [{"path": "data/validation.parquet", "split": "train", **table}]
    return {
        "base_model": what.model,
        **_given(revision_of_model=what.revision),
        **rows,
        "val_set_size": 0,
        "dataset_prepared_path": "prepared",
        "chat_template": "jinja",
        "chat_template_jinja": "chat_template.jinja",
        "sequence_len": what.longest,
        "sample_packing": False,
        "pad_to_sequence_len": False,
        **found,
        **_lora(what.recipe, _AXOLOTL_LORA),
    }


_AXOLOTL = {
    "per_device_train_batch_size": "micro_batch_size",
    "lr_scheduler_type": "lr_scheduler",
    "optim": "optimizer",
    "num_train_epochs": "num_epochs",
}
_TRL_LORA = {
    "is_adapted": "use_peft",
    "rank": "lora_r",
    "alpha": "lora_alpha",
    "dropout": "lora_dropout",
    "targets": "lora_target_modules",
    "all_linear": "lora_target_modules",
    "use_rslora": "use_rslora",
    "use_dora": "use_dora",
    "modules_to_save": "lora_modules_to_save",
    "is_four_bits": "load_in_4bit",
}
_LLAMA_FACTORY_LORA = {
    "rank": "lora_rank",
    "alpha": "lora_alpha",
    "dropout": "lora_dropout",
    "targets": "lora_target",
    "all_linear": "lora_target",
    "use_rslora": "use_rslora",
    "use_dora": "use_dora",
    "modules_to_save": "additional_target",
    "bits": "quantization_bit",
}
_AXOLOTL_LORA = {
    "adapter": "adapter",
    "rank": "lora_r",
    "alpha": "lora_alpha",
    "dropout": "lora_dropout",
    "targets": "lora_target_modules",
    "all_linear": "lora_target_linear",
    "use_rslora": "peft_use_rslora",
    "use_dora": "peft_use_dora",
    "modules_to_save": "lora_modules_to_save",
    "is_four_bits": "load_in_4bit",
}
_ALL = {"lora_target_modules": _ALL_LINEAR, "lora_target": "all", "lora_target_linear": True}


def _lora(recipe: TrainingRecipe, names: Mapping[str, str]) -> Settings:
    """The adapter's settings under a program's names; nothing where there is none."""
    lora = recipe.lora
    if lora is None:
        return {}
    facts = _facts(lora, recipe.dropout)
    return {names[key]: value for key, value in facts.items() if key in names} | (
        {names["all_linear"]: _ALL[names["all_linear"]]} if lora.targets == _ALL_LINEAR else {}
    )


def _facts(lora: LoraRecipe, dropout: float) -> Settings:
    is_packed = lora.quantize is not None
    found: Settings = {
        "is_adapted": True,
        "adapter": "qlora" if is_packed else "lora",
        "rank": lora.rank,
        "alpha": int(lora.alpha) if lora.alpha == int(lora.alpha) else lora.alpha,
        "dropout": dropout,
        "use_rslora": lora.use_rslora,
        "use_dora": lora.use_dora,
    }
    if lora.targets != _ALL_LINEAR:
        found["targets"] = [lora.targets] if isinstance(lora.targets, str) else lora.targets
    found |= {"is_four_bits": True, "bits": 4} if is_packed else {}
    return found | _given(modules_to_save=lora.modules_to_save)


def _given(**values: object) -> Settings:
    return {name: value for name, value in values.items() if value is not None}


TRAINERS = {
    "trl": Trainer(
        title="TRL", file="trl.yaml", command="trl sft --config trl.yaml", settings=_trl
    ),
    "axolotl": Trainer(
        title="Axolotl",
        file="axolotl.yaml",
        command="axolotl train axolotl.yaml",
        settings=_axolotl,
    ),
    "llamafactory": Trainer(
        title="LLaMA-Factory",
        file="llamafactory.yaml",
        command="llamafactory-cli train llamafactory.yaml && cp chat_template.jinja model/",
        settings=_llama_factory,
    ),
}
