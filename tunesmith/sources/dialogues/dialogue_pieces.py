"""A list of turns and what stands around it -> threads, what was left out, what was not read.

What a ticket says itself, before its answers, is its first turn. An open chat, where many speak at
once, is parted into conversations by who answers whom.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tunesmith.sources.chats.post import OTHER_BRANCH, Names, as_thread, in_order
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.dialogues.dialogue_lists import ANY, ROOT, Keys, TurnList, children_of
from tunesmith.sources.dialogues.dialogue_trees import BESIDE
from tunesmith.sources.dialogues.said import Said, as_posts, as_turns, names_of, read_said
from tunesmith.sources.dialogues.turn_fields import (
    Flat,
    TurnFields,
    field_key,
    flattened,
    named,
    scalars,
    text_of,
    unsaid,
)
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, NotRead, Row, RowError

_PACE = ChannelPace(burst=300.0, alone=3600.0, pause=2 * 3600.0, wait=24 * 3600.0)
Spoken = list[tuple[Said, Turn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """The turns of one list, before they are read.

    Attributes:
        turns: Each as paths and values.
        fields: Where in them speaker and text stand.
        sources: The place of each.
        opening: What was said before the list began.
        is_sorted: Whether the turns stand in the order they were said.
        is_whole_file: Whether they are all that a file holds.
        passed_over: Paths that are structure, beside those of the fields.
    """

    turns: Sequence[Flat]
    fields: TurnFields
    sources: Sequence[str]
    opening: Said | None = None
    is_sorted: bool = True
    is_whole_file: bool = False
    passed_over: set[str] = field(default_factory=set)


def lists_in(
    value: object, pattern: Keys = ()
) -> Iterator[tuple[Keys, list[Mapping[str, object]]]]:
    """All lists of objects in a value, whatever they hold, by their pattern."""
    name = next((field_key(key) for key in reversed(pattern) if key not in (ANY, ROOT)), "")
    if isinstance(value, list | tuple) and name not in named("annotation_lists"):
        items = [item for item in value if isinstance(item, Mapping)]
        if items:
            yield pattern, items
    for key, part, is_any in children_of(value):
        if isinstance(part, list | tuple | Mapping):
            yield from lists_in(part, (*pattern, ANY if is_any else key))


def talk_of(found: TurnList, row: Row) -> tuple[Talk, set[Keys]]:
    """A list of turns as a talk, and the paths within the row that it takes up."""
    where = ".".join(key for key in found.path if key != ROOT)
    at = row.source if len(found.path) == 1 else f"{row.source} {where}"
    opening, path = _opening(found, row, at)
    talk = Talk(
        turns=found.turns,
        fields=found.fields,
        sources=[f"{at} turn {number}" for number in range(1, len(found.turns) + 1)],
        opening=opening,
    )
    return talk, {found.path, *([path] if path else [])}


def talk_pieces(talk: Talk) -> Iterator[Thread | Dropped | NotRead]:
    """The conversations of a talk, what was left out of it, and what of its turns is not read."""
    said: list[Said] = [talk.opening] if talk.opening else []
    not_read: dict[str, list[str]] = {}
    for turn, source in zip(talk.turns, talk.sources, strict=True):
        try:
            if turn.get(BESIDE):
                raise RowError(OTHER_BRANCH, "beside the path that the conversation took")
            said.append(read_said(turn, talk.fields, source))
        except RowError as fault:
            words = {path: value for path, value in turn.items() if path != BESIDE}
            yield Dropped.of(fault, source=source, text="\n".join(scalars(words)))
            continue
        for path, value in turn.items():
            _keep(not_read, path, list(_left_in(path, value, said[-1], talk)))
    spoken: Spoken = []
    for one in as_turns(_with_sides(said, talk.opening)):
        if isinstance(one, Dropped):
            yield one
        else:
            spoken.append(one)
    yield from _threads(spoken, talk)
    for name, texts in not_read.items():
        yield NotRead(source=talk.sources[0], name=f"column '{name}'", text="\n".join(texts))


def leftovers(row: Row, read: set[Keys]) -> Iterator[NotRead]:
    """What stands in a row beside its turns, by name."""
    not_read: dict[str, list[str]] = {}
    ways = {path[:depth] for path in read for depth in range(len(path))}
    _collect(row.fields, ((), ()), read, ways, not_read)
    for name, texts in not_read.items():
        yield NotRead(source=row.source, name=f"column '{name}'", text="\n".join(texts))


def _collect(
    value: object,
    place: tuple[Keys, Keys],
    read: set[Keys],
    ways: set[Keys],
    found: dict[str, list[str]],
) -> None:
    """Keep what stands beside the lists that were read; `place` is a path and its pattern."""
    path, pattern = place
    if path in read:
        return
    if path not in ways or not isinstance(value, list | tuple | Mapping):
        name = ".".join(key for key in pattern if key not in (ANY, ROOT))
        _keep(found, name, list(scalars(value)))
        return
    for key, part, is_any in children_of(value):
        step = (*pattern, ANY if is_any else key)
        _collect(part, ((*path, key), step), read, ways, found)


def _keep(found: dict[str, list[str]], name: str, texts: list[str]) -> None:
    if texts:
        found.setdefault(name, []).extend(texts)


def _left_in(path: str, value: object, said: Said, talk: Talk) -> Iterator[str]:
    """What of a turn's field is neither said nor the speaker's name nor a time."""
    fields = talk.fields
    spoken = next(
        (one for one in fields.texts if path == one and text_of(value) == said.text), None
    )
    is_time = path == fields.others.get("time") and said.seconds is not None
    if spoken:
        yield from unsaid(value)
    elif not is_time and path not in (
        fields.role,
        fields.author,
        fields.account,
        *talk.passed_over,
    ):
        yield from scalars(value)


def _threads(spoken: Spoken, talk: Talk) -> Iterator[Thread | Dropped]:
    """One conversation; or those of an open chat."""
    if not talk.is_sorted and all(said.seconds is not None for said, _ in spoken):
        spoken = sorted(spoken, key=lambda one: one[0].seconds or 0.0)
    if not spoken:
        return
    names = names_of([said for said, _ in spoken])
    is_told = any(turn.is_staff is not None for _, turn in spoken)
    if any(said.reply for said, _ in spoken) and is_told:
        yield from _chains(spoken, names)
    elif not is_told and _is_open_chat(talk):
        yield from find_threads(in_order(as_posts(spoken)), _PACE, names=names)
    else:
        yield as_thread([turn for _, turn in spoken], names)


def _is_open_chat(talk: Talk) -> bool:
    keys = {field_key(path) for turn in (talk.turns[0], talk.turns[-1]) for path in turn}
    is_open = talk.is_whole_file or bool(keys & named("channel_keys"))
    return is_open and "time" in talk.fields.others


def _chains(spoken: Spoken, names: Names) -> Iterator[Thread]:
    """Messages that answer each other by their ids."""
    chain_of: dict[str, str] = {}
    chains: dict[str, list[Turn]] = {}
    for said, turn in spoken:
        chain = chain_of.get(said.reply, said.reply or said.id or said.source)
        chain_of[said.id or said.source] = chain
        chains.setdefault(chain, []).append(turn)
    for turns in chains.values():
        yield as_thread(turns, names)


def _with_sides(said: Sequence[Said], opening: Said | None) -> list[Said]:
    """Whoever opened the ticket asks, and others answer, where nothing else tells the sides."""
    if (
        opening is None
        or opening.is_staff is None
        or any(one.labels and one.role for one in said[1:])
    ):
        return list(said)
    if any(one.is_staff is not None for one in said[1:]):
        return list(said)
    asker = opening.account or opening.author
    return [replace(one, is_staff=(one.account or one.author) != asker) for one in said]


def _opening(found: TurnList, row: Row, at: str) -> tuple[Said | None, Keys | None]:
    """What a ticket says before its answers, and where: in an object beside them, or itself."""
    ancestors: list[tuple[Keys, Mapping[str, object]]] = []
    value: object = row.fields
    for depth, key in enumerate(found.path):
        if isinstance(value, Mapping):
            if found.pattern[depth] != ANY:  # what stands beside one of many belongs to another
                ancestors.append((found.path[:depth], value))
            value = value.get(key)
        elif isinstance(value, list | tuple):
            value = value[int(key) - 1]
    first = next(
        (
            text
            for path in found.fields.texts
            for turn in found.turns[:1]
            if (text := text_of(turn.get(path)))
        ),
        "",
    )
    for path, parent in reversed(ancestors[-2:]):
        for key, said in _openings_in(parent, found, at):
            if said.text != first and (*path, key) != found.path[: len(path) + 1]:
                return said, (*path, key)
    return None, None


def _openings_in(
    parent: Mapping[str, object], found: TurnList, at: str
) -> Iterator[tuple[str, Said]]:
    for key, part in parent.items():
        if isinstance(part, Mapping) and found.path[-1] != key:
            try:
                yield key, read_said(flattened(part), found.fields, f"{at} {key}")
            except RowError:
                continue
    if field_key(found.path[-1]) not in named("reply_lists") and not _asker(parent):
        return
    by_key = {field_key(key): key for key in parent}
    for word in lexicon(__package__).words("opening_columns"):
        if word in by_key and (text := text_of(parent[by_key[word]])):
            asker = _asker(parent) or "customer"
            yield by_key[word], Said(text=text, source=at, author=asker, is_staff=False)
            return


def _asker(parent: Mapping[str, object]) -> str:
    """Who opened a ticket, by id or name."""
    flat = {field_key(path): value for path, value in flattened(parent, depth=1).items()}
    values = (flat.get(key) for key in lexicon(__package__).words("asker_columns"))
    return next((str(one) for one in values if isinstance(one, str | int) and str(one).strip()), "")
