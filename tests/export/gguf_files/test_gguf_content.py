"""A GGUF file holds the model or it is told what it holds instead; llama.cpp computes the same."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from tests.export.gguf_files.tiny_gguf import (
    SHAPES,
    STRETCHED,
    livelier_network,
    piece_tokenizer,
    tiny_content,
    word_tokenizer,
)
from tunesmith.errors import RefusedError
from tunesmith.export.fuzzed_texts import fuzzed_texts
from tunesmith.export.gguf_files.gguf_content import (
    GgufContent,
    GgufTokens,
    gguf_content,
    gguf_problems,
    vocabulary_only,
    write_gguf,
)
from tunesmith.export.gguf_files.llama_cpp import LlamaCpp
from tunesmith.export.gguf_files.tensor_types import tensor_type

ENDS = (263, 265)  # the second by its name alone, which llama.cpp knows


@pytest.fixture(scope="module")
def network() -> Any:
    return livelier_network("llama")


def _likely(network: Any, path: Path) -> float:
    """The largest difference of a likely next token, in nats."""
    differences = []
    with LlamaCpp(path, context_tokens=128, num_threads=1) as runtime:
        for seed in range(12):
            ids = [262, *np.random.default_rng(seed).integers(256, size=60).tolist()]
            with torch.no_grad():
                own = torch.log_softmax(network(torch.tensor([ids])).logits[0, -1], dim=-1)
            read = runtime.log_probabilities(ids, num_likely=50)
            differences += [abs(float(own[token]) - value) for token, value in read.items()]
    assert len(differences) >= 100
    return max(differences)


def _checked(network: Any, path: Path, kind: str = "f32") -> float:
    content = tiny_content(network, kind)
    write_gguf(content, path)
    assert gguf_problems(path, content) == []
    return _likely(network, path)


def test_llama_cpp_computes_what_the_model_computes(network: Any, tmp_path: Path) -> None:
    assert _checked(network, tmp_path / "tiny.gguf") < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("family", list(SHAPES))
def test_llama_cpp_computes_what_each_family_computes(family: str, tmp_path: Path) -> None:
    assert _checked(livelier_network(family), tmp_path / f"{family}.gguf") < 5e-3


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(STRETCHED))
def test_stretched_positions_are_kept(kind: str, tmp_path: Path) -> None:
    network = livelier_network("llama", rope_parameters=STRETCHED[kind])
    assert _checked(network, tmp_path / "stretched.gguf") < 1e-4


@pytest.mark.slow
def test_layers_one_after_the_other_are_no_parallel_ones(tmp_path: Path) -> None:
    network = livelier_network("gpt_neox", use_parallel_residual=False)
    assert _checked(network, tmp_path / "neox.gguf") < 5e-3


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["f16", "bf16", "q8_0", "q6_k", "q5_1", "q4_k_m", "q4_0"])
def test_each_type_is_read_by_llama_cpp(network: Any, kind: str, tmp_path: Path) -> None:
    assert 0 < _checked(network, tmp_path / "tiny.gguf", kind) < 2.5


@pytest.mark.slow
@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen3"])
def test_llama_cpp_writes_what_the_model_writes(family: str, tmp_path: Path) -> None:
    network = livelier_network(family)
    write_gguf(tiny_content(network), tmp_path / "tiny.gguf")
    draw = np.random.default_rng(1)
    same = 0
    with LlamaCpp(tmp_path / "tiny.gguf", context_tokens=128, num_threads=1) as runtime:
        for _ in range(50):
            ids = [262, *draw.integers(256, size=20).tolist()]
            asked = torch.tensor([ids])
            written = network.generate(asked, max_new_tokens=12, do_sample=False, eos_token_id=ENDS)
            own = [token for token in written[0, len(ids) :].tolist() if token not in ENDS]
            same += list(runtime.write(ids, num_tokens=12).ids) == own
    assert same >= 49


def test_ids_of_fuzzed_texts_are_the_tokenizers(network: Any, tmp_path: Path) -> None:
    write_gguf(vocabulary_only(tiny_content(network)), tmp_path / "tiny.gguf")
    tokenizer = word_tokenizer()
    texts = ["12", *fuzzed_texts(300, control_words=["<|end|>", "<|im_end|>"])]
    wanted = [tokenizer(text, add_special_tokens=False).input_ids for text in texts]
    with LlamaCpp(tmp_path / "tiny.gguf", context_tokens=64, num_threads=1) as runtime:
        assert [runtime.ids_of(text, reads_control=True) for text in texts] == wanted
        assert 263 in runtime.ids_of("a<|end|>", reads_control=True)
        assert 263 not in runtime.ids_of("a<|end|>", reads_control=False)
    write_gguf(vocabulary_only(tiny_content(network).split_by("gpt-2")), tmp_path / "tiny.gguf")
    with LlamaCpp(tmp_path / "tiny.gguf", context_tokens=64, num_threads=1) as runtime:
        assert runtime.ids_of("12", reads_control=True) != wanted[0]


@pytest.mark.slow
@pytest.mark.parametrize("puts_space_first", [True, False])
def test_ids_of_a_tokenizer_of_pieces_are_kept(puts_space_first: bool, tmp_path: Path) -> None:
    texts = Path(__file__).read_text().splitlines()
    state = piece_tokenizer(texts, puts_space_first=puts_space_first)
    backend = Tokenizer.from_str(json.dumps(state))
    tokens = GgufTokens(
        state=state, ids={"bos": 1, "eos": 2, "unk": 0}, chat_template="", adds_begin=True
    )
    network = livelier_network("llama", vocab_size=backend.get_vocab_size())
    content = gguf_content(network, tokens, name="tiny", kind=tensor_type("f32"))
    write_gguf(vocabulary_only(content), tmp_path / "tiny.gguf")
    asked = [*fuzzed_texts(300, control_words=["<s>", "</s>"]), *filter(None, texts)]
    with LlamaCpp(tmp_path / "tiny.gguf", context_tokens=64, num_threads=1) as runtime:
        for text in asked:
            assert runtime.ids_of(text, reads_control=True) == backend.encode(text).ids, text


def _swapped(content: GgufContent) -> GgufContent:
    pair = {"blk.0.attn_k.weight": "blk.0.attn_v.weight"}
    pair |= {second: first for first, second in pair.items()}
    return replace(
        content,
        tensors=lambda: ((pair.get(name, name), values) for name, values in content.tensors()),
    )


def _other_field(key: str, change: Callable[[Any], Any]) -> Callable[[GgufContent], GgufContent]:
    def changed(content: GgufContent) -> GgufContent:
        return replace(content, fields={**content.fields, key: change(content.fields[key])})

    return changed


def _without(key: str) -> Callable[[GgufContent], GgufContent]:
    def changed(content: GgufContent) -> GgufContent:
        kept = {name: value for name, value in content.fields.items() if name != key}
        return replace(content, fields=kept)

    return changed


def _unmerged(content: GgufContent) -> GgufContent:
    base = tiny_content(livelier_network("llama", seed=1))
    return replace(content, tensors=base.tensors)


VOCABULARY = "tokenizer.ggml."
DAMAGES: dict[str, tuple[Callable[[GgufContent], GgufContent], str]] = {
    "wrong template": (
        _other_field("tokenizer.chat_template", lambda text: text + " "),
        "field tokenizer.chat_template",
    ),
    "lost stop": (_without(VOCABULARY + "eos_token_id"), "eos_token_id is missing"),
    "another stop": (_other_field(VOCABULARY + "eos_token_id", lambda _: 265), "eos_token_id"),
    "swapped tensors": (_swapped, "tensor blk.0.attn_k.weight"),
    "vocabulary off by one": (
        _other_field(VOCABULARY + "tokens", lambda tokens: [*tokens[1:], tokens[0]]),
        "tokens is another",
    ),
    "another begin rule": (_other_field(VOCABULARY + "add_bos_token", lambda has: not has), "bos"),
    "merges in another order": (
        _other_field(VOCABULARY + "merges", lambda one: one[::-1]),
        "merges",
    ),
    "an adapter that was not merged": (_unmerged, "holds other numbers"),
    "another type": (
        lambda content: replace(content, kind=tiny_content(livelier_network("llama"), "q8_0").kind),
        "stored as Q8_0",
    ),
    "another length of context": (
        _other_field("llama.context_length", lambda length: 2 * length),
        "llama.context_length",
    ),
    "another rotation": (
        _other_field("llama.rope.freq_base", lambda base: base * 2),
        "llama.rope.freq_base",
    ),
    "a field of nobody's": (
        lambda content: content.with_fields(general__author="somebody"),
        "general.author is not the model's",
    ),
}


@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_damaged_file_is_named_by_its_damage(damage: str, network: Any, tmp_path: Path) -> None:
    change, named = DAMAGES[damage]
    content = tiny_content(network)
    write_gguf(change(content), tmp_path / "tiny.gguf")
    assert any(named in problem for problem in gguf_problems(tmp_path / "tiny.gguf", content))


def test_a_bit_that_flipped_is_found_in_any_tensor(network: Any, tmp_path: Path) -> None:
    content = tiny_content(network)
    write_gguf(content, tmp_path / "tiny.gguf")
    whole = (tmp_path / "tiny.gguf").read_bytes()
    for tensor in gguf.GGUFReader(tmp_path / "tiny.gguf").tensors:
        flipped = bytearray(whole)
        flipped[tensor.data_offset + tensor.n_bytes // 2 | 3] ^= 0x40
        (tmp_path / "flipped.gguf").write_bytes(flipped)
        problems = gguf_problems(tmp_path / "flipped.gguf", content)
        assert problems == [f"the tensor {tensor.name} holds other numbers than the model's"]


def test_a_file_that_is_cut_off_is_never_the_model(network: Any, tmp_path: Path) -> None:
    content = tiny_content(network)
    write_gguf(content, tmp_path / "tiny.gguf")
    whole = (tmp_path / "tiny.gguf").read_bytes()
    for share in (0.0, 0.01, 0.3, 0.9, 0.999):
        (tmp_path / "cut.gguf").write_bytes(whole[: int(len(whole) * share)])
        assert gguf_problems(tmp_path / "cut.gguf", content)


def test_a_family_that_llama_cpp_is_not_told_of_is_refused_with_those_that_are() -> None:
    with pytest.raises(RefusedError, match=r"kind bloom.*These can: gemma"):
        tiny_content(livelier_network("bloom", vocab_size=270))


def test_a_tokenizer_with_more_tokens_than_rows_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"beyond the 260 rows"):
        tiny_content(livelier_network("llama", vocab_size=260))


def test_rows_without_a_token_are_named_as_unused() -> None:
    fields = tiny_content(livelier_network("llama", vocab_size=280)).fields
    assert fields["tokenizer.ggml.tokens"][279] == "[PAD279]"
    assert fields["tokenizer.ggml.token_type"][279] == 5
    assert fields["tokenizer.ggml.token_type"][263] == 3
