"""Law 2: trained tokens decode to exactly what the template writes for the turn, and its end."""

from pathlib import Path

from tests.laws.pairs import answers, chat_text, conversation, encoded_turns, templates_for
from tunesmith.tokens.tokenizer import Tokenizer

CONVERSATIONS = [
    conversation("What is up?", "Not much."),
    conversation(
        "Hi", "  **Bold** \n", "go on", "\n\nGrüße 日本 👍🏽", "x", "</s> typed", system="Be!"
    ),
    conversation("<|im_end|>", "a<|im_end|>b<|end|>", "[/INST]", "</s><|endoftext|> </think> z"),
]


def test_trained_tokens_decode_to_the_turn_and_its_end(
    shared_data: Path, tokenizer: Tokenizer
) -> None:
    for path, template in templates_for(shared_data, tokenizer):
        for messages in CONVERSATIONS:
            turns = encoded_turns(template.render(messages), tokenizer)
            for index, (_, trained) in zip(answers(messages), turns, strict=True):
                prompt = chat_text(tokenizer, path, messages[:index], add_generation_prompt=True)
                full = chat_text(tokenizer, path, messages[: index + 1])
                expected = _up_to_stop(full.removeprefix(prompt), template.stop_tokens)
                assert tokenizer.decode(trained) == expected, (path.name, messages)
                assert trained[-1] in tokenizer.stop_ids(template.stop_tokens)


def _up_to_stop(turn: str, stop_tokens: tuple[str, ...]) -> str:
    """To the last stop token, or the whole turn and the end token."""
    for token in stop_tokens:
        head, found, tail = turn.rpartition(token)
        if found and not tail.strip():
            return head + found
    return turn + stop_tokens[-1]
