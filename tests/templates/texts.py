"""What templates know of a tokenizer, and how a rendering reads."""

from collections.abc import Sequence

from tunesmith.templates.template import Segment, TokenizerTexts

TEXTS = TokenizerTexts(
    begin="<s>",
    begin_token="<s>",
    end_token="</s>",
    control_tokens=frozenset({"<s>", "</s>"}),
    chat_template=None,
)
CHAT_TEXTS = TokenizerTexts(
    begin=None,
    begin_token=None,
    end_token="</s>",
    control_tokens=frozenset({"</s>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"}),
    chat_template=None,
)


def joined(row: Sequence[Segment]) -> str:
    return "".join(segment.text for segment in row)


def trained(row: Sequence[Segment]) -> str:
    return "".join(segment.text for segment in row if segment.is_trained)


def content(row: Sequence[Segment]) -> list[str]:
    return [segment.text for segment in row if segment.is_content]
