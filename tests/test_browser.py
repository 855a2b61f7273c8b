"""The report in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from hpstudy.analysis.answer import answer
from hpstudy.analysis.importance import Importance, Importances
from hpstudy.analysis.speed import Tradeoff
from hpstudy.charts.theme import finish
from hpstudy.metric import Quantity
from hpstudy.objective import Step
from hpstudy.pictures import Layer, Pictures
from hpstudy.results.curves import Curve, CurvePoint
from hpstudy.results.predictions import Network, Reading
from hpstudy.views.page.page import Content, page

BASE = [0.9862, 0.9881, 0.9898]
DRAWN = "html[data-drawn=all]"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "the browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page, and what went wrong or outside on it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(f"{error}"))
        self.page.on("console", lambda line: line.type == "error" and self.errors.append(line.text))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def width_beyond_the_window(self) -> int:
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def background(self) -> str:
        return self.page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.fixture
def watched(chromium: Browser) -> Iterator[Watched]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def report(tmp_path: Path, made_findings, made_search, made_searched) -> Path:
    """A report with everything in it, made without any training."""
    steps = tuple(Step(seen, 1 / seen, 1 - 1 / seen) for seen in range(10, 100, 10))
    epochs = tuple(CurvePoint(n, {"test_accuracy": 0.9 + n / 100}, 1.0) for n in (1, 2, 3))
    images = np.random.default_rng(0).integers(0, 255, (100, 28, 28), dtype=np.uint8)
    labels = np.arange(100, dtype=np.uint8) % 10
    predicted = (7, *labels[1:].tolist())
    share = Importance("lr", "pedanova", Quantity(0.9, 0.8, 1.0))
    made = Content(
        name="made",
        title="A <made> study",
        database="sqlite:///runs/hpstudy.db",
        quick=None,
        found=made_findings(
            published={"lr": {0.1: 0.1135, 0.001: 0.985}},
            lr={0.001: BASE, 0.01: [0.98, 0.981, 0.985], 0.1: [0.101, 0.1, 0.098]},
            a_long_name_of_a_hyperparameter={"first": BASE, "second": BASE},
        ),
        curves=[Curve("lr", lr, lr == 0.001, 0, epochs, steps) for lr in (0.001, 0.01, 0.1)],
        search=made_searched(made_search(60), importances=Importances((share,), None)),
        tradeoffs=[
            Tradeoff("trial 3", 40.0, 0.97, is_on_front=True),
            Tradeoff("trial 1", 60.0, 0.98, is_on_front=True),
        ],
        reading=Reading(Network("lr 0.001, seed 0", "k", 2), tuple(labels.tolist()), predicted, 10),
        pictures=Pictures(images, labels, images, labels),
        layers=[Layer("conv1", "Conv2d 5×5", (32, 28, 28), 832), Layer("", "flatten", (9,), 0)],
        origins={},
        answer=None,
        commands=[
            "hpstudy grid made.toml --with a rather long line of options that goes on and on"
        ],
        written=datetime(2026, 1, 2, 3, 4),
    )
    path = tmp_path / "made.html"
    path.write_text(page(replace(made, answer=answer(made.found, made.search))))
    return path


def test_it_opens_offline_wide_and_narrow_light_and_dark(watched: Watched, report: Path, folder):
    shown = watched.page
    shown.goto(report.as_uri())
    shown.wait_for_selector(DRAWN)
    plots = shown.locator(".plot").count()
    assert plots >= 15
    assert shown.locator(".plot:has(.main-svg)").count() == plots
    assert watched.width_beyond_the_window() <= 0
    assert watched.background() == "rgb(255, 255, 255)"
    ink = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
    assert shown.evaluate(ink) == "rgb(89, 97, 107)"

    shown.get_by_role("button", name="Switch to the dark page").press("Enter")
    shown.wait_for_selector(DRAWN)
    assert watched.background() == "rgb(20, 23, 27)"
    assert shown.evaluate(ink) == "rgb(163, 171, 181)"

    shown.set_viewport_size({"width": 375, "height": 800})
    folder.wait_for(lambda: watched.width_beyond_the_window() <= 0)
    assert watched.errors == []
    assert [url for url in watched.requests if not url.startswith(("file:", "data:"))] == []
    assert sum(url.startswith("file:") for url in watched.requests) == 1


def test_a_figure_without_a_place_ends_no_other(watched: Watched, report: Path):
    html = report.read_text()
    assert html.count('id="figure-importance"') == 1
    report.write_text(html.replace('id="figure-importance"', ""))
    shown = watched.page
    shown.goto(report.as_uri())
    shown.wait_for_selector(DRAWN)
    assert watched.errors == []
    assert shown.locator(".plot:has(.main-svg)").count() == shown.locator(".plot").count() - 1


HOSTILE = (
    "<img src=x onerror='window.hit=1'><script>window.hit=1</script></script>\"'"
    '<a href="javascript:window.hit=1">x</a> <a href="http://x.invalid/">y</a> {{ 7 * 7 }} %{x}'
)
OUTSIDE = "document.querySelectorAll('a[href*=javascript], a[href*=invalid], img[src=x]').length"
LINKS = "[...document.querySelectorAll('svg a')].length"


def test_no_name_is_code_or_a_link(
    watched: Watched, tmp_path: Path, made_findings, made_search, made_searched
):
    lr, search = f"lr {HOSTILE}", made_search(25)
    for trial in search.trials:
        trial.params = {HOSTILE if n == "lr" else n: v for n, v in trial.params.items()}
        trial.distributions[HOSTILE] = trial.distributions.pop("lr")
    shares = (Importance(HOSTILE, "pedanova", Quantity(0.9, 0.8, 1.0)),)
    found = made_findings(**{lr: {HOSTILE: BASE, "b": [0.9, 0.91, 0.92], 0.1: [None] * 3}})
    steps = tuple(Step(seen, 1 / seen, 1 - 1 / seen) for seen in range(10, 100, 10))
    images = np.zeros((20, 28, 28), np.uint8)
    labels, names = np.arange(20, dtype=np.uint8) % 10, tuple(f"{n}{HOSTILE}" for n in range(10))
    made = Content(
        name=HOSTILE, title=HOSTILE, database=HOSTILE, quick=HOSTILE, found=found, answer=None,
        curves=[Curve(lr, HOSTILE, False, 0, (CurvePoint(1, {"test_accuracy": 0.9}, 1.0),), steps)],
        search=made_searched(search, importances=Importances(shares, HOSTILE)),
        tradeoffs=[Tradeoff(HOSTILE, 40.0, 0.97, is_on_front=True)] * 2,
        reading=Reading(Network(HOSTILE, "k", 2), tuple(labels.tolist()), (1,) * 20, 10),
        pictures=Pictures(images, labels, images, labels, names),
        layers=[Layer(HOSTILE, HOSTILE, (9,), 0)], origins={}, commands=[HOSTILE],
        written=datetime(2026, 1, 2, 3, 4),
    )  # fmt: skip
    path = tmp_path / "hostile.html"
    path.write_text(page(replace(made, answer=answer(made.found, made.search))))
    shown = watched.page
    shown.goto(path.as_uri())
    shown.wait_for_selector(DRAWN)
    assert shown.evaluate("window.hit") is None
    assert shown.evaluate(OUTSIDE) == shown.evaluate(LINKS) == 0
    assert [url for url in watched.requests if not url.startswith(("file:", "data:"))] == []
    assert watched.errors == []


FRAMES = "[...document.querySelectorAll('.table')]"
CUT = f"{FRAMES}.filter(one => one.scrollWidth > one.clientWidth).map(one => one.ariaLabel)"
A4 = 794 - 2 * 53  # pixels between the margins


@pytest.fixture
def crowded(tmp_path: Path, made_findings, made_search, made_searched) -> Path:
    """A report whose tables have every column that there is, and a search of twelve dimensions."""
    published = {0.001: 0.985, 0.01: 0.5, "a level in several words": 0.98}
    made = Content(
        name="made", title="A made study", database="sqlite:///runs/hpstudy.db", quick=None,
        found=made_findings(
            published={"lr": published},
            lr={0.001: BASE, 0.01: [0.98, 0.981], "a level in several words": BASE[::-1]},
        ),
        curves=(), answer=None, tradeoffs=(),
        search=made_searched(made_search(60, others=10), importances=Importances((), None)),
        reading=None, pictures=None, layers=(), origins={},
        commands=["hpstudy grid made.toml " + "--with a rather long line " * 9],
        written=datetime(2026, 1, 2, 3, 4),
    )  # fmt: skip
    path = tmp_path / "crowded.html"
    path.write_text(page(replace(made, answer=answer(made.found, made.search))))
    return path


@pytest.mark.parametrize(("media", "width"), [("screen", 1280), ("print", A4)])
def test_no_table_is_cut(watched: Watched, crowded: Path, media, width: int):
    shown = watched.page
    shown.set_viewport_size({"width": width, "height": 800})
    shown.emulate_media(media=media)
    shown.goto(crowded.as_uri())
    shown.wait_for_selector(DRAWN)
    columns = shown.locator("th", has_text="published 95 %")
    assert columns.count() == 1
    assert shown.evaluate(CUT) == []
    assert watched.width_beyond_the_window() <= 0
    assert watched.errors == []


def _edges(frame) -> list[float]:
    """Returns how bright a table's upper corners are, where no text stands: 255 is white."""
    with Image.open(BytesIO(frame.screenshot())) as image:
        grey = image.convert("L")
        return [grey.getpixel((at, 2)) for at in (0, grey.width - 1)]


def test_a_phone_shows_that_a_table_goes_on(watched: Watched, crowded: Path):
    shown = watched.page
    shown.set_viewport_size({"width": 375, "height": 800})
    shown.goto(crowded.as_uri())
    shown.wait_for_selector(DRAWN)
    frame = shown.locator(".table").first
    assert shown.evaluate(CUT)[0] == frame.get_attribute("aria-label")
    assert watched.width_beyond_the_window() <= 0
    left, right = _edges(frame)
    assert left == 255 > right + 30
    frame.evaluate("one => one.scrollLeft = one.scrollWidth")
    left, right = _edges(frame)
    assert right == 255 > left + 30
    assert watched.errors == []


@pytest.fixture
def dashboard(folder) -> Iterator[str]:
    """The address of `hpstudy dashboard` on a finished grid."""
    study = (
        (folder.path / "walk.toml").read_text().replace("lr = [0.1, 0.2]", "lr = [0.1, 0.2, 0.3]")
    )
    folder.write("walk.toml", study)
    folder.run("grid", "walk.toml", "--seeds", "0,1", "--publish")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = folder.start("dashboard", "--port", f"{port}")
    assert process.stdout.readline().startswith(f"http://127.0.0.1:{port}")
    yield f"http://127.0.0.1:{port}"
    process.send_signal(signal.SIGINT)
    process.communicate()


def test_optuna_dashboard_shows_our_note_and_figures(watched: Watched, dashboard: str):
    shown = watched.page
    shown.goto(f"{dashboard}/dashboard/studies/1")
    shown.get_by_text("width: no difference shown").first.wait_for()
    shown.get_by_text("luck alone by").first.wait_for()
    shown.get_by_role("link", name="Note").click()
    shown.get_by_text("the baseline is lr 0.1, epochs 2, width 8").wait_for()
    assert watched.errors == []
    assert [url for url in watched.requests if not url.startswith((dashboard, "data:"))] == []


TITLES = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(plot => {
  const title = plot.querySelector('.gtitle'), frame = plot.getBoundingClientRect();
  if (!title) return [];
  const box = title.getBoundingClientRect();
  return [{text: title.textContent, lines: title.querySelectorAll('tspan.line').length,
           fits: box.top >= frame.top && box.left >= frame.left && box.right <= frame.right}];
})"""


def test_no_title_is_cut_in_half_of_the_dashboards_width(watched: Watched, dashboard: str, folder):
    shown = watched.page
    shown.set_viewport_size({"width": 1280, "height": 6000})
    shown.goto(f"{dashboard}/dashboard/studies/1")
    figures = 7  # at least; they come one by one
    titles = folder.wait_for(
        lambda: found if len(found := shown.evaluate(TITLES)) >= figures else None
    )
    assert max(title["lines"] for title in titles) > 1
    assert [title["text"] for title in titles if not title["fits"]] == []


def test_a_title_full_of_digits_fits_too(watched: Watched):
    title = "lr: an epoch takes 0.000199 to 0.00223 s, no more apart than those of one level"
    figure = finish(go.Figure(go.Scatter(x=[1, 2], y=[1, 2])), title, "")
    html = figure.to_html(full_html=False, include_plotlyjs=True)
    watched.page.set_content(f'<div style="width: 520px">{html}</div>')  # half of the dashboard
    watched.page.wait_for_selector(".gtitle")
    (shown,) = watched.page.evaluate(TITLES)
    assert shown["lines"] > 1
    assert shown["fits"]
