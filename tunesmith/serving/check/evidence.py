"""Answers with the server's own token counts -> which prompts and which weights they speak for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal, Protocol

from tunesmith.serving.check.answer_match import AnswerMatch, Reader, common_tokens
from tunesmith.serving.check.checked_row import CheckedRow, KnownAnswer
from tunesmith.serving.check.rendering_guess import RenderingGuess
from tunesmith.serving.check.served_answer import ServedAnswer

Weights = Literal["tuned", "base"]
_ALMOST_ALL = 0.98
_MOST = 0.9
_FEW_ROWS, _FEW_TOKENS = 12, 24
_TIED_SHARE = 0.2  # of the rows that differ from a near tie on, from where they are looked at
_TIE_NATS = 0.5


class Witnesses(Protocol):
    """Who can be asked more where answers differ: the server again, and the run's own weights."""

    @property
    def other_names(self) -> Sequence[str]:
        """Models that the server lists beside the one that is checked."""

    def again(self, rows: Sequence[CheckedRow], name: str | None = None) -> list[ServedAnswer]:
        """The server's answers to the same rows once more, or those of another of its models."""

    def local(
        self, weights: Weights, prompts: Sequence[Sequence[int]], max_tokens: int
    ) -> list[KnownAnswer] | None:
        """What the run's own weights answer to prompts; None where they cannot be loaded."""

    def gap(self, ids: Sequence[int], expected: int, found: int) -> float | None:
        """Nats by which the run's model prefers one token to another after these ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCounts:
    """The server's `usage.prompt_tokens` of chat requests, where it is one.

    Attributes:
        pairs: Rows with the server's count; empty where it counts nothing usable.
    """

    pairs: tuple[tuple[CheckedRow, int], ...]

    def fit(self, ids_of: Callable[[CheckedRow], Sequence[int] | None]) -> bool:
        """Whether prompts of these ids have as many tokens as the server counted."""
        right = sum(len(ids_of(row) or row.ids) == count for row, count in self.pairs)
        return bool(self.pairs) and right >= _ALMOST_ALL * len(self.pairs)

    @property
    def fit_ours(self) -> bool:
        """Whether they are those of the run's own prompts."""
        return self.fit(lambda row: row.ids)

    @property
    def usual_surplus(self) -> int:
        """Tokens that the server counted more than the run's prompt has, in the middle row."""
        return int(median(count - len(row.ids) for row, count in self.pairs))


def token_counts(matches: Sequence[AnswerMatch]) -> TokenCounts:
    """The counts of some answers; none where they do not move with the prompts."""
    pairs = [
        (match.row, match.served.prompt_tokens)
        for match in matches
        if match.served.failure is None and match.served.prompt_tokens
    ]
    lengths = {len(row.ids) for row, _ in pairs}
    if len({count for _, count in pairs}) == 1 < len(lengths):
        return TokenCounts(pairs=())
    return TokenCounts(pairs=tuple((row, count) for row, count in pairs if count is not None))


def fitting_guesses(
    guesses: Sequence[RenderingGuess], counts: TokenCounts, rows: Sequence[CheckedRow]
) -> list[RenderingGuess]:
    """Guesses that change a prompt at all, and agree with the counts where there are any."""
    changing = [
        one for one in guesses if any(one.ids(row) not in (None, [*row.ids]) for row in rows)
    ]
    return [one for one in changing if not counts.pairs or counts.fit(one.ids)]


def share_predicted(
    guess: RenderingGuess | None,
    weights: Weights,
    matches: Sequence[AnswerMatch],
    *,
    reader: Reader,
    witnesses: Witnesses,
) -> float | None:
    """The share of answers that the run's own weights give to a guess's prompts, too.

    Args:
        guess: How the prompts are laid out; None: as the run does.
        weights: Of the tuned or of the base model.
        matches: A few rows of these are tried.
        reader: Of answers.
        witnesses: Who has the weights.

    Returns:
        0 to 1; None where nothing could be tried.
    """
    tried = [match for match in matches if match.served.failure is None][:_FEW_ROWS]
    found = [(guess.ids(match.row) if guess else None) or list(match.row.ids) for match in tried]
    known = witnesses.local(weights, found, _FEW_TOKENS) if tried else None
    if known is None:
        return None
    same = [
        _is_predicted(match.served, one, reader) for match, one in zip(tried, known, strict=True)
    ]
    return sum(same) / len(same)


def best_guess(
    guesses: Sequence[RenderingGuess],
    matches: Sequence[AnswerMatch],
    *,
    reader: Reader,
    witnesses: Witnesses,
) -> tuple[RenderingGuess, Weights] | None:
    """The guess whose prompts most of these answers belong to, and the weights that gave them."""
    best: tuple[float, RenderingGuess, Weights] | None = None
    weights: tuple[Weights, ...] = ("tuned", "base")
    for one in weights:
        for guess in guesses:
            share = share_predicted(guess, one, matches, reader=reader, witnesses=witnesses)
            if share == 1.0:
                return guess, one
            if share is not None and share >= _MOST and (best is None or share > best[0]):
                best = share, guess, one
    return best[1:] if best else None


def usual_gap(
    matches: Sequence[AnswerMatch], *, reader: Reader, witnesses: Witnesses
) -> float | None:
    """By how many nats the run's model prefers its own first differing token, in the middle row."""
    gaps = []
    for match in matches[:_FEW_ROWS]:
        ours, theirs = (
            reader.tokens(reader.plain(text)) for text in (match.row.tuned.text, match.served.text)
        )
        same = common_tokens(ours, theirs)
        if same == min(len(ours), len(theirs)):
            continue  # one of them ends here: the stop token has no text
        gap = witnesses.gap([*match.row.ids, *ours[:same]], ours[same], theirs[same])
        if gap is not None:
            gaps.append(gap)
    return median(gaps) if gaps else None


def without_false_ties(
    matches: Sequence[AnswerMatch], *, reader: Reader, witnesses: Witnesses
) -> list[AnswerMatch]:
    """The same, with near ties that excuse nothing as other answers.

    A row with a near tie may go on otherwise from there. Where many rows have one, as in half
    precision, a wrong server would pass by it: there the run's own model is asked whether the
    tokens that came are nearly as good as its own.
    """
    tied = [match for match in matches if match.kind == "near tie"]
    if len(tied) <= _TIED_SHARE * len(matches):
        return list(matches)
    gap = usual_gap(tied, reader=reader, witnesses=witnesses)
    if gap is None or gap <= _TIE_NATS:
        return list(matches)
    return [replace(one, kind="other") if one.kind == "near tie" else one for one in matches]


def _is_predicted(served: ServedAnswer, known: KnownAnswer, reader: Reader) -> bool:
    if reader.is_same(served.text, known.text):
        return True
    begun = reader.plain(known.text)
    return known.finish_reason == "length" and reader.plain(served.text).startswith(begun)
