"""Questions and a responder -> completions, each on disk as soon as it is there."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from tunesmith.files import json_line, read_json_lines
from tunesmith.generation.responder import Completion, OpenQuestion, Responder, answer_all
from tunesmith.stages.execution.progress import Progress
from tunesmith.stages.execution.stage import StageResult


def answer_onto(
    partial: Path,
    questions: Sequence[OpenQuestion],
    *,
    load: Callable[[], Responder],
    progress: Progress,
    is_lenient: bool = False,
) -> list[Completion]:
    """Answer what a partial file lacks, writing each answer to it; all, in the questions' order.

    Args:
        partial: Where a killed run left its answers.
        questions: What is asked.
        load: Gives the model; called where an answer is missing.
        progress: Told of answers.
        is_lenient: As in `answer_all`.
    """
    done = _finished(partial)
    waiting = [question for question in questions if question.example_id not in done]
    progress.advance(len(done))
    if waiting:
        partial.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("ab") as stream:
            answers = answer_all(load(), waiting, on_answer=progress.advance, is_lenient=is_lenient)
            for completion in answers:
                done[completion.example_id] = completion
                _append(stream, completion)
    progress.close()
    return [done[question.example_id] for question in questions]


def _finished(partial: Path) -> dict[str, Completion]:
    """What a killed run had answered already; a half-written line is cut off the file."""
    if not partial.is_file():
        return {}
    whole = partial.read_bytes()
    os.truncate(partial, whole.rfind(b"\n") + 1)
    completions = [Completion(**record) for record in read_json_lines(partial)]
    return {completion.example_id: completion for completion in completions}


def _append(stream: IO[bytes], completion: Completion) -> None:
    stream.write(json_line(completion.to_json()))
    stream.flush()


def count_completions(completions: Sequence[Completion]) -> StageResult:
    """`answers`, `cut_off` at max_new_tokens, `failed` and `near_ties`."""
    reasons = [completion.finish_reason for completion in completions]
    return {
        "answers": len(completions),
        "cut_off": reasons.count("length"),
        "failed": sum(reason not in ("stop", "length") for reason in reasons),
        "near_ties": sum(completion.has_near_tie for completion in completions),
    }
