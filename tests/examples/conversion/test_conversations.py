"""Conversations are taken as they are or refused by the name that OpenAI gives the mistake."""

from typing import Any

import pytest

from tunesmith.examples.conversion.shapes import to_example
from tunesmith.examples.example import Example
from tunesmith.sources.row import Dropped, Row

S, U, A = ({"role": role, "content": role} for role in ("system", "user", "assistant"))
TOOL = {"role": "tool", "tool_call_id": "1", "content": "3"}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}


def read(messages: object, **columns: Any) -> Example | Dropped:
    return to_example(Row(fields={"messages": messages, **columns}, source="a:1"))


@pytest.mark.parametrize(
    ("messages", "reason", "words"),
    [
        ([], "missing_messages_list", "is empty"),
        ("hello", "missing_messages_list", "is a text"),
        ({"role": "user"}, "missing_messages_list", "is an object"),
        (["hello"], "data_type", "message 1 is a text"),
        ([U, None], "data_type", "message 2 is null"),
        ([{"role": "user"}, A], "message_missing_key", "message 1 has no 'content'; found role"),
        ([U, {"content": "x"}], "message_missing_key", "message 2 has no 'role'"),
        ([{"from": "human"}, A], "message_missing_key", "message 1 has no 'value'"),
        ([U, {**A, "wieght": 0}], "message_unrecognized_key", "Did you mean weight?"),
        ([U, {**A, "role": "bing"}], "unrecognized_role", "message 2 has the role 'bing'"),
        ([U, {**A, "role": "assistant\n"}], "unrecognized_role", "message 2"),
        ([U, {**A, "role": 3}], "unrecognized_role", "message 2"),
        ([{"from": "bing", "value": "x"}], "unrecognized_role", "Known: assistant"),
        ([U, {**A, "content": None}], "missing_content", "message 2 is null"),
        ([U, {**A, "content": " \n"}], "missing_content", "message 2 is empty"),
        ([{**U, "content": [{"type": "text"}]}, A], "missing_content", "message 1 is a list"),
        ([S, U], "example_missing_assistant_message", "no message of the assistant"),
        ([S, S, U, A], "two system messages", "2 system messages"),
        ([U, S, A], "system message not first", "message 2"),
        ([A, U, A], "assistant first", "before any user"),
        ([S, A], "assistant first", "before any user"),
        ([A], "assistant first", "before any user"),
        ([U, U, A], "consecutive user turns", "messages 1 and 2"),
        ([S, U, A, A], "consecutive assistant turns", "messages 3 and 4"),
        ([U, A, U], "unanswered last turn", "ends with a user's message"),
        ([U, {**A, "weight": 0}], "nothing trained", "weight 0"),
        ([U, {**A, "weight": 0.5}], "bad weight", "0 or 1"),
        ([{**U, "weight": 1}, A], "bad weight", "only answers"),
        ([U, {**A, "weight": "1"}], "bad weight", "message 2"),
        ([U, CALL, TOOL, A], "tool calls", "message 2"),
        ([U, {**A, "function_call": {"name": "x"}}], "tool calls", "message 2"),
        ([U, {"from": "function_call", "value": "x"}], "tool calls", "message 2"),
        ([U, {"from": "observation", "value": "x"}, A], "tool calls", "message 2"),
    ],
)
def test_a_mistake_is_called_by_its_name(messages: object, reason: str, words: str) -> None:
    dropped = read(messages)
    assert isinstance(dropped, Dropped)
    assert dropped.reason == reason
    assert words in dropped.detail


@pytest.mark.parametrize("tools", [[{"name": "x"}], '[{"name": "x"}]', {"name": "x"}])
def test_a_row_that_offers_tools_is_left_out(tools: object) -> None:
    dropped = read([U, A], tools=tools)
    assert isinstance(dropped, Dropped)
    assert dropped.reason == "tool calls"


def test_nulls_that_tables_add_do_no_harm() -> None:
    nulls = {"name": None, "tool_calls": None, "weight": None, "info": None, "function_call": None}
    example = read([{**turn, **nulls} for turn in (S, U, A, U, A)], tools=None)
    assert isinstance(example, Example)
    assert [turn.role for turn in example.messages] == [turn["role"] for turn in (S, U, A, U, A)]


def test_a_very_long_conversation_is_read() -> None:
    example = read([U, A] * 50_000)
    assert isinstance(example, Example)
    assert len(example.messages) == 100_000
