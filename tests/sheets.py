"""Workbooks that the site wrote."""

import io
import zipfile
from xml.etree import ElementTree

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(content: bytes) -> list[list[str]]:
    """Rows of the first sheet; no cell of it is a formula."""
    return next(iter(sheets(content).values()))


def sheets(content: bytes) -> dict[str, list[list[str]]]:
    """Rows of every sheet by its name; no cell is a formula."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        named = ElementTree.fromstring(book.read("xl/workbook.xml")).iter(f"{SPACE}sheet")
        for number, one in enumerate(named, 1):
            root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(root.iter(f"{SPACE}f"))
            rows = root.iter(f"{SPACE}row")
            found[one.attrib["name"]] = [["".join(cell.itertext()) for cell in row] for row in rows]
    return found
