"""How the index grows: the same measurements at five sizes, printed as a table and drawn for the documentation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from measure import Figures, measured
from trees import sized

SIZES = (10_000, 50_000, 150_000, 500_000, 2_000_000)
SERIES = (
    ("cold", "cold start, s", "#1f77b4"),
    ("warm", "warm start, s", "#2ca02c"),
    ("p95", "one edit until it is seen (p95), ms", "#d62728"),
    ("rss", "memory, MB", "#9467bd"),
)
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 440, 70, 30, 20, 110


def run(scratch: Path, sources: Sequence[Path], picture: Path) -> None:
    """Measure, print and draw."""
    rows: list[dict[str, float]] = []
    print(f"{'lines':>10} {'files':>7}" + "".join(f" {name:>36}" for _, name, _ in SERIES))
    for n_lines in SIZES:
        tree = sized(scratch / f"grow{n_lines}", sources, n_lines)
        store, figures = scratch / f"grow{n_lines}.db", Figures()
        figures.add("cold", measured("cold", tree, store))
        figures.add("warm", measured("warm", tree, store))
        figures.add("edit", measured("edit", tree))
        row = {
            "lines": figures.last("cold", "lines"),
            "cold": figures.last("cold", "seconds"),
            "warm": figures.last("warm", "seconds"),
            "p95": figures.last("edit", "p95_ms"),
            "rss": figures.last("edit", "rss_mb"),
        }
        rows.append(row)
        values = "".join(f" {row[key]:>36.2f}" for key, _, _ in SERIES)
        print(f"{int(row['lines']):>10,} {int(figures.last('cold', 'files')):>7,}{values}", flush=True)
    picture.write_text(drawn(rows), "utf-8")
    print(f"drawn: {picture}")


def drawn(rows: Sequence[dict[str, float]]) -> str:
    """Return the picture: both axes logarithmic, so that what grows with the lines is a straight line."""
    low, high = math.log10(rows[0]["lines"]), math.log10(rows[-1]["lines"])
    top = math.ceil(math.log10(max(row[key] for row in rows for key, _, _ in SERIES)))
    bottom = math.floor(math.log10(min(row[key] for row in rows for key, _, _ in SERIES)))

    def x(lines: float) -> float:
        return LEFT + (math.log10(lines) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return TOP + (top - math.log10(value)) / (top - bottom) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"',
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for power in range(bottom, top + 1):
        parts.append(f'<path d="M{LEFT} {y(10**power):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(10**power) + 4:.1f}" text-anchor="end">{10**power:g}</text>')
    for row in rows:
        at, told = f"{x(row['lines']):.1f}", f"{row['lines'] / 1e3:,.0f}k"
        parts.append(f'<path d="M{at} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{at}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{told}</text>')
    parts.append(f'<text x="{(WIDTH + LEFT) / 2}" y="{HEIGHT - BOTTOM + 38}" text-anchor="middle">lines of code</text>')
    for n, (key, name, colour) in enumerate(SERIES):
        points = " ".join(f"{x(row['lines']):.1f},{y(row[key]):.1f}" for row in rows)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += (f'<circle cx="{x(row["lines"]):.1f}" cy="{y(row[key]):.1f}" r="3" fill="{colour}"/>' for row in rows)
        across, down = LEFT + n % 2 * 330, HEIGHT - 48 + n // 2 * 22
        parts.append(f'<rect x="{across}" y="{down - 10}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{across + 18}" y="{down}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])
