"""Real exports: read as what they are, or refused with a way; never as something else."""

from pathlib import Path
from typing import Any

import pytest

from tests.sources.dialogues.reading import reasons, talks
from tunesmith.sources.detect import detect_kind
from tunesmith.sources.kind import SourceFile
from tunesmith.sources.material import Piece, Thread

DIALOGUES = {  # file -> turns of its threads, in order
    "exports/chatgpt/example-conversation.json": [4],
    "exports/intercom/conversation.json": [2],
    "exports/intercom/conversations.json": [2],
    "exports/telegram/test_single_export.json": [2],
    "exports/telegram/test_batch_export.json": [2],
    "exports/messenger/test_export.json": [2],
    "exports/jira/issue_with_comments.json": [2],
    "support/insurance_convos.jsonl": None,
    "support/abcd_sample_dialogues.json": None,
}
TRANSCRIPTS = [f"office/html_other/webvtt_example_0{number}.vtt" for number in (1, 2, 3)]
NO_DIALOGUES = [
    "exports/teams/chat-list.json",
    "exports/teams/channel-list.json",
    "exports/freshdesk/all_tickets.json",
    "exports/freshdesk/search_tickets.json",
    "exports/freshdesk/solution_articles.json",
    "exports/github/issues.json",
    "exports/github/search-issues.fixture.json",
    "exports/zendesk/tickets.json",
    "exports/zendesk/users.json",
    "exports/zendesk/ticket_fields.json",
    "exports/intercom/api214_contacts_search_post_successful.json",
    "exports/mail/gmail_api_thread.json",
    "judge/mt_bench_question.jsonl",
    "judge/llama3_8b_judge_replies.txt",
    "chats/sharegpt_dummy_250.json",
    "chats/glaive_toolcall_en_150.json",
    "instruction_sets/sets/squad_covidqa_20.json",
    "instruction_sets/sets/msswift_sharegpt.jsonl",
    "instruction_sets/sets/torchtune_hh_rlhf_tiny.json",
    "instruction_sets/tools/toolbench_answer_10.json",
]


def pieces_of(folder: Path, path: str) -> tuple[str, list[Piece]]:
    file = SourceFile(path=folder / path, name=path)
    kind = detect_kind(file).kind
    return kind.name, list(kind.read(file))


@pytest.mark.parametrize("path", DIALOGUES)
def test_dialogues_are_read(shared_data: Path, path: str) -> None:
    kind, pieces = pieces_of(shared_data, path)
    assert kind == "dialogues"
    wanted: Any = DIALOGUES[path]
    assert wanted is None or [len(turns) for turns in talks(pieces)] == wanted
    assert talks(pieces)


def test_of_chatgpt_the_current_branch_is_read(shared_data: Path) -> None:
    _, pieces = pieces_of(shared_data, "exports/chatgpt/example-conversation.json")
    (turns,) = talks(pieces)
    assert "JavaScript" in turns[2]
    assert "another branch" in reasons(pieces)


def test_formatted_text_of_telegram_is_whole(shared_data: Path) -> None:
    _, pieces = pieces_of(shared_data, "exports/telegram/test_single_export.json")
    assert talks(pieces) == [["Minimal Message", "Link:https://telegram.org/"]]


@pytest.mark.parametrize("path", TRANSCRIPTS)
def test_subtitles_with_voices_are_turns(shared_data: Path, path: str) -> None:
    kind, pieces = pieces_of(shared_data, path)
    assert kind == "transcript"
    said = [turn for piece in pieces if isinstance(piece, Thread) for turn in piece.turns]
    assert len({turn.author for turn in said}) >= 2
    assert not any("<v" in turn.text or "-->" in turn.text for turn in said)


@pytest.mark.parametrize("path", NO_DIALOGUES)
def test_other_files_are_no_dialogues(shared_data: Path, path: str) -> None:
    assert detect_kind(SourceFile(path=shared_data / path, name=path)).kind.name not in (
        "dialogues",
        "transcript",
    )
