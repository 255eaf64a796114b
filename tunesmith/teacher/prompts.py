"""prompts/*.yaml and values -> what a teacher is asked, under the prompt's name and version.

A prompt is never changed in place: another wording is another version, so that every pair says
what it was written for. Texts of users and documents are fenced by a line that they cannot hold.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import Any

import yaml

from tunesmith.endpoints.chat_request import ChatMessage, ChatRequest
from tunesmith.files import hash_bytes
from tunesmith.recipe.teacher_recipe import TeacherLanguage


@dataclass(frozen=True, slots=True)
class TeacherPrompt:
    """A versioned prompt; `$name` in its texts is filled in."""

    name: str  # e.g. self-instruct/instructions@1
    system: str
    user: str
    fence_word: str

    def messages(self, values: Mapping[str, str]) -> tuple[ChatMessage, ...]:
        """The conversation.

        Args:
            values: For each `$name`; what others wrote belongs through `fenced` first.
        """
        return (
            ChatMessage(role="system", content=self.system),
            ChatMessage(role="user", content=Template(self.user).substitute(values).strip()),
        )

    def sized(self, filling: str, *, max_tokens: int) -> ChatRequest:
        """A request as long as one that is filled with so much, to reckon with."""
        messages = (
            ChatMessage(role="system", content=self.system),
            ChatMessage(role="user", content=self.user + filling),
        )
        return ChatRequest(messages=messages, purpose=self.name, max_tokens=max_tokens)

    def fenced(self, text: str) -> str:
        """A text between two lines that it does not hold; the same text has the same fence."""
        mark = f"{self.fence_word}-{hash_bytes(text.encode('utf-8', 'replace'))[:12]}"
        return f"<<<{mark}\n{text}\n{mark}>>>"


def find_prompt(name: str, language: TeacherLanguage) -> TeacherPrompt:
    """The newest version of a prompt in a language, e.g. of `self-instruct/instructions`."""
    table = _table(language)
    prompts: Mapping[str, Mapping[str, str]] = table["prompts"]
    versions = [key for key in prompts if key.rpartition("@")[0] == name]
    assert versions, f"no prompt {name} in {language}"
    newest = max(versions, key=lambda key: int(key.rpartition("@")[2]))
    return TeacherPrompt(
        name=newest if language == "en" else newest.replace("@", f"-{language}@"),
        system=table["system"].strip(),
        user=prompts[newest]["user"],
        fence_word=table["fence"],
    )


def phrases(name: str, language: TeacherLanguage) -> Mapping[str, str]:
    """A table of phrases that prompts are put together from, e.g. `styles`."""
    found: Mapping[str, str] = _table(language)[name]
    return found


@functools.cache
def _table(language: TeacherLanguage) -> Any:
    text = resources.files(__package__).joinpath("prompts", f"{language}.yaml").read_text("utf-8")
    return yaml.safe_load(text)
