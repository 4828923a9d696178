"""How training went, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ecglib.errors import ECGError
from ecglib.figures.style import FAINT, TRAIN, VALIDATION, axes_at, styled

_WIDTH, _LEFT, _PANEL, _GAP, _TOP, _BOTTOM = 6.4, 0.95, 1.75, 0.2, 0.4, 0.58


@styled
def plot_history(
    history: Sequence[Mapping[str, float]], best_epoch: int | None = None, *, score: str = "Macro F1"
) -> tuple[Figure, pd.DataFrame]:
    """Draw losses and score over the epochs of a training run.

    Parameters
    ----------
    history : sequence of mapping of str to float
        One mapping per epoch, as ``fit`` gives them: ``epoch``, ``loss`` on training data, ``validation_loss`` and
        ``score`` on validation data.
    best_epoch : int, optional
        Epoch whose weights were kept.
    score : str
        What the score is.

    Returns
    -------
    figure : Figure
        Losses above, the score below.
    data : DataFrame
        One row per epoch.

    Raises
    ------
    ECGError
        If there are no epochs, or one of the names is missing.

    Notes
    -----
    Source: our choice. Taught in chapter ``10_cnn``.

    Examples
    --------
    >>> history = [{"epoch": 1, "loss": 0.9, "validation_loss": 0.8, "score": 0.5},
    ...            {"epoch": 2, "loss": 0.5, "validation_loss": 0.6, "score": 0.7}]
    >>> figure, data = plot_history(history, best_epoch=2)
    >>> len(figure.axes), len(data)
    (2, 2)
    """
    data = pd.DataFrame(list(history))
    missing = [name for name in ("epoch", "loss", "validation_loss", "score") if name not in data]
    if missing:
        raise ECGError(
            "no history to draw",
            expected="epochs with epoch, loss, validation_loss and score",
            found=f"{len(data)} epochs without {', '.join(missing)}",
            remedy="pass the history that fit gives",
        )
    lines = [("loss", "training", TRAIN), ("validation_loss", "validation", VALIDATION), ("score", "", VALIDATION)]
    height = _TOP + 2 * _PANEL + _GAP + _BOTTOM
    figure = Figure(figsize=(_WIDTH, height))
    for index, (label, drawn) in enumerate((("Loss", lines[:2]), (f"{score},\nvalidation", lines[2:]))):
        lowest = index == 1
        axes = axes_at(figure, _LEFT, _BOTTOM + (1 - index) * (_PANEL + _GAP), _WIDTH - _LEFT - 0.2, _PANEL)
        for name, meaning, colour in drawn:
            style = (0, (4, 2)) if colour == TRAIN else "-"
            axes.plot(
                data["epoch"],
                data[name],
                color=colour,
                linestyle=style,
                marker="o",
                markersize=4,
                linewidth=1.8,
                label=meaning,
                gid=name,
            )
        if best_epoch is not None:
            kept = f"kept: epoch {best_epoch}"
            axes.axvline(best_epoch, color=FAINT, linewidth=1.2, linestyle=":", label=kept, gid="kept")
        axes.set_ylabel(label)
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        axes.tick_params(axis="x", labelbottom=lowest, length=3 if lowest else 0)
        axes.set_xlabel("Epoch" if lowest else "")
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        if not lowest:
            axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.97), ncols=3, columnspacing=1.2, handlelength=2.2)
    return figure, data
