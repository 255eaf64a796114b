"""The Material page: what it shows, what each form writes, and what it refuses."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stages.editing.edited_runs import EditedRun
from tests.studio.material.shop import MAIL, make_shop
from tests.studio.studio_servers import RunningStudio, studio

PATH = "/material"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> EditedRun:
    return make_shop(tmp_path_factory.mktemp("shop"), tiny_folder)


@pytest.fixture(scope="module")
def opened(shop: EditedRun) -> Iterator[RunningStudio]:
    with studio(shop.root) as one:
        yield one


@pytest.fixture
def page(shop: EditedRun, opened: RunningStudio) -> RunningStudio:
    (shop.root / "edits.jsonl").unlink(missing_ok=True)
    return opened


def lines(shop: EditedRun) -> list[dict[str, object]]:
    path = shop.root / "edits.jsonl"
    return [json.loads(one) for one in path.read_text().splitlines()] if path.exists() else []


def test_pairs_stand_beside_their_source_with_the_place_marked(
    shop: EditedRun, page: RunningStudio
) -> None:
    text = page.get(PATH).text
    pair = shop.in_split("train")[0]
    number = pair["source"].rpartition(":")[2]
    assert pair["id"] in text
    assert f"<mark><b>{number}</b> {{&#34;instruction&#34;" in text
    for row in shop.in_split("test"):
        for view in ("pairs", "redactions", "contradictions", "dropped", "sources"):
            assert row["id"] not in page.get(f"{PATH}?view={view}").text


def test_each_form_writes_one_line_and_says_the_command(
    shop: EditedRun, page: RunningStudio
) -> None:
    one, two, three = shop.in_split("train")[:3]
    said = page.post(
        f"{PATH}/change", {"what": "edit", "id": one["id"], "answer": "No; it's shut."},
        hx_request="true",
    )  # fmt: skip
    assert said.status == 200
    assert "<html" not in said.text
    assert f"tunesmith edit recipe.yaml {one['id']} --answer" in said.text
    assert "No; it&#39;s shut." in said.text
    merged = {"what": "merge", "id": two["id"], "other": three["id"]}
    assert page.post(f"{PATH}/change", merged).status == 303
    assert "merged by" in page.get(PATH).text
    accepted = {"what": "accept_all", "view": "pairs", "kind": "train"}
    assert page.post(f"{PATH}/change", accepted).status == 303
    assert page.post(f"{PATH}/change", {"what": "undo", "line": "2"}).status == 303
    assert [line["what"] for line in lines(shop)] == ["edit", "merge", "accept", "undo"]
    assert "merged by" not in page.get(PATH).text
    assert page.post(f"{PATH}/change", {"what": "undo", "line": "2"}).status == 422


def test_what_is_not_to_be_changed_here_is_refused_and_nothing_is_written(
    shop: EditedRun, page: RunningStudio
) -> None:
    test, train = shop.in_split("test")[0]["id"], shop.in_split("train")[0]["id"]
    for form in (
        {"what": "reject", "id": test}, {"what": "merge", "id": train, "other": test},
        {"what": "choose", "id": train, "other": test}, {"what": "edit", "id": test, "answer": "x"},
        {"what": "shred", "id": train}, {"what": "reject", "id": "../x"}, {"what": "undo"}, {},
        {"what": "unredact", "id": train, "place": "1", "value": "x"},
    ):  # fmt: skip
        reply = page.post(f"{PATH}/change", form, hx_request="true")
        assert 400 <= reply.status < 500, form
        assert "problem" in reply.text
    assert lines(shop) == []
    assert page.post(f"{PATH}/change", {"what": "reject", "id": train},
                     origin="http://evil.example").status == 403  # fmt: skip


def test_a_redaction_is_confirmed_or_undone_by_what_the_source_says(
    shop: EditedRun, page: RunningStudio
) -> None:
    text = page.get(f"{PATH}?view=redactions").text
    pair = shop.kept()["How do I reach the shop?"]
    assert f'name="value" value="{MAIL}"' in text
    form = {"what": "unredact", "id": pair["id"], "place": "1", "value": MAIL}
    assert page.post(f"{PATH}/change", form).status == 303
    assert lines(shop)[0]["after"] == {"answer": f"Write to {MAIL}, please."}


def test_a_contradiction_is_decided_and_a_dropped_row_restored(
    shop: EditedRun, page: RunningStudio
) -> None:
    (listed,) = shop.desk().indexes.of(shop.run.folder.contradictions).rows([0])
    ids = [listed["first"]["id"], listed["second"]["id"]]
    text = page.get(f"{PATH}?view=contradictions").text
    if shop.desk().pair(ids[0]).split == "test":
        assert "about test rows" in text
    else:
        assert all(f'data-pair="{one}"' in text for one in ids)
        assert page.post(f"{PATH}/change", {"what": "choose", "id": ids[1], "other": ids[0]})
        assert lines(shop)[0]["id"] == ids[1]
    text = page.get(f"{PATH}?view=dropped&kind=trivial+answer").text
    (dropped,) = shop.dropped()
    assert dropped["example_id"] in text
    assert page.post(f"{PATH}/change", {"what": "restore", "id": dropped["example_id"]})
    assert "restored" in page.get(f"{PATH}?view=dropped").text


def upload(page: RunningStudio, name: str, content: bytes) -> str:
    """Drop a file; what the page says."""
    border = b"--border\r\nContent-Disposition: form-data; name="
    body = border + b'"recipe"\r\n\r\nrecipe.yaml\r\n'
    body += (
        border + f'"files"; filename="{name}"\r\n\r\n'.encode() + content + b"\r\n--border--\r\n"
    )
    kind = {"content-type": "multipart/form-data; boundary=border"}
    return page.send("POST", f"{PATH}/upload", body, kind).text


def test_a_dropped_file_is_kept_and_named_in_the_recipe_only_when_asked(
    tmp_path: Path, tiny_folder: Path
) -> None:
    shop = make_shop(tmp_path, tiny_folder)
    before = (tmp_path / "recipe.yaml").read_text()
    with studio(tmp_path) as page:
        text = upload(page, "../../new faq.md", b"# Returns?\n\nWithin 14 days.\n")
        assert "new faq.md is read as" in text
        assert "- path: &#34;new faq.md&#34;" in text
        assert (tmp_path / "recipe.yaml").read_text() == before
        for name in (
            "rows.jsonl",
            "edits.jsonl",
            "evil.yaml",
            ".hidden",
            "a/..",
            "x" * 200,
            "a\x01",
        ):
            kept = {one.name: one.stat().st_size for one in tmp_path.iterdir()}
            assert "problem" in upload(page, name, b"{}\n"), name
            assert {one.name: one.stat().st_size for one in tmp_path.iterdir()} == kept
        assert page.post(f"{PATH}/source", {"name": "new faq.md"}).status == 303
        assert page.post(f"{PATH}/source", {"name": "new faq.md"}).status == 400
        assert page.post(f"{PATH}/source", {"name": "/etc/passwd"}).status == 422
        assert "new faq.md" in page.get(f"{PATH}?view=sources").text
    after = (tmp_path / "recipe.yaml").read_text()
    assert after.replace('  - path: "new faq.md"\n', "") == before
    assert shop.root == tmp_path


def test_a_folder_without_pairs_or_with_a_broken_recipe_says_what_to_do(tmp_path: Path) -> None:
    with studio(tmp_path) as page:
        assert page.get(PATH).status == 404
        (tmp_path / "recipe.yaml").write_text("sources: [{path: a.md}]\nmodel: {name: x}\n")
        reply = page.get(f"{PATH}?view=pairs&page=99999999999&kind=%00")
        assert reply.status == 200
        assert "tunesmith prepare recipe.yaml" in reply.text
        assert "no such file" in reply.text
        (tmp_path / "recipe.yaml").write_text("sources: [{path: a.md}]\nmodle: {name: x}\n")
        assert page.get(PATH).status == 400
