"""Law 19: what stands in a source is an example, is dropped with its reason, or is named unread.

Files of each kind are built of words that stand in them once; each word is looked for afterwards.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws.files_of_rows import ROW_FILES
from tests.laws.files_of_words import CHAT_FILES, TEXT_FILES, FileKind, Words
from tunesmith.examples.example import Example
from tunesmith.examples.from_material import to_examples
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources import lines
from tunesmith.sources.lines import num_characters
from tunesmith.sources.material import Material
from tunesmith.sources.not_read import NotReadCount
from tunesmith.sources.read_source import read_pieces
from tunesmith.sources.row import Dropped, NotRead, Row

FILES = (*CHAT_FILES, *TEXT_FILES, *ROW_FILES)


class Outcome(NamedTuple):
    """What became of a source: examples and dropped pieces, and the texts that were not read."""

    made: list[Example | Dropped]
    not_read: list[str]


def outcome(kind: FileKind, folder: Path) -> Outcome:
    """Read a file to its end, as preparing does."""
    source = SourceRecipe(path=kind.name, kind=kind.kind, fields=dict(kind.fields))
    made: list[Example | Dropped] = []
    not_read: list[str] = []
    others: list[Material | Dropped] = []
    for piece in read_pieces(source, folder=folder):
        if isinstance(piece, NotRead):
            not_read.append(f"{piece.name} {piece.text}")
        elif isinstance(piece, Row):
            made += to_examples([piece], source, not_read=(count := NotReadCount()))
            not_read += _unread_cells(piece, count)
        else:
            others.append(piece)
    return Outcome([*made, *to_examples(others, source)], not_read)


def _unread_cells(row: Row, count: NotReadCount) -> Iterator[str]:
    """The cells of one row that are named as not read, with as many characters as were counted."""
    for (_, name), number in count.number.items():
        cell = row.fields[name.removeprefix("column '").removesuffix("'")]
        assert (number, count.characters[_, name]) == (1, num_characters(str(cell)))
        yield str(cell)


def lost_and_doubled(words: Words, found: Outcome) -> list[str]:
    """The words that are in none of the three, or in several."""
    examples = [item for item in found.made if isinstance(item, Example)]
    dropped = [item.text for item in found.made if isinstance(item, Dropped)]
    places = [set(_words_of(list(map(_text, examples)))), set(_words_of(dropped))]
    places.append(set(_words_of(found.not_read)))
    return [word for word in words.given if sum(word in one for one in places) != 1]


def _text(item: Example | Dropped) -> str:
    if isinstance(item, Dropped):
        return item.text
    return " ".join(f"{message.content} {message.input}" for message in item.messages)


def _words_of(texts: Sequence[str]) -> list[str]:
    letters = (char if char.isalnum() else " " for text in texts for char in f"{text} ")
    return "".join(letters).split()


@contextmanager
def written(kind: FileKind, names: Sequence[str]) -> Iterator[tuple[Words, Path]]:
    """A file of these parts in a folder of its own."""
    words = Words()
    with tempfile.TemporaryDirectory() as folder:
        parts = [kind.parts[name](words, place) for place, name in enumerate(names, start=1)]
        kind.write(Path(folder) / kind.name, parts)
        yield words, Path(folder)


@pytest.fixture
def whole_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is dropped all is shown, not the beginning."""
    monkeypatch.setattr(lines, "PREVIEW_CHARACTERS", 1 << 20)


@pytest.mark.usefixtures("whole_texts")
@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.name)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_every_word_of_a_source_is_in_one_place(kind: FileKind, data: Any) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(kind.parts)), min_size=1, max_size=12))
    with written(kind, names) as (words, folder):
        found = outcome(kind, folder)
        assert not lost_and_doubled(words, found), (names, found)


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.name)
def test_each_planted_loss_is_found(kind: FileKind, whole_texts: None) -> None:
    with written(kind, _every_part(kind)) as (words, folder):
        found = outcome(kind, folder)
        assert not lost_and_doubled(words, found)
        for item in (one for one in found.made if _holds_a_word(_text(one))):
            rest = [one for one in found.made if one is not item]
            assert lost_and_doubled(words, found._replace(made=rest)), item
        for text in filter(_holds_a_word, found.not_read):
            others = [one for one in found.not_read if one is not text]
            assert lost_and_doubled(words, found._replace(not_read=others)), text


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.name)
def test_each_message_that_is_in_two_places_is_found(kind: FileKind, whole_texts: None) -> None:
    with written(kind, _every_part(kind)) as (words, folder):
        found = outcome(kind, folder)
        examples = [one for one in found.made if isinstance(one, Example)]
        assert examples
        for example in examples:
            twice = [*found.not_read, _text(example)]
            assert lost_and_doubled(words, found._replace(not_read=twice)), example


def _every_part(kind: FileKind) -> list[str]:
    """An exchange of two first, where people talk."""
    exchange = [name for name in ("question", "statement") if name in kind.parts]
    return exchange + sorted(kind.parts) * 2


def _holds_a_word(text: str) -> bool:
    return any(word.startswith("q") for word in _words_of([text]))
