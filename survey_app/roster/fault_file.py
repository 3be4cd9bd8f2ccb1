"""The unit's rows again as .xlsx, each with its faults in a last column: for those who correct in Excel."""

from ..sheets import SheetColumn, SheetPlan, workbook_bytes
from .check_view import row_sentence
from .columns import Table, text_of
from .problems import Problem
from .rules import DraftCheck


def fault_workbook(checked: DraftCheck, file_name: str, mark: str = "") -> bytes:
    """One sheet per table that was read; headings and texts as in the file."""
    by_row: dict[tuple[str | None, int], list[Problem]] = {}
    for problem in checked.reading.problems:
        if problem.row is not None:
            by_row.setdefault((problem.sheet, problem.row), []).append(problem)
    plans = [_plan(number, table, by_row) for number, table in enumerate(checked.draft.tables, 1)]
    return workbook_bytes(plans, file_name, mark)


def _plan(number: int, table: Table, by_row: dict[tuple[str | None, int], list[Problem]]) -> SheetPlan:
    columns = [SheetColumn(column.label, 18) for column in table.columns]
    columns.append(SheetColumn("Điều cần xem (hệ thống ghi)", 60))
    rows = []
    for row in table.rows:
        texts = [text_of(row.raw[c.index - 1]) if c.index <= len(row.raw) else "" for c in table.columns]
        told = "\n".join(row_sentence(problem) for problem in by_row.get((table.sheet, row.row), []))
        rows.append([*texts, told])
    return SheetPlan(f"{number} {table.sheet or 'Danh sách'}", tuple(columns), rows)
