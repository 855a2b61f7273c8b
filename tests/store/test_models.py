"""Saved models: a file and its card, whole or not at all."""

import json

import pytest

from hpstudy.errors import UserError
from hpstudy.store.locks import is_free
from hpstudy.store.models import Card, find_model, saved_models, write_model


def card(study="mine", created="2026-01-01T00:00:00+00:00", **more):
    return Card(
        study=study, home="/somewhere", objective="mine:Net", version=1,
        hyperparameters={"lr": 0.1, "epochs": 2}, fidelity="epochs", settings={"validation": 0},
        seed=0, device="cpu", precision="fp32", threads=1, metric="accuracy", value=0.9,
        versions={"python": "3.11"}, created=created, training="abc", **more,
    )  # fmt: skip


def saved(folder, one=None, write=lambda file: file.write_bytes(b"weights"), page="<html>"):
    database = f"sqlite:///{folder.parent / 'hpstudy.db'}"
    return write_model(folder, one or card(), write, lambda _: page, database=database)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_model_is_found_by_its_name_its_card_and_its_weights(tmp_path):
    folder = tmp_path / "models"
    made = saved(folder)
    assert made.file == folder / "mine.safetensors"
    for name in ("mine", f"{folder / 'mine.json'}", f"{folder / 'mine.safetensors'}"):
        found = find_model(name, folder)
        assert found.file.read_bytes() == b"weights"
        assert found.card.params == {"lr": 0.1}
    assert files(folder) == ["mine.html", "mine.json", "mine.safetensors"]
    assert made.page.read_text() == "<html>"


def test_the_newest_comes_first_and_what_is_damaged_is_left_out(tmp_path):
    saved(tmp_path / "models", card("old.one", "2026-01-01T00:00:00+00:00"))
    saved(tmp_path / "models", card("new", "2026-02-01T00:00:00+00:00"))
    (tmp_path / "models" / "foreign.json").write_text("[1]")
    assert [model.card.study for model in saved_models(tmp_path / "models")] == ["new", "old.one"]
    assert find_model("old.one", tmp_path / "models").card.study == "old.one"
    assert saved_models(tmp_path / "none") == []


def test_the_old_model_stays_where_saving_the_new_one_fails(tmp_path):
    folder = tmp_path / "models"
    saved(folder)

    def fails(file):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    def no_page(_):
        raise UserError("no page")

    with pytest.raises(UserError, match="No space left"):
        saved(folder, write=fails)
    with pytest.raises(UserError, match="expected it to write one file, the one given, found noth"):
        saved(folder, write=lambda file: None)
    with pytest.raises(UserError, match="no page"):
        write_model(
            folder,
            card(),
            lambda file: file.write_bytes(b"new"),
            no_page,
            database=f"sqlite:///{tmp_path / 'hpstudy.db'}",
        )
    assert find_model("mine", folder).file.read_bytes() == b"weights"
    assert len(list(folder.iterdir())) == 3


def test_nobody_else_saves_a_model_of_that_name_while_its_page_is_made(tmp_path):
    database, free = f"sqlite:///{tmp_path / 'hpstudy.db'}", []

    def page(made):
        free.append(is_free(database, f"model/{made.card.study}"))
        return "<html>"

    folder = tmp_path / "models"
    write_model(folder, card(), lambda file: file.write_bytes(b"x"), page, database=database)
    assert free == [False]
    assert is_free(database, "model/mine")


def test_a_hook_may_choose_another_ending_and_no_other_file_is_left(tmp_path):
    folder = tmp_path / "models"
    (folder / ".mine.xyz.draft").mkdir(parents=True)  # of a process that was killed
    saved(folder)
    made = saved(folder, write=lambda file: file.with_suffix(".onnx").write_bytes(b"x"))
    assert made.card.file == "mine.onnx"
    assert find_model(f"{folder / 'mine.onnx'}", folder).card == made.card
    assert files(folder) == ["mine.html", "mine.json", "mine.onnx"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "mine.json: no card of a saved model: it is no JSON object"),
        ("[]", "mine.json: no card of a saved model: it is no JSON object"),
        ('{"lr": 1}', "mine.json: no card of a saved model: study: missing"),
        ({"seed": "0"}, "seed: expected a whole number, found '0'"),
        ({"value": None}, "value: expected a number, found"),
        ({"file": "../x"}, "mine.json: its weights, ../x, don't lie beside it"),
        ({"file": "gone"}, "mine.json: its weights, gone, don't lie beside it"),
        ({"sha256": "0"}, "mine.safetensors: not the file that .*mine.json tells of"),
    ],
)
def test_a_foreign_or_damaged_card_is_said_in_a_line(tmp_path, text, says):
    made = saved(tmp_path / "models")
    if isinstance(text, dict):
        text = json.dumps({**json.loads(made.path.read_text()), **text})
    made.path.write_text(text)
    with pytest.raises(UserError, match=says):
        find_model("mine", tmp_path / "models")


def test_a_file_of_the_objectives_own_is_called_after_the_study(tmp_path):
    folder = tmp_path / "models"
    for study in ("one", "two.b"):
        made = saved(
            folder, card(study), lambda file: file.with_name("model.pt").write_text(file.name)
        )
        assert made.file == folder / f"{study}.pt"
    assert find_model(f"{folder / 'one.pt'}", folder).file.read_text() == "one.safetensors"
    for theirs in ("one.json", "x.html"):
        with pytest.raises(UserError, match=f"of another kind than {theirs}: the card and"):
            saved(folder, card("one"), lambda file, n=theirs: file.with_name(n).write_text("x"))
    assert find_model("one", folder).file.read_text() == "one.safetensors"


def test_a_name_that_no_model_has(tmp_path):
    with pytest.raises(UserError, match="no model 'x' in .*: there is none yet; `hpstudy train x`"):
        find_model("x", tmp_path / "models")
    saved(tmp_path / "models")
    with pytest.raises(UserError, match="found mine; did you mean 'mine'"):
        find_model("mime", tmp_path / "models")
    with pytest.raises(UserError, match="no model 'xxxxx"):
        find_model("x" * 5000, tmp_path / "models")
    with pytest.raises(UserError, match="a/b: no such model"):
        find_model("a/b", tmp_path / "models")


def test_a_card_of_a_later_version_is_read(tmp_path):
    made = saved(tmp_path / "models")
    made.path.write_text(json.dumps({**json.loads(made.path.read_text()), "later": 1}))
    assert find_model("mine", tmp_path / "models").card == made.card
