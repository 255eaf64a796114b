"""The exact text of every built-in template, as a plain file that a person can review.

`TUNESMITH_GOLDEN=1` (which `make golden` sets) writes the file anew.
"""

import os
from pathlib import Path

from tests.templates.texts import CHAT_TEXTS, TEXTS
from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.names import CHATS, LAYOUTS, find_template
from tunesmith.templates.template import Rendering, TokenizerTexts

GOLDEN = Path(__file__).parents[1] / "golden" / "prompts.txt"
SYSTEM = Message(role="system", content="You are terse.")
ASK = Message(role="user", content="Name a colour.")
ASK_WITH_INPUT = Message(role="user", content="Translate.", input="Guten Tag")
ANSWER = Message(role="assistant", content="Blue.")
CONVERSATIONS = {
    "one turn": [ASK, ANSWER],
    "with input": [ASK_WITH_INPUT, ANSWER],
    "with system": [SYSTEM, ASK, ANSWER],
    "two turns": [ASK, ANSWER, ASK, ANSWER],
}


def test_prompts_are_those_of_the_golden_file() -> None:
    lines = ["Trained text stands between ⟦ and ⟧; a line break is written as ⏎.", ""]
    for name in (*LAYOUTS, *CHATS):
        for label, messages in CONVERSATIONS.items():
            if name in LAYOUTS and label == "two turns":
                continue
            if name == "concatenate" and label == "with system":
                continue
            lines += _shown(name, label, messages, TEXTS, "markers are text")
            if name in CHATS:
                lines += _shown(name, label, messages, CHAT_TEXTS, "markers are tokens")
    lines += _shown("plain", "text", [ANSWER], TEXTS, "markers are text")
    text = "\n".join(lines)
    if os.environ.get("TUNESMITH_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert GOLDEN.read_text(encoding="utf-8") == text


def _shown(
    name: str, label: str, messages: list[Message], texts: TokenizerTexts, kind: str
) -> list[str]:
    rows = find_template(TemplateRecipe(name=name), texts).render(messages)
    return [f"== {name}, {label}, {kind}", *(_marked(row) for row in rows), ""]


def _marked(row: Rendering) -> str:
    text = "".join(f"⟦{s.text}⟧" if s.is_trained else s.text for s in row)
    return text.replace("⟧⟦", "").replace("\n", "⏎\n")
