from __future__ import annotations

import json
import re

import plotly.graph_objects as go
import pytest
from optuna.distributions import CategoricalDistribution
from plotly.utils import PlotlyJSONEncoder

from hpstudy.analysis.importance import Importance, Importances
from hpstudy.analysis.speed import Tradeoff
from hpstudy.charts.figures import along_axes, digit_figures, grid_figures, search_figures
from hpstudy.charts.importance import importance_figure
from hpstudy.charts.theme import finish, template
from hpstudy.metric import Metric, Quantity
from hpstudy.results.predictions import Network, Reading

ACCURACY = Metric.named("test_accuracy", "maximize")


def test_a_grids_figures_have_ids_titles_words_and_one_look(made_findings):
    found = made_findings(lr={0.1: [0.5, 0.6], 0.2: [0.6, 0.7]}, batch_size={8: [0.5, 0.6]})
    figures = grid_figures(found)
    assert set(figures) == {
        "effect-lr", "cost-lr", "effect-batch-size", "cost-batch-size", "importance", "pareto",
    }  # fmt: skip
    for figure in figures.values():
        assert figure.layout.template == template()
        assert figure.layout.title.text
        assert figure.layout.meta["says"]


def test_figures_show_levels_in_the_order_of_their_axis(made_findings):
    found = made_findings(lr={0.1: [0.5, 0.6], 0.01: [0.6, 0.7], 1.0: [0.6, 0.7]})
    assert list(grid_figures(found)["cost-lr"].data[0].x) == ["0.01", "0.1", "1"]
    assert [row.level for row in along_axes(found).factors[0].levels] == [0.01, 0.1, 1.0]


def test_a_long_title_is_folded_for_half_a_dashboards_width():
    title = "lr: better at 0.01 (+0.31 points); worse at 1 (-88.02 points), 10 (-89.00 points)"
    figure = finish(go.Figure(), title, "says")
    lines = figure.layout.title.text.split("<br>")
    assert len(lines) == 2
    assert all(len(line) <= 60 for line in lines)
    assert " ".join(lines).replace("\u00a0", " ") == figure.layout.meta["title"] == title
    short = finish(go.Figure(), "lr: all alike", "says")
    assert figure.layout.margin.t > short.layout.margin.t
    assert figure.layout.height > short.layout.height == short.layout.meta["height"]


def test_a_searchs_figures(made_search, made_searched):
    shares = (
        Importance("batch_size", "pedanova", Quantity(0.7, 0.5, 0.9)),
        Importance("lr", "fanova", Quantity(0.3)),
    )
    tradeoffs = (
        Tradeoff("trial 3", 40.0, 0.97, is_on_front=True),
        Tradeoff("trial 9", 50.0, 0.96, is_on_front=False),
        Tradeoff("trial 1", 60.0, 0.98, is_on_front=True),
    )
    found = made_searched(made_search(60), importances=Importances(shares, None))
    figures = search_figures(found, tradeoffs=tradeoffs)
    assert set(figures) == {
        "search-history", "search-pruning", "search-importance", "search-slice-lr",
        "search-slice-batch-size", "search-contour", "search-parallel", "search-distribution",
        "search-timeline", "search-pareto",
    }  # fmt: skip
    assert all(figure.layout.template == template() for figure in figures.values())
    slices = [name for name in figures if name.startswith("search-slice")]
    assert slices == ["search-slice-batch-size", "search-slice-lr"]  # the most important first
    pareto = figures["search-pareto"]
    assert list(pareto.data[-1].x) == [40.0, 60.0]
    assert pareto.data[-1].textposition[-1] == "top left"  # right of it the page may end
    assert pareto.layout.meta["title"] == (
        "trial 1 is best, 98.00 % in 60 s; trial 3 is quickest, 97.00 % in 40 s"
    )
    assert search_figures(made_searched(made_search(1))) == {}


def test_luck_has_a_bar_of_its_own_and_small_importances_are_seen_beside_large_ones():
    rows = (
        Importance("lr", "range", Quantity(0.88, 0.87, 0.89)),
        Importance("batch_size", "range", Quantity(0.003, 0.001, 0.005)),
        Importance("seed", "range", Quantity(0.002)),
    )
    figure = importance_figure(Importances(rows, None), ACCURACY)
    assert list(figure.data[0].y) == ["lr", "batch size", "luck"]
    assert figure.layout.xaxis.type == "log"
    assert (
        figure.layout.xaxis.title.text == "largest less smallest level mean, points<br>(log scale)"
    )
    assert list(figure.data[0].x) == pytest.approx([88, 0.3, 0.2])
    assert figure.layout.meta["title"] == (
        "lr moves test accuracy furthest, by 88.00 points; luck alone by 0.20 points"
    )
    assert importance_figure(Importances((), None), ACCURACY) is None


DIGITS = tuple("0123456789")


def test_the_confusion_matrix_says_what_is_misread_most():
    reading = Reading(Network("lr 0.1", "key", 1), (4, 4, 4, 9, 7), (4, 9, 9, 9, 1), 10, DIGITS)
    (figure,) = digit_figures(reading).values()
    assert figure.layout.meta["title"] == "3 of 5 digits misread; most often 4 as 9 (2 times)"
    assert figure.data[0].z[4][9] == 2
    assert figure.data[0].z[4][4] is None
    alone = Reading(Network("lr 0.1", "key", 1), (0, 0), (0, 0), 1, DIGITS[:1])
    assert "0 of 2 digits misread" in digit_figures(alone)["confusion"].layout.title.text
    once = Reading(Network("lr 0.1", "key", 1), (4, 4), (4, 9), 10, DIGITS)
    (figure,) = digit_figures(once).values()
    assert figure.layout.meta["title"] == "1 of 2 digits misread; most often 4 as 9 (1 time)"


def test_a_confusion_matrix_calls_classes_by_their_names_and_never_as_html():
    names = ("Bag", "<b>Coat</b>", "x" * 40, "x" * 41)
    reading = Reading(Network("lr 0.1", "key", 1), (0, 1, 1, 2), (0, 2, 2, 3), 4, names)
    (figure,) = digit_figures(reading).values()
    cut = "x" * 24 + "…"
    assert figure.layout.meta["title"] == (
        f"3 of 4 images misread; most often <b>Coat</b> as {cut} (2 times)"
    )
    assert "&lt;b&gt;Coat&lt;/b&gt; as" in figure.layout.title.text.replace("<br>", " ")
    assert figure.layout.yaxis.ticktext == ("Bag", "&lt;b&gt;Coat&lt;/b&gt;", cut, cut)
    assert figure.layout.yaxis.title.text == "class"
    assert figure.data[0].hovertext[0][1] == "Bag read as &lt;b&gt;Coat&lt;/b&gt;: 0"
    assert len(set(figure.data[0].x)) == 4  # though two are cut to the same
    unnamed = Reading(Network("lr 0.1", "key", 1), (0, 40), (40, 40), 41)
    (figure,) = digit_figures(unnamed).values()
    assert figure.layout.meta["title"] == "1 of 2 images misread; most often 0 as 40 (1 time)"
    assert figure.layout.meta["height"] == 1000
    assert figure.data[0].texttemplate is None


LINK = '<a href="http://x.invalid">x</a><b>&amp;</b><extra>'


def test_names_are_no_mark_up(made_findings, made_search, made_searched):
    found = made_findings(**{f"kind {LINK}": {LINK: [0.5, 0.6], "b": [0.6, 0.7]}})
    results = made_search(25)
    for trial in results.trials:
        trial.params["lr"] = LINK if trial.number % 2 else "a"
        trial.distributions["lr"] = CategoricalDistribution([LINK, "a"])
    tradeoffs = [Tradeoff(LINK, 40.0, 0.97, is_on_front=True)] * 2
    searched = made_searched(results, importances=Importances((), None))
    figures = grid_figures(found) | search_figures(searched, tradeoffs=tradeoffs)
    assert len(figures) >= 8
    for name, figure in figures.items():
        figure.layout.meta = None  # which Plotly doesn't draw, and the page escapes
        drawn = json.dumps(figure.to_plotly_json(), cls=PlotlyJSONEncoder)
        assert not re.search("<(?!br>|/?extra>)", drawn), name
    assert any("&lt;a href" in figure.to_json() for figure in figures.values())
