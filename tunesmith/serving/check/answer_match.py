"""What a server answered and what the run's model did -> equal, or in which way they differ.

Whitespace around an answer counts for nothing, and neither do control tokens that a server
leaves out of the text. The first token that differs is named, by the run's own tokenizer.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tunesmith.serving.check.checked_row import CheckedRow, KnownAnswer
from tunesmith.serving.check.served_answer import ServedAnswer
from tunesmith.templates.template import Segment, Template
from tunesmith.tokens.tokenizer import Tokenizer

MatchKind = Literal[
    "equal", "near tie", "shows its stop", "goes on", "cut off", "ends early", "other", "failed"
]
_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMatch:
    """One row's answer beside the run's.

    Attributes:
        row: What was asked.
        served: What came.
        kind: How it stands to the run's answer.
        token: The place of the first token that differs; None where none does.
        expected: That token in the run's answer; empty where it had ended.
        found: That token in the server's; empty where it had ended.
    """

    row: CheckedRow
    served: ServedAnswer
    kind: MatchKind
    token: int | None = None
    expected: str = ""
    found: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the run's model may have written it."""
        return self.kind in ("equal", "near tie")

    def to_json(self) -> dict[str, Any]:
        """The row as `--json` shows it."""
        record: dict[str, Any] = {"example_id": self.row.example_id, "kind": self.kind}
        if self.served.failure is not None:
            return {**record, "reason": self.served.failure}
        texts = {"expected": self.row.tuned.text, "served": self.served.text}
        tokens = {"token": self.token, "expected_token": self.expected, "served_token": self.found}
        return {**record, **texts, **tokens}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How answers are read: with the run's own template and tokenizer."""

    template: Template
    tokenizer: Tokenizer

    def tokens(self, text: str) -> list[int]:
        """The ids of an answer, in which nothing is a control token."""
        segment = Segment(text=text, is_content=True, is_trained=False)
        return self.tokenizer.encoder.prompt_ids((segment,))

    def plain(self, text: str) -> str:
        """An answer without what stands around it."""
        return self.template.answer_of(text).strip()

    def without_control(self, text: str) -> str:
        """An answer less its control tokens, as most servers show it."""
        for token in self.tokenizer.control_ids:
            text = text.replace(token, "")
        return self.plain(text)

    def is_same(self, served: str, known: str) -> bool:
        """Whether two answers are equal, as far as servers show them."""
        plain = self.plain(served)
        return plain == self.plain(known) or plain == self.without_control(known)


def match_answer(row: CheckedRow, served: ServedAnswer, reader: Reader) -> AnswerMatch:
    """Compare a server's answer with that of the run's model."""
    if served.failure is not None:
        return AnswerMatch(row=row, served=served, kind="failed")
    if reader.is_same(served.text, row.tuned.text):
        return AnswerMatch(row=row, served=served, kind="equal")
    theirs, ours = reader.plain(served.text), reader.plain(row.tuned.text)
    kind = _kind(theirs, row.tuned, served, ours=ours, reader=reader)
    if row.tuned.has_near_tie and kind == "other":
        kind = "near tie"
    token, expected, found = _first_difference(ours, theirs, reader)
    return AnswerMatch(
        row=row, served=served, kind=kind, token=token, expected=expected, found=found
    )


def count_kinds(matches: Sequence[AnswerMatch]) -> dict[str, int]:
    """How many rows of each kind."""
    return dict(Counter(match.kind for match in matches))


def _kind(
    theirs: str, known: KnownAnswer, served: ServedAnswer, *, ours: str, reader: Reader
) -> MatchKind:
    is_beginning = bool(ours) and theirs.startswith(ours)
    if is_beginning and _is_stop(theirs[len(ours) :], reader):
        return "shows its stop"
    if is_beginning:
        return "goes on"
    if ours.startswith(theirs) and served.finish_reason == "length":
        return "cut off"
    if theirs and ours.startswith(theirs) and known.finish_reason == "stop":
        return "ends early"
    return "other"


def _is_stop(rest: str, reader: Reader) -> bool:
    """Whether what follows an answer is nothing but a mark of its end."""
    marks = {*reader.tokenizer.control_ids, *(one.strip() for one in reader.template.markers)}
    return rest.strip() in marks


def _first_difference(ours: str, theirs: str, reader: Reader) -> tuple[int, str, str]:
    first, second = reader.tokens(ours), reader.tokens(theirs)
    same = common_tokens(first, second)
    shown = [reader.tokenizer.decode(ids[same : same + 1]) for ids in (first, second)]
    return same + 1, *(text[:_SHOWN] for text in shown)  # type: ignore[return-value]


def common_tokens(first: Sequence[int], second: Sequence[int]) -> int:
    """With how many equal tokens two texts begin."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(first), len(second)))
