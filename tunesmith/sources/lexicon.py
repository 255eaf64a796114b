"""A room's `words.yaml` -> its lists of words, by name.

A list is parted by language where it has words of one: `{en: [hello], de: [hallo]}`. A word may
be a regular expression where its readers make a pattern of the list. All is text, `no` as well.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import yaml

FILE = "words.yaml"
NO_LANGUAGE = ""
UNSPACED = frozenset(
    {"ja", "km", "lo", "my", "th", "zh"}
)  # languages that write their words without blanks
Lists = Mapping[str, Mapping[str, tuple[str, ...]]]  # name -> language -> words


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lists of words of one YAML file, by language."""

    name: str
    lists: Lists

    def words(self, name: str, language: str | None = None) -> tuple[str, ...]:
        """The words of a list in the order of the file; of all languages where none is named."""
        found = self._languages(name)
        if language is not None:
            return found[language]
        lists = tuple(found.values())
        return lists[0] if len(lists) == 1 else tuple(word for words in lists for word in words)

    def either(self, name: str, *, blank: str = " ", is_spaced: bool | None = None) -> str:
        r"""The words of a list as alternatives of a pattern; the first that fits counts.

        Args:
            name: Of the list.
            blank: What a blank in a word stands for, such as `\s+`.
            is_spaced: Only of languages that part words by blanks (True), around which a pattern
                may look for a word's borders, or only of the others (False).
        """
        kept = [
            word
            for language, words in self._languages(name).items()
            for word in words
            if is_spaced is None or is_spaced == (language not in UNSPACED)
        ]
        assert kept, f"{self.name}: {name} has no such words"
        return "|".join(kept).replace(" ", blank)

    def _languages(self, name: str) -> Mapping[str, tuple[str, ...]]:
        assert name in self.lists, f"{self.name} has no list {name}"
        return self.lists[name]


@functools.cache
def lexicon(room: str) -> Lexicon:
    """The lists of a package, such as `tunesmith.sources.chats`; its file is read once."""
    text = resources.files(room).joinpath(FILE).read_text("utf-8")
    name = f"{room.replace('.', '/')}/{FILE}"
    return Lexicon(name, read_lists(text, name))


def read_lists(text: str, name: str) -> Lists:
    """The lists of a file; whatever is no list of words is refused."""
    lists = {}
    for key, node in _entries(_composed(text), name).items():
        where = f"{name}: {key}"
        parted = _entries(node, where) if _is_parted(node) else {NO_LANGUAGE: node}
        lists[key] = {language: _words(one, where) for language, one in parted.items()}
    return lists


def _composed(text: str) -> yaml.Node | None:
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml is ten times as fast
    return yaml.compose(text, Loader=loader)


def _is_parted(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode)


def _entries(node: yaml.Node | None, where: str) -> dict[str, yaml.Node]:
    assert isinstance(node, yaml.MappingNode), f"{where}: no names with lists"
    entries = {str(key.value): value for key, value in node.value}
    assert len(entries) == len(node.value), f"{where}: a name stands twice"
    return entries


def _words(node: yaml.Node, where: str) -> tuple[str, ...]:
    assert isinstance(node, yaml.SequenceNode), f"{where}: no list of words"
    is_word = [isinstance(one, yaml.ScalarNode) for one in node.value]
    assert any(is_word), f"{where}: an empty list"
    assert all(is_word), f"{where}: a list within the list"
    return tuple(str(one.value) for one in node.value)
