"""Rows that people or a teacher would add -> those that may be, and those that hold a test row.

Compared as preparing compares train and test (law 12), and harder: characters that look alike are
one, each question of a conversation counts by itself, and so does a question without its answer.
"""

import itertools
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.examples.example import Example, Message, drop_example
from tunesmith.examples.read_chunks import chunk_examples
from tunesmith.examples.splitting.collection import Collection
from tunesmith.examples.splitting.contradictions import without_politeness
from tunesmith.examples.splitting.overlap import find_overlaps
from tunesmith.examples.splitting.words import words_of
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped, RowError

_MIN_WORDS = 5  # of a question within a conversation; "yes, please" is nobody's secret
_ALIKE_QUESTIONS = 0.7  # at least, of two whose answers do not count
_MIN_CONTAINED = 12  # of a question, from which a longer text that holds all of it gives it away
_LOOKS_LIKE = str.maketrans(  # Cyrillic and Greek letters, small, that are drawn as Latin ones are
    "авеҝкмнорстухіјѕԁԛԝһӏαορνικτυχε", "abekkmhopctyxijsdqwhlaopviktuxe"
)


LEAK = "would leak a test row"


def refuse_test_rows(
    rows: Sequence[Example], test: Iterable[Example], recipe: ExamplesRecipe | None = None
) -> tuple[list[Example], list[Dropped]]:
    """Part rows that a test row stands in, in some form, from those that may be trained.

    Refused is what is equal to a test row but for case, punctuation, blanks, digits of another
    script and letters drawn alike; what asks the same in any of its turns, whatever it answers;
    what is nearly equal; what is of its group or thread; and what holds all of a long question.

    Args:
        rows: Corrected, taught or added examples.
        test: The test set, or all rows that ever were in one.
        recipe: From which similarity on rows belong together; the defaults, if not given.

    Returns:
        The rows that may be trained, in order; and the others, each with what it shares.
    """
    thresholds = recipe or ExamplesRecipe()
    tests, sieve = [*test], _Sieve()
    if not tests or not rows:
        return [*rows], []
    sieve.find_long_questions(rows, tests)
    sieve.find_alike(rows, tests, _wholes, thresholds)
    if thresholds.group_near_duplicates is not None:
        closer = max(_ALIKE_QUESTIONS, thresholds.group_near_duplicates)
        thresholds = thresholds.model_copy(update={"group_near_duplicates": closer})
    sieve.find_alike(rows, tests, _questions, thresholds)
    kept = [row for place, row in enumerate(rows) if place not in sieve.leaks]
    refused = [_refused(rows[row], *leak) for row, leak in sorted(sieve.leaks.items())]
    return kept, refused


def _refused(row: Example, test_id: str, words: str) -> Dropped:
    return drop_example(row, RowError(LEAK, f"{words} test row {test_id}"))


@dataclass(slots=True)
class _Sieve:
    """Which rows leak, by place: the id of the test row, and what they share."""

    leaks: dict[int, tuple[str, str]] = field(default_factory=dict)

    def find_long_questions(self, rows: Sequence[Example], tests: Sequence[Example]) -> None:
        questions = _LongQuestions()
        for example in tests:
            questions.add(_asked_last(example), example.id)
        for number, example in enumerate(rows):
            words = [word for turn in example.messages for word in words_of(_folded(_read(turn)))]
            test = questions.within(words)
            if test is not None:
                self.leaks[number] = test, "holds the whole question of"

    def find_alike(
        self,
        rows: Sequence[Example],
        tests: Sequence[Example],
        pieces_of: Callable[[Example], Iterator[Example]],
        recipe: ExamplesRecipe,
    ) -> None:
        owners: list[int] = []

        def owned(examples: Sequence[Example]) -> Iterator[Example]:
            for number, example in enumerate(examples):
                for piece in pieces_of(example):
                    owners.append(number)
                    yield piece

        with Collection(Path(tempfile.gettempdir())) as collection:
            parts = [
                (SourceRecipe(path="test.jsonl", use_as="test"), owned(tests)),
                (SourceRecipe(path="rows.jsonl", use_as="train"), owned(rows)),
            ]
            collection.add_all(chunk_examples(parts))
            found = find_overlaps(collection, collection.named, recipe)
        for overlap in found.values():
            test_id = tests[owners[overlap.test_row]].id
            self.leaks.setdefault(owners[overlap.train_row], (test_id, overlap.words))


@dataclass(slots=True)
class _LongQuestions:
    """Questions by their first words and their length, to be found within longer texts."""

    by_start: dict[tuple[str, ...], dict[int, dict[tuple[str, ...], str]]] = field(
        default_factory=dict
    )

    def add(self, words: Sequence[str], test_id: str) -> None:
        if len(words) >= _MIN_CONTAINED:
            lengths = self.by_start.setdefault(tuple(words[:_MIN_CONTAINED]), {})
            lengths.setdefault(len(words), {}).setdefault(tuple(words), test_id)

    def within(self, words: Sequence[str]) -> str | None:
        """The id of a question all of which stands in a text."""
        for place in range(len(words) - _MIN_CONTAINED + 1):
            lengths: Mapping[int, Mapping[tuple[str, ...], str]] = self.by_start.get(
                tuple(words[place : place + _MIN_CONTAINED]), {}
            )
            for length, questions in lengths.items():
                found = questions.get(tuple(words[place : place + length]))
                if found is not None:
                    return found
        return None


def _wholes(example: Example) -> Iterator[Example]:
    """A conversation, and each question in it with its answer."""
    turns = tuple(_folded_turn(turn) for turn in example.messages)
    yield Example(messages=turns, source=example.source, group=example.group)
    for exchange in _exchanges(turns):
        yield Example(messages=exchange, source=example.source)


def _questions(example: Example) -> Iterator[Example]:
    """Each question alone, without politeness."""
    turns = tuple(_folded_turn(turn) for turn in example.messages)
    for asked, _ in _exchanges(turns):
        bare = " ".join(without_politeness(words_of(_read(asked)))) or asked.content
        alone = Message(role="user", content=bare), Message(role="assistant", content="")
        yield Example(messages=alone, source=example.source)


def _exchanges(turns: Sequence[Message]) -> Iterator[tuple[Message, Message]]:
    """Questions with what follows; of several, those that say something by themselves."""
    is_alone = sum(turn.role != "system" for turn in turns) == 2
    for asked, answered in itertools.pairwise(turns):
        is_exchange = asked.role == "user" and answered.role == "assistant"
        if is_exchange and (is_alone or len(words_of(_read(asked))) >= _MIN_WORDS):
            yield asked, answered


def _asked_last(example: Example) -> Sequence[str]:
    asked = [turn for turn in example.messages if turn.role == "user"]
    return words_of(_folded(_read(asked[-1]))) if asked else words_of(_folded(example.reference))


def _folded_turn(turn: Message) -> Message:
    content, given = _folded(turn.content), _folded(turn.input)
    return Message(role=turn.role, content=content, input=given)


def _read(turn: Message) -> str:
    return f"{turn.content}\n{turn.input}" if turn.input else turn.content


def _folded(text: str) -> str:
    """A text as it is seen: one form of letters and digits, without accents and what is unseen."""
    if text.isascii():
        return text
    parts = []
    for char in unicodedata.normalize("NFKD", text).casefold().translate(_LOOKS_LIKE):
        decimal = unicodedata.decimal(char, None)
        is_unseen = unicodedata.category(char) == "Cf" or "\u0300" <= char <= "\u036f"
        is_unseen = is_unseen or "\ufe00" <= char <= "\ufe0f"
        parts.append(str(decimal) if decimal is not None else "" if is_unseen else char)
    return unicodedata.normalize("NFC", "".join(parts))
