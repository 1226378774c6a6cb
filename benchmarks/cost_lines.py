"""What a million clips cost, as a table for people; from the rows of scale_cost.py."""

from __future__ import annotations

from typing import Any


def cost_lines(rows: list[dict[str, Any]]) -> list[str]:
    """The table of what a million clips of each kind cost, with what it assumes."""
    lines = [
        "| a million | core hours | on 100 cores | storage | compute | storage a month |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        hours, share = row["core_hours"], 196 * row["error_s"] / row["cpu_s_per_clip"]
        cells = (row["kind"], f"{hours:,.0f} ± {share:.0f} %", f"{hours / 100:,.1f} h")
        cells += (f"{row['gigabytes']:,.1f} GB", f"${row['usd_compute']:,.2f}")
        lines.append("| " + " | ".join((*cells, f"${row['usd_month']:,.2f}")) + " |")
    one = rows[0]
    said = f"At ${one['core_hour_usd']:g} a core hour and ${one['gb_month_usd']:g} a GB and month; "
    said += ", ".join(f"{row['sample']} {row['kind']}" for row in rows)
    return [*lines, "", said + " on one core, default options; ± is 95 % of the sample's spread."]
