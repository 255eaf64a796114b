"""Template text and what stands beside it -> the control tokens that the tokenizer finds in it.

The tokenizer itself does the looking, so `lstrip`, `rstrip`, `normalized` and `single_word`
of its added tokens count; content beside the template text is masked, so that it takes no
part in a control token. A control token is an added token that is not only whitespace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tunesmith.tokens.plain_backend import Backend

_MASKS = ("ꙮ", "⸮")  # a letter and a sign that no control token is written with
_MAX_CACHED_CHARS = 2000
_MAX_CACHED = 10_000


class ControlSpan(NamedTuple):
    """A control token and the text it takes: `start` and `end` include stripped whitespace."""

    start: int
    end: int
    core: int
    token_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlScanner:
    """Finds control tokens in stretches of template text."""

    backend: Backend
    ids: Mapping[str, int]
    _known: dict[tuple[str, str, str], tuple[ControlSpan, ...]] = field(default_factory=dict)
    _held: dict[str, bool] = field(default_factory=dict)
    _ends: dict[str, bool] = field(default_factory=dict)
    _texts: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._texts.update({token_id: text for text, token_id in self.ids.items()})

    def scan(self, stretch: str, before: str, after: str) -> tuple[ControlSpan, ...]:
        """Control tokens whose characters lie wholly in `stretch`.

        Args:
            stretch: Template text without content inside.
            before: Content that stands directly before it; empty at a cut.
            after: Content that stands directly after it.

        Returns:
            Their spans, relative to the stretch; they can reach into the whitespace beside it.
        """
        if not self._may_hold(stretch):
            return ()
        key = (stretch, _left_context(before), _right_context(after))
        spans = self._known.get(key)
        if spans is None:
            spans = self._look(*key)
            if len(stretch) <= _MAX_CACHED_CHARS:
                if len(self._known) >= _MAX_CACHED:
                    self._known.clear()
                self._known[key] = spans
        return spans

    def _may_hold(self, stretch: str) -> bool:
        """Whether it holds a control token by itself; what stands beside it adds none."""
        is_held = self._held.get(stretch)
        if is_held is None:
            is_held = bool(self._look(stretch, "", ""))
            if len(stretch) <= _MAX_CACHED_CHARS:
                if len(self._held) >= _MAX_CACHED:
                    self._held.clear()
                self._held[stretch] = is_held
        return is_held

    def ends_with_control(self, text: str) -> bool:
        """Whether template text ends with the characters of a control token."""
        tail = text[-200:]
        known = self._ends.get(tail)
        if known is None:
            if len(self._ends) >= _MAX_CACHED:
                self._ends.clear()
            known = self._ends[tail] = tail.endswith(tuple(self.ids))
        return known

    def _look(self, stretch: str, left: str, right: str) -> tuple[ControlSpan, ...]:
        text = f"{left}{stretch}{right}"
        encoding = self.backend.encode(text, add_special_tokens=False)
        spans = []
        for token_id, (start, end) in zip(encoding.ids, encoding.offsets, strict=True):
            if token_id not in self._texts:
                continue
            core = _core_start(text, start, self._texts[token_id])
            core_end = core + len(text[core:end].rstrip())
            if core >= len(left) and core_end <= len(left) + len(stretch):
                shift = len(left)
                spans.append(ControlSpan(start - shift, end - shift, core - shift, token_id))
        return tuple(spans)


def _core_start(text: str, start: int, token: str) -> int:
    """Where the token's own characters begin, after whitespace that it strips."""
    if text.startswith(token, start):
        return start
    while start < len(text) and text[start].isspace() and not text.startswith(token, start):
        start += 1
    return start


def _left_context(content: str) -> str:
    inner = content.rstrip()
    return (_mask(inner[-1]) if inner else "") + content[len(inner) :]


def _right_context(content: str) -> str:
    inner = content.lstrip()
    return content[: len(content) - len(inner)] + (_mask(inner[0]) if inner else "")


def _mask(character: str) -> str:
    return _MASKS[0] if character.isalnum() or character == "_" else _MASKS[1]
