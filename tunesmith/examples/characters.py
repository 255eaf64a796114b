"""An example -> whether its texts hold characters that no person wrote on purpose."""

import re

from tunesmith.examples.example import Example

CONTROL_CHARACTERS = "control characters"
# Tab, line feed, vertical tab, form feed, return and next line lay out texts; the rest of
# C0 and C1, lone surrogates and noncharacters come from broken files and terminals.
_CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_REPLACED = "\ufffd"  # what a decoder writes where it could not read
_MAX_REPLACED = 2


def character_fault(example: Example) -> tuple[str, str] | None:
    """The reason and a detail where a text holds control or replacement characters."""
    for number, message in enumerate(example.messages, start=1):
        for text in (message.content, message.input):
            found = _CONTROL.search(text)
            if found:
                return CONTROL_CHARACTERS, f"message {number} holds U+{ord(found[0]):04X}"
            if text.count(_REPLACED) > _MAX_REPLACED:
                detail = f"message {number} holds U+FFFD {text.count(_REPLACED):,} times"
                return CONTROL_CHARACTERS, detail
    return None
