"""Messages that answer each other as a tree -> the turns of one path through it, and the rest.

Where an assistant was tried several times (OpenAssistant, ChatGPT), the way goes by the best rank,
or the newest answer; what lies beside it is marked. Where people reply to each other, all stay, in
the order of the tree. A tree may also be a table whose rows name the row that they answer.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from tunesmith.sources.dialogues.turn_fields import (
    Flat,
    TurnFields,
    field_key,
    find_turn_fields,
    flattened,
    named,
    side_of,
)

BESIDE = "(another branch)"  # the key of a turn that lies beside the path
_REPLIES = ("replies", "children", "responses", "answers")
Node = Mapping[str, object]


def tree_turns(value: Node, parent: object) -> Sequence[Node]:
    """The messages of a tree as turns; empty where an object is no tree.

    Args:
        value: An object.
        parent: What it stands in, which may say where the conversation ended.
    """
    nodes = [node for node in value.values() if isinstance(node, Mapping)]
    if (
        nodes
        and len(nodes) == len(value)
        and all({"parent", "children"} <= node.keys() for node in nodes)
    ):
        return _linked(value, parent)
    key = next((key for key in value if field_key(str(key)) in _REPLIES and value[key]), None)
    replies = value.get(key) if key else None
    if key is None or not isinstance(replies, list) or not isinstance(replies[0], Mapping):
        return []
    fields = find_turn_fields([flattened(value), flattened(replies[0])], {})
    if fields is None or not all(
        any(flattened(one).get(t) for t in fields.texts) for one in (value, replies[0])
    ):
        return []
    speaker = fields.role or fields.author
    sides = {side_of(str(flattened(one).get(speaker or ""))) for one in (value, replies[0])}
    return list(_nested(value, key, is_choice=sides == {True, False}, is_beside=False))


def trees_of_rows(turns: Sequence[Flat], fields: TurnFields) -> list[list[tuple[int, bool]]]:
    """Messages that name their parent -> the trees, each as numbers of rows along its path.

    The flag says that a row lies beside the path. Empty where rows are no tree of answers to
    choose from: a parent is unnamed, or somebody answers his own side.
    """
    own, above = fields.others.get("id"), fields.others.get("reply")
    speaker = fields.role or fields.author
    if own is None or above is None or speaker is None or field_key(above) not in named("parents"):
        return []
    numbers = {str(turn[own]): number for number, turn in enumerate(turns) if turn.get(own)}
    parents = [numbers.get(str(turn.get(above))) for turn in turns]
    sides = [side_of(str(turn.get(speaker))) for turn in turns]
    children: dict[int, list[int]] = {}
    for number, parent in enumerate(parents):
        if parent is not None:
            children.setdefault(parent, []).append(number)
            if sides[number] is None or sides[parent] is not (not sides[number]):
                return []
    if not children or len(numbers) < len(turns):
        return []
    seen: set[int] = set()
    roots = [number for number, parent in enumerate(parents) if parent is None]
    walks = (_walk(root, turns, children, seen) for root in (*roots, *range(len(turns))))
    return [walk for walk in walks if walk]  # a circle has no root, and begins anywhere


def _walk(
    root: int, turns: Sequence[Flat], children: Mapping[int, list[int]], seen: set[int]
) -> list[tuple[int, bool]]:
    found: list[tuple[int, bool]] = []
    waiting = [(root, False)]
    while waiting:
        number, is_beside = waiting.pop()
        if number in seen:
            continue
        seen.add(number)
        found.append((number, is_beside))
        below = children.get(number, [])
        best = min(below, key=lambda one: _rank(turns[one]), default=None)
        ordered = sorted(below, key=lambda one: one == best)  # the last one is taken first
        waiting += [(one, is_beside or one != best) for one in ordered]
    return found


def _nested(node: Node, key: str, *, is_choice: bool, is_beside: bool) -> Iterator[Node]:
    """A message and what answers it; of several answers to choose from one is the path."""
    own = {name: part for name, part in node.items() if name != key}
    yield {**own, BESIDE: True} if is_beside else own
    replies = node.get(key)
    answers = (
        [one for one in replies if isinstance(one, Mapping)] if isinstance(replies, list) else []
    )
    best = min(answers, key=_rank, default=None)
    ordered = sorted(answers, key=lambda one: one is not best) if is_choice else answers
    for answer in ordered:
        left = is_beside or (is_choice and answer is not best)
        yield from _nested(answer, key, is_choice=is_choice, is_beside=left)


def _rank(node: Node) -> float:
    """0 is the best; unranked answers follow those with a rank, in their order."""
    try:
        rank = float(str(node.get("rank")))
    except ValueError:
        return math.inf
    return math.inf if math.isnan(rank) else rank


def _linked(nodes: Mapping[str, object], parent: object) -> Sequence[Node]:
    """Nodes by id with parent and children, as ChatGPT exports them.

    The path leads to the node that is called the current one, else to the newest, the last child
    of each.
    """
    end = parent.get("current_node") if isinstance(parent, Mapping) else None
    start = next((key for key, node in nodes.items() if not _links(node, "parent")), None)
    is_told = isinstance(end, str) and end in nodes
    on_path = _followed(nodes, end if is_told else start, "parent" if is_told else "children")
    order = reversed(on_path) if is_told else iter(on_path)
    turns: list[dict[str, object]] = []
    wordless: list[object] = []
    for key in (*order, *(key for key in nodes if key not in on_path)):
        node = nodes[key]
        message = node.get("message", node) if isinstance(node, Mapping) else None
        if not isinstance(node, Mapping) or not isinstance(message, Mapping):
            wordless.append(node)
            continue
        links = {f"node.{name}": part for name, part in node.items() if part is not message}
        beside = {} if key in on_path else {BESIDE: True}
        turns.append({**message, **links, **beside})
    if turns:
        turns[0]["nodes"] = wordless
    return turns


def _followed(nodes: Mapping[str, object], start: object, link: str) -> dict[str, None]:
    """The nodes that a link leads to, one after the other."""
    found: dict[str, None] = {}
    at = start
    while isinstance(at, str) and at in nodes and at not in found:
        found[at] = None
        at = next(iter(reversed(_links(nodes[at], link))), None)
    return found


def _links(node: object, key: str) -> Sequence[str]:
    """The ids under a key, one or several."""
    value = node.get(key) if isinstance(node, Mapping) else None
    if isinstance(value, str) and value:
        return [value]
    return [str(one) for one in value] if isinstance(value, list) else []
