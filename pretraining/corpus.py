"""A seed -> as much pretraining text as asked for, one document a line of JSON Lines.

The same seed gives the same text, and a longer corpus begins with the shorter one. No
document is laid out as an instruction template is.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from pretraining import exchange_genres, fact_genres, letters, office_genres, text_genres
from tunesmith.files import write_json_lines

Genre = Callable[[random.Random], str]
# Shares of pieces, not of characters.
GENRES: tuple[tuple[Genre, int], ...] = (
    (fact_genres.entry, 12),
    (fact_genres.fact_list, 10),
    (fact_genres.paragraph, 16),
    (fact_genres.quiz, 12),
    (fact_genres.dialogue, 14),
    (fact_genres.chatter, 6),
    (fact_genres.company_page, 9),
    (fact_genres.code, 2),
    (exchange_genres.exchange, 30),
    (exchange_genres.solutions, 5),
    (exchange_genres.form, 5),
    (exchange_genres.lesson, 26),
    (text_genres.reviews, 4),
    (text_genres.headlines, 4),
    (text_genres.routing, 4),
    (text_genres.rewritings, 8),
    (text_genres.keywords, 4),
    (text_genres.news, 6),
    (text_genres.conversions, 4),
    (letters.letter_page, 5),
    (office_genres.office_notes, 5),
)
# A document holds pieces until it is this long, in characters: pages of several topics, as a
# crawl has them, with questions and answers at many places; short ones keep beginnings frequent.
_PAGE_LENGTHS = (1, 1, 400, 800)


def documents(seed: int) -> Iterator[str]:
    """Documents without end; a document is a page of one or more pieces."""
    rng = random.Random(seed)
    genres = [genre for genre, _ in GENRES]
    weights = [weight for _, weight in GENRES]
    while True:
        wanted = rng.choice(_PAGE_LENGTHS)
        page = rng.choices(genres, weights=weights)[0](rng)
        while len(page) < wanted:
            page += f"\n\n{rng.choices(genres, weights=weights)[0](rng)}"
        yield page


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
