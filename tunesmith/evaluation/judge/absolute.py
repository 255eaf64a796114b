"""Answers and their references -> a score from 0 to 100 each, or why there is none."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tunesmith.endpoints.chat_request import AnyCaller
from tunesmith.evaluation.grade import CUT, Grade
from tunesmith.evaluation.judge.judge import Judge, JudgeCall, Judgement, in_chunks
from tunesmith.evaluation.judge.judge_prompt import ABSOLUTE, JudgePrompt, read_prompt
from tunesmith.evaluation.judge.judged_question import JudgedQuestion
from tunesmith.evaluation.judge.read_reply import Unreadable, read_score

METRIC = "judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnscoredAnswer:
    """An answer that waits for its score; `failure` says why there is none to score."""

    asked: JudgedQuestion
    model: str
    answer: str
    is_cut: bool = False
    failure: str | None = None

    @property
    def call(self) -> JudgeCall:
        """What the judge is shown."""
        return JudgeCall(texts={**self.asked.texts, "answer": self.answer})


def score_judge(caller: AnyCaller, *, rubric: Path | None = None, seed: int = 0) -> Judge[int]:
    """A model as a judge of single answers.

    Args:
        caller: The model.
        rubric: The user's own text on what earns how much.
        seed: Of the run; decides the fences' keys.
    """
    return Judge(caller=caller, prompt=score_prompt(rubric), read=_read, seed=seed)


def score_prompt(rubric: Path | None = None) -> JudgePrompt:
    """What a judge of single answers is told.

    Raises:
        MissingError: There is no such rubric.
        RecipeError: It is empty, or no text.
    """
    return read_prompt(ABSOLUTE, rubric=rubric)


def grade_by_judge(judge: Judge[int], answers: Iterable[UnscoredAnswer]) -> Iterator[Grade]:
    """Grade answers in their order; one that is not there fails without a call."""
    for chunk in in_chunks(answers):
        verdicts = iter(judge.verdicts([one.call for one in chunk if one.failure is None]))
        for one in chunk:
            if one.failure is not None:
                yield _grade(one, Judgement(value=None, reason=one.failure))
            else:
                yield _grade(one, next(verdicts))


def _read(reply: str, key: str, judged: Sequence[str]) -> int | Unreadable:
    return read_score(reply, key=key, judged=judged)


def _grade(one: UnscoredAnswer, verdict: Judgement[int]) -> Grade:
    """An answer that was cut off counts as it stands, with a remark."""
    score = None if verdict.value is None else float(verdict.value)
    return Grade(
        example_id=one.asked.example_id,
        model=one.model,
        metric=METRIC,
        score=score,
        reason=verdict.reason if score is None else (CUT if one.is_cut else None),
        calls=(verdict.call_id,) if verdict.call_id else (),
    )
