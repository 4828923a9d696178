"""Boundaries found around known beats, against boundaries that are known."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from ecglib.databases import open_database
from ecglib.databases.record import NOT_MARKED, Waves
from ecglib.databases.synthetic.mitbih import make_mitbih
from ecglib.errors import AnnotationError, ECGError
from ecglib.evaluation.wave_energy import beat_parts
from ecglib.signals import bandpass
from ecglib.signals.delineation import at_rate, boundary_errors, delineate, may_have_p

pytest.importorskip("neurokit2")


def truth(recording):
    known = recording.waves(recording.leads[0])
    columns = [np.array([getattr(wave, name) for wave in known]) for name in ("kind", "onset", "peak", "offset")]
    order = np.argsort(columns[2], kind="stable")
    return Waves(*(column[order] for column in columns))


@pytest.mark.parametrize("name", ["100", "106"])
def test_waves_of_the_twin_are_found_where_they_were_put(name, twins):
    _, recording = make_mitbih(name, 0)
    record = open_database("mitbih", twins).read(name)
    signal = bandpass(record.signal[0], record.rate)
    found = delineate(signal, record.beats.samples, record.rate, has_p=may_have_p(record))
    assert (np.diff(found.peaks) >= 0).all()
    assert ((found.onsets <= found.peaks) & (found.peaks <= found.offsets)).mean() > 0.97
    errors = boundary_errors(found, truth(recording), record.rate)
    for kind, least in (("P", 0.5), ("QRS", 0.75), ("T", 0.5)):
        of_kind = errors[kind]
        assert np.median(of_kind["overlap"]) > least, kind
        assert abs(np.median(of_kind["onset"])) < 0.03, kind
        assert abs(np.median(of_kind["offset"])) < 0.03, kind
        assert of_kind["missed"] < 0.15 * len(of_kind["overlap"]), kind


def test_a_wide_qrs_is_found_wide(twins):
    _, recording = make_mitbih("106", 0)
    record = open_database("mitbih", twins).read("106")
    found = delineate(bandpass(record.signal[0], record.rate), record.beats.samples, record.rate)
    inner, symbols = record.beats.samples[2:-2], record.beats.symbols[2:-2]
    widths = {}
    for who, waves in (("found", found), ("true", truth(recording))):
        taken = (beat_parts(waves, inner, 100, 160) == 1).sum(axis=1) / record.rate
        widths[who] = {symbol: np.median(taken[symbols == symbol]) for symbol in "NV"}
    assert widths["found"]["V"] > widths["found"]["N"] + 0.03
    for symbol in "NV":
        assert widths["found"][symbol] == pytest.approx(widths["true"][symbol], abs=0.035)


def test_no_p_wave_where_the_annotators_allow_none(twins):
    record = open_database("mitbih", twins).read("203")
    allowed = may_have_p(record)
    symbols = record.beats.symbols
    assert not allowed[symbols == "V"].any()
    fibrillating = np.zeros(len(symbols), bool)
    for span in record.rhythms:
        if span.name == "AFIB":
            fibrillating |= (record.beats.samples >= span.start) & (record.beats.samples < span.stop)
    assert fibrillating.any()
    assert not allowed[fibrillating].any()
    signal = bandpass(record.signal[0], record.rate)
    p_waves = delineate(signal, record.beats.samples, record.rate, has_p=allowed).of("P")
    assert len(p_waves) <= allowed.sum()
    assert len(delineate(signal, record.beats.samples, record.rate).of("P")) > len(p_waves)


@pytest.mark.parametrize("first", [3, 30, 90])
def test_a_beat_at_the_beginning_moves_no_other(first, twins):
    record = open_database("mitbih", twins).read("100")
    signal, beats = bandpass(record.signal[0], record.rate), record.beats.samples
    cut = beats[5] - first
    whole = delineate(signal, beats, record.rate)
    cropped = delineate(signal[cut:], beats[5:] - cut, record.rate)
    for kind in ("P", "QRS", "T"):
        inside = whole.of(kind).onsets > beats[7]
        kept = cropped.of(kind).onsets + cut > beats[7]
        np.testing.assert_array_equal(whole.of(kind).onsets[inside], cropped.of(kind).onsets[kept] + cut)
        np.testing.assert_array_equal(whole.of(kind).offsets[inside], cropped.of(kind).offsets[kept] + cut)


@pytest.mark.real_data
def test_cardiologists_would_draw_most_boundaries_there(real_data):
    ludb = open_database("ludb", real_data)
    overlaps = {"P": [], "QRS": [], "T": []}
    onsets = []
    for record in ludb.read_all([name for name in ludb.names() if int(name) % 8 == 2], progress=False):
        marked = at_rate(record.waves["II"], record.rate, 360)
        beats = marked.of("QRS").peaks
        if len(beats) < 3:
            continue
        signal = bandpass(resample_poly(record.lead("II").astype(float), 18, 25), 360)
        errors = boundary_errors(delineate(signal, beats, 360), marked, 360)
        onsets.append(errors["QRS"]["onset"])
        for kind in overlaps:
            overlaps[kind].append(errors[kind]["overlap"])
    assert len(onsets) > 15
    assert abs(np.median(np.concatenate(onsets))) < 0.010
    for kind, found in overlaps.items():
        assert np.mean(np.concatenate(found)) > 0.70, kind


def test_errors_are_counted_by_hand():
    marked = Waves(
        np.array(["P", "QRS", "T", "T"]),
        np.array([10, 30, 60, 150]),
        np.array([15, 35, 70, 160]),
        np.array([19, 39, 79, NOT_MARKED]),
    )
    found = Waves(
        np.array(["QRS", "P", "T", "T", "P"]),
        np.array([28, 45, 70, 155, 300]),
        np.array([35, 47, 80, 158, 310]),
        np.array([37, 49, 89, 159, 320]),
    )
    errors = boundary_errors(found, marked, 100.0)
    assert errors["QRS"]["onset"].tolist() == [-0.02]
    assert errors["QRS"]["offset"].tolist() == [-0.02]
    assert errors["QRS"]["overlap"].tolist() == [8 / 12]
    assert errors["P"] | {"onset": 0, "offset": 0, "overlap": 0} == {
        "onset": 0,
        "offset": 0,
        "overlap": 0,
        "missed": 1,
        "invented": 1,
    }
    assert errors["P"]["overlap"].tolist() == [0.0]
    assert errors["T"]["overlap"].tolist() == [10 / 30]
    assert (errors["T"]["missed"], errors["T"]["invented"]) == (0, 1)


def test_bad_input_is_refused(twins):
    with pytest.raises(ECGError, match="too few beats"):
        delineate(np.zeros(1000), [100, 500], 360)
    with pytest.raises(ECGError, match="no numbers"):
        delineate(np.full(1000, np.nan), [100, 400, 700], 360)
    with pytest.raises(AnnotationError):
        may_have_p(open_database("ludb", twins).read("1"))
