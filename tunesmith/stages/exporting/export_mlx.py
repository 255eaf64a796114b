"""A run's model -> a folder that MLX runs as it was measured, or none.

MLX reads the folder that transformers reads; where it is installed it is asked too.
"""

from dataclasses import replace
from pathlib import Path

from tunesmith.export.mlx_folder.mlx_runtime import MlxRuntime, has_mlx
from tunesmith.stages.exporting.export_folder import write_checked_folder
from tunesmith.stages.exporting.exported_rows import MeasuredModel, looked_at
from tunesmith.stages.exporting.runtime_comparison import (
    RuntimeFindings,
    export_refusal,
    last_logits,
    look_at_answers,
    look_at_numbers,
)

_SEE_WINDOWS = ("gemma3_text",)  # as of mlx-lm 0.32


def write_checked_mlx(path: Path, measured: MeasuredModel, *, kind: str) -> RuntimeFindings:
    """Write a folder, try it in transformers, and in MLX where that is here.

    Args:
        path: Where it goes.
        measured: The tuned model; its weights are of that kind afterwards.
        kind: f32, bf16 or f16.

    Raises:
        RefusedError: It is not the model that was measured, or MLX does not have such models.
    """
    _check_window(path, measured)
    seen = looked_at(measured.rows)
    own = [last_logits(measured.responder, row.ids) for row in seen]
    found = write_checked_folder(path, measured, kind=kind)
    if not has_mlx():
        measured.run.progress.note(
            "MLX is not installed here: transformers alone has tried the folder. "
            "pip install mlx-lm (and on Linux 'mlx[cpu]') lets MLX answer too."
        )
        return found
    with MlxRuntime(path) as runtime:
        problems = [
            f"it does not end an answer at {token}, the token {text!r}"
            for token, text in _stops(measured)
            if token not in runtime.stop_ids
        ]
        numbers = look_at_numbers(runtime, seen, own, kind=kind)
        problems += numbers.problems
        if problems:
            raise export_refusal(problems, path)
        answers = look_at_answers(runtime, measured, kind=kind, name="MLX")
    if answers.problems:
        raise export_refusal(answers.problems, path)
    figures = {**found.figures, **numbers.figures, **answers.figures, "runtime": "MLX"}
    return replace(answers, figures=figures)


def _check_window(path: Path, measured: MeasuredModel) -> None:
    """Most families of MLX see everything, also where the model was trained to see a window."""
    shape = measured.responder.model.inner.config
    kinds = getattr(shape, "layer_types", None)
    window = getattr(shape, "sliding_window", None)
    is_seen = shape.model_type in _SEE_WINDOWS or (kinds and "sliding_attention" not in kinds)
    if not window or is_seen:
        return
    told = f"MLX reads models of the kind {shape.model_type} without their window of {window:,}"
    longest = max((len(row.ids) + row.room for row in measured.rows), default=0)
    if longest > window:
        raise export_refusal([f"{told} tokens, and test rows have up to {longest:,}"], path)
    measured.run.progress.note(f"{told} tokens: what is longer is answered otherwise there.")


def _stops(measured: MeasuredModel) -> list[tuple[int, str]]:
    hf = measured.responder.tokenizer.hf
    return [(token, str(hf.decode([token]))) for token in measured.responder.stop_ids]
