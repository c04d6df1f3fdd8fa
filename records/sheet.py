"""Workbooks of text cells, which no program takes for formulas; rows are written as they come and not kept in memory."""

import io
import tempfile
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import xlsxwriter

Rows = Iterable[Sequence[object]]
#: Titles and widths (characters).
Columns = Sequence[tuple[str, int]]


#: Rows of a file that is made while somebody waits.
EXPORTED = 5_000


def said_where_cut(most: int, one: str) -> str:
    """What a file says that holds the first rows alone; ``one`` is what a row is counted by."""
    return f"一次最多导出 {most:,} {one}，此处只有前 {most:,} {one}。请缩小筛选范围后分次导出。"


class Part(NamedTuple):
    """One sheet of a workbook: its rows, with notes below them."""

    name: str
    columns: Columns
    rows: Rows
    notes: Sequence[str] = ()


def book(parts: Iterable[Part]) -> tuple[io.BytesIO, list[int]]:
    """A workbook with a sheet for each part, and how many rows each has."""
    file = io.BytesIO()
    # Rows wait in a folder that goes when this ends, however it ends: on a full disk they would stay there for ever.
    with tempfile.TemporaryDirectory() as folder:
        plain = {"strings_to_formulas": False, "strings_to_urls": False}
        made = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder, **plain})
        bold = made.add_format({"bold": True})
        try:
            counts = [_write(made.add_worksheet(part.name), part, bold) for part in parts]
        except BaseException:
            for one in made.worksheets():  # its rows so far lie in an open file
                one.row_data_fh.close()
            raise
        made.close()
    file.seek(0)
    return file, counts


def _write(sheet: xlsxwriter.worksheet.Worksheet, part: Part, bold: xlsxwriter.format.Format) -> int:
    sheet.freeze_panes(1, 1)
    for column, (title, width) in enumerate(part.columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, bold)
    line = 0
    for line, cells in enumerate(part.rows, start=1):
        for column, cell in enumerate(cells):
            sheet.write_string(line, column, str(cell))
    for offset, note in enumerate(part.notes, start=2):
        sheet.write_string(line + offset, 0, note)
    return line
