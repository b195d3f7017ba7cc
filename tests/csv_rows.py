"""CSV as a program reads it: each cell without its guard."""

from __future__ import annotations

import csv
import io

from imageshelf.report.csv_table import GUARD


def rows(data: bytes) -> list[dict[str, str]]:
    text = io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")
    return [
        {field: cell.removeprefix(GUARD) for field, cell in row.items()}
        for row in csv.DictReader(text)
    ]
