"""A family and a recipe -> a tiny model as `train` loads it, and transformers' own beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from torch.nn import functional
from transformers import AutoModelForCausalLM
from transformers.pytorch_utils import Conv1D

from tests.stages.rig import Talk, make_recipe, opened
from tests.tiny import byte_tokenizer, tiny_config
from tunesmith.models.forward import LanguageModel
from tunesmith.models.load import find_model
from tunesmith.models.shortcuts.sparse_embedding import SparseEmbedding, sparse_embeddings, spread
from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.stages.train import Training, base_record, start_engine
from tunesmith.templates.names import find_template
from tunesmith.tokens.collate import Batch, collate
from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.tokenizer import Tokenizer, wrap_tokenizer
from tunesmith.training.distributed import Ranks
from tunesmith.training.make_plan import shorten_model
from tunesmith.training.optimizer import Optimizer, make_optimizer
from tunesmith.training.resources.out_of_memory import use_activation_checkpointing

FAMILIES = {
    "GPT-2": "gpt2",
    "GPT-NeoX": "gpt_neox",
    "Llama": "llama",
    "Mistral": "mistral",
    "Qwen2": "qwen2",
    "Qwen3": "qwen3",
    "Gemma 1": "gemma",
    "Gemma 2": "gemma2",
    "Gemma 3": "gemma3_text",
    "Phi": "phi",
    "Phi-3": "phi3",
    "SmolLM3": "smollm3",
    "OLMo 2": "olmo2",
    "Granite": "granite",
    "StarCoder2": "starcoder2",
    "gpt-oss": "gpt_oss",
    "Cohere": "cohere",
    "Bloom": "bloom",
}
PADDED = ("bloom",)
_BIASES = ("attention_bias", "mlp_bias", "use_bias")
_NOISE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One training of one tiny model.

    Attributes:
        family: transformers' name.
        is_tied: Input table and output layer are one matrix. The model has biases where its
            family may have them, else none where it may have none.
        lora: The adapter's settings; `table` and `head` among names stand for the family's.
        training: Other keys of the recipe's `training`.
    """

    family: str
    is_tied: bool
    lora: dict[str, Any] | None = None
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def is_narrow(self) -> bool:
        """Whether products are made in bf16."""
        return self.training.get("precision") == "bf16"


def rows() -> list[EncodedExample]:
    """Four texts; two begin alike, far enough to be read once."""
    generator = np.random.default_rng(0)
    beginning = generator.integers(256, size=18)
    texts = [np.concatenate([beginning, generator.integers(256, size=6)]) for _ in range(2)]
    texts += [generator.integers(256, size=size) for size in (7, 3)]
    return [
        EncodedExample(ids=text.astype(np.int32), is_trained=np.arange(len(text)) >= 2)
        for text in texts
    ]


def save_base(folder: Path, family: str, *, is_tied: bool) -> None:
    """A model with every weight drawn, biases and norms too: those of a fresh one are 0 and 1."""
    config = tiny_config(family, tie_word_embeddings=is_tied)
    for name in _BIASES:
        if hasattr(config, name):
            setattr(config, name, is_tied)
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(config)
    shake(network)
    network.save_pretrained(folder)


def shake(network: torch.nn.Module) -> None:
    """Move all that learns a little."""
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn_like(parameter) * _NOISE)


def make_renderer(base: Path) -> Callable[[Path], Renderer]:
    """The same tokenizer and template for every model."""
    tokenizer: Tokenizer = wrap_tokenizer(byte_tokenizer(), name=str(base))
    template = find_template(TemplateRecipe(name="question-answer"), tokenizer.texts)
    return lambda folder: Renderer(
        place=find_model(str(folder)), tokenizer=tokenizer, template=template
    )


@dataclass(slots=True, kw_only=True)
class Trained:
    """A model as `train` loads it, what changes its weights, and what it reads."""

    training: Training
    model: LanguageModel
    optimizer: Optimizer
    tables: list[SparseEmbedding]
    batches: list[Batch]

    @property
    def num_targets(self) -> int:
        """Of the step."""
        return sum(batch.num_targets for batch in self.batches)

    def gradients(self) -> dict[str, torch.Tensor]:
        """By the model's names; those of rows that are read as gradients of their table."""
        found = {name: p.grad for name, p in self.model.network.named_parameters()}
        for table in self.tables:
            grad = table.parameter.grad
            assert grad is not None
            names = [n for n, p in self.model.network.named_parameters() if p is table.table]
            found[names[0]] = spread(grad, table.ids, like=table.table)
        return {name: grad.clone() for name, grad in found.items() if grad is not None}


def load(case: Case, base: Path, run: Path, renderer: Renderer) -> Trained:
    """Everything of `train` up to its first step."""
    settings = {"learning_rate": 1e-2, "steps": 2, **case.training}
    if case.lora is not None:
        settings["method"] = {"lora": {"rank": 2, **_settings(case)}}
    recipe = make_recipe(base, base / "none.jsonl", training=settings)
    opened_run = opened(recipe, RunFolder(run), recipe_folder=base, progress=Talk())
    training = Training(
        run=opened_run,
        renderer=renderer,
        engine=start_engine(recipe.training),
        ranks=Ranks(),
        force=None,
        base=base_record(renderer.place, opened_run),
    )
    model = training.load()
    if case.lora is not None:
        shake(model.network)
    if recipe.training.activation_checkpointing == "on":
        use_activation_checkpointing(model)
    texts = rows()
    shorten_model(model, _Store(texts), training.terms)  # type: ignore[arg-type]
    return Trained(
        training=training,
        model=model,
        optimizer=make_optimizer(model.network, recipe.training),
        tables=sparse_embeddings(model.inner),
        batches=[
            collate(texts[:2], smallest_saving=model.smallest_saving),
            collate(texts[2:], smallest_saving=model.smallest_saving),
        ],
    )


class _Store:
    """As much of a token store as `train` asks for its ids."""

    def __init__(self, texts: Sequence[EncodedExample]) -> None:
        self._texts = texts

    def distinct_ids(self) -> Any:
        return np.unique(np.concatenate([text.ids for text in self._texts])).astype(np.int64)


@cache
def _own_names(family: str) -> dict[str, str]:
    """What a family calls its input table and its output layer."""
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(tiny_config(family))
    own = {
        id(network.get_input_embeddings()): "table",
        id(network.get_output_embeddings()): "head",
    }
    return {own[id(m)]: n.rsplit(".", 1)[-1] for n, m in network.named_modules() if id(m) in own}


def _settings(case: Case) -> dict[str, Any]:
    """The adapter's, with the family's own names for table and head."""
    names = _own_names(case.family)
    return {
        key: [names.get(one, one) for one in value] if isinstance(value, list) else value
        for key, value in (case.lora or {}).items()
    }


def plain_network(case: Case, base: Path) -> Any:
    """Transformers' model, by peft alone where there is an adapter; nothing of Tunesmith in it."""
    network = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    if case.lora is None:
        return network
    lora = LoraRecipe(rank=2, **_settings(case))
    whole = lora.modules_to_save or []
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        target_modules=lora.targets,
        exclude_modules=whole or None,
        modules_to_save=whole or None,
        use_rslora=lora.use_rslora,
        use_dora=lora.use_dora,
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in network.modules()),
        task_type="CAUSAL_LM",
    )
    return get_peft_model(network, config).eval()


def plain_gradients(network: Any, num_targets: int, *, narrow: bool) -> dict[str, torch.Tensor]:
    """Each text alone, all logits, cross-entropy, `backward()`: the textbook's gradients."""
    network.zero_grad(set_to_none=True)
    for text in rows():
        ids = torch.from_numpy(text.ids).long()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=narrow):
            logits = network(input_ids=ids[None]).logits[0].float()
        chosen = torch.from_numpy(np.flatnonzero(text.is_trained[1:]))
        loss = functional.cross_entropy(logits[chosen], ids[chosen + 1], reduction="sum")
        (loss / num_targets).backward()
    grads = {name: p.grad for name, p in network.named_parameters()}
    return {name: grad.clone() for name, grad in grads.items() if grad is not None}
