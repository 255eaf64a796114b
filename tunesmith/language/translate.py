"""A message with named places -> the sentence in the language of now, English unless one is chosen.

Sentences are made where they belong, as whole messages: `translate("{count:,} of {total:,} rows
were dropped", count=2, total=9)`. What a run writes into its records is made in English; a page
that shows such a text has it retold (`retell.as_shown`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from tunesmith.language.catalogue import ENGLISH, catalogue_of

_LANGUAGE: ContextVar[str] = ContextVar("language", default=ENGLISH)


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Have everything inside made in a language.

    Raises:
        RecipeError: There is no such language.
    """
    catalogue_of(code)
    token = _LANGUAGE.set(code)
    try:
        yield
    finally:
        _LANGUAGE.reset(token)


def language_now() -> str:
    """The code of the language of now."""
    return _LANGUAGE.get()


def language_tag() -> str:
    """The language of now as HTML names it: `en`, `zh-Hans`."""
    return catalogue_of(_LANGUAGE.get()).tag


def message(text: str) -> str:
    """The same text: it marks one that stands in a table and is translated where it is shown."""
    return text


def translate(text: str, /, **places: object) -> str:
    """A message in the language of now, English where it has no translation.

    Args:
        text: The message in English, as `str.format` fills it; as it is where nothing fills it.
        places: What stands in its places.
    """
    told = unfilled(text)
    return told.format(**places) if places else told


def unfilled(text: str) -> str:
    """A message with its places as they are, for what fills them elsewhere: a page's script."""
    return catalogue_of(_LANGUAGE.get()).translations.get(text, text)


def counting(one: str, several: str, count: int, /, **places: object) -> str:
    """`Plural` as templates call it: `{{ ngettext("{count} row", "{count} rows", 3) }}`."""
    return Plural(one, several).of(count, **places)


@dataclass(frozen=True, slots=True)
class Plural:
    """A message that counts, in English for one and for several; `{count}` is the number."""

    one: str
    several: str

    def of(self, count: int, **places: object) -> str:
        """The message in the language of now, in the form that it has for a number."""
        catalogue = catalogue_of(_LANGUAGE.get())
        forms = catalogue.counting.get(self.one)
        if forms is None:
            forms = (self.one if count == 1 else self.several,)
            return forms[0].format(count=count, **places)
        return forms[catalogue.form_of(count)].format(count=count, **places)


def listing(*parts: str) -> str:
    """Several things in a row, as a language separates them."""
    return translate(", ").join(parts)


def listing_of_clauses(*parts: str) -> str:
    """The same with what separates clauses."""
    return translate("; ").join(parts)


def listing_with_and(*parts: str) -> str:
    """The same, with an `and` before the last."""
    if not parts:
        return ""
    text, *more = parts
    for item in more[:-1]:
        text = translate("{items}, {next_item}", items=text, next_item=item)
    return translate("{items} and {last_item}", items=text, last_item=more[-1]) if more else text


def sentences(*told: str) -> str:
    """Whole sentences one after the other, with a blank only where a language has one."""
    text = ""
    for one in told:
        text = (
            translate("{sentence} {next_sentence}", sentence=text, next_sentence=one)
            if text and one
            else text or one
        )
    return text
