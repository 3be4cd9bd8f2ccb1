"""Pure statistics: tables in, tables out. numpy, pandas, scipy only; no Flask, no database."""
