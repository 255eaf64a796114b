import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from measuring.child import ChildError, run_child
from measuring.efficiency import matrix_operations
from measuring.interleaved import take_turns
from measuring.models import END, model_folder
from measuring.tasks import Task
from measuring.texts import data_set
from tokenizers import Tokenizer


def test_contenders_take_turns_and_who_fails_is_left_out() -> None:
    asked: list[str] = []

    def answers(name: str) -> dict[str, float]:
        asked.append(name)
        if name == "b":
            raise ChildError("no such thing")
        return {"speed": float(len(asked))}

    taken = take_turns({name: lambda name=name: answers(name) for name in "abc"}, repeats=3)
    assert asked == ["a", "b", "c", "a", "c", "a", "c"]
    assert taken["b"] == {"failed": "no such thing"}
    assert taken["a"]["speed"]["rounds"] == [1.0, 4.0, 6.0]


def test_a_childs_memory_is_told_though_it_is_gone(tmp_path: Path) -> None:
    """Asked by a small process: a peak begins with the memory of whoever forks."""
    code = "data = b'x' * (800 * 2**20); print(len(data))"
    asking = (
        "import sys; from pathlib import Path; from measuring.child import run_child\n"
        "ended = run_child([sys.executable, '-c', sys.argv[1]], scratch=Path(sys.argv[2]))\n"
        "print(ended.output.strip(), ended.peak_mb)"
    )
    bench = Path(__file__).resolve().parents[2] / "bench"
    told = subprocess.run(
        [sys.executable, "-c", asking, code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(bench)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    length, peak_mb = told.stdout.split()
    assert length == str(800 * 2**20)
    assert 800 < float(peak_mb) < 850


def test_a_childs_last_words_are_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ChildError, match="nothing left"):
        run_child([sys.executable, "-c", "raise SystemExit('nothing left')"], scratch=tmp_path)


def test_who_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    code = "import subprocess, time; subprocess.Popen(['sleep', '61.5']); time.sleep(60)"
    command = [sys.executable, "-c", code]
    with pytest.raises(ChildError, match="killed after 1 seconds"):
        run_child(command, scratch=tmp_path, timeout_seconds=1)
    commands = [process.info["cmdline"] for process in psutil.process_iter(["cmdline"])]
    assert ["sleep", "61.5"] not in commands


def test_without_real_data_rows_of_the_same_lengths_are_generated(tmp_path: Path) -> None:
    rows = data_set("lamini", shared=tmp_path).rows
    words = [len(row["response"].split()) for row in rows]
    assert len(rows) == 1100
    assert 50 < sum(words) / len(words) < 70
    assert rows == data_set("lamini", shared=tmp_path).rows


def test_a_prefix_is_the_same_for_all_rows_and_as_long_as_asked(tmp_path: Path) -> None:
    systems = {row["system"] for row in data_set("prefix-300", shared=tmp_path).rows}
    assert [len(system.split()) for system in systems] == [300]


def test_a_tokenizer_is_cut_to_the_models_vocabulary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {"model_type": "gpt2", "vocab_size": 260, "n_embd": 8, "n_layer": 1, "n_head": 2}
    monkeypatch.setattr("measuring.models.SHAPES", {"gpt2": small})
    merges = [["a", "b"], ["ab", "c"], ["d", "e"], ["de", "f"]]
    pieces = ["ab", "abc", "de", "def"]
    letters = [chr(code) for code in range(97, 97 + 257)]
    vocabulary = {piece: number for number, piece in enumerate([*letters, *pieces])}
    source = tmp_path / "gpt2"
    source.mkdir()
    end = {"id": len(vocabulary), "content": END, "special": True}
    flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    model = {"type": "BPE", "vocab": vocabulary, "merges": merges}
    whole = {"version": "1.0", "model": model, "added_tokens": [{**end, **flags}]}
    whole |= dict.fromkeys(("normalizer", "pre_tokenizer", "post_processor", "decoder"))
    (source / "tokenizer.json").write_text(json.dumps(whole), encoding="utf-8")
    folder = model_folder("gpt2", where=tmp_path / "models", tokenizers=tmp_path)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert tokenizer.token_to_id(END) == 259
    assert tokenizer.encode("abcdef").tokens == ["abc", "d", "e", "f"]


def test_useful_operations_are_counted_without_padding(tmp_path: Path) -> None:
    config = {
        "model_type": "gpt_neox",
        "hidden_size": 4,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "vocab_size": 10,
    }
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    row = {"ids": [1, 2, 3], "is_trained": [True, False, True]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    task = Task(
        name="",
        model=tmp_path,
        recipe=tmp_path,
        run=tmp_path,
        rows=tmp_path / "rows.jsonl",
        held_out=tmp_path,
        facts={},
    )
    layer = 4 * 4 * 4 + 2 * 4 * 16
    assert matrix_operations(task) == 3 * (2 * 3 * 2 * layer + 2 * 2 * 4 * 9 + 2 * 1 * 4 * 10)
