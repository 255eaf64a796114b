"""Two models' answers to the same rows -> which one a judge prefers, asked in both orders.

Only an answer that is preferred in both orders has won. A judge that prefers whatever stands
first, or second, has flipped: a tie, and counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tunesmith.endpoints.chat_request import AnyCaller
from tunesmith.evaluation.grade import Grade
from tunesmith.evaluation.judge.judge import Judge, JudgeCall, Judgement, in_chunks
from tunesmith.evaluation.judge.judge_prompt import PAIRWISE, read_prompt
from tunesmith.evaluation.judge.judged_question import JudgedQuestion
from tunesmith.evaluation.judge.read_reply import Choice, Unreadable, read_choice

METRIC = "win_rate"
FLIPPED = "flipped with the order: a tie"
SAME = "same text: a tie"
Winner = Literal["model", "opponent", "tie"]
_SCORES: dict[Winner, float] = {"model": 100.0, "tie": 50.0, "opponent": 0.0}
_WINNERS: tuple[dict[Choice, Winner], dict[Choice, Winner]] = (
    {"first": "model", "second": "opponent", "tie": "tie"},
    {"first": "opponent", "second": "model", "tie": "tie"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPair:
    """Two answers to one question; `failure` says why one of them is not there."""

    asked: JudgedQuestion
    model: str
    opponent: str
    answer: str
    opponent_answer: str
    failure: str | None = None

    @property
    def is_same(self) -> bool:
        """Whether both say the same, letter by letter."""
        return self.answer.strip() == self.opponent_answer.strip()

    @property
    def calls(self) -> tuple[JudgeCall, JudgeCall]:
        """The answer first, then second."""
        return (
            JudgeCall(
                texts={**self.asked.texts, "A": self.answer, "B": self.opponent_answer},
            ),
            JudgeCall(
                texts={**self.asked.texts, "A": self.opponent_answer, "B": self.answer},
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Which answer won under each order; None where that reply failed.

    `lengths` are characters, the model's answer first. Nothing was asked where there are no
    `calls`: the answers are equal, or one is missing.
    """

    example_id: str
    model: str
    opponent: str
    choices: tuple[Winner | None, Winner | None]
    lengths: tuple[int, int]
    reason: str | None = None
    calls: tuple[str, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether the judge answered under both orders."""
        return bool(self.calls) and None not in self.choices

    @property
    def is_flipped(self) -> bool:
        """Whether the order alone decided."""
        return set(self.choices) == {"model", "opponent"}

    @property
    def score(self) -> float | None:
        """100 for a win, 0 for a loss, 50 for a tie."""
        first, second = self.choices
        if first is None or second is None:
            return None
        return _SCORES[first] if first == second else _SCORES["tie"]

    def to_json(self) -> dict[str, Any]:
        """The record as a line of `judgements/pairwise.jsonl`."""
        return {
            "example_id": self.example_id,
            "model": self.model,
            "opponent": self.opponent,
            "choices": list(self.choices),
            "lengths": list(self.lengths),
            "reason": self.reason,
            "calls": list(self.calls),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Preference":
        """The preference that `to_json` wrote."""
        lists = {name: tuple(record[name]) for name in ("choices", "lengths", "calls")}
        return cls(**{**record, **lists})

    def to_grade(self) -> Grade:
        """The preference as a grade of the metric `win_rate`."""
        return Grade(
            example_id=self.example_id,
            model=self.model,
            metric=METRIC,
            score=self.score,
            reason=FLIPPED if self.is_flipped else self.reason,
            calls=self.calls,
        )


def preference_judge(caller: AnyCaller, *, seed: int = 0) -> Judge[Choice]:
    """A model as a judge between two answers."""
    return Judge(caller=caller, prompt=read_prompt(PAIRWISE), read=_read, seed=seed)


def prefer(judge: Judge[Choice], pairs: Iterable[AnswerPair]) -> Iterator[Preference]:
    """Ask which answer is better, both ways around, for each pair in its order."""
    for chunk in in_chunks(pairs):
        asked = [pair for pair in chunk if pair.failure is None and not pair.is_same]
        calls = [call for pair in asked for call in pair.calls]
        verdicts = iter(judge.verdicts(calls))
        for pair in chunk:
            if pair.failure is not None:
                yield _preference(pair, (None, None), reason=pair.failure)
            elif pair.is_same:
                yield _preference(pair, ("tie", "tie"), reason=SAME)
            else:
                yield _told(pair, next(verdicts), next(verdicts))


def _told(pair: AnswerPair, *verdicts: Judgement[Choice]) -> Preference:
    first, second = (
        None if verdict.value is None else winners[verdict.value]
        for verdict, winners in zip(verdicts, _WINNERS, strict=True)
    )
    reasons = [verdict.reason for verdict in verdicts if verdict.reason]
    calls = tuple(verdict.call_id for verdict in verdicts if verdict.call_id)
    return _preference(pair, (first, second), reason=next(iter(reasons), None), calls=calls)


def _preference(
    pair: AnswerPair,
    choices: tuple[Winner | None, Winner | None],
    *,
    reason: str | None,
    calls: tuple[str, ...] = (),
) -> Preference:
    return Preference(
        example_id=pair.asked.example_id,
        model=pair.model,
        opponent=pair.opponent,
        choices=choices,
        lengths=(len(pair.answer), len(pair.opponent_answer)),
        reason=reason,
        calls=calls,
    )


def _read(reply: str, key: str, judged: Sequence[str]) -> Choice | Unreadable:
    return read_choice(reply, key=key, judged=judged)
