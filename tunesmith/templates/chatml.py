"""Conversations -> ChatML, turns between `<|im_start|>` and `<|im_end|>`, for any tokenizer.

Where the tokenizer does not hold the two marks they are ordinary text, and the answer ends
with the tokenizer's own end token.
"""

from tunesmith.templates.chat_text import ChatText

CHAT = ChatText(
    name="chatml",
    text=(
        "{% for message in messages %}"
        "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
        "{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    ),
    description="ChatML: turns between <|im_start|> and <|im_end|>",
)
