import numpy as np
import pytest
from matplotlib.colors import to_hex

from ecglib.databases.splits import Split
from ecglib.errors import ECGError
from ecglib.figures import plot_splits
from ecglib.figures.parts import PART_COLOURS

RECORDS = np.array(["100"] * 6 + ["101"] * 6)
SECONDS = np.tile(np.arange(6) + 0.5, 2)
SPLITS = [
    Split("intra", np.array([0, 1, 2, 6, 7, 8, 9]), np.array([3, 10]), np.array([4, 11])),
    Split("inter", np.arange(6), np.array([], int), np.arange(6, 12)),
]


def test_the_data_hold_every_drawn_beat_once_in_each_split():
    _, data = plot_splits(SPLITS, RECORDS, SECONDS, {"100": "100, DS2", "101": "101, DS1"}, stop=60.0)
    assert data.value_counts(["split", "part"]).to_dict() == {
        ("intra", "train"): 7,
        ("intra", "validation"): 2,
        ("intra", "test"): 2,
        ("inter", "train"): 6,
        ("inter", "test"): 6,
    }
    assert not data.duplicated(["split", "record", "time_s"]).any()


def test_each_part_has_its_colour_and_a_row_says_whose_it_is():
    figure, _ = plot_splits(SPLITS, RECORDS, SECONDS, {"100": "100, DS2", "101": "101, DS1"}, stop=60.0)
    inter = figure.axes[1]
    assert [label.get_text() for label in inter.get_yticklabels()] == ["100, DS2", "101, DS1"]
    drawn = {
        (to_hex(lines.get_color()[0]).upper(), round(float(np.mean(lines.get_segments()[0][:, 1]))))
        for lines in inter.collections
        if len(lines.get_segments())
    }
    assert drawn == {(PART_COLOURS["train"], 0), (PART_COLOURS["test"], 1)}


def test_a_stretch_without_beats_is_refused():
    with pytest.raises(ECGError, match="no beat to draw"):
        plot_splits(SPLITS, RECORDS, SECONDS, {"999": "999"}, stop=60.0)
