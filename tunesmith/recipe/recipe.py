"""The recipe: one pydantic model a stage; the descriptions are the help text.

Values are taken as they are written: "2" is no number and `yes` is no boolean. A key that
has no effect beside the others is a mistake, like an unknown one.
"""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from tunesmith.recipe.task_names import TaskReference

SplitName = Literal["train", "validation", "test"]
SourceKind = Literal[
    "json",
    "jsonl",
    "csv",
    "tsv",
    "parquet",
    "faq",
    "document",
    "slack",
    "dialogues",
    "mbox",
    "whatsapp",
    "messenger",
    "irc",
]
TemplateName = Literal[
    "auto", "alpaca", "question-answer", "concatenate", "phi3", "chatml", "chat", "plain"
]
MetricName = Literal["exact_match", "token_f1", "rouge_l", "chrf", "token_accuracy"]
FieldName = Literal[
    "instruction",
    "input",
    "response",
    "messages",
    "text",
    "system",
    "thread",
    "author",
    "role",
    "message",
]
RedactKind = Literal["email", "phone", "card", "account", "ip", "secret", "handle"]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Positive = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


def _plain_path(value: str) -> str:
    """Expand `~`, and nothing else; a URL is no path."""
    if not value.strip() or re.search(r"[\x00-\x1f]", value):
        raise ValueError("is empty or holds control characters")
    if scheme := re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value):
        raise ValueError(f"{scheme[0]} is not read; write the path of a file or folder")
    try:
        return str(Path(value).expanduser()) if value.startswith("~") else value
    except RuntimeError as error:
        raise ValueError(f"~ cannot be expanded: {error}") from None


def _known_template(value: str) -> str:
    """A template's name, or a Jinja file."""
    if value.endswith(".jinja"):
        return _plain_path(value)
    known: tuple[str, ...] = get_args(TemplateName)
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        names = ", ".join(sorted(known))
        raise ValueError(f"template {value!r} is unknown. Known: {names}, a .jinja file.{hint}")
    return value


def _known_device(value: str) -> str:
    """A device that PyTorch and Tunesmith both know."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value):
        raise ValueError(f"device {value!r} is unknown. Known: auto, cpu, cuda, cuda:1, mps.")
    return value


PlainPath = Annotated[str, AfterValidator(_plain_path)]
TemplateReference = Annotated[
    str,
    AfterValidator(_known_template),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": list(get_args(TemplateName))},
                {"type": "string", "pattern": "[.]jinja$"},
            ]
        }
    ),
]
Device = Annotated[
    str,
    AfterValidator(_known_device),
    WithJsonSchema({"type": "string", "pattern": "^(auto|cpu|mps|cuda(:[0-9]+)?)$"}),
]


class NoEffectError(ValueError):
    """Keys were written that change nothing; `reasons` says why, a key."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = {key: f"has no effect {reason}" for key, reason in reasons.items()}
        super().__init__("; ".join(f"{key} {reason}" for key, reason in self.reasons.items()))


class Section(BaseModel):
    """What all parts of a recipe share: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def without_effect(self) -> dict[str, str]:
        """Keys that change nothing beside the others, and why."""
        return {}

    @model_validator(mode="before")
    @classmethod
    def _empty_section_is_default(cls, data: Any) -> Any:
        """`training:` with every key below it commented out means the defaults."""
        if not isinstance(data, dict):
            return data
        sections = {key for key, field in cls.model_fields.items() if _is_section(field.annotation)}
        return {
            key: value for key, value in data.items() if value is not None or key not in sections
        }

    @model_validator(mode="after")
    def _every_key_has_effect(self) -> Self:
        reasons = self.without_effect()
        written = {key: reasons[key] for key in reasons if key in self.model_fields_set}
        if written:
            raise NoEffectError(written)
        return self


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


class ModelRecipe(Section):
    """The base model."""

    name: PlainPath = Field("starter", description="starter, a Hub id, a folder, or a run's model")
    revision: str | None = Field(None, description="branch, tag or commit of a Hub model")
    weights: Literal["pretrained", "random"] = Field(
        "pretrained", description="random: take only the shape, and train from nothing"
    )


class SourceRecipe(Section):
    """One source of rows: a file, or a data set on the Hub."""

    path: PlainPath | None = Field(
        None, description="a file, its kind detected from its content; or a folder of pages"
    )
    hub: str | None = Field(None, description="a Hub data set such as tatsu-lab/alpaca")
    kind: SourceKind | None = Field(None, description="overrides what was detected")
    config: str | None = Field(None, description="configuration of a Hub data set")
    split: str = Field("train", description="split of a Hub data set")
    revision: str | None = Field(None, description="branch, tag or commit of a Hub data set")
    stream: bool = Field(False, description="read a Hub data set without storing it")
    limit: Positive | None = Field(None, description="rows to read at most")
    use_as: SplitName | None = Field(
        None, description="train, validation or test: where its rows belong; null: by content"
    )
    subject: str | None = Field(
        None, description="what documents describe, e.g. a product; null: what they call it"
    )
    fields: dict[FieldName, str] = Field(
        default_factory=dict, description="our field: their column, e.g. response: answer"
    )
    task: TaskReference | None = Field(
        None, description="a prompt template for labelled rows, e.g. sentiment; see docs/tasks.md"
    )
    prompts: PlainPath | None = Field(
        None, description="prompt templates of one's own, a YAML file in promptsource's format"
    )
    prompt_names: list[str] | None = Field(
        None, min_length=1, description="which templates of that file; null: all that can run"
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="the prompt template's column: theirs, e.g. text: review"
    )
    labels: list[str] | dict[str, str] | None = Field(
        None, description="names of the labels, e.g. {0: negative, 1: positive}; null: as they are"
    )
    weight: float | None = Field(
        None, gt=0, description="its share of the mix, beside the weights of other sources"
    )
    seed: Seed = Field(0, description="another seed draws other wordings, and other rows by weight")
    staff: list[str] = Field(
        default_factory=list,
        description="who answers in chats and mails, by account or name; empty: found out",
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.hub is None):
            raise ValueError("name either path or hub")
        if self.task is not None and self.prompts is not None:
            raise ValueError("name either task or prompts")
        if self.stream and self.weight is not None and self.limit is None:
            raise ValueError("weight needs a limit where stream is true: rows are counted first")
        return self

    @property
    def is_prompted(self) -> bool:
        """Whether a prompt template makes examples of its rows."""
        return self.task is not None or self.prompts is not None

    def without_effect(self) -> dict[str, str]:
        """Keys of another kind of source, or of another way to read rows."""
        elsewhere = ("config", "split", "revision", "stream")
        if self.hub is not None:
            unused = dict.fromkeys(("kind", "subject"), "on a hub source")
        else:
            unused = dict.fromkeys(elsewhere, "without hub")
        if self.is_prompted:
            unused["fields"] = "beside task or prompts; write columns"
        else:
            unused["columns"] = "without task or prompts; write fields"
        if self.task is None:
            unused["labels"] = "without task"
        if self.prompts is None:
            unused["prompt_names"] = "without prompts"
        if not self.is_prompted and self.weight is None:
            unused["seed"] = "without task, prompts or weight"
        return unused


class SplitRecipe(Section):
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


class ExamplesRecipe(Section):
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
    seed: Seed = Field(0, description="another seed gives another split")


class TemplateRecipe(Section):
    """How a conversation becomes text, and what of it is trained."""

    name: TemplateReference = Field(
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

    def without_effect(self) -> dict[str, str]:
        """Options belong to Jinja; plain text has no system prompt."""
        unused = {}
        if self.name in ("alpaca", "question-answer", "concatenate", "plain") and self.options:
            unused["options"] = f"on {self.name}, which is no chat template"
        if self.name == "plain" and self.system is not None:
            unused["system"] = "on plain, which has no roles"
        return unused


class LoraRecipe(Section):
    """A low-rank adapter instead of all weights."""

    rank: Positive = Field(8, description="width of the adapter's matrices")
    alpha: float = Field(16.0, gt=0, description="the adapter's output is scaled by alpha / rank")
    targets: str | list[str] = Field(
        "all-linear", min_length=1, description="modules that get an adapter: all-linear or names"
    )


class LoraMethod(Section):
    """`method: {lora: {...}}`."""

    lora: LoraRecipe = Field(default_factory=LoraRecipe, description="the adapter's settings")


class TrainingRecipe(Section):
    """How the weights are changed."""

    method: Literal["full", "lora"] | LoraMethod = Field(
        "full", description="full: all weights; lora, or lora: {rank, alpha, targets}: an adapter"
    )
    epochs: float = Field(2.0, gt=0, description="passes over the training examples")
    steps: Positive | None = Field(None, description="optimiser updates, instead of epochs")
    examples_per_step: Positive = Field(8, description="examples an update learns from")
    micro_batch: Literal["auto"] | Positive = Field(
        "auto", description="examples at once; changes nothing but memory and speed"
    )
    max_tokens: Positive = Field(512, description="tokens of a row at most, prompt and answer")
    when_too_long: Literal["drop", "cut-context", "error"] = Field(
        "drop",
        description="drop the row, cut-context (the prompt's start), or error; no answer is cut",
    )
    optimizer: Literal["adamw", "muon"] = Field(
        "adamw", description="the rule of the update; muon: of hidden matrices, adamw for the rest"
    )
    learning_rate: float = Field(5e-5, gt=0, description="its highest value, after the warm-up")
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
        "auto", description="steps between two checkpoints"
    )
    validate_every: Literal["auto"] | Positive = Field(
        "auto", description="steps between two measurements of the validation loss"
    )
    keep: Literal["best", "last"] = Field(
        "best", description="which weights become the model: best by validation loss, or last"
    )
    early_stopping: Positive | None = Field(
        None, description="validations without improvement after which training ends"
    )
    seed: Seed = Field(0, description="another seed gives another order of the examples")

    @property
    def lora(self) -> LoraRecipe | None:
        """The adapter's settings, or None for full tuning."""
        if self.method == "full":
            return None
        return LoraRecipe() if self.method == "lora" else self.method.lora

    def without_effect(self) -> dict[str, str]:
        """Steps and epochs both say how long."""
        return {} if self.steps is None else {"epochs": "beside steps; name one of them"}


class GenerationRecipe(Section):
    """How answers are written."""

    max_new_tokens: Positive = Field(256, description="tokens of an answer at most")
    temperature: float = Field(0.0, ge=0, description="0: always the likeliest token")
    top_p: float = Field(
        1.0, gt=0, le=1, description="sample from the likeliest tokens that make up this share"
    )
    seed: Seed = Field(0, description="another seed gives other samples")
    batch: Literal["auto"] | Positive = Field("auto", description="prompts at once")

    def without_effect(self) -> dict[str, str]:
        """Greedy answers draw nothing."""
        return {} if self.temperature else dict.fromkeys(("top_p", "seed"), "at temperature 0")


def _all_metrics() -> list[MetricName]:
    return list(get_args(MetricName))


class EvaluationRecipe(Section):
    """How answers are scored."""

    metrics: list[MetricName] = Field(
        default_factory=_all_metrics,
        min_length=1,
        description="marks of an answer, 0 to 100",
    )


class Recipe(Section):
    """Everything one run depends on. Only `sources` has no default."""

    model: ModelRecipe = Field(default_factory=ModelRecipe)
    sources: list[SourceRecipe] = Field(
        min_length=1, description="where rows come from: a list of files and Hub data sets"
    )
    examples: ExamplesRecipe = Field(default_factory=ExamplesRecipe)
    template: TemplateRecipe = Field(default_factory=TemplateRecipe)
    training: TrainingRecipe = Field(default_factory=TrainingRecipe)
    generation: GenerationRecipe = Field(default_factory=GenerationRecipe)
    evaluation: EvaluationRecipe = Field(default_factory=EvaluationRecipe)

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
    def _adapter_needs_weights(self) -> Self:
        if self.model.weights == "random" and self.training.lora is not None:
            raise ValueError(
                "model.weights: random with an adapter would train beside weights that are not "
                "saved; use method: full"
            )
        return self
