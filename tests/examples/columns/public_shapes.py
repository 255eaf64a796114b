"""Rows of ours in the columns of thirty public data sets of instructions."""

from typing import Any

HUMAN, GPT = {"from": "human", "value": "Where are the spades?"}, {"from": "gpt", "value": "Shed."}
USER, ASSISTANT = (
    {"role": "user", "content": "Where are the spades?"},
    {"role": "assistant", "content": "In the shed."},
)
AGAIN = ({"role": "user", "content": "Which one?"}, {"role": "assistant", "content": "The old."})
BASE = {"question": "When did the mill open?", "answer": "In 1931."}

# Name -> a row, and the texts of the example's turns (a question with its input below it); None
# where the row is asked about, with the column that is named in the question.
READ: dict[str, tuple[dict[str, Any], list[str]]] = {
    "Dolly": (
        {
            "instruction": "When did the mill open?",
            "context": "The mill opened in 1931.",
            "response": "In 1931.",
            "category": "closed_qa",
        },
        ["When did the mill open?\n\nThe mill opened in 1931.", "In 1931."],
    ),
    "UltraChat": (
        {"id": "0", "data": ["Where is it?", "There.", "And that?", "Here."]},
        ["Where is it?", "There.", "And that?", "Here."],
    ),
    "UltraChat 200k": (
        {"prompt": USER["content"], "prompt_id": "a3f", "messages": [USER, ASSISTANT, *AGAIN]},
        ["Where are the spades?", "In the shed.", "Which one?", "The old."],
    ),
    "SlimOrca": (
        {
            "conversations": [
                {"from": "system", "value": "Be brief.", "weight": None},
                {**HUMAN, "weight": 0.0},
                {**GPT, "weight": 1.0},
            ]
        },
        ["Be brief.", "Where are the spades?", "Shed."],
    ),
    "LIMA": (
        {"conversations": ["Where is it?", "There."], "source": "gardeners"},
        ["Where is it?", "There."],
    ),
    "FLAN": (
        {"inputs": "Is it so?", "targets": "yes", "task_name": "boolq", "template_type": "zs_opt"},
        ["Is it so?", "yes"],
    ),
    "Natural Instructions, flat": (
        {
            "task_name": "task1",
            "id": "task1-3",
            "definition": "Name the tool.",
            "inputs": "It digs.",
            "targets": "Spade",
        },
        ["Name the tool.\n\nIt digs.", "Spade"],
    ),
    "SQuAD, flat": (
        {
            "id": "57",
            "title": "Mill",
            "context": "The mill opened in 1931.",
            "question": "When did the mill open?",
            "answers": {"text": ["1931", "in 1931"], "answer_start": [19, 16]},
        },
        ["When did the mill open?\n\nThe mill opened in 1931.", "1931"],
    ),
    "COIG": (
        {
            "instruction": "Nenne ein Werkzeug.",
            "input": "Es gräbt.",
            "output": "Der Spaten.",
            "task_type": {"major": ["问答"], "minor": ["百科"]},
            "domain": ["园艺"],
            "answer_from": "human",
            "human_verified": True,
            "copyright": "none",
        },
        ["Nenne ein Werkzeug.\n\nEs gräbt.", "Der Spaten."],
    ),
    "COIG, dialogues": (
        {"conversations": [{"question": "铲子在哪里？", "answer": "在棚子里。"}], "id": 3},
        ["铲子在哪里？", "在棚子里。"],
    ),
    "BELLE": (
        {"instruction": "铲子在哪里？\n", "input": "", "output": "在棚子里。"},
        ["铲子在哪里？\n", "在棚子里。"],
    ),
    "Firefly": (
        {"kind": "NLI", "input": "铲子在哪里？", "target": "在棚子里。"},
        ["铲子在哪里？", "在棚子里。"],
    ),
    "Vicuna": ({"id": "x_1", "conversations": [HUMAN, GPT]}, [HUMAN["value"], "Shed."]),
    "MT-bench": (
        {
            "question_id": 81,
            "category": "writing",
            "turns": ["Where is it?", "And the other?"],
            "reference": ["There.", "Here."],
        },
        ["Where is it?", "There.", "And the other?", "Here."],
    ),
    "MT-bench prompts": (
        {"prompt": ["Where is it?", "And that?"], "reference": ["There.", "Here."], "prompt_id": 1},
        ["Where is it?", "There.", "And that?", "Here."],
    ),
    "HH-RLHF": (
        {
            "chosen": "\n\nHuman: Where is it?\n\nAssistant: There.\nLook.\n\nHuman: Now?"
            "\n\nAssistant: No",
            "rejected": "\n\nHuman: Where is it?\n\nAssistant: Who knows.",
        },
        ["Where is it?", "There.\nLook.", "Now?", "No"],
    ),
    "ORPO": (
        {
            "source": "Tools",
            "chosen": [USER, ASSISTANT],
            "rejected": [USER, AGAIN[1]],
            "prompt": USER["content"],
            "question": USER["content"],
        },
        ["Where are the spades?", "In the shed."],
    ),
    "Capybara": (
        {
            "source": "Garden",
            "conversation": [
                {"input": "Where is it?", "output": "There."},
                {"input": "Now?", "output": "No."},
            ],
        },
        ["Where is it?", "There.", "Now?", "No."],
    ),
    "Tulu": (
        {"id": "t_1", "messages": [USER, ASSISTANT], "source": "ai2/garden"},
        ["Where are the spades?", "In the shed."],
    ),
    "Aya": (
        {
            "inputs": "Wo ist der Spaten?",
            "targets": "Im Schuppen.",
            "language": "German",
            "language_code": "deu",
            "annotation_type": "original-annotations",
            "user_id": "f0ff69570af7",
        },
        ["Wo ist der Spaten?", "Im Schuppen."],
    ),
    "xP3": ({"inputs": "Where is it?", "targets": "There."}, ["Where is it?", "There."]),
    "P3": (
        {
            "inputs": [5, 8, 3],
            "inputs_pretokenized": "Where is it?",
            "targets": [7, 1],
            "targets_pretokenized": "There.",
        },
        ["Where is it?", "There."],
    ),
    "No Robots": (
        {
            "prompt": USER["content"],
            "prompt_id": "6f",
            "messages": [USER, ASSISTANT],
            "category": "QA",
        },
        ["Where are the spades?", "In the shed."],
    ),
    "WildChat": (
        {
            "conversation_hash": "d41d8cd9",
            "model": "m-1",
            "timestamp": "2023-04-09T00:02:53",
            "conversation": [
                {**one, "language": "English", "toxic": False, "redacted": False, "country": "US"}
                for one in (USER, ASSISTANT)
            ],
            "turn": 1,
            "language": "English",
            "openai_moderation": [{"categories": {"hate": False}, "flagged": False}],
            "toxic": False,
        },
        ["Where are the spades?", "In the shed."],
    ),
    "LMSYS": (
        {
            "conversation_id": "c9",
            "model": "v-33b",
            "conversation": [USER, ASSISTANT],
            "turn": 1,
            "language": "English",
            "openai_moderation": [{"flagged": False}],
            "redacted": True,
        },
        ["Where are the spades?", "In the shed."],
    ),
    "Code-Alpaca": (
        {"instruction": "Sort the list.", "input": "3, 1", "output": "1, 3"},
        ["Sort the list.\n\n3, 1", "1, 3"],
    ),
    "Glaive": (
        {
            "system": "SYSTEM: You are of help.",
            "chat": "USER: Where is it?\n\n\nASSISTANT: There. <|endoftext|>\n\n\n",
        },
        ["SYSTEM: You are of help.", "Where is it?", "There."],
    ),
    "MOSS": (
        {
            "conversation_id": "1",
            "meta_instruction": "MOSS is of help.",
            "num_turns": 1,
            "chat": {
                "turn_1": {
                    "Human": "<|Human|>: Where is it?<eoh>\n",
                    "Inner Thoughts": "<|Inner Thoughts|>: None<eot>\n",
                    "Commands": "<|Commands|>: None<eoc>\n",
                    "Tool Responses": "<|Results|>: None<eor>\n",
                    "MOSS": "<|MOSS|>: There.<eom>\n",
                }
            },
        },
        ["MOSS is of help.", "Where is it?", "There."],
    ),
    "MOSS 002": (
        {
            "id": 1,
            "num_turns": 2,
            "plain_text": "[Human]: Where is it?<eoh> [MOSS]: There.<eoa> [Human]: Now?<eoh> "
            "[MOSS]: No.<eoa>",
        },
        ["Where is it?", "There.", "Now?", "No."],
    ),
    "OpenHermes": (
        {
            "conversations": [
                {"from": "system", "value": "Be brief."},
                {**HUMAN, "weight": None},
                GPT,
            ],
            "source": "airoboros2.2",
            "category": "orca",
            "skip_prompt_formatting": True,
            "idx": None,
            "system_prompt": None,
            "avatarUrl": None,
        },
        ["Be brief.", "Where are the spades?", "Shed."],
    ),
    "OpenAI evaluation with choices": (
        {"question": "Which digs?", "choices": ["A hose", "A spade"], "answer": "A spade"},
        ["Which digs?\n\nA. A hose\nB. A spade", "A spade"],
    ),
    "ARC": (
        {
            "id": "M_1",
            "question": "Which digs?",
            "choices": {"text": ["A hose", "A spade"], "label": ["1", "2"]},
            "answerKey": "2",
        },
        ["Which digs?\n\n1. A hose\n2. A spade", "2"],
    ),
}
ASKED: dict[str, tuple[list[dict[str, Any]], str]] = {
    "MetaMath": (
        [
            {
                "query": f"What is {number} and {number}?",
                "response": f"It is {2 * number}.",
                "type": "MATH_Rephrased",
                "original_question": f"How much is two times {number}, would you say?",
            }
            for number in range(3)
        ],
        "original_question",
    ),
    "Magpie": (
        [
            {
                "uuid": f"7c-{number}",
                "instruction": f"Where is bed {number}?",
                "response": f"Behind fence {number}.",
                "conversations": [
                    {"from": "human", "value": f"Where is bed {number}?"},
                    {"from": "gpt", "value": f"Behind fence {number}."},
                ],
                "intent": f"The user wants to know where the bed with number {number} lies.",
                "knowledge": f"One has to know the garden, and bed {number} in it.",
                "difficulty": "easy",
            }
            for number in range(3)
        ],
        "knowledge",
    ),
    "OASST": (
        [
            {
                "message_id": f"m{number}",
                "parent_id": f"m{number - 1}" if number else None,
                "text": f"Where is bed {number}, please?",
                "role": ("prompter", "assistant")[number % 2],
                "lang": "en",
            }
            for number in range(4)
        ],
        "role",
    ),
}
TOOLS: dict[str, dict[str, Any]] = {
    "ToolBench": {
        "id": "t1",
        "conversations": [
            {"from": "system", "value": "You are of help."},
            {"from": "user", "value": "Where is it?"},
            {"from": "assistant", "value": "Thought: look.\nAction: find"},
            {"from": "function", "value": '{"error": ""}'},
            {"from": "assistant", "value": "There."},
        ],
    },
    "Glaive with a call": {
        "system": "SYSTEM: You are of help.",
        "chat": "USER: Where?\n\n\nASSISTANT: <functioncall> {} <|endoftext|>\n\n\n"
        "FUNCTION RESPONSE: {}\n\n\nASSISTANT: There.",
    },
}
