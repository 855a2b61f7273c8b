"""What a study shows of what was trained for it: its summary, its report, its rows as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from hpstudy.errors import UserError
from hpstudy.plans.grid import chosen_factors
from hpstudy.store.database import reading
from hpstudy.study.opened import Opened
from hpstudy.study.reading import read_summary
from hpstudy.views.line import Line
from hpstudy.views.notebook import Summary


class Showing(Opened):
    """A study that can be asked and shown."""

    def summary(self, factors: str | Sequence[str] | None = None) -> Summary:
        """Reads what the database holds, once; what it shows is worked out when asked for.

        Args:
            factors: The grid's factors to show; all where None. Verdicts are of all together.

        Raises:
            UserError: A factor is not in the file, or nothing was run yet.
        """
        chosen = named(factors)
        chosen_factors(self.file, chosen)
        with reading(self.runs) as database:
            summary = read_summary(self, database, chosen)
        summary.quick = self.quick_note()
        return summary

    def write_report(
        self, output: str | Path | None = None, *, factors: str | Sequence[str] | None = None
    ) -> Path:
        """Writes the report, one HTML file that opens offline, and returns its path.

        Args:
            output: The file; `RUNS/report/NAME.html` where None.
            factors: The grid's factors to show; all where None.

        Raises:
            UserError: Nothing was run yet, or the file can't be written.
        """
        from hpstudy.study.report import write_report

        path = None if output is None else Path(output)
        return write_report(self, named(factors), path, Line().say)

    report = write_report

    def export(
        self, output: str | Path | None = None, *, file_format: str = "csv"
    ) -> dict[Path, int]:
        """Writes trials, epochs and steps as files for other tools.

        Args:
            output: The folder; `RUNS/export` where None.
            file_format: "csv", or "parquet" with the package's extra of that name.

        Returns:
            How many rows each file has.

        Raises:
            UserError: Nothing was run yet, or the files can't be written.
        """
        from hpstudy.study.export import export

        return export(self, file_format, None if output is None else Path(output))

    def __repr__(self) -> str:
        what = f"{self.path}" if self.given is None else self.given.name
        return f"Study({what!r}, name={self.name!r})"

    def _repr_html_(self) -> str:
        """Returns what a notebook shows: the answer and the tables."""
        try:
            return self.summary()._repr_html_()
        except UserError as error:
            return Markup("<p>{}</p>").format(error)


def named(factors: str | Sequence[str] | None) -> Sequence[str] | None:
    """Returns factors as a list, where one may be given by itself."""
    return [factors] if isinstance(factors, str) else factors  # else it is read letter by letter
