"""Columns are known by their names in many languages and spellings."""

import pytest

from tunesmith.examples.columns.column_names import (
    ColumnChoice,
    column_roles,
    meaning_of,
    near_role,
)

PAIRS = [
    ("Question", "ANSWER"),
    ("Customer question", "Agent reply"),
    ("customer_question", "agent-reply"),
    ("userPrompt", "modelResponse"),
    ("toy_input", "toy_output"),
    ("q", "a"),
    ("Frage", "Antwort"),
    ("Kundenfrage", "Supportantwort"),
    ("问题", "回答"),
    ("用户问题", "客服回复"),
    ("pregunta", "respuesta"),
    ("Pregunta del cliente", "Respuesta del agente"),
    ("Question client", "Réponse"),
    ("Question client", "Re\u0301ponse de l'agent"),
    ("domanda", "risposta"),
    ("pergunta", "resposta"),
    ("質問", "回答"),
    ("질문", "답변"),
    ("вопрос", "ответ"),
    ("السؤال", "الجواب"),
    ("प्रश्न", "उत्तर"),
    ("vraag", "antwoord"),
    ("pytanie", "odpowiedź"),
    ("soru", "cevap"),
    ("câu hỏi", "câu trả lời"),
    ("ερώτηση", "απάντηση"),
    ("query", "completion"),
    ("inputs_pretokenized", "targets_pretokenized"),
]


@pytest.mark.parametrize(("asks", "answers"), PAIRS)
def test_a_question_and_its_answer_are_known_by_name(asks: str, answers: str) -> None:
    roles = column_roles((asks, answers, "id"), ColumnChoice())
    assert (roles.instruction, roles.response) == ((asks,), (answers,))


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("context", "context"),
        ("Support passage", "context"),
        ("Kontext", "context"),
        ("文章", "context"),
        ("System Prompt", "system"),
        ("system_message", "system"),
        ("chat_history", "history"),
        ("historial", "history"),
        ("options", "choices"),
        ("选项", "choices"),
        ("reasoning_content", "reasoning"),
        ("rejected_response", "rejected"),
        ("prompt_id", "metadata"),
        ("answer_start", "metadata"),
        ("num_questions", "metadata"),
        ("is_answer", "metadata"),
        ("createdAt", "metadata"),
        ("question_type", "label"),
        ("Kategorie", "label"),
        ("remarks", None),
        ("output_format", None),
        ("system_fingerprint", None),
        ("reply_cc_emails", None),
        ("question text", "instruction"),
        ("answer_html", "response"),
        ("particle", None),
    ],
)
def test_other_parts_are_known_by_name(name: str, role: str | None) -> None:
    assert meaning_of(name) == role


def test_a_name_known_as_a_whole_goes_before_one_known_in_part() -> None:
    roles = column_roles(("original_question", "query", "response"), ColumnChoice())
    assert roles.instruction == ("query",)


def test_an_input_asks_only_where_nothing_else_does() -> None:
    alone = column_roles(("input", "target", "kind"), ColumnChoice())
    assert (alone.instruction, alone.input) == (("input",), ())
    beside = column_roles(("instruction", "input", "output"), ColumnChoice())
    assert (beside.instruction, beside.input) == (("instruction",), ("input",))


@pytest.mark.parametrize(
    "names", [("A", "B", "C", "D"), ("option1", "option2", "option3"), ("opa", "opb", "opc")]
)
def test_columns_of_choices_are_laid_out_together(names: tuple[str, ...]) -> None:
    assert column_roles(("question", *names, "answer"), ColumnChoice()).choices == names


def test_what_a_recipe_names_sets_others_aside() -> None:
    names = ("question", "answer", "gold", "text", "notes")
    choice = ColumnChoice(fields=(("response", "gold"),), ignored=frozenset({"notes"}))
    roles = column_roles(names, choice)
    assert (roles.response, set(roles.set_aside)) == (("gold",), {"answer", "text", "notes"})


@pytest.mark.parametrize(
    ("name", "role"),
    [("inptu", "input"), ("instrution", "instruction"), ("contxt", "context"), ("cost", None)],
)
def test_a_misspelt_name_is_near_one(name: str, role: str | None) -> None:
    assert near_role(name) == role
