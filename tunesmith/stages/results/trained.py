"""What training came to, or would take: the records of `train` and `forecast`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.stages.results.record_json import FOR_PEOPLE, IF_SET, as_dict, known_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What `train` made.

    Attributes:
        run: The folder of the run.
        steps: Optimiser updates.
        resumed_from: The step of the checkpoint that this training went on from; None: anew.
        loss: The last of each split, in nats per token; of preferences, per pair.
        accuracy: Of the last validation: trained tokens that were the model's first choice, in %.
        reward_accuracy: Of preferences, instead: the chosen answer has gained more, in %.
        best_step: Whose weights were kept; None: the last.
        seconds: Of training, over all its sittings.
        examples_per_second: Over these; None where nothing was trained.
        peak_memory_bytes: Of the GPU if it trained there, else of the process.
    """

    run: str
    steps: int
    resumed_from: int | None = None
    loss: Mapping[str, float] = field(default_factory=dict)
    accuracy: float | None = field(default=None, metadata=IF_SET)
    reward_accuracy: float | None = field(default=None, metadata=IF_SET)
    best_step: int | None = None
    seconds: float = 0.0
    examples_per_second: float | None = None
    peak_memory_bytes: int = 0

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Trained":
        """The record that a run keeps in its manifest."""
        return known_fields(cls, record)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith train --json`."""
        return as_dict(self)

    def _repr_html_(self) -> str:
        from tunesmith.report.notebook import figures, framed, loss_curve
        from tunesmith.report.record import read_run_record

        told = {
            "run": self.run,
            "steps": f"{self.steps:,}",
            **{f"loss, {split}": f"{loss:.4f}" for split, loss in self.loss.items()},
            **({} if self.accuracy is None else {"next tokens right": f"{self.accuracy:.1f} %"}),
            **(
                {}
                if self.reward_accuracy is None
                else {"chosen answers preferred": f"{self.reward_accuracy:.1f} %"}
            ),
            "seconds": f"{self.seconds:,.1f}",
            "peak memory": f"{self.peak_memory_bytes / 2**20:,.0f} MiB",
        }
        return framed(figures("Trained", told), loss_curve(read_run_record(Path(self.run))))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSeconds:
    """Seconds of each part of a training, their sum, and between what it should lie.

    `search` is for the learning rate, where the recipe leaves it to `auto` and it is not found yet.
    """

    loading: float
    search: float
    training: float
    validation: float
    saving: float
    total: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastMemory:
    """The peak that was measured, in bytes, and what is known to be in it."""

    peak_bytes: int
    imports_bytes: int
    weights_bytes: int
    gradients_bytes: int
    optimizer_bytes: int
    activations_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLimit:
    """What a step waits for most, and how fast it computes of how fast it could.

    Attributes:
        name: Data, the memory bandwidth of the optimiser, or arithmetic.
        step_seconds: Of a step.
        update_seconds: Of these, in the optimiser.
        data_seconds: Of reading a step's rows, beside it.
        gigaflops_per_second: Reached.
        peak_gigaflops_per_second: Of a large product here.
        mfu_percent: Reached, of that peak.
    """

    name: str
    step_seconds: float
    update_seconds: float
    data_seconds: float
    gigaflops_per_second: float
    peak_gigaflops_per_second: float
    mfu_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How long a training will take, how much memory, and what limits it.

    Attributes:
        run: The folder of the run.
        steps: Of the whole training.
        measured_steps: Of these, done here and thrown away.
        micro_batch: Examples at once.
        activation_checkpointing: Whether activations are computed twice to save memory.
        seconds: By part.
        memory: By part.
        limit: What a step waits for.
        not_included: What the forecast leaves out.
        trained_tokens: That the loss counts, over all epochs.
        trained_weights: That learn; with LoRA, its own.
        summary: Lines for people.
    """

    run: str
    steps: int
    measured_steps: int
    micro_batch: int
    activation_checkpointing: bool
    seconds: ForecastSeconds
    memory: ForecastMemory
    limit: ForecastLimit
    not_included: tuple[str, ...]
    trained_tokens: int
    trained_weights: int
    summary: tuple[str, ...] = field(default=(), metadata=FOR_PEOPLE)

    def to_dict(self) -> dict[str, object]:
        """The JSON of `tunesmith forecast --json`."""
        return as_dict(self)

    def _repr_html_(self) -> str:
        from tunesmith.report.markup import tag
        from tunesmith.report.notebook import framed

        return framed(tag("pre", "\n".join(self.summary)))
