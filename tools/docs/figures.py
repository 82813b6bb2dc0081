"""Figures of matplotlib as the documentation shows them; the same figure gives the same bytes."""

import io
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.rcParams.update({"svg.hashsalt": "modomo", "axes.spines.top": False, "axes.spines.right": False, "font.size": 9})


def save(figure: Figure, path: Path) -> None:
    """Writes a figure in the format that the path's suffix names."""
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, bbox_inches="tight")


def svg(figure: Figure) -> str:
    """The figure as an element that stands in a page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    text = buffer.getvalue()
    return text[text.index("<svg") :]
