"""The recipe: one pydantic model a stage; the descriptions are the help text.

Values are taken as they are written: "2" is no number and `yes` is no boolean. A key that
has no effect beside the others is a mistake, like an unknown one.
"""

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from tunesmith.recipe.endpoint_recipe import EndpointRecipe
from tunesmith.recipe.lora_recipe import LoraMethod, LoraRecipe
from tunesmith.recipe.objective_mistakes import objective_mistake
from tunesmith.recipe.report_recipe import ReportRecipe
from tunesmith.recipe.section import RecipeSection
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.recipe.values import (
    Baseline,
    Device,
    Memory,
    MetricName,
    MetricReference,
    Passes,
    PlainPath,
    Positive,
    Rate,
    RedactKind,
    Seed,
    Share,
    StopText,
    TemplateDate,
    TemplateReference,
)


class ModelRecipe(RecipeSection):
    """The base model."""

    name: PlainPath = Field("starter", description="starter, a Hub id, a folder, or a run's model")
    revision: str | None = Field(None, description="branch, tag or commit of a Hub model")
    weights: Literal["pretrained", "random"] = Field(
        "pretrained", description="random: take only the shape, and train from nothing"
    )


class SplitRecipe(RecipeSection):
    """What is held out, and how much."""

    validation: Share = Field(0.05, description="share for the loss during training")
    test: Share = Field(0.10, description="share that is answered and scored")

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together must leave something to train on")
        return self


def _all_redacted() -> list[RedactKind]:
    return list(get_args(RedactKind))


class ExamplesRecipe(RecipeSection):
    """From rows to examples: what is hidden, refused and held out."""

    redact: list[RedactKind] = Field(
        default_factory=_all_redacted,
        description="what is replaced by a mark such as [email]; []: nothing",
    )
    language: str | None = Field(
        None,
        pattern="^[a-z]{2}$",
        description="two letters such as en: examples surely in another language are dropped",
    )

    drop_near_duplicates: float | None = Field(
        0.9,
        ge=0.5,
        le=1.0,
        description="share of word triples in common from which the later example is dropped; "
        "null: only exact duplicates are",
    )
    group_near_duplicates: float | None = Field(
        0.5,
        ge=0.5,
        le=1.0,
        description="share from which examples are kept on one side of the split; null: never",
    )
    split: SplitRecipe = Field(default_factory=SplitRecipe)
    max_bad: float = Field(
        0.01, ge=0.0, le=1.0, description="share of unreadable rows that stops the run"
    )
    leave_out: PlainPath | None = Field(
        None,
        description="a file of ids that are left out, each with why; `tunesmith next` writes it",
    )
    seed: Seed = Field(0, description="another seed gives another split")


class TemplateRecipe(RecipeSection):
    """How a conversation becomes text, and what of it is trained."""

    name: TemplateReference = Field(
        "auto",
        description="auto (the tokenizer's chat template, else what the rows need), alpaca, "
        "question-answer, concatenate, phi3, chatml, chat, plain, or a .jinja file",
    )
    system: str | None = Field(None, description="system prompt for rows that have none")
    options: dict[str, bool | int | str] = Field(
        default_factory=dict, description="variables of a Jinja template, e.g. enable_thinking"
    )
    train_on: Literal["response", "all"] = Field(
        "response", description="response: only answers are trained; all: every token"
    )
    date: TemplateDate = Field(
        "auto",
        description="what a Jinja template writes as the date: auto (when the run began), none, "
        "or 2026-11-30, perhaps with 09:30",
    )
    when_misfit: Literal["stop", "drop"] = Field(
        "stop",
        description="stop: where more than 5 % of the rows, or all of a source, do not fit the "
        "template; drop: leave them out",
    )

    def without_effect(self) -> dict[str, str]:
        """Options and dates belong to Jinja; plain text has no system prompt."""
        unused = {}
        if self.name in ("alpaca", "question-answer", "concatenate", "plain"):
            unused["date"] = f"on {self.name}, which is no chat template"
            if self.options:
                unused["options"] = f"on {self.name}, which is no chat template"
        if self.name == "plain" and self.system is not None:
            unused["system"] = "on plain, which has no roles"
        return unused


class TrainingRecipe(RecipeSection):
    """How the weights are changed."""

    objective: Literal["supervised", "dpo"] = Field(
        "supervised",
        description="supervised: answers are learned; dpo: of a chosen and a rejected answer, to "
        "prefer the chosen one; see docs/preferences.md",
    )
    beta: float = Field(
        0.1, gt=0, le=100, description="dpo: how near the model stays to where it began"
    )
    method: Literal["full", "lora"] | LoraMethod = Field(
        "full", description="full: all weights; lora, or lora: {rank, alpha, targets}: an adapter"
    )
    epochs: Literal["auto"] | Passes = Field(
        "auto", description="passes over the training examples; auto: by their number, at most"
    )
    steps: Positive | None = Field(None, description="optimiser updates, instead of epochs")
    examples_per_step: Literal["auto"] | Positive = Field(
        "auto", description="examples an update learns from; auto: by how many there are"
    )
    micro_batch: Literal["auto"] | Positive = Field(
        "auto", description="examples at once; changes nothing but memory and speed"
    )
    memory: Memory = Field(
        "auto",
        description="what the process may hold, e.g. 8 GiB (on a GPU, there): decides "
        "micro_batch: auto; auto: most of what is free",
    )
    max_tokens: Literal["auto"] | Positive = Field(
        "auto",
        description="tokens of a row at most, prompt and answer; auto: what the model reads and "
        "memory holds",
    )
    when_too_long: Literal["drop", "cut-context", "error"] = Field(
        "drop",
        description="drop the row, cut-context (the prompt's start), or error; no answer is cut, "
        "and text of template plain becomes several rows",
    )
    optimizer: Literal["adamw", "muon"] = Field(
        "adamw", description="the rule of the update; muon: of hidden matrices, adamw for the rest"
    )
    learning_rate: Literal["auto"] | Rate = Field(
        "auto", description="its highest value, after the warm-up; auto: found by short trials"
    )
    schedule: Literal["cosine", "linear", "constant"] = Field(
        "cosine", description="how the learning rate falls after the warm-up; to 0, or not at all"
    )
    warmup_fraction: float = Field(
        0.03, ge=0, lt=1, description="share of the steps in which the learning rate rises from 0"
    )
    weight_decay: float = Field(
        0.0, ge=0, description="decoupled: times the learning rate, not a part of the gradient"
    )
    max_grad_norm: float | None = Field(
        1.0, gt=0, description="gradients are clipped to this norm; null: no clipping"
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="every dropout of the model, LoRA's too")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto: bf16 where the machine has it; master weights stay fp32"
    )
    device: Device = Field("auto", description="auto, cpu, cuda (or cuda:1), mps")
    activation_checkpointing: Literal["auto", "on", "off"] = Field(
        "auto", description="auto: switched on when one example alone does not fit"
    )
    checkpoint_every: Literal["auto"] | Positive = Field(
        "auto",
        description="steps between two checkpoints; auto: a tenth of the run or ten minutes, "
        "but saving takes a twentieth of the time at most",
    )
    validate_every: Literal["auto"] | Positive = Field(
        "auto", description="steps between validations; auto: a tenth of the run"
    )
    keep: Literal["best", "last"] = Field(
        "best", description="which weights become the model: best by validation loss, or last"
    )
    early_stopping: Positive | None = Field(
        None,
        description="validations without improvement after which training ends; "
        "beside epochs: auto it is 6",
    )
    samples: int = Field(
        3,
        ge=0,
        le=100,
        description="validation rows answered while training, in a twentieth of its time at most",
    )
    seed: Seed = Field(0, description="another seed gives another order of the examples")

    @property
    def open_settings(self) -> list[str]:
        """The keys that `auto` leaves open."""
        names = ["learning_rate", "examples_per_step"]
        names += ["epochs"] if self.steps is None else []
        return [name for name in names if getattr(self, name) == "auto"]

    @property
    def highest_rate(self) -> float:
        """The learning rate of a recipe that names it, as training needs it."""
        assert self.learning_rate != "auto"
        return self.learning_rate

    @property
    def step_size(self) -> int:
        """Examples of a step, likewise."""
        assert self.examples_per_step != "auto"
        return self.examples_per_step

    @property
    def passes(self) -> float:
        """Epochs, likewise."""
        assert self.epochs != "auto"
        return self.epochs

    @property
    def lora(self) -> LoraRecipe | None:
        """The adapter's settings, or None for full tuning."""
        if self.method == "full":
            return None
        return LoraRecipe() if self.method == "lora" else self.method.lora

    def without_effect(self) -> dict[str, str]:
        """Steps and epochs both say how long; memory only decides the micro-batch; and so on."""
        unused = {} if self.steps is None else {"epochs": "beside steps; name one of them"}
        if self.objective != "dpo":
            unused["beta"] = "without objective: dpo"
        if self.micro_batch != "auto":
            unused["memory"] = "beside a micro_batch that is named"
        return unused


class GenerationRecipe(RecipeSection):
    """How answers are written."""

    max_new_tokens: Positive = Field(256, description="tokens of an answer at most")
    temperature: float = Field(0.0, ge=0, description="0: always the likeliest token")
    top_p: float = Field(
        1.0, gt=0, le=1, description="sample from the likeliest tokens that make up this share"
    )
    seed: Seed = Field(0, description="another seed gives other samples")
    stop: list[StopText] | None = Field(
        None,
        description="list of strings at which an answer ends; null: those that the model was "
        "tuned with, if any",
    )
    batch: Literal["auto"] | Positive = Field("auto", description="prompts at once")

    def without_effect(self) -> dict[str, str]:
        """Greedy answers draw nothing."""
        return {} if self.temperature else dict.fromkeys(("top_p", "seed"), "at temperature 0")


def _usual_metrics() -> list[str]:
    """All but `final_answer`, which is for answers that are reasoned towards."""
    return [name for name in get_args(MetricName) if name != "final_answer"]


class EvaluationRecipe(RecipeSection):
    """How answers are scored."""

    metrics: list[MetricReference] = Field(
        default_factory=_usual_metrics,
        min_length=1,
        description="marks of an answer, 0 to 100",
    )
    judge: EndpointRecipe | None = Field(
        None, description="a model that scores each answer against the reference, 0 to 100"
    )
    rubric: PlainPath | None = Field(
        None, description="a text file that tells the judge what earns how much; null: built in"
    )
    pairwise: Literal["base", "reference"] | None = Field(
        None, description="whose answers the judge compares each model's with, in both orders"
    )
    baselines: Literal["auto"] | list[Baseline] = Field(
        "auto",
        description="nearest: the answer of the most similar training question; few-shot: the "
        "base model, shown training examples in its prompt; auto: nearest, and few-shot where a "
        "prompt holds the examples and training takes longer; []: none",
    )
    shots: Positive = Field(4, description="training examples that few-shot shows, if they fit")
    rivals: list[EndpointRecipe] = Field(
        default_factory=list,
        description="other models that answer the same test set: groups like judge",
    )

    round_before: PlainPath | None = Field(
        None, description="the run of the round before, which the report compares this one with"
    )
    probes: Literal["auto", "general", "none"] = Field(
        "auto",
        description="general: what the base model knew beside the task, asked again of the tuned "
        "one; auto: where that takes under a tenth of the run; none: never",
    )

    benchmarks: list[str] = Field(
        default_factory=list,
        description="names of lm_eval's benchmarks that base and tuned are handed to, where it is "
        "installed",
    )

    def without_effect(self) -> dict[str, str]:
        """A rubric and pairs belong to a judge, shots to few-shot."""
        unused = {}
        if self.judge is None:
            unused = dict.fromkeys(("rubric", "pairwise"), "without a judge")
        if self.baselines != "auto" and "few-shot" not in self.baselines:
            unused["shots"] = "without few-shot among the baselines"
        return unused


class Recipe(RecipeSection):
    """Everything one run depends on. Only `sources` has no default."""

    model: ModelRecipe = Field(default_factory=ModelRecipe)
    sources: list[SourceRecipe] = Field(
        min_length=1,
        description="where rows come from: a list of files, Hub data sets and teachers",
    )
    examples: ExamplesRecipe = Field(default_factory=ExamplesRecipe)
    template: TemplateRecipe = Field(default_factory=TemplateRecipe)
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)
    generation: GenerationRecipe = Field(default_factory=GenerationRecipe)
    evaluation: EvaluationRecipe = Field(default_factory=EvaluationRecipe)
    report: ReportRecipe = Field(default_factory=ReportRecipe)

    @model_validator(mode="after")
    def _a_weight_has_another_beside_it(self) -> Self:
        weighted = [index for index, source in enumerate(self.sources) if source.weight is not None]
        if len(weighted) == 1:
            raise ValueError(
                f"sources.{weighted[0]}.weight has no effect alone; give another source a weight "
                "too (sources without one are read whole)"
            )
        return self

    @model_validator(mode="after")
    def _objective_has_use_for_it(self) -> Self:
        mistake = objective_mistake(
            self.training.objective,
            train_on=self.template.train_on,
            fields=[source.fields for source in self.sources],
        )
        if mistake is not None:
            raise ValueError(mistake)
        return self

    @model_validator(mode="after")
    def _adapter_needs_weights(self) -> Self:
        if self.model.weights == "random" and self.training.lora is not None:
            raise ValueError(
                "model.weights: random with an adapter would train beside weights that are not "
                "saved; use method: full"
            )
        return self
