"""A seed -> as much pretraining text as asked for, one document a line of JSON Lines.

The same seed gives the same text, and a longer corpus begins with the shorter one. No
document is laid out as an instruction template is.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from tunesmith.files import write_json_lines
from tunesmith.starter import fact_genres, letters, office_genres, text_genres

Genre = Callable[[random.Random], str]
# Shares of documents, not of characters.
GENRES: tuple[tuple[Genre, int], ...] = (
    (fact_genres.entry, 14),
    (fact_genres.fact_list, 12),
    (fact_genres.paragraph, 18),
    (fact_genres.quiz, 11),
    (fact_genres.dialogue, 18),
    (fact_genres.chatter, 8),
    (fact_genres.company_page, 7),
    (fact_genres.code, 3),
    (text_genres.reviews, 5),
    (text_genres.headlines, 5),
    (text_genres.routing, 6),
    (text_genres.rewritings, 12),
    (text_genres.keywords, 7),
    (text_genres.news, 9),
    (text_genres.conversions, 5),
    (letters.letter_page, 5),
    (office_genres.office_notes, 7),
)


def documents(seed: int) -> Iterator[str]:
    """Documents without end."""
    rng = random.Random(seed)
    genres = [genre for genre, _ in GENRES]
    weights = [weight for _, weight in GENRES]
    while True:
        yield rng.choices(genres, weights=weights)[0](rng)


def corpus(*, num_characters: int, seed: int) -> Iterator[str]:
    """Documents until they hold at least `num_characters` characters."""
    written = 0
    for text in documents(seed):
        if written >= num_characters:
            return
        written += len(text)
        yield text


def write_corpus(path: Path, *, num_characters: int, seed: int) -> int:
    """Write documents as `{"text": ...}` lines; returns how many."""
    texts = corpus(num_characters=num_characters, seed=seed)
    return write_json_lines(path, ({"text": text} for text in texts))
