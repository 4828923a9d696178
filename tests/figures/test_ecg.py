import matplotlib
import numpy as np
import pytest

from ecglib.databases import open_database
from ecglib.databases.record import NOT_MARKED, Beats, Record, RhythmSpan, Waves
from ecglib.errors import AnnotationError, ECGError, LeadError, RecordTooShortError
from ecglib.figures import CLASS_COLOURS, RHYTHM_NAMES, plot_ecg, plot_waves

TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
MM = 1 / 25.4


def a_record(leads=("MLII", "V1"), seconds=30, rate=360.0, height=1.4, **extra):
    """Beats every 0.8 s, tall and deep, on a wandering baseline."""
    count = int(seconds * rate)
    time = np.arange(count) / rate
    peaks = np.arange(0.5, seconds, 0.8)
    one = sum(
        height * np.exp(-(((time - at) / 0.012) ** 2)) - 0.4 * np.exp(-(((time - at - 0.04) / 0.012) ** 2))
        for at in peaks
    )
    signal = np.stack([one * (1 - 2 * (i % 2)) + 0.1 * np.sin(time + i) for i in range(len(leads))]).astype(np.float32)
    samples = np.round(peaks * rate).astype(np.int64)
    symbols = np.array(list("NNVANNFN/LQ") * 10)[: len(samples)]
    rhythms = (RhythmSpan(100, 2000, "N"), RhythmSpan(2000, 2300, "AFIB"), RhythmSpan(2300, count, "SVTA"))
    return Record(
        "demo", "1", "1", signal, leads, rate, **({"beats": Beats(samples, symbols), "rhythms": rhythms} | extra)
    )


@pytest.mark.parametrize(("start", "stop", "height"), [(0, 4, 4.0), (2, 8, 0.3), (0, 10, 1.4), (3.3, 15, 4.0)])
def test_a_strip_is_ecg_paper_and_readable(looks, start, stop, height):
    figure, _ = plot_ecg(a_record(height=height), start=start, stop=stop)
    looks.readable(figure)
    looks.ecg_paper(figure.axes[0], origin=start)
    looks.clear_of_traces(figure, ["lead name", "beat"])


def test_a_strip_that_fits_is_printed_at_true_size_and_others_in_proportion(looks):
    assert looks.square(plot_ecg(a_record(), stop=6)[0].axes[0]) == pytest.approx(MM, rel=1e-6)
    assert looks.square(plot_ecg(a_record(), stop=2)[0].axes[0]) > MM
    long, _ = plot_ecg(a_record(), stop=14)
    assert looks.square(long.axes[0]) < MM
    assert long.get_figwidth() == pytest.approx(8.0)


def test_small_squares_are_left_out_where_they_would_blur(looks):
    assert looks.named(plot_ecg(a_record(), stop=12)[0].axes[0], "small squares")
    axes = plot_ecg(a_record(), stop=15)[0].axes[0]
    assert not looks.named(axes, "small squares")
    assert looks.named(axes, "large squares")


def test_the_trace_is_the_signal_in_millivolts_and_seconds(looks):
    record = a_record()
    figure, data = plot_ecg(record, start=2, stop=7)
    axes = figure.axes[0]
    for lead in record.leads:
        (line,) = looks.named(axes, f"lead {lead}")
        expected = record.lead(lead)[720:2520]
        np.testing.assert_allclose(data[lead], expected)
        baseline = np.median(line.get_ydata() - expected)
        np.testing.assert_allclose(line.get_ydata() - baseline, expected, atol=1e-6)
        assert baseline / 0.5 == pytest.approx(round(baseline / 0.5))
        np.testing.assert_allclose(line.get_xdata(), data["time_s"])
        assert [baseline, baseline + 1] == pytest.approx([at for at in axes.get_yticks() if 0 <= at - baseline <= 1])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1", "0", "1"]
    assert axes.get_xlabel() == "Time (s)"
    assert "mV" in axes.get_ylabel()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "3", "4", "5", "6", "7"]


def test_every_row_has_a_calibration_pulse_of_one_millivolt_and_a_fifth_of_a_second(looks):
    for figure, rows in ((plot_ecg(a_record())[0], 2), (plot_ecg(a_record(TWELVE))[0], 4)):
        pulses = looks.named(figure.axes[0], "calibration")
        assert len(pulses) == rows
        for pulse in pulses:
            x, y = pulse.get_data()
            assert np.ptp(y) == pytest.approx(1.0)
            assert np.ptp(x[y > y.min()]) == pytest.approx(0.2)
            assert x.max() < 0


def test_beats_carry_the_annotators_symbol_in_the_colour_of_their_class(looks):
    figure, data = plot_ecg(a_record(), start=0, stop=9)
    written = [artist for artist in figure.axes[0].texts if artist.get_gid() == "beat"]
    assert "".join(artist.get_text() for artist in sorted(written, key=lambda a: a.get_position())) == "NNVANNFN/LQ"
    colours = {artist.get_text(): artist.get_color() for artist in written}
    assert colours == {
        "N": CLASS_COLOURS["N"],
        "L": CLASS_COLOURS["N"],
        "V": CLASS_COLOURS["V"],
        "A": CLASS_COLOURS["S"],
        "F": CLASS_COLOURS["F"],
        "/": CLASS_COLOURS["Q"],
        "Q": CLASS_COLOURS["Q"],
    }
    marked = data[data["beat"] != ""]
    assert "".join(marked["beat"]) == "NNVANNFN/LQ"
    assert marked["time_s"].tolist() == pytest.approx([0.5 + 0.8 * i for i in range(11)], abs=0.002)
    assert not [artist for artist in plot_ecg(a_record(), beats=False)[0].axes[0].texts if artist.get_gid() == "beat"]


def test_symbols_too_close_to_be_read_give_way_to_the_ectopic_one(looks):
    samples = np.array([1000, 1010, 1020, 2000], dtype=np.int64)
    record = a_record(beats=Beats(samples, np.array(["N", "V", "N", "N"])))
    figure, data = plot_ecg(record)
    assert sorted(a.get_text() for a in figure.axes[0].texts if a.get_gid() == "beat") == ["N", "V"]
    assert len([line for line in looks.named(figure.axes[0], "beat") if hasattr(line, "get_xdata")]) == 4
    assert (data["beat"] != "").sum() == 4


def test_rhythms_are_named_in_words_where_there_is_room_and_changes_are_marked(looks):
    figure, data = plot_ecg(a_record(), start=2, stop=10)
    names = [artist.get_text() for artist in figure.axes[0].texts if artist.get_gid() == "rhythm"]
    assert names == ["normal sinus rhythm", "AFIB", "supraventricular tachycardia"]
    changes = [line.get_xdata()[0] for line in looks.named(figure.axes[0], "rhythm change")]
    assert changes == pytest.approx([2000 / 360, 2300 / 360])
    assert data["rhythm"].value_counts().to_dict() == {"SVTA": 1300, "N": 1280, "AFIB": 300}
    assert "rhythm" not in plot_ecg(a_record(), rhythms=False)[1]


def test_twelve_leads_come_in_the_standard_layout(looks):
    record = a_record(TWELVE, seconds=10, rate=500.0, beats=None, rhythms=())
    figure, data = plot_ecg(record)
    looks.readable(figure)
    looks.ecg_paper(figure.axes[0])
    looks.clear_of_traces(figure, ["lead name"])
    axes = figure.axes[0]
    names = {artist.get_text(): artist.get_position() for artist in axes.texts if artist.get_gid() == "lead name"}
    columns = [["I", "II", "III"], ["aVR", "aVL", "aVF"], ["V1", "V2", "V3"], ["V4", "V5", "V6"]]
    for column, leads in enumerate(columns):
        for lead in leads:
            lines = looks.named(axes, f"lead {lead}")
            assert lines[0].get_xdata()[0] == pytest.approx(2.5 * column)
            assert np.ptp(lines[0].get_xdata()) == pytest.approx(2.5, abs=0.003)
            if lead != "II":
                assert names[lead][0] == pytest.approx(2.5 * column, abs=0.1)
                drawn = data[lead].dropna()
                assert len(drawn) == 1250
                np.testing.assert_array_equal(drawn, record.lead(lead)[drawn.index])
        heights = [np.mean(looks.named(axes, f"lead {lead}")[0].get_ydata()) for lead in leads]
        assert heights == sorted(heights, reverse=True)
    _, strip = looks.named(axes, "lead II")
    assert np.ptp(strip.get_xdata()) == pytest.approx(10, abs=0.003)
    assert strip.get_ydata().max() < looks.named(axes, "lead aVF")[0].get_ydata().min()
    assert data["II"].notna().all()


def test_chosen_leads_come_as_strips_in_their_order():
    figure, data = plot_ecg(a_record(TWELVE), leads=["V5", "II"])
    names = [artist for artist in figure.axes[0].texts if artist.get_gid() == "lead name"]
    assert [artist.get_text() for artist in names] == ["V5", "II"]
    assert names[0].get_position()[1] > names[1].get_position()[1]
    assert [name for name in data if name in TWELVE] == ["V5", "II"]


def test_a_stretch_beyond_the_end_is_cut_there_and_one_outside_refused():
    assert len(plot_ecg(a_record(seconds=5), stop=10)[1]) == 1800
    with pytest.raises(RecordTooShortError, match="inside 0 to 5 s"):
        plot_ecg(a_record(seconds=5), start=6, stop=9)
    with pytest.raises(RecordTooShortError):
        plot_ecg(a_record(), start=5, stop=5)
    with pytest.raises(ECGError, match="at most 15 s"):
        plot_ecg(a_record(), start=0, stop=20)
    with pytest.raises(LeadError, match="demo/1: no lead V9"):
        plot_ecg(a_record(), leads=["V9"])


def test_the_readers_own_settings_neither_change_the_figure_nor_are_changed(looks):
    with matplotlib.rc_context({"font.size": 4, "figure.facecolor": "black", "text.color": "red"}):
        figure, _ = plot_ecg(a_record())
        assert matplotlib.rcParams["font.size"] == 4
    looks.readable(figure)


WAVES = Waves(
    np.array(["P", "QRS", "T", "P", "QRS", "T"]),
    np.array([400, 500, 600, 900, NOT_MARKED, 1100]),
    np.array([420, 520, 650, 920, 1020, 1150]),
    np.array([440, 540, 700, NOT_MARKED, 1040, 1200]),
)


@pytest.fixture
def marked():
    return a_record(("II", "V1"), seconds=4, rate=500.0, beats=None, rhythms=(), waves={"II": WAVES})


@pytest.mark.parametrize(("start", "stop"), [(0.5, 1.5), (0, 2.6), (0, 4)])
def test_waves_are_shaded_on_ecg_paper(looks, marked, start, stop):
    figure, _ = plot_waves(marked, "II", start, stop)
    looks.readable(figure)
    looks.ecg_paper(figure.axes[0], origin=start)
    looks.clear_of_traces(figure, ["wave name"])


def test_waves_have_their_boundaries_and_peaks(looks, marked):
    figure, data = plot_waves(marked, "II", 0, 2.6)
    axes = figure.axes[0]
    spans = {kind: [patch.get_extents() for patch in looks.named(axes, f"wave {kind}")] for kind in ("P", "QRS", "T")}

    def pixels(sample):
        return axes.transData.transform((sample / 500, 0))[0]

    expected = {"P": [(400, 440), (900, 920)], "QRS": [(500, 540), (1020, 1040)], "T": [(600, 700), (1100, 1200)]}
    for kind, edges in expected.items():
        found = sorted((box.x0, box.x1) for box in spans[kind])
        np.testing.assert_allclose(found, [[pixels(left), pixels(right)] for left, right in edges], atol=0.01)
    onsets = [round(line.get_xdata()[0] * 500) for line in looks.named(axes, "onset")]
    offsets = [round(line.get_xdata()[0] * 500) for line in looks.named(axes, "offset")]
    assert onsets == [400, 500, 600, 900, 1100]
    assert offsets == [440, 540, 700, 1040, 1200]
    assert [round(line.get_xdata()[0] * 500) for line in looks.named(axes, "peak")] == WAVES.peaks.tolist()
    for line in looks.named(axes, "peak"):
        assert line.get_ydata()[0] == marked.lead("II")[round(line.get_xdata()[0] * 500)]
    assert data["mark"].value_counts().to_dict() == {"": 1284, "peak": 6, "onset": 5, "offset": 5}


def test_what_nobody_annotated_is_grey_and_called_unknown(looks, marked):
    figure, data = plot_waves(marked, "II", 0, 4)
    grey = looks.named(figure.axes[0], "not marked")
    assert len(grey) == 2
    assert set(data["wave"][:400]) == {"unknown"}
    assert set(data["wave"][1201:]) == {"unknown"}
    assert "unknown" not in set(data["wave"][400:1201])
    inside, data = plot_waves(marked, "II", 1.0, 2.0)
    assert not looks.named(inside.axes[0], "not marked")
    assert "unknown" not in set(data["wave"])


def test_a_lead_without_marks_is_refused(marked):
    with pytest.raises(AnnotationError, match="marks in II"):
        plot_waves(marked, "V1")
    with pytest.raises(LeadError):
        plot_waves(marked, "V2")


def test_twins_of_all_databases_can_be_drawn(looks, twins):
    for key in ("mitbih", "ludb", "ptbxl", "chapman"):
        database = open_database(key, twins)
        record = database.read(database.names()[0])
        figure, data = plot_ecg(record)
        looks.readable(figure)
        looks.ecg_paper(figure.axes[0])
        assert np.isfinite(data[record.leads[0]].to_numpy()).any()


@pytest.mark.real_data
def test_real_records_are_drawn_without_a_trace_through_a_name(looks, real_data):
    mitbih, ludb = open_database("mitbih", real_data), open_database("ludb", real_data)
    for name, start in (("114", 60), ("207", 52), ("208", 10), ("217", 5)):
        figure, _ = plot_ecg(mitbih.read(name), start=start, stop=start + 10)
        looks.readable(figure)
        looks.clear_of_traces(figure, ["lead name", "beat"])
    for name in ("1", "8"):
        record = ludb.read(name)
        figure, _ = plot_ecg(record)
        looks.readable(figure)
        looks.clear_of_traces(figure, ["lead name"])
        figure, _ = plot_waves(record, "II", 2, 5)
        looks.readable(figure)
        looks.clear_of_traces(figure, ["wave name"])


@pytest.mark.real_data
def test_every_rhythm_of_mitbih_has_a_name(real_data):
    found = {
        span.name for record in open_database("mitbih", real_data).read_all(progress=False) for span in record.rhythms
    }
    assert found <= set(RHYTHM_NAMES)
    assert {"AFIB", "VFL", "N"} <= found


def test_names_of_waves_close_together_stand_on_different_lines(looks):
    peaks = np.array([900, 940, 1040])
    waves = Waves(np.array(["P", "QRS", "T"]), peaks - 15, peaks, peaks + 15)
    record = a_record(("II",), seconds=5, rate=500.0, beats=None, rhythms=(), waves={"II": waves})
    figure, _ = plot_waves(record, "II", 0, 5)
    looks.readable(figure)
    looks.clear_of_traces(figure, ["wave name"])
    names = {text.get_text(): text.get_position()[1] for text in figure.axes[0].texts}
    assert names["QRS"] < names["P"] == names["T"]
