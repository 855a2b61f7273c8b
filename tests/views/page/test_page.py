from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from plotly.offline import get_plotlyjs

from hpstudy.analysis.answer import answer
from hpstudy.analysis.findings import findings
from hpstudy.analysis.importance import Importance, Importances
from hpstudy.metric import Quantity
from hpstudy.objective import Step
from hpstudy.pictures import Layer, Pictures
from hpstudy.results.curves import Curve, CurvePoint
from hpstudy.results.predictions import Network, Reading
from hpstudy.store.records import Epoch
from hpstudy.studyfile.sections import Claim
from hpstudy.views.page.galleries import captioned, diagram, plain, sprite
from hpstudy.views.page.page import Content, page

NASTY = '<script>alert("1")</script>'
BASE = [0.9862, 0.9881, 0.9898]


def content(**parts) -> Content:
    empty = {
        "name": "walk", "title": "A walk", "database": "sqlite:///runs/hpstudy.db", "quick": None,
        "found": None, "answer": None, "curves": (), "search": None, "tradeoffs": (),
        "reading": None, "pictures": None, "layers": (), "origins": {},
        "commands": ["hpstudy grid walk.toml"], "written": datetime(2026, 1, 2, 3, 4),
    }  # fmt: skip
    made = Content(**(empty | parts))
    return replace(made, answer=answer(made.found, made.search))


@pytest.mark.parametrize("names", [["学习率"], ["λ", "β"], ["lr", "lr_"], ["batch_size", "%"]])
def test_each_figure_has_a_place_whatever_its_factor_is_called(made_findings, names):
    epochs = tuple(CurvePoint(n, {"test_accuracy": 0.9 + n / 100}, 1.0) for n in (1, 2))
    steps = tuple(Step(seen, 1 / seen, 0.5) for seen in (10, 20))
    levels = {1: BASE, 2: [0.9, 0.91, 0.92]}
    curves = [
        Curve(name, 1, is_baseline=True, seed=0, epochs=epochs, steps=steps) for name in names
    ]
    read = _Read(page(content(found=made_findings(**dict.fromkeys(names, levels)), curves=curves)))
    figures = json.loads(next(text for text in read.scripts if text.startswith('{"effect-')))
    assert len(figures) >= 4 * len(names)
    assert len(read.ids) == len(set(read.ids))
    assert {f"figure-{name}" for name in figures} <= set(read.ids)


@pytest.mark.parametrize(("targets", "shown"), [((0.5,), True), ((), False)])
def test_targets_have_their_table_however_short_the_epochs_are(made_findings, targets, shown: bool):
    grid = made_findings(lr={1: BASE, 2: BASE}).results
    rows = []
    for row in grid.factors[0].levels:
        brief = [Epoch(e.number, {**e.metrics, "seconds": 1e-4}) for e in row.runs[0].epochs]
        runs = tuple(replace(run, epochs=tuple(brief)) for run in row.runs)
        rows.append(replace(row, runs=runs))
    quick = replace(grid, factors=(replace(grid.factors[0], levels=tuple(rows)),), targets=targets)
    text = _Read(page(content(found=findings(quick)))).text
    assert ("epochs to 50 %" in " ".join(text.split())) is shown


def test_verdicts_are_explained_where_there_are_some(made_findings):
    def told(first: int, *seeds: int) -> str:
        runs = {level: [0.9 + level / 50] for level in (1, 2)}
        grid = made_findings(lr=runs).results
        levels = (
            replace(row, runs=tuple(replace(row.runs[0], seed=seed) for seed in of))
            for row, of in zip(grid.factors[0].levels, ([first], seeds), strict=True)
        )
        once = replace(grid, factors=(replace(grid.factors[0], levels=tuple(levels)),))
        return " ".join(_Read(page(content(found=findings(once)))).text.split())

    for text in (told(0, 0), told(0, 1)):  # the same seed at both levels, or another one at each
        assert "Dunnett" not in text
        assert "--seeds 0-2" in text
    assert "Dunnett" in told(0, 0, 1)


class _Read(HTMLParser):
    """Collects ids, links, script texts and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self._inside.append(tag)
        if tag == "script":
            self.scripts.append("")
        if "id" in known:
            self.ids.append(known["id"])
        self.addresses += [known[name] for name in ("src", "href") if name in known]

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if "script" in self._inside:
            self.scripts[-1] += data
        elif "style" not in self._inside:
            self.text += data


def read(html: str) -> _Read:
    return _Read(html)


def test_a_study_of_which_nothing_was_run_says_so():
    html = page(content())
    told = read(html).text
    assert "Nothing has been trained yet." in told
    assert "hpstudy grid walk.toml" in told
    assert "nan" not in told.lower()


def test_it_asks_no_host_for_anything(made_findings):
    found = read(page(content(found=made_findings(width={8: BASE, 16: BASE}))))
    assert found.addresses
    assert all(address.startswith(("#", "data:")) for address in found.addresses)
    assert len(found.ids) == len(set(found.ids))


def test_what_a_user_writes_is_text_and_never_html(made_findings):
    claim = Claim(says=f"a claim {NASTY}", factor=NASTY, level="1", expect={"best": True})
    found = made_findings(**{NASTY: {"1": BASE, "2": [0.1, 0.2, 0.3]}}, claims=[claim])
    html = page(content(title=f"title {NASTY}", name=NASTY, found=found))
    seen = read(html)
    assert f"title {NASTY}" in seen.text
    assert f"a claim {NASTY}" in seen.text
    assert "<script>alert" not in html
    assert len(seen.scripts) == 4  # figures, looks, Plotly, ours


def test_figures_are_in_the_page_once_with_words_for_who_cannot_see_them(
    made_findings, made_search, made_searched
):
    share = Importance("lr", "pedanova", Quantity(1.0, 0.9, 1.0))
    html = page(
        content(
            found=made_findings(width={8: BASE, 16: [0.1, 0.2, 0.3]}),
            search=made_searched(made_search(60), importances=Importances((share,), "few trials")),
        )
    )
    seen = read(html)
    figures = json.loads(seen.scripts[0])
    assert {"effect-width", "importance", "search-history", "search-contour"} <= set(figures)
    for name, figure in figures.items():
        assert f"figure-{name}" in seen.ids
        assert set(figure["layout"]).isdisjoint({"template", "title", "meta"})
    assert len(re.findall(r'role="img" aria-label="[^"]+\. [^"]+"', html)) == len(figures)
    assert json.loads(seen.scripts[1])["dark"]["layout"]["font"]["color"] == "#E8EAED"


def test_sections_are_those_that_there_is_something_in(made_findings):
    one = read(page(content(found=made_findings(width={8: [0.98], 16: [0.99]}))))
    assert "one seed cannot tell" in one.text
    assert "trained once: no difference here can be told from luck" in one.text
    assert "cannot see whether hyperparameters act together" in one.text
    assert {"answer", "factors", "costs", "origin"} <= set(one.ids)
    assert {"claims", "search", "digits"}.isdisjoint(one.ids)


def test_digits_their_mistakes_and_the_network():
    chance = np.random.default_rng(0)
    images = chance.integers(0, 255, (12, 4, 4), dtype=np.uint8)
    labels = np.arange(12, dtype=np.uint8) % 10
    predicted = (*labels[:-1].tolist(), 7)
    html = page(
        content(
            pictures=Pictures(images, labels, images, labels),
            reading=Reading(
                Network("lr 0.1, seed 0", "k", 2), tuple(labels.tolist()), predicted, 10
            ),
            layers=[
                Layer("images", "input", (1, 28, 28), 0),
                Layer("conv1", "Conv2d 5×5", (32, 28, 28), 832),
                Layer("", "flatten", (25088,), 0),
            ],
        )
    )
    told = " ".join(read(html).text.split())
    assert "Misread by lr 0.1, seed 0: 1 of 1 mistakes" in told
    assert "1 → 7" in told
    assert "32 × 28 × 28 · 832 parameters" in told
    assert html.replace(get_plotlyjs(), "").count("data:image/png;base64,") == 3


def test_classes_are_called_by_their_names_which_are_text():
    images = np.zeros((3, 4, 4), dtype=np.uint8)
    labels = np.arange(3, dtype=np.uint8)
    names = ("Bag", "Ankle boot", NASTY)
    reading = Reading(Network("lr 0.1, seed 0", "k", 2), (0, 1, 2), (0, 0), 3, names)
    reading = replace(reading, labels=(0, 1))  # fewer were predicted than there are
    html = page(content(pictures=Pictures(images, labels, images, labels, names), reading=reading))
    seen = read(html)
    assert "Ankle boot → Bag" in seen.text
    assert "1 of 1 mistakes, class → what was read" in " ".join(seen.text.split())
    assert "1 of 2 images misread" in seen.text
    assert ">Images</a>" in html
    assert ">Digits</a>" not in html
    assert "<script>alert" not in html
    numbers = page(content(pictures=Pictures(images, labels, images, labels, tuple("012"))))
    assert ">Digits</a>" in numbers
    assert 'class="gallery test wordy"' in html
    assert 'class="gallery test"' in numbers


def test_a_sprite_holds_the_pictures_in_rows_dark_on_white():
    import base64
    import io

    from PIL import Image

    made = sprite(np.full((5, 4, 3), 255, dtype=np.uint8), columns=2)
    assert (made.columns, made.rows) == (2, 3)
    image = Image.open(io.BytesIO(base64.b64decode(made.address.split(",")[1])))
    assert image.size == (6, 12)
    assert image.getpixel((0, 0)) == 0
    assert image.getpixel((5, 11)) == 255  # the free place at the end


def test_a_diagram_draws_larger_maps_larger():
    drawn = diagram([Layer("a", "x", (2, 28, 28), 5), Layer("b", "x", (9, 14, 14), 6)])
    large, small = (block.boxes[0][2] for block in drawn.blocks)
    assert large > small
    assert [len(block.boxes) for block in drawn.blocks] == [2, 4]
    assert drawn.parameters == 11
    assert diagram([]) is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_on_the_page(scheme: str):
    css = re.search(r"<style>(.*?)</style>", page(content()), re.DOTALL)[1]
    block = css[css.index(":root {" if scheme == "light" else ':root[data-theme="dark"] {') :]
    colors = dict(re.findall(r"--([\w-]+): (#\w{6})", block[: block.index("}")]))
    pairs = [("ink", "page"), ("faint", "page"), ("faint", "panel"), ("accent", "page"),
             ("accent", "accent-panel"), ("good", "good-panel"), ("bad", "bad-panel"),
             ("ink", "plain-panel"), ("ink", "accent-panel"), ("bad", "page")]  # fmt: skip
    for text, ground in pairs:
        assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)


def contrast(first: str, second: str) -> float:
    """Contrast of two colours, by WCAG 2.2."""

    def light(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((light(first), light(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_pictures_with_captions_are_one_png_dark_on_white():
    images = np.zeros((3, 28, 28), dtype=np.uint8)
    images[2] = 255
    picture = np.asarray(Image.open(BytesIO(captioned(images, ["4 as 9", "7 as 1", "2 as 2"], 2))))
    assert picture.shape == (2 * (56 + 14), 2 * 56)
    assert (picture[:56] == 255).all()  # the two black ones: white as paper
    assert (picture[70:126, :56] == 0).all()
    assert picture[56:70, :56].min() < 128  # the caption
    named = np.asarray(Image.open(BytesIO(captioned(images, ["Bag as Ankle boot"] * 3, 2))))
    assert named.shape[1] > 2 * 90
    assert (named[126:, named.shape[1] // 2 - 2 :] == 255).all()  # no caption runs into the next


@pytest.mark.parametrize(
    ("name", "caption"),
    [("o お", "o"), ("Café", "Cafe"), ("кот", "3"), ("a\nb", "a b"), ("x" * 40, "x" * 24 + "...")],
)
def test_a_caption_has_of_a_name_what_it_can_draw(name: str, caption: str):
    assert plain(name, 3) == caption
