"""One job's record -> OpenAI's objects: the job, its events, its checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

from tunesmith.files import our_records, read_json, read_json_lines
from tunesmith.serving.tuning.job_request import JobRequest

JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ENDED = frozenset({"succeeded", "failed", "cancelled"})
_OURS = "tunesmith"  # where OpenAI names the organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningJob:
    """What `job.json` holds.

    Attributes:
        id: Of the job, and the name of its folder.
        request: What the client asked for.
        created_at: Seconds since 1970, as all times here.
        status: Where it stands.
        started_at: When its training began; None while it waits.
        finished_at: When it ended.
        process_id: Of the training, while it runs.
        trained_tokens: Read in training, over all epochs.
        problem: Why it failed: code, message and param.
        told: Events, each with `at`, `level` and `message`; metrics are read from the run's log.
    """

    id: str
    request: JobRequest
    created_at: int
    status: JobStatus = "queued"
    started_at: float | None = None
    finished_at: int | None = None
    process_id: int | None = None
    trained_tokens: int | None = None
    problem: dict[str, str | None] | None = None
    told: tuple[dict[str, Any], ...] = ()

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """Read what `to_record` wrote."""
        request = JobRequest(**record["request"])
        return cls(**{**record, "request": request, "told": tuple(record["told"])})

    def to_record(self) -> dict[str, Any]:
        """The JSON of `job.json`."""
        return asdict(self)

    @property
    def model_name(self) -> str:
        """The id of the model that it makes, in OpenAI's form."""
        base = self.request.model.removeprefix("ft:").partition(":")[0]
        return f"ft:{base}:{_OURS}:{self.request.suffix or ''}:{self.id[-8:]}"

    def to_json(self) -> dict[str, Any]:
        """OpenAI's job object."""
        asked = self.request
        names = ("n_epochs", "batch_size", "learning_rate_multiplier")
        numbers = {name: asked.hyperparameters.get(name, "auto") for name in names}
        return {
            "id": self.id,
            "object": "fine_tuning.job",
            "created_at": self.created_at,
            "finished_at": self.finished_at,
            "estimated_finish": None,
            "status": self.status,
            "model": asked.model,
            "fine_tuned_model": self.model_name if self.status == "succeeded" else None,
            "organization_id": _OURS,
            "training_file": asked.training_file,
            "validation_file": asked.validation_file,
            "result_files": [],
            "hyperparameters": numbers,
            "method": {"type": "supervised", "supervised": {"hyperparameters": numbers}},
            "seed": asked.seed,
            "trained_tokens": self.trained_tokens,
            "integrations": [],
            "metadata": asked.metadata,
            "error": self.problem or {"code": None, "message": None, "param": None},
        }


def job_events(job: TuningJob, log: Path) -> list[dict[str, Any]]:
    """What happened, the newest first.

    Args:
        job: The job.
        log: The run's `log.jsonl`, a line a step; it need not be there yet.
    """
    lines = _log_lines(log)
    begun = log.stat().st_mtime - lines[-1]["seconds"] if lines else 0.0
    starts = job.started_at or 0.0  # a file's time is coarser than a clock's
    told = [(one["at"], one["level"], one["message"], None) for one in job.told]
    steps = [
        (max(begun + line["seconds"], starts), "info", _step_text(line), _metrics(line))
        for line in lines
    ]
    ordered = sorted([*told, *steps], key=lambda one: one[0])
    return [
        {
            "id": f"ftevent-{job.id[-8:]}-{number:06}",
            "object": "fine_tuning.job.event",
            "created_at": int(at),
            "level": level,
            "message": message,
            "type": "metrics" if data else "message",
            "data": data or {},
        }
        for number, (at, level, message, data) in reversed(list(enumerate(ordered)))
    ]


def job_checkpoints(job: TuningJob, log: Path) -> list[dict[str, Any]]:
    """The weights that can be asked: those that became the model; none before it is there."""
    lines = [line for line in _log_lines(log) if line["step"] > 0]
    if job.status != "succeeded" or not lines:
        return []
    measured = [line for line in lines if line["split"] == "validation"]
    kept = min(measured, key=lambda line: float(line["loss"])) if measured else lines[-1]
    step = kept["step"]
    metrics: dict[str, Any] = {"step": step}
    for line in lines:
        if line["step"] == step:
            metrics |= _metrics(line)
    return [
        {
            "id": f"ftckpt_{job.id[-8:]}_{step}",
            "object": "fine_tuning.job.checkpoint",
            "created_at": job.finished_at,
            "fine_tuning_job_id": job.id,
            "fine_tuned_model_checkpoint": job.model_name,
            "step_number": step,
            "metrics": metrics,
        }
    ]


def trained_tokens(log: Path) -> int | None:
    """The tokens that were read in training; None where nothing says."""
    lines = _log_lines(log)
    return int(lines[-1]["tokens_seen"]) if lines else None


def rows_told(summary: Path) -> tuple[str, str] | None:
    """What became of the rows, and how loud that is; None where they were not prepared.

    Args:
        summary: The run's `data/summary.json`.
    """
    if not summary.is_file():
        return None
    with our_records(summary):
        found = read_json(summary)
        rows = {split: one["rows"] for split, one in found["splits"].items()}
    told = [f"Rows: {_counts(rows)}"]
    told += [f"left out: {_counts(found['dropped'])}"] if found.get("dropped") else []
    told += [f"hidden: {_counts(found['redacted'])}"] if found.get("redacted") else []
    return "; ".join(told), "warn" if found.get("dropped") else "info"


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in found.items())


def _log_lines(log: Path) -> Sequence[Mapping[str, Any]]:
    return list(read_json_lines(log)) if log.is_file() else []


def _step_text(line: Mapping[str, Any]) -> str:
    what = "training" if line["split"] == "train" else "validation"
    return f"Step {line['step']}: {what} loss={line['loss']:.4f}"


def _metrics(line: Mapping[str, Any]) -> dict[str, Any]:
    """OpenAI's names of what a line of the log holds."""
    name = "train" if line["split"] == "train" else "valid"
    found = {"step": line["step"], f"{name}_loss": line["loss"]}
    if "accuracy" in line:
        found[f"{name}_mean_token_accuracy"] = line["accuracy"] / 100
    return found
