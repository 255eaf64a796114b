"""Segments -> the pieces they are encoded in: control tokens, and runs of ordinary text.

A cut is made at control tokens in template text and where training begins or ends. Where
it ends with a control token (an answer's stop token), that token may take the whitespace
around it (`lstrip`, `rstrip`), as it does in transformers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tunesmith.templates.template import Rendering, Segment
from tunesmith.tokens.control import ControlScanner
from tunesmith.tokens.plain_backend import PlainBackends
from tunesmith.tokens.word_cache import PackedIds, WordCache, packed, unpacked


class TextPiece(NamedTuple):
    """A control token (`token_id`), or a run of text.

    `is_head` says that the tokenizer counts the run as the beginning of a text, which
    sentencepiece-like ones put a space before.
    """

    text: str
    token_id: int | None
    is_head: bool
    is_trained: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEncoder:
    """The two halves of exact encoding: finding control tokens, and encoding the rest."""

    scanner: ControlScanner
    backends: PlainBackends
    words: WordCache

    def pieces(self, rendering: Rendering) -> list[TextPiece]:
        """Cut a rendering into pieces."""
        pieces: list[TextPiece] = []
        for section in self._sections(rendering):
            self._cut_section(section, pieces)
        return pieces

    def ids(self, pieces: Sequence[TextPiece]) -> list[PackedIds]:
        """The ids of each piece; all runs of all rows go to the tokenizer at once."""
        runs = {
            is_head: self.words.encode(
                [p.text for p in pieces if p.token_id is None and p.is_head is is_head],
                is_head=is_head,
            )
            for is_head in (True, False)
        }
        heads, others = iter(runs[True]), iter(runs[False])
        return [
            packed((piece.token_id,))
            if piece.token_id is not None
            else next(heads if piece.is_head else others)
            for piece in pieces
        ]

    def prompt_ids(self, rendering: Rendering) -> list[int]:
        """The ids of one rendering."""
        return unpacked(self.ids(self.pieces(rendering)))

    def is_seamless(self, rendering: Rendering) -> bool:
        """Whether the borders of training change no id of this text."""
        plain = tuple(
            Segment(text=segment.text, is_content=segment.is_content, is_trained=False)
            for segment in rendering
        )
        cut, whole = self.pieces(rendering), self.pieces(plain)
        while cut and whole and _is_same(cut[-1], whole[-1]):
            cut.pop()
            whole.pop()
        start = 0
        while start < min(len(cut), len(whole)) and _is_same(cut[start], whole[start]):
            start += 1
        return b"".join(self.ids(cut[start:])) == b"".join(self.ids(whole[start:]))

    def _sections(self, rendering: Rendering) -> list[list[Segment]]:
        """Segments between the places where every token must end."""
        segments = [segment for segment in rendering if segment.text]
        sections: list[list[Segment]] = [segments[:1]] if segments else []
        for before, segment in pairwise(segments):
            is_end = before.is_trained and not segment.is_trained
            is_soft = is_end and not before.is_content and self._ends_with_control(before)
            if before.is_trained == segment.is_trained or is_soft:
                sections[-1].append(segment)
            else:
                sections.append([segment])
        return sections

    def _ends_with_control(self, segment: Segment) -> bool:
        return self.scanner.ends_with_control(segment.text)

    def _cut_section(self, section: Sequence[Segment], pieces: list[TextPiece]) -> None:
        """Append the pieces of one section."""
        text = "".join(segment.text for segment in section)
        edges = _trained_edges(section)
        is_head = not pieces  # after a border the text goes on
        position = 0
        for begin, end, core, token_id in self._control_spans(section):
            start = max(begin, position)
            self._append_runs(text, (position, start, is_head), edges, pieces)
            is_trained = _is_trained(edges, core)
            pieces.append(TextPiece(text[start:end], token_id, False, is_trained))
            position = end
            is_head = self.backends.restarts
        self._append_runs(text, (position, len(text), is_head), edges, pieces)

    def _append_runs(
        self,
        text: str,
        span: tuple[int, int, bool],
        edges: Sequence[tuple[int, bool]],
        pieces: list[TextPiece],
    ) -> None:
        """Append the text of a span (start, end, is head) as runs, each wholly trained or not."""
        start, end, is_head = span
        if len(edges) == 1:
            if start < end:
                pieces.append(TextPiece(text[start:end], None, is_head, edges[0][1]))
            return
        cuts = [start, *(edge for edge, _ in edges if start < edge < end), end]
        for first, last in pairwise(cuts):
            if first < last:
                is_trained = _is_trained(edges, first)
                pieces.append(
                    TextPiece(text[first:last], None, is_head and first == start, is_trained)
                )

    def _control_spans(self, section: Sequence[Segment]) -> list[tuple[int, int, int, int]]:
        spans = []
        stretches = _stretches(section)
        for number, (stretch, offset, is_content) in enumerate(stretches):
            if is_content:
                continue
            before = stretches[number - 1][0] if number > 0 else ""
            after = stretches[number + 1][0] if number + 1 < len(stretches) else ""
            for start, end, core, token_id in self.scanner.scan(stretch, before, after):
                spans.append((offset + start, offset + end, offset + core, token_id))
        return spans


def _stretches(section: Sequence[Segment]) -> list[tuple[str, int, bool]]:
    """(text, offset, is content); whitespace counts as template text, neighbours are joined."""
    stretches: list[tuple[str, int, bool]] = []
    offset = 0
    for segment in section:
        is_content = segment.is_content and not segment.text.isspace()
        if stretches and stretches[-1][2] == is_content:
            text, start, _ = stretches[-1]
            stretches[-1] = (text + segment.text, start, is_content)
        else:
            stretches.append((segment.text, offset, is_content))
        offset += len(segment.text)
    return stretches


def _trained_edges(section: Sequence[Segment]) -> list[tuple[int, bool]]:
    """Where `is_trained` takes which value, from each position on."""
    edges: list[tuple[int, bool]] = []
    position = 0
    for segment in section:
        if not edges or edges[-1][1] != segment.is_trained:
            edges.append((position, segment.is_trained))
        position += len(segment.text)
    return edges


def _is_trained(edges: Sequence[tuple[int, bool]], position: int) -> bool:
    value = False
    for start, is_trained in edges:
        if start > position:
            break
        value = is_trained
    return value


def _is_same(one: TextPiece, other: TextPiece) -> bool:
    return (one.text, one.token_id, one.is_head) == (other.text, other.token_id, other.is_head)
