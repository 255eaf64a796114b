"""Conversations -> Phi-3's turns, `<|user|>`, `<|assistant|>` and `<|end|>`, for any tokenizer.

Where the tokenizer does not hold the marks they are ordinary text, and the answer ends with
the tokenizer's own end token.
"""

from tunesmith.templates.chat_text import ChatText

CHAT = ChatText(
    name="phi3",
    text=(
        "{% for message in messages %}"
        "{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}"
        "{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
    ),
    description="Phi-3's turns: <|user|>, <|assistant|> and <|end|>",
)
