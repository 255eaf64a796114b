"""The rows of a table that training reads: their gradients, and what becomes of all the others."""

import pytest
import torch
from transformers import PreTrainedModel

from tests.tiny import setting_of, tiny_network
from tunesmith.models.shortcuts.sparse_embedding import (
    SparseEmbedding,
    apply,
    difference,
    sparse_embeddings,
    spread,
    why_not,
)

NUM_TOKENS = 1000
IDS = torch.tensor([3, 4, 9, 250, 999])
TEXTS = [torch.tensor([[3, 9, 9, 250, 3]]), torch.tensor([[999, 4, 3]])]


def network_of(family: str = "llama", **changes: object) -> PreTrainedModel:
    network = tiny_network(family, **{"vocab_size": NUM_TOKENS, **changes})
    assert isinstance(network, PreTrainedModel)
    return network


def table_of(network: PreTrainedModel) -> torch.nn.Parameter:
    weight = network.get_input_embeddings().weight
    assert isinstance(weight, torch.nn.Parameter)
    return weight


def make_gradients(network: PreTrainedModel) -> None:
    for text in TEXTS:
        ids = text.to(network.device)
        network(input_ids=ids, labels=ids).loss.backward()


def sparse_of(network: PreTrainedModel, ids: torch.Tensor = IDS) -> SparseEmbedding:
    apply(setting_of(network, ids))
    (rows,) = sparse_embeddings(network)
    return rows


@pytest.mark.parametrize("changes", [{"pad_token_id": None}, {"pad_token_id": 9}, {}])
@pytest.mark.parametrize("family", ["llama", "gpt_neox"])
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def test_gradients_equal_autograds_and_are_zero_elsewhere(
    device: str, family: str, changes: dict[str, object]
) -> None:
    own, ours = (network_of(family, **changes).to(device) for _ in range(2))
    rows = sparse_of(ours)
    make_gradients(own)
    make_gradients(ours)
    whole, found = table_of(own).grad, rows.parameter.grad
    assert whole is not None
    assert found is not None
    torch.testing.assert_close(found, whole[IDS], rtol=1e-5, atol=1e-8)
    assert whole.abs().sum() == whole[IDS].abs().sum() > 0
    assert table_of(ours).grad is None
    others = zip(own.parameters(), ours.parameters(), strict=True)
    assert all(torch.equal(a.grad, b.grad) for a, b in others if b.grad is not None)


def test_where_nothing_is_saved_the_table_stays_and_the_reason_is_said() -> None:
    assert why_not(setting_of(network_of(), IDS)) is None
    for network in (network_of(tie_word_embeddings=True), network_of("gpt2")):
        assert "tied" in str(why_not(setting_of(network, IDS)))
    scales = network_of("gemma", tie_word_embeddings=False)
    assert "a kind of its own" in str(why_not(setting_of(scales, IDS)))
    most = torch.arange(NUM_TOKENS // 2 + 1)
    assert why_not(setting_of(network_of(), most)) == "501 of 1,000 rows are read"
    assert "adapter" in str(why_not(setting_of(network_of(), IDS, is_full=False)))
    frozen = network_of()
    table_of(frozen).requires_grad_(False)
    assert "frozen" in str(why_not(setting_of(frozen, IDS)))


def test_putting_it_in_twice_keeps_the_rows() -> None:
    network = network_of()
    rows = sparse_of(network)
    assert sparse_of(network) is rows


@pytest.mark.parametrize("ids", [IDS, torch.arange(300), torch.tensor([7])])
def test_the_difference_is_measured_and_leaves_nothing_behind(ids: torch.Tensor) -> None:
    network = network_of()
    assert difference(setting_of(network, ids)) < 1e-6
    assert sparse_embeddings(network) == []
    assert table_of(network).grad is None


def test_a_wrong_gradient_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = torch.ops.aten.embedding_dense_backward

    def forgetful(gradient: torch.Tensor, places: torch.Tensor, *rest: object) -> torch.Tensor:
        return real(gradient[:1], places[:1], *rest)

    monkeypatch.setattr(torch.ops.aten, "embedding_dense_backward", forgetful)
    assert difference(setting_of(network_of(), IDS)) > 0.1


def test_a_token_outside_can_be_read_but_not_trained() -> None:
    network = network_of()
    expected = network(input_ids=torch.tensor([[5]])).logits.detach()
    sparse_of(network)
    with torch.no_grad():
        assert torch.equal(network(input_ids=torch.tensor([[5]])).logits, expected)
    with pytest.raises(IndexError, match="not among the rows"):
        network(input_ids=torch.tensor([[5]]))


def test_the_table_is_what_the_model_reads() -> None:
    """So weights that a checkpoint puts back are not covered by an old copy of their rows."""
    network = network_of()
    sparse_of(network)
    with torch.no_grad():
        table_of(network)[9] += 1.0
    changed = network(input_ids=torch.tensor([[9]])).logits
    with torch.no_grad():
        assert torch.equal(changed, network(input_ids=torch.tensor([[9]])).logits)


def test_values_find_their_rows_among_others() -> None:
    rows = sparse_of(network_of())
    values = torch.arange(5.0)[:, None].expand(5, 32) + 1  # 1 to 5
    assert rows.of_these(values, IDS) is values
    whole = spread(values, IDS, like=rows.table)
    assert whole.shape == rows.table.shape
    assert torch.equal(whole[IDS], values)
    assert whole.abs().sum() == values.sum()
    assert torch.equal(rows.of_these(whole, None), values)
    moved = rows.of_these(values[:3], torch.tensor([9, 500, 999]))
    assert moved[:, 0].tolist() == [0, 0, 1, 0, 3]
    as_many = rows.of_these(values, torch.tensor([4, 9, 10, 11, 12]))
    assert as_many[:, 0].tolist() == [0, 1, 2, 0, 0]
