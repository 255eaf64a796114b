"""A runtime with an exported form in memory -> how it differs from the model that was measured."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from tunesmith.errors import RefusedError
from tunesmith.export.written_answer import WrittenAnswer
from tunesmith.generation.prompt import Continuation
from tunesmith.generation.responder import Completion, Responder
from tunesmith.models.forward import own_attention
from tunesmith.stages.exporting.exported_rows import ExportedRow, MeasuredModel

_NUM_LIKELY = 100
_FURTHEST = {"f32": 0.02, "f16": 0.1}  # nats of the likely next tokens
_LEAST_EQUAL = {"f32": 0.95, "f16": 0.95}  # share of answers, where no two tokens are near a tie


class ExportRuntime(Protocol):
    """A program that runs what was exported."""

    def log_probabilities(self, ids: Sequence[int], *, num_likely: int) -> Mapping[int, float]:
        """The likeliest next tokens and their log-probabilities in nats; empty if untold."""

    def write(self, ids: Sequence[int], *, num_tokens: int) -> WrittenAnswer:
        """Go on with a prompt, always by the likeliest token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeFindings:
    """What a runtime made of an exported form.

    Attributes:
        problems: Why it is not what was measured; empty where it is.
        figures: What was compared, by name.
        completions: Its answers to the test rows.
    """

    problems: tuple[str, ...]
    figures: dict[str, object]
    completions: tuple[Completion, ...]


def look_at_numbers(
    runtime: ExportRuntime, rows: Sequence[ExportedRow], own: Sequence[torch.Tensor], *, kind: str
) -> RuntimeFindings:
    """Compare the likely next tokens behind some prompts.

    Args:
        runtime: Has the form in memory.
        rows: Those that are looked at.
        own: What the measured model expects behind each: logits of shape [vocabulary].
        kind: How matrices are stored.
    """
    furthest, divergences = 0.0, []
    for row, logits in zip(rows, own, strict=True):
        read = runtime.log_probabilities(row.ids, num_likely=_NUM_LIKELY)
        if not read:
            continue
        known = torch.log_softmax(logits, dim=-1)
        pairs = [
            (float(known[token]), value) for token, value in read.items() if math.isfinite(value)
        ]
        furthest = max([furthest, *(abs(one - two) for one, two in pairs if one > math.log(1e-4))])
        divergences.append(sum(math.exp(one) * (one - two) for one, two in pairs))
    count = len(divergences)
    figures: dict[str, object] = {"looked_at": count}
    if count:
        figures |= {"furthest_nats": furthest, "kl_nats": sum(divergences) / count}
    limit = _FURTHEST.get(kind, math.inf)
    told = f"next tokens differ by {furthest:.2g} nats; {kind} allows {limit}"
    problems = (told,) if furthest > limit else ()
    return RuntimeFindings(problems=problems, figures=figures, completions=())


def look_at_answers(
    runtime: ExportRuntime, measured: MeasuredModel, *, kind: str, name: str
) -> RuntimeFindings:
    """Let it answer all test rows, and compare.

    Args:
        runtime: Has the form in memory.
        measured: The tuned model.
        kind: How matrices are stored.
        name: Of the program, for people.
    """
    rows = measured.rows
    measured.run.progress.start(f"answering ({kind}, {name})", len(rows))
    completions = tuple(_answers(runtime, measured, kind))
    found = equal_answers(rows, completions)
    allowed = 1 - _LEAST_EQUAL.get(kind, 0.0)
    is_enough = found["differ_without_tie"] <= allowed * len(rows)
    equal = found["equal_answers"]
    return RuntimeFindings(
        problems=() if is_enough else (f"only {equal} of {len(rows)} answers are the same",),
        figures=dict(found),
        completions=completions,
    )


def equal_answers(rows: Sequence[ExportedRow], completions: Sequence[Completion]) -> dict[str, int]:
    """How many answers are the same, and how many differ though no near tie excuses that."""
    pairs = list(zip(rows, completions, strict=True))
    differ = [row for row, one in pairs if row.tuned.text != one.text]
    return {
        "rows": len(pairs),
        "equal_answers": len(pairs) - len(differ),
        "differ_without_tie": sum(not row.tuned.has_near_tie for row in differ),
    }


def export_refusal(problems: Sequence[str], path: Path) -> RefusedError:
    """Why a file is not called exported."""
    told = "".join(f"\n  {problem}" for problem in problems[:5])
    more = f"\n  and {len(problems) - 5} more" if len(problems) > 5 else ""
    return RefusedError(
        f"the file is not the model that was measured:{told}{more}\n",
        where=path.name,
        cure="It was taken away. --to safetensors keeps everything as it is.",
    )


def last_logits(responder: Responder, ids: Sequence[int]) -> torch.Tensor:
    """What a model expects behind a prompt: logits of shape [vocabulary] in fp32."""
    model = responder.model
    network: Any = model.inner
    with torch.no_grad(), own_attention(model):
        output = network(torch.tensor([list(ids)], device=model.device))
    logits: torch.Tensor = output.logits[0, -1].float().cpu()
    return logits


def _answers(runtime: ExportRuntime, measured: MeasuredModel, name: str) -> Iterator[Completion]:
    for row in measured.rows:
        answer = runtime.write(row.ids, num_tokens=row.room)
        yield _completion(measured.responder, row, answer, name)
        measured.run.progress.advance()


def _completion(
    responder: Responder, row: ExportedRow, answer: WrittenAnswer, name: str
) -> Completion:
    written = Continuation(
        ids=list(answer.ids), finish_reason="stop" if answer.is_ended else "length"
    )
    return Completion(
        example_id=row.example_id,
        model=name,
        text=responder.text_of(written),
        num_tokens=len(answer.ids),
        finish_reason=responder.finish_of(written),
    )
