"""What a user names as a source, and what is read from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hpstudy.errors import UserError
from hpstudy.files import absolute
from hpstudy.importing.logs import check_patterns, table_of_logs, with_logs
from hpstudy.importing.roles import Asked
from hpstudy.importing.runs import Measured, measured
from hpstudy.importing.table import read_table, table_of_frame
from hpstudy.store.addresses import file_of, is_file, whole_url

_DATABASES = (".db", ".sqlite", ".sqlite3")


def measured_of(source: Any, study: str | None, asked: Asked) -> Measured:  # noqa: ANN401
    """Returns what was run, of whatever source.

    Args:
        source: A path, be it of a folder of logs, a database's address, or a DataFrame.
        study: Which study of a database; its only one where None.
        asked: What is known of the columns; the rest is guessed.

    Raises:
        UserError: The source can't be read, or what is asked of it is wrong.
    """
    if isinstance(source, (str, Path)):
        database = _database(f"{source}")
        if database is not None:
            from hpstudy.importing.optuna_studies import measured_in

            return measured_in(database, study, asked)
        if study is not None:
            raise UserError(f"{study}: a study is named of a database alone: expected one source")
        check_patterns(asked.patterns)
        if absolute(Path(source)).is_dir():
            return measured(table_of_logs(Path(source), asked.metric, asked.patterns), asked)
        table = read_table(Path(source))
        if asked.logs is not None:
            table = with_logs(table, asked.logs, asked.metric, asked.patterns)
        return measured(table, asked)
    return measured(table_of_frame(source), asked)


def _database(source: str) -> Path | str | None:
    """Returns the file of a database, or a server's address; None where the source is none."""
    if "://" in source:
        try:
            return file_of(source) if is_file(source) else whole_url(source)
        except UserError as error:
            raise UserError(f"{error}".removeprefix("--storage: ")) from error
    return Path(source) if Path(source).suffix.lower() in _DATABASES else None
