"""`auto` takes the template that the rows need, and says why."""

from collections.abc import Sequence

import pytest

from tunesmith.examples.example import Message
from tunesmith.recipe.recipe import TemplateRecipe
from tunesmith.templates.choice import RowShapes, choose_template
from tunesmith.templates.wrapped import waiting_lead

Rows = Sequence[Sequence[tuple[str, str]]]
ONE = [("user", "Where?"), ("assistant", "Here.")]
TWO = [*ONE, ("user", "And now?"), ("assistant", "There.")]
LED = [("system", "Be brief."), *ONE]
TEXT = [("assistant", "Once upon a time.")]
LAMINI = [("user", "### Question:\nWhere?\n\n### Answer:"), ("assistant", "Here.")]
OPEN_END = [*ONE, ("user", "Thanks.")]


def messages(row: Sequence[tuple[str, str]]) -> list[Message]:
    return [Message(role=role, content=content) for role, content in row]  # type: ignore[arg-type]


def shapes(rows: Rows) -> RowShapes:
    found = RowShapes()
    for row in rows:
        found.take(messages(row))
    return found


@pytest.mark.parametrize(
    ("rows", "has_chat", "name", "reason"),
    [
        ([ONE] * 9, False, "alpaca", "every row has one turn"),
        ([*[ONE] * 9, TWO], False, "chatml", "1 of 10 rows have several turns"),
        ([*[ONE] * 9, OPEN_END], False, "chatml", "1 of 10 rows have several turns"),
        ([LED, ONE], False, "alpaca", "every row has one turn"),
        ([*[LAMINI] * 3, ONE], False, "concatenate", "3 of 4 questions already end in '### Ans"),
        ([LAMINI, LED, LAMINI], False, "alpaca", "one turn"),
        ([*[LAMINI] * 9, TWO], False, "chatml", "several turns"),
        ([LAMINI, ONE], False, "alpaca", "one turn"),
        ([TEXT] * 3, False, "plain", "every row is plain text"),
        ([TEXT] * 3, True, "plain", "every row is plain text"),
        ([TEXT, ONE], False, "alpaca", "one turn"),
        ([TWO, TWO], True, "chat", "the tokenizer has a chat template"),
        ([], False, "alpaca", "one turn"),
    ],
)
def test_the_rows_choose(rows: Rows, has_chat: bool, name: str, reason: str) -> None:
    choice = choose_template(shapes(rows), TemplateRecipe(), has_chat=has_chat)
    assert choice.name == name
    assert reason in choice.reason


def test_a_system_prompt_of_the_recipe_needs_a_place() -> None:
    recipe = TemplateRecipe(system="Be brief.")
    for rows in ([LAMINI] * 3, [TEXT] * 3):
        assert choose_template(shapes(rows), recipe, has_chat=False).name == "alpaca"


@pytest.mark.parametrize(
    ("question", "lead"),
    [
        ("### Question:\nWhere?\n\n### Answer:", "### Answer:"),
        ("Below is an instruction.\n\n### Instruction:\nGo.\n\n### Response:\n", "### Response:"),
        ("### Human: Where?\n### Assistant: ", "### Assistant:"),
        ("Human: Where?\n\nAssistant:", "Assistant:"),
        ("USER: Where? ASSISTANT:", "ASSISTANT:"),
        ("[INST] Where? [/INST]", "[/INST]"),
        ("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", "<|im_start|>assistant"),
        ("Q: Where?\nA:", "A:"),
        ("Where is the Answer:", None),
        ("What does '### Answer:' mean?", None),
        ("Where?", None),
        ("", None),
    ],
)
def test_a_question_that_waits_for_its_answer_is_known(question: str, lead: str | None) -> None:
    assert waiting_lead(messages([("user", question), ("assistant", "Here.")])) == lead


def test_the_input_below_a_question_may_hold_the_lead() -> None:
    row = [
        Message(role="user", content="### Instruction:\nSort.", input="b a\n\n### Response:"),
        Message(role="assistant", content="a b"),
    ]
    assert waiting_lead(row) == "### Response:"
