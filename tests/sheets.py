"""Workbooks that the site wrote."""

import io
import zipfile
from xml.etree import ElementTree

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(content: bytes) -> list[list[str]]:
    """Rows of the first sheet; no cell of it is a formula."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert not list(root.iter(f"{SPACE}f"))
    return [["".join(cell.itertext()) for cell in row] for row in root.iter(f"{SPACE}row")]
