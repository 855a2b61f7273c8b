from __future__ import annotations

import optuna
from optuna.distributions import FloatDistribution

from hpstudy.analysis.answer import answer
from hpstudy.analysis.claims import ClaimResult
from hpstudy.analysis.confirmed import Confirmed
from hpstudy.analysis.findings import GridFindings, findings
from hpstudy.analysis.importance import Importance, Importances
from hpstudy.metric import Metric, Quantity
from hpstudy.results.grid import FactorResult, GridResults, LevelResult, Run, TrialCounts
from hpstudy.results.search import SearchResults
from hpstudy.views.dashboard.note import escaped, grid_note, search_note

EVIL = "a|b <script>alert(1)</script> [x](http://y)\n# **head** `c` $z$"


def found() -> GridFindings:
    def row(level, values, *, base=False):
        runs = tuple(Run(seed, value) for seed, value in enumerate(values))
        return LevelResult(level=level, is_baseline=base, runs=runs, published=0.9878)

    levels = (row("base", [0.95, 0.95], base=True), row("a|b", [0.97, 0.99]), row("c", []))
    grid = GridResults(
        Metric.named("test_accuracy", "maximize"), {"kind": "base"}, {}, TrialCounts(), 0, 0,
        (FactorResult("kind", levels),), (), (),
    )  # fmt: skip
    return findings(grid)


def test_each_factor_is_a_table_with_verdicts():
    lines = grid_note("A study", found(), None).splitlines()
    assert lines[0] == "# A study"
    assert "## kind" in lines
    head = next(line for line in lines if line.startswith("| level"))
    table = lines[lines.index(head) : lines.index(head) + 5]
    assert head == ("| level | test accuracy | difference | verdict | seeds | published |")
    assert table[2] == r"| base | 95\.00 % \(91\.96 to 98\.04\) | baseline | – | 2 | 98\.78 % |"
    assert table[3].startswith(r"| a\|b | 98\.00 % \(")
    assert table[4] == r"| c | – | – | no value yet | 0 | 98\.78 % |"
    assert "## Claims" not in lines


def test_it_begins_with_the_answer_and_marks_what_is_further_off_than_luck(made_findings):
    base = [0.9862, 0.9881, 0.9898]
    made = made_findings(
        lr={0.001: base, 0.1: [0.91, 0.912, 0.909]}, published={"lr": {0.1: 0.5, 0.001: 0.988}}
    )
    chosen = answer(made, None)
    note = grid_note("A study", made, chosen)
    lines = note.splitlines()
    assert lines[2] == f"**{escaped(chosen.headline)}**"
    assert lines[4] == escaped(chosen.why)
    assert [f"- {escaped(note)}" for note in chosen.notes] == lines[6 : 6 + len(chosen.notes)]
    rows = {line.split(" | ")[0]: line for line in lines if line.startswith("| 0")}
    assert "50\\.00 % ≠" in rows[r"| 0\.1"]
    assert "≠" not in rows[r"| 0\.001"]
    assert "≠\\: further from ours than luck explains" in note


def test_it_says_that_less_is_better_and_counts_one_trial_as_one(
    made_findings, made_search, made_searched
):
    made = made_findings(lr={0.1: [0.5], 0.2: [0.6]}, direction="minimize")
    assert "less is better" in grid_note("A study", made, None)
    search = made_searched(made_search(1, direction="minimize"))
    note = search_note("A search", search, None)
    assert "validation accuracy: less is better; 1 trial finished." in note.replace(r"\:", ":")


def test_claims_have_a_table_of_their_own():
    one = found()
    claims = (ClaimResult("x is best", "supported", "x: +1"),)
    with_claims = GridFindings(**{**vars(one), "claims": claims})
    assert r"| supported | x is best | x\: \+1 |" in grid_note("t", with_claims, None)


def test_a_search_has_its_best_trial_the_winner_and_what_matters(made_searched):
    best = optuna.create_trial(
        value=0.9912, params={"lr": 0.001}, distributions={"lr": FloatDistribution(0, 1)}
    )
    best.number = 31
    won = Confirmed(
        Metric.named("test_accuracy", "maximize"), {"lr": 0.001}, (100, 101),
        (0.99, 0.992), Quantity(0.991, 0.99, 0.992),
        (0.988, 0.989), Quantity(0.9885, 0.987, 0.99), Quantity(0.0025, 0.002, 0.003),
    )  # fmt: skip
    search = SearchResults(
        Metric.named("validation_accuracy", "maximize"), {"lr": 0.01}, {},
        TrialCounts(complete=38, pruned=12), 0, 0,
        (best,), (),
    )  # fmt: skip
    importances = Importances(
        (Importance("lr", "pedanova", Quantity(0.8, 0.7, 0.9)),), "only | few"
    )
    found = made_searched(search, confirmed=won, importances=importances)
    lines = search_note("A search", found, None).splitlines()
    assert lines[2] == "validation accuracy; 50 trials finished, 12 pruned."
    assert r"| 31 | 99\.12 % | 0\.001 |" in lines
    value, gap = r"99\.10 % \(99\.00 to 99\.20\)", r"\+0\.25 \(\+0\.20 to \+0\.30\)"
    assert rf"| lr 0\.001 | {value} | {gap} | 2 |" in lines
    base = r"lr 0\.01 \(the baseline\)"
    assert rf"| {base} | 98\.85 % \(98\.70 to 99\.00\) | baseline | 2 |" in lines
    assert r"| lr | 80 % \(70 to 90\) |" in lines
    assert lines[-1] == r"Take it with care\: only \| few\."


def test_text_stays_text():
    assert escaped("lr 0.1, 5 epochs") == r"lr 0\.1, 5 epochs"
    text = escaped(EVIL)
    assert "\n" not in text
    for mark in "|<>[]()#*`$":
        assert text.count(mark) == text.count("\\" + mark)
    assert grid_note(EVIL, found(), None).splitlines()[0] == f"# {text}"
