"""What the templates are rendered with: all text escaped, and the words for it."""

from __future__ import annotations

from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.utils import PlotlyJSONEncoder

from hpstudy.charts.axes import identifier, titled
from hpstudy.views.page.filters import breakable, characters, folded, told, unbroken
from hpstudy.views.states import alike_failures, missing_numbers, points_done, trials_done
from hpstudy.views.tables.ablation import ablation_table
from hpstudy.views.tables.combined import combined_table
from hpstudy.views.tables.comparison import comparisons_table
from hpstudy.views.tables.grid import claims_table, costs_table
from hpstudy.views.tables.looks import looks_told
from hpstudy.views.tables.search import finalists_table, trials_table, winner_table
from hpstudy.views.tables.table import footnotes
from hpstudy.wording import counted, duration, ends, level, number, setting, words

_TRIALS = 10


@cache  # it keeps the templates that it has compiled
def environment() -> Environment:
    """Returns the environment of the page and of what a notebook shows."""
    made = Environment(
        loader=PackageLoader("hpstudy.views.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # `tojson` escapes what would end a <script>; Plotly's encoder knows arrays, dates and NaN.
    made.policies["json.dumps_kwargs"] = {"cls": PlotlyJSONEncoder}
    made.filters |= {
        "words": words,
        "number": number,
        "ends": ends,
        "level": level,
        "setting": setting,
        "duration": duration,
        "counted": counted,
        "titled": titled,
        "told": told,
        "characters": characters,
        "breakable": breakable,
        "folded": folded,
        "footnotes": footnotes,
        "unbroken": unbroken,
    }
    made.globals |= {
        "identifier": identifier,
        "claims_table": claims_table,
        "combined_table": combined_table,
        "comparisons_table": comparisons_table,
        "costs_table": costs_table,
        "trials_table": partial(trials_table, most=_TRIALS),
        "finalists_table": finalists_table,
        "winner_table": winner_table,
        "ablation_table": ablation_table,
        "alike_failures": alike_failures,
        "points_done": points_done,
        "trials_done": trials_done,
        "missing_numbers": missing_numbers,
        "looks_told": looks_told,
    }
    return made
