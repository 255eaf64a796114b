"""A text -> its language; an example -> whether it is surely in another than wanted.

py3langid knows 97 languages and works offline. Only texts long enough to be sure of count,
and an example in two languages, such as a translation, is kept.
"""

import functools
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from tunesmith.errors import RecipeError
from tunesmith.examples.example import Example

WRONG_LANGUAGE = "wrong language"
_MIN_LETTERS = 60
_MIN_LETTERS_DENSE = 15  # Chinese, Japanese, Korean: a character says as much as a word
_MAX_CHARACTERS = 2_000
_SURE, _SURE_DENSE = 0.95, 0.6  # what competes with Chinese are variants of Chinese


def language_fault(example: Example, language: str | None) -> tuple[str, str] | None:
    """The reason and a detail where neither the prompt nor the answer is in `language`.

    Raises:
        RecipeError: No such language is known.
    """
    if language is None:
        return None
    identifier = _identifier()
    if language not in identifier.nb_classes:
        raise RecipeError(
            f"no language {language!r} is known",
            where="examples.language",
            cure=f"Known: {', '.join(sorted(identifier.nb_classes))}.",
        )
    prompt = "\n".join(f"{one.content}\n{one.input}" for one in example.prompt)
    others = [sure_language(text) for text in (prompt, example.reference)]
    known = [found for found in others if found is not None]
    if not known or language in known:
        return None
    whole = sure_language(f"{prompt}\n{example.reference}")
    if whole in (None, language):
        return None
    return WRONG_LANGUAGE, f"it is in {whole}, not in {language}"


def sure_language(text: str) -> str | None:
    """The language of a text that is long and plain enough to tell; else None."""
    text = text[:_MAX_CHARACTERS]
    num_letters = sum(map(str.isalpha, text))
    is_dense = sum(character >= "\u2e80" for character in text) * 2 > num_letters
    if num_letters < (_MIN_LETTERS_DENSE if is_dense else _MIN_LETTERS):
        return None
    found, probability = _identifier().classify(text)
    return str(found) if probability >= (_SURE_DENSE if is_dense else _SURE) else None


@functools.cache
def _identifier() -> Any:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
