"""`hpstudy report`."""

from __future__ import annotations


def test_it_writes_the_page_and_prints_its_path(folder):
    folder.run("grid", "walk.toml", "--seeds", "0,1")
    assert folder.run("report", "walk.toml").stdout == "runs/report/walk.html\n"
    html = (folder.path / "runs" / "report" / "walk.html").read_text()
    assert "A walk" in html
    assert "hpstudy grid walk.toml --seeds 0-1" in html
    assert "figure-effect-width" in html
    only = folder.run("report", "walk.toml", "--factor", "lr", "--output", "here/it.html").stdout
    assert only == "here/it.html\n"
    assert "figure-effect-width" not in (folder.path / "here" / "it.html").read_text()


def test_of_a_search_alone_it_names_the_search_alone(folder):
    folder.run("search", "seek.toml", "--trials", "6", "--confirm", "0")
    folder.run("report", "seek.toml")
    html = (folder.path / "runs" / "report" / "seek.html").read_text()
    assert "hpstudy search seek.toml" in html
    assert "hpstudy grid" not in html


def test_where_nothing_can_be_written_it_says_so_in_a_line(folder):
    (folder.path / "file").write_text("not a folder")
    folder.run("grid", "walk.toml", "--factor", "lr")
    error = folder.run("report", "walk.toml", "--output", "file/it.html", code=2).stderr
    assert error == "Error: file/it.html: can't be written: file is no folder\n"


def test_the_report_of_mnist_shows_its_images_its_mistakes_and_its_network(mnist_folder):
    text = (mnist_folder.path / "small.toml").read_text()
    text = text[: text.index("[published")]  # its figures are for levels that are too many here
    for old, new in (
        ("epochs = [5, 10, 20]", "epochs = [1, 2]"),
        ("epochs = 5", "epochs = 1"),
        ("batch_size = [64, 100, 256, 1024]", "batch_size = [100, 256]"),
    ):
        assert old in text
        text = text.replace(old, new)
    mnist_folder.write("small.toml", text)
    mnist_folder.run("grid", "small.toml", "--factor", "batch_size", "--publish")
    mnist_folder.run("report", "small.toml", "--factor", "batch_size")
    html = (mnist_folder.path / "runs" / "report" / "small.html").read_text()
    assert "of 200 digits misread" in html
    assert "Conv2d 5×5" in html
    assert "figure-effect-batch-size" in html
    assert ".sprite-mistakes" in html
    pictures = [
        file
        for file in (mnist_folder.path / "runs" / "artifacts").iterdir()
        if file.read_bytes().startswith(b"\x89PNG")
    ]
    assert len(pictures) == 1


def test_one_factor_is_shown_with_the_verdicts_and_the_answer_of_all(folder):
    folder.write(
        "two.py",
        """
import random


def score(params, *, seed, settings):
    noise = random.Random(f"{params} {seed}").gauss(0, 0.01)
    return 0.1 * params["a"] + 4 * params["b"] + seed + noise
""",
    )
    folder.write(
        "two.toml",
        """
title = "Two"
objective = "two:score"
[baseline]
a = 1
b = 1
[grid]
seeds = 3
[grid.factors]
a = [1, 2]
b = [1, 2, 3]
[[claims]]
says = "a matters most"
factor = "a"
expect = { matters_most = true }
""",
    )
    whole = folder.json("grid", "two.toml")["grid"]
    part = folder.json("show", "two.toml", "--factor", "a")["grid"]
    assert part["factors"] == [f for f in whole["factors"] if f["factor"] == "a"]
    assert part["claims"] == whole["claims"]
    assert part["claims"][0]["verdict"] == "contradicted"
    page = folder.path / folder.run("report", "two.toml", "--factor", "a").stdout.strip()
    assert "Use b 3, and keep the rest of the baseline." in page.read_text()


def test_an_objective_of_ones_own_has_its_classes_named_and_wrong_names_are_a_note(folder):
    source = """
import numpy as np
from hpstudy.pictures import Pictures

NAMES = ("cat", "dog")


class Pets:
    def __init__(self, params, *, seed, settings, runtime):
        self.guess = int(params["guess"])

    def epoch(self):
        return {"value": 0.5}

    def predictions(self):
        return bytes([self.guess] * 4)

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass

    @classmethod
    def pictures(cls, *, settings, runtime):
        images, labels = np.zeros((4, 8, 8), np.uint8), np.array([0, 1, 1, 0], np.uint8)
        return Pictures(images, labels, images, labels, NAMES)
"""
    folder.write("pets.py", source)
    folder.write(
        "pets.toml",
        'title = "Pets"\nobjective = "pets:Pets"\nfidelity = "epochs"\n'
        "baseline = { guess = 1, epochs = 1 }\n[grid]\nfactors = { guess = [0, 1] }\n",
    )
    folder.run("grid", "pets.toml")
    html = folder.path / "runs" / "report" / "pets.html"
    folder.run("report", "pets.toml")
    assert "2 of 4 images misread" in html.read_text()
    assert "dog → cat" in html.read_text() or "cat → dog" in html.read_text()
    for old, new, said in (
        ('"cat", "dog"', '"cat",', "at pets.py:27 in pictures: ValueError: classes: expected the"),
        (
            "return Pictures(images, labels, ",
            "return [0] or (",
            "objective 'pets:Pets': pictures: expected Pictures",
        ),
    ):
        folder.write("pets.py", source.replace(old, new))
        stderr = folder.run("report", "pets.toml").stderr
        assert stderr.startswith("Note: the report goes without pictures: objective 'pets:Pets': ")
        assert said in stderr
        assert "misread" not in html.read_text()
