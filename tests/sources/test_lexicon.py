"""Every room's words are lists of words, each once, and each read by a module of the room."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import tunesmith
from tunesmith.sources.lexicon import FILE, Lexicon, lexicon, read_lists

PACKAGE = Path(tunesmith.__file__).parent
ROOMS = [".".join(path.parent.relative_to(PACKAGE.parent).parts) for path in PACKAGE.rglob(FILE)]
EITHER = {("tunesmith.evaluation", "units")}  # a pound is money or a weight
TEXT = "greetings: {en: [hello, 'hi there'], zh: [你好]}\nmarks: [no, 1, null, on]\n"


def modules(room: str) -> list[ModuleType]:
    folder = PACKAGE.parent.joinpath(*room.split("."))
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return [importlib.import_module(f"{room}.{name}") for name in names]


def strings(module: ModuleType) -> Iterator[str]:
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_there_are_rooms_with_words() -> None:
    assert len(ROOMS) >= 6


@pytest.mark.parametrize("room", ROOMS)
def test_no_word_stands_twice_in_a_list(room: str) -> None:
    words = lexicon(room)
    for name in words.lists:
        if (room, name) in EITHER:
            continue
        found = words.words(name)
        twice = sorted({word for word in found if found.count(word) > 1})
        assert not twice, f"{words.name}: {name} holds {twice} twice"


@pytest.mark.parametrize("room", ROOMS)
def test_every_list_is_read_by_a_module_of_its_room(room: str) -> None:
    named = {text for module in modules(room) for text in strings(module)}
    assert not set(lexicon(room).lists) - named


@pytest.mark.parametrize("room", ROOMS)
def test_every_pattern_of_a_room_can_be_made_of_its_words(room: str) -> None:
    made = []
    for module in modules(room):
        for value in vars(module).values():
            is_lazy = hasattr(value, "cache_info") and value.__module__ == module.__name__
            if is_lazy and not inspect.signature(value).parameters:
                made.append(value())
    assert made
    for pattern in made:
        if isinstance(pattern, re.Pattern):
            assert pattern.fullmatch("") is None, f"{pattern.pattern[:60]} matches nothing at all"


def test_words_are_texts_in_the_order_of_the_file() -> None:
    words = Lexicon("a", read_lists(TEXT, "a"))
    assert words.words("greetings") == ("hello", "hi there", "你好")
    assert words.words("greetings", "zh") == ("你好",)
    assert words.words("marks") == ("no", "1", "null", "on")


def test_words_become_alternatives_of_a_pattern() -> None:
    words = Lexicon("a", read_lists(TEXT, "a"))
    assert words.either("greetings") == "hello|hi there|你好"
    assert words.either("greetings", blank=r"\s+", is_spaced=True) == r"hello|hi\s+there"
    assert words.either("greetings", is_spaced=False) == "你好"


def test_a_pattern_of_no_words_is_never_made() -> None:
    words = Lexicon("a", read_lists(TEXT, "a"))
    with pytest.raises(AssertionError, match="marks has no such words"):
        words.either("marks", is_spaced=False)
    with pytest.raises(AssertionError, match="has no list greeting"):
        words.words("greeting")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no names with lists"),
        ("[a, b]", "no names with lists"),
        ("a: b", "a: no list of words"),
        ("a: []", "a: an empty list"),
        ("a: {en: []}", "a: an empty list"),
        ("a: {en: b}", "a: no list of words"),
        ("a: [b, [c]]", "a: a list within the list"),
        ("a: [b, {c: d}]", "a: a list within the list"),
        ("a: [b]\na: [c]", "a name stands twice"),
        ("a: {en: [b], en: [c]}", "a name stands twice"),
    ],
)
def test_what_is_no_list_of_words_is_refused(text: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        read_lists(text, "words.yaml")
