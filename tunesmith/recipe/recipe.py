"""The recipe: one pydantic model a stage; the descriptions are the help text."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SourceKind = Literal["json", "jsonl", "csv", "tsv", "parquet"]
TemplateName = Literal[
    "auto", "alpaca", "question-answer", "concatenate", "phi3", "chatml", "chat", "plain"
]
MetricName = Literal["exact_match", "token_f1", "rouge_l", "chrf", "token_accuracy"]
FieldName = Literal["instruction", "input", "response", "messages", "text", "system"]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Positive = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """What all parts of a recipe share: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelRecipe(Section):
    """The base model."""

    name: str = Field("starter", description="starter, a Hub id, a folder, or a run's model")
    revision: str | None = Field(None, description="branch, tag or commit of a Hub model")


class SourceRecipe(Section):
    """One source of rows: a file, or a data set on the Hub."""

    path: str | None = Field(None, description="a file; its kind is detected from its content")
    hub: str | None = Field(None, description="a Hub data set such as tatsu-lab/alpaca")
    kind: SourceKind | None = Field(None, description="overrides what was detected")
    config: str | None = Field(None, description="configuration of a Hub data set")
    split: str = Field("train", description="split of a Hub data set")
    revision: str | None = Field(None, description="branch, tag or commit of a Hub data set")
    stream: bool = Field(False, description="read a Hub data set without storing it")
    limit: Positive | None = Field(None, description="rows to read at most")
    fields: dict[FieldName, str] = Field(
        default_factory=dict, description="our field: their column, e.g. response: answer"
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.hub is None):
            raise ValueError("name either path or hub")
        if self.hub is None:
            hub_only = {"config", "split", "revision", "stream"} & self.model_fields_set
            if hub_only:
                raise ValueError(f"{', '.join(sorted(hub_only))}: only for a hub source")
        elif self.kind is not None:
            raise ValueError("kind: only for a path source")
        return self


class SplitRecipe(Section):
    """Shares of the examples that are held out."""

    validation: Share = Field(0.05, description="share for the loss during training")
    test: Share = Field(0.10, description="share that is answered and scored")

    @model_validator(mode="after")
    def _leaves_training(self) -> Self:
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together must leave something to train on")
        return self


class ExamplesRecipe(Section):
    """From rows to clean examples."""

    split: SplitRecipe = Field(default_factory=SplitRecipe)
    max_bad: float = Field(
        0.01, ge=0.0, le=1.0, description="share of unreadable rows that stops the run"
    )
    seed: int = Field(0, description="another seed gives another split")


class TemplateRecipe(Section):
    """How a conversation becomes text, and what of it is trained."""

    name: str = Field(
        "auto",
        description="auto (the tokenizer's chat template, else alpaca), alpaca, question-answer, "
        "concatenate, phi3, chatml, chat, plain, or a .jinja file",
    )
    system: str | None = Field(None, description="system prompt for rows that have none")
    options: dict[str, bool | int | str] = Field(
        default_factory=dict, description="variables of a Jinja template, e.g. enable_thinking"
    )
    train_on: Literal["response", "all"] = Field(
        "response", description="response: only answers are trained; all: every token"
    )


class LoraRecipe(Section):
    """A low-rank adapter instead of all weights."""

    rank: Positive = 8
    alpha: float = Field(16.0, gt=0)
    targets: str | list[str] = Field("all-linear", description="all-linear or module names")


class LoraMethod(Section):
    """`method: {lora: {...}}`."""

    lora: LoraRecipe = Field(default_factory=LoraRecipe)


class TrainingRecipe(Section):
    """How the weights are changed."""

    method: Literal["full", "lora"] | LoraMethod = Field(
        "full", description="full, lora, or lora: {rank, alpha, targets}"
    )
    epochs: float = Field(2.0, gt=0, description="passes over the training examples")
    steps: Positive | None = Field(None, description="optimiser updates, instead of epochs")
    examples_per_step: Positive = 8
    micro_batch: Literal["auto"] | Positive = Field(
        "auto", description="examples at once; changes nothing but memory and speed"
    )
    max_tokens: Positive = Field(512, description="tokens of a row")
    when_too_long: Literal["drop", "cut-context", "error"] = Field(
        "drop", description="an answer and its end are never cut"
    )
    optimizer: Literal["adamw"] = "adamw"
    learning_rate: float = Field(5e-5, gt=0)
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_fraction: float = Field(0.03, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float | None = Field(1.0, gt=0, description="null: no clipping")
    dropout: float = Field(0.0, ge=0, lt=1, description="every dropout of the model, LoRA's too")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="auto: bf16 where the machine has it; master weights stay fp32"
    )
    device: str = Field("auto", description="auto, cpu, cuda, mps")
    activation_checkpointing: Literal["auto", "on", "off"] = Field(
        "auto", description="auto: switched on when one example alone does not fit"
    )
    checkpoint_every: Literal["auto"] | Positive = Field("auto", description="steps")
    validate_every: Literal["auto"] | Positive = Field("auto", description="steps")
    keep: Literal["best", "last"] = Field(
        "best", description="which weights become the model: best by validation loss, or last"
    )
    early_stopping: Positive | None = Field(
        None, description="validations without improvement after which training ends"
    )
    seed: int = 0

    @property
    def lora(self) -> LoraRecipe | None:
        """The adapter's settings, or None for full tuning."""
        if self.method == "full":
            return None
        return LoraRecipe() if self.method == "lora" else self.method.lora

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.steps is not None and "epochs" in self.model_fields_set:
            raise ValueError("steps and epochs: name one of them, the other has no effect")
        return self


class GenerationRecipe(Section):
    """How answers are written."""

    max_new_tokens: Positive = 256
    temperature: float = Field(0.0, ge=0, description="0: greedy")
    top_p: float = Field(1.0, gt=0, le=1)
    seed: int = 0
    batch: Literal["auto"] | Positive = Field("auto", description="prompts at once")

    @model_validator(mode="after")
    def _sampling_only(self) -> Self:
        unused = {"top_p", "seed"} & self.model_fields_set
        if self.temperature == 0 and unused:
            raise ValueError(f"{', '.join(sorted(unused))}: no effect at temperature 0")
        return self


class EvaluationRecipe(Section):
    """How answers are scored."""

    metrics: list[MetricName] = Field(
        default_factory=lambda: ["exact_match", "token_f1", "rouge_l", "chrf", "token_accuracy"],
        min_length=1,
    )


class Recipe(Section):
    """Everything one run depends on. Only `sources` has no default."""

    model: ModelRecipe = Field(default_factory=ModelRecipe)
    sources: list[SourceRecipe] = Field(min_length=1)
    examples: ExamplesRecipe = Field(default_factory=ExamplesRecipe)
    template: TemplateRecipe = Field(default_factory=TemplateRecipe)
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)
    generation: GenerationRecipe = Field(default_factory=GenerationRecipe)
    evaluation: EvaluationRecipe = Field(default_factory=EvaluationRecipe)
