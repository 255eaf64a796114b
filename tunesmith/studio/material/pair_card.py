"""A pair -> what a page shows of it: its texts in pieces, its state, and the source beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tunesmith.errors import DataError
from tunesmith.examples.edits.pair_texts import redaction_marks
from tunesmith.stages.editing.edit_desk import Pair
from tunesmith.stages.editing.redaction_places import without_redaction
from tunesmith.studio.material.source_place import SourceLine

_AROUND = 20  # characters beside a mark by which its place in the source is found
_LONGEST = 200  # of what a mark hides


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedPiece:
    """A piece of a text; `mark` is the number of the redaction that it is, else 0.

    `guess` is what the source seems to say there.
    """

    text: str
    mark: int = 0
    guess: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCard:
    """What is shown of a pair.

    Attributes:
        id: As it stands now.
        pair: The pair.
        pieces: By the name of each text.
        lines: Of its source.
        is_accepted: Whether somebody has accepted it.
    """

    id: str
    pair: Pair
    pieces: Mapping[str, Sequence[MarkedPiece]]
    lines: Sequence[SourceLine]
    is_accepted: bool

    @property
    def turns_before(self) -> int:
        """Turns of a conversation before the one that is shown."""
        return max(0, len(self.pair.example.messages) - 2)


def pair_card(pair: Pair, lines: Sequence[SourceLine], *, is_accepted: bool, seed: int) -> PairCard:
    """What is shown of a pair.

    Args:
        pair: As it stands.
        lines: Of its source.
        is_accepted: Whether somebody has accepted it.
        seed: Of pseudonyms.
    """
    source = "\n".join(line.text for line in lines)
    return PairCard(
        id=pair.example.id,
        pair=pair,
        pieces={name: [*_pieces(pair, name, source, seed)] for name in pair.texts},
        lines=lines,
        is_accepted=is_accepted,
    )


def _pieces(pair: Pair, name: str, source: str, seed: int) -> Iterator[MarkedPiece]:
    texts = pair.texts
    text, at = texts[name], 0
    for one in redaction_marks(texts):
        if one.field != name:
            continue
        end = one.start + len(one.mark)
        before, after = text[at : one.start][-_AROUND:], text[end : end + _AROUND].partition("[")[0]
        guess = _between(source, before, after)
        yield MarkedPiece(text=text[at : one.start])
        yield MarkedPiece(
            text=one.mark, mark=one.number, guess=_checked(pair, one.number, guess, seed)
        )
        at = end
    yield MarkedPiece(text=text[at:])


def _between(source: str, before: str, after: str) -> str:
    start = source.find(before) if before else -1
    if start < 0:
        return ""
    start += len(before)
    end = source.find(after, start) if after else -1
    return source[start:end] if start < end <= start + _LONGEST else ""


def _checked(pair: Pair, number: int, guess: str, seed: int) -> str:
    """The guess, where it is hidden as that mark; else nothing."""
    if not guess:
        return ""
    try:
        without_redaction(pair.texts, number, guess, seed=seed)
    except DataError:
        return ""
    return guess
