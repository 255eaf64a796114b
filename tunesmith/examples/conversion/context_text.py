"""What a question is about, however a data set lays it out -> one text, and what stands beside it.

A text; texts; passages as objects or as lists side by side (HotpotQA, PubMedQA, MS MARCO, the
results of a search); pairs of a title and its sentences.
"""

from collections.abc import Mapping, Sequence

from tunesmith.examples.conversion.cell_text import cell_content, is_blank, is_list, plain_text
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.row import RowError

Left = list[tuple[str, object]]  # what of a column is not read, by name


def context_text(value: object, name: str) -> tuple[str, Left]:
    """One text of a column's cell.

    Raises:
        RowError: It holds no passages.
    """
    if isinstance(value, Mapping):
        return _passages([value], name)
    if is_list(value) and value and all(isinstance(one, Mapping) for one in value):
        return _passages([one for one in value if isinstance(one, Mapping)], name)
    if is_list(value) and value and all(map(_is_titled, value)):
        texts = [f"{one[0]}\n{_sentences(one[1])}" for one in value if is_list(one)]
        return "\n\n".join(texts), []
    text = _sentences(value, "\n\n") if is_list(value) else None
    return (cell_content(value, name, "") if text is None else text), []


def _is_titled(one: object) -> bool:
    """Whether it is a title and its sentences."""
    is_pair = is_list(one) and len(one) == 2 and isinstance(one[0], str) and is_list(one[1])
    return is_pair and is_list(one) and _sentences(one[1]) is not None


def _passages(items: Sequence[Mapping[str, object]], name: str) -> tuple[str, Left]:
    keys = list(dict.fromkeys(key for item in items for key in item))
    said = _first(keys, "passage_keys", items)
    if said is None:
        found = ", ".join(map(str, keys[:8]))
        raise RowError("not a text", f"field '{name}' is an object without a text; found {found}")
    title = _first([key for key in keys if key != said], "title_keys", items)
    pairs = [(item.get(title) if title else None, item.get(said)) for item in items]
    texts = [text for heading, passage in pairs for text in _laid_out(heading, passage)]
    if not texts:
        raise RowError("not a text", f"field '{name}': its '{said}' holds no text")
    rest = [key for key in keys if key not in (said, title)]
    left = [(f"{name}.{key}", [item[key] for item in items if key in item]) for key in rest]
    return "\n\n".join(texts), [(key, values) for key, values in left if not is_blank(values[0])]


def _laid_out(title: object, said: object) -> list[str]:
    """A passage below its title; of lists side by side, each."""
    if is_list(said) and said and all(isinstance(one, Mapping) for one in said):
        return [context_text(said, "")[0]]
    if is_list(said):
        titles = title if is_list(title) and len(title) == len(said) else [None] * len(said)
        pairs = list(zip(titles, said, strict=True))
        if not is_list(title) and isinstance(title, str):
            return _laid_out(title, _sentences(said))
    else:
        pairs = [(title, said)]
    texts = []
    for heading, passage in pairs:
        text = _sentences(passage) if is_list(passage) else plain_text(passage)
        if text and text.strip():
            texts.append(f"{heading}\n{text}" if isinstance(heading, str) and heading else text)
    return texts


def _sentences(value: object, between: str = " ") -> str | None:
    """Texts one behind another; None where it is no list of texts."""
    if not is_list(value) or not value or not all(isinstance(one, str) for one in value):
        return None
    return between.join(
        one.strip() if between == " " else one for one in value if isinstance(one, str)
    )


def _first(keys: Sequence[str], words: str, items: Sequence[Mapping[str, object]]) -> str | None:
    by_name = {str(key).strip().casefold(): key for key in reversed(keys)}
    found = (by_name[one] for one in lexicon(__package__).words(words) if one in by_name)
    return next((key for key in found if any(not is_blank(one.get(key)) for one in items)), None)
