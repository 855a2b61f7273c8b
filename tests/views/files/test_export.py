from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime

import pytest
from pyarrow import parquet

from hpstudy.errors import UserError
from hpstudy.results.rows import Rows
from hpstudy.views.files.export import check_format, write_rows

ROWS = Rows(
    trials=[
        {"study": "grid", "number": 0, "value": 0.5, "started": datetime(2026, 1, 2, tzinfo=UTC),
         "error": 'it said "no",\nand ended', "params_kind": "a"},
        {"study": "search", "number": 0, "value": None, "params_lr": 0.1, "params_kind": 2},
    ],
    epochs=[{"study": "grid", "training": "k", "epoch": 1, "test_accuracy": 0.25}],
    steps=[],
)  # fmt: skip


def test_csv_has_a_column_for_all_that_some_row_names(tmp_path):
    files = write_rows(ROWS, "walk", "csv", tmp_path / "new")
    assert [f.name for f in files] == ["walk-trials.csv", "walk-epochs.csv", "walk-steps.csv"]
    with files[0].open(newline="") as stream:
        first, second = csv.DictReader(stream)
    assert first["error"] == 'it said "no",\nand ended'
    assert first["started"] == "2026-01-02 00:00:00+00:00"
    assert (first["params_lr"], second["params_lr"], second["value"]) == ("", "0.1", "")
    assert files[2].read_text() == "study,training,seen,loss,accuracy\n"
    assert len(list((tmp_path / "new").iterdir())) == 3


def test_parquet_keeps_types(tmp_path):
    trials, epochs, steps = write_rows(ROWS, "walk", "parquet", tmp_path)
    read = parquet.read_table(trials).to_pylist()
    assert [row["value"] for row in read] == [0.5, None]
    assert read[0]["started"] == datetime(2026, 1, 2, tzinfo=UTC)
    assert [row["params_kind"] for row in read] == ["a", "2"]  # of two types: as text
    assert parquet.read_table(epochs).to_pylist() == ROWS.epochs
    assert parquet.read_table(steps).num_rows == 0


def test_a_second_export_takes_the_place_of_the_first(tmp_path):
    write_rows(ROWS, "walk", "csv", tmp_path)
    files = write_rows(Rows([], [], []), "walk", "csv", tmp_path)
    assert [len(file.read_text().splitlines()) for file in files] == [1, 1, 1]


def test_a_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        UserError, match="file/walk-trials.csv: can't be written: .*file is no folder"
    ):
        write_rows(ROWS, "walk", "csv", tmp_path / "file")


def test_formats(monkeypatch):
    check_format("csv")
    check_format("parquet")
    with pytest.raises(UserError, match="--format: expected csv or parquet, found 'xls'"):
        check_format("xls")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"needs pyarrow: pip install 'hpstudy\[parquet\]'"):
        check_format("parquet")
