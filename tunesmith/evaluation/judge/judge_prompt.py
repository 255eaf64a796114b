"""A versioned prompt file, and perhaps the user's own rubric -> the messages of one question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from string import Template

import yaml

from tunesmith.endpoints.chat_request import ChatMessage, ChatRequest
from tunesmith.errors import MissingError, RecipeError
from tunesmith.evaluation.judge.fence import Fence, fence_texts
from tunesmith.files import hash_bytes

ABSOLUTE, PAIRWISE = "absolute-1", "pairwise-1"
MAX_CHARACTERS = 24_000  # of all texts of a question; some 6,000 tokens
_REPLY_TOKENS = 512  # room for a judge that explains itself
ATTEMPTS = 3
_WARM = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePrompt:
    """What a judge is told.

    Attributes:
        purpose: Name and version, with the rubric's hash where it is the user's own.
        system: The first message.
        rubric: How to judge.
        user: The second message, with places for rubric, key and data.
    """

    purpose: str
    system: str
    rubric: str
    user: str

    def request(self, fence: Fence, *, attempt: int = 0, repeat: int = 0) -> ChatRequest:
        """The question about fenced texts.

        Args:
            fence: Key and texts.
            attempt: 0 is greedy. A greedy judge whose reply could not be read would say the
                same again, so later attempts are drawn.
            repeat: Another question with the same words, to see whether the answer is too.
        """
        values = {"rubric": self.rubric, "key": fence.key, "data": fence.data}
        messages = (
            ChatMessage(role="system", content=self.system),
            ChatMessage(role="user", content=Template(self.user).substitute(values)),
        )
        return ChatRequest(
            messages=messages,
            purpose=self.purpose,
            max_tokens=_REPLY_TOKENS,
            temperature=_WARM if attempt else 0.0,
            seed=attempt or None,
            is_json=True,
            attempt=attempt + repeat * ATTEMPTS,
        )

    def fence(self, texts: Mapping[str, str], *, seed: int) -> Fence | None:
        """The texts behind their fence; None where they are too long to be judged.

        A local server cuts what does not fit its context, from the front and without a word:
        the instructions would go first.
        """
        if sum(map(len, texts.values())) > MAX_CHARACTERS:
            return None
        return fence_texts(texts, purpose=self.purpose, seed=seed)


def read_prompt(name: str, *, rubric: Path | None = None) -> JudgePrompt:
    """One of the prompts that ship with Tunesmith.

    Args:
        name: `ABSOLUTE` or `PAIRWISE`.
        rubric: The user's own text in the place of the rubric; the rest stays as it is.

    Raises:
        MissingError: There is no such rubric.
        RecipeError: It is blank, or no text.
    """
    file = resources.files("tunesmith.evaluation.judge").joinpath(f"prompts/{name}.yaml")
    fields = yaml.safe_load(file.read_text(encoding="utf-8"))
    prompt = JudgePrompt(
        purpose=f"{fields['name']}@{fields['version']}",
        system=fields["system"],
        rubric=fields["rubric"],
        user=fields["user"],
    )
    if rubric is None:
        return prompt
    own = _read_rubric(rubric)
    purpose = f"{prompt.purpose}+{hash_bytes(own.encode())[:8]}"
    return replace(prompt, purpose=purpose, rubric=own)


def _read_rubric(path: Path) -> str:
    if not path.is_file():
        raise MissingError("no such rubric", where=str(path), cure="Write one, or leave it out.")
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise RecipeError(f"no UTF-8 text ({error.reason})", where=str(path)) from None
    if not text:
        cure = "Say what earns 100, 50 and 0, or leave the key out."
        raise RecipeError("the rubric is empty", where=str(path), cure=cure)
    return text
