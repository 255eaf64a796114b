"""Conversations -> Phi-3's turns, `<|user|>`, `<|assistant|>` and `<|end|>`, for any tokenizer.

Where the tokenizer does not hold the marks they are ordinary text, and the answer ends with
the tokenizer's own end token.
"""

TEXT = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
)
