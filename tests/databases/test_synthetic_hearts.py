"""The twins as hearts: waves, rhythms, classes and diseases are what they claim to be."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import wfdb
from numpy.typing import NDArray

from ecglib.databases.aami import AAMI_CLASSES, aami_classes
from ecglib.databases.chapman import Chapman
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.ludb import LUDB
from ecglib.databases.mitbih import MITBIH
from ecglib.databases.ptbxl import PTBXL
from ecglib.databases.record import NOT_MARKED, Record
from ecglib.databases.splits import DS1, DS1_VALIDATION, DS2
from ecglib.databases.synthetic.bumps import VISIBLE, render
from ecglib.databases.synthetic.chapman import SUBJECTS as CHAPMAN_SUBJECTS
from ecglib.databases.synthetic.chapman import make_chapman
from ecglib.databases.synthetic.leads import dipole_to_leads
from ecglib.databases.synthetic.ludb import SUBJECTS, make_ludb, marked_waves
from ecglib.databases.synthetic.mitbih import RECORDS, make_mitbih
from ecglib.databases.synthetic.ptbxl import VISITS, make_ptbxl
from ecglib.databases.synthetic.recording import Recording
from ecglib.errors import LeadError

LUDB_NAMES = [str(number) for number in range(1, len(SUBJECTS) + 1)]
mitbih_made = cache(lambda name: make_mitbih(name, 0))
ludb_made = cache(lambda name: make_ludb(name, 0))


def einthoven_and_goldberger(signal: NDArray[np.floating]) -> float:
    one, two, three, right, left, foot = signal[:6]
    return max(
        float(np.abs(error).max())
        for error in (one + three - two, right + (one + two) / 2, left - one + two / 2, foot - two + one / 2)
    )


@pytest.mark.parametrize("name", ["1", "6", "7", "13"])
def test_limb_leads_obey_their_laws_before_and_after_noise(name: str) -> None:
    recording = ludb_made(name)
    assert einthoven_and_goldberger(recording.clean) < 1e-9
    assert einthoven_and_goldberger(recording.signal) < 1e-5


def test_limb_leads_obey_their_laws_in_the_files(twins: Path) -> None:
    for database in (Chapman(twins), PTBXL(twins)):
        worst = max(einthoven_and_goldberger(record.signal) for record in database.read_all(progress=False))
        assert worst <= 0.0021, "two steps of a thousandth of a millivolt"


def test_twelve_leads_come_from_one_dipole() -> None:
    assert np.linalg.matrix_rank(ludb_made("1").clean, tol=1e-8) == 3


def test_an_unknown_lead_is_refused() -> None:
    with pytest.raises(LeadError, match="V9"):
        dipole_to_leads(["I", "V9"])


@pytest.mark.parametrize("name", LUDB_NAMES)
def test_boundaries_are_exact(name: str) -> None:
    """Rendered alone, a wave's visible bumps are zero outside its boundaries and begin and end right inside."""
    recording = ludb_made(name)
    length = recording.clean.shape[1]
    for lead in ("II", "V1", "V5"):
        row = recording.torso[recording.leads.index(lead)]
        waves = recording.waves(lead)
        assert waves
        for wave in waves:
            own = recording.parts[
                (recording.parts.beats == wave.beat)
                & (recording.parts.kinds == wave.kind)
                & (np.abs(recording.parts.vectors @ row) >= VISIBLE)
            ]
            alone = np.abs(row @ render(own, recording.rate, length))
            active = np.flatnonzero(alone)
            assert abs(active[0] - wave.onset) <= 1
            assert abs(active[-1] - wave.offset) <= 1
            assert wave.peak == alone.argmax()
            assert alone[wave.peak] >= VISIBLE * 0.7


@pytest.mark.parametrize("name", ["1", "2", "9", "10", "20"])
def test_a_sinus_recording_is_silent_between_its_waves(name: str) -> None:
    recording = ludb_made(name)
    for index, lead in enumerate(recording.leads):
        silent = np.ones(recording.clean.shape[1], bool)
        for wave in recording.waves(lead):
            silent[wave.onset : wave.offset + 1] = False
        first, last = recording.fiducials[1], recording.fiducials[-2]
        assert silent[first:last].mean() > 0.1
        assert np.abs(recording.clean[index, first:last][silent[first:last]]).max() < 3 * VISIBLE


@pytest.mark.parametrize("name", LUDB_NAMES)
def test_files_hold_the_exact_boundaries(twins: Path, name: str) -> None:
    read = LUDB(twins).read(name)
    for lead in TWELVE_LEADS:
        true, found = marked_waves(ludb_made(name), lead), read.waves[lead]
        assert found.kinds.tolist() == [wave.kind for wave in true]
        assert found.peaks.tolist() == [wave.peak for wave in true]
        for marks, exact in (
            (found.onsets, [wave.onset for wave in true]),
            (found.offsets, [wave.offset for wave in true]),
        ):
            marked = marks != NOT_MARKED
            assert np.array_equal(marks[marked], np.array(exact)[marked])


def test_first_and_last_beats_and_a_few_brackets_are_left_out(twins: Path) -> None:
    missing = total = 0
    for record in LUDB(twins).read_all(progress=False):
        times = ludb_made(record.name).course.times * record.rate
        for waves in record.waves.values():
            total += len(waves)
            missing += int(((waves.onsets == NOT_MARKED) | (waves.offsets == NOT_MARKED)).sum())
            assert times[0] < waves.peaks[0]
            assert waves.peaks[-1] < times[-1]
    assert 0 < missing < 0.01 * total


@pytest.mark.parametrize("name", RECORDS)
def test_marks_of_conducted_beats_lie_on_the_largest_deflection(twins: Path, name: str) -> None:
    record, (_, made) = MITBIH(twins).read(name), mitbih_made(name)
    assert record.beats is not None
    qrs = {wave.peak for wave in made.waves(made.leads[0], kinds=("QRS",))}
    assert np.mean([sample in qrs for sample in record.beats.samples]) > 0.97
    assert record.beats.symbols.tolist() == [symbol for symbol in made.course.symbols if symbol != "!"]


def test_every_class_stands_on_both_sides(twins: Path) -> None:
    database = MITBIH(twins)
    counts = {name: np.zeros(5, np.int64) for name in database.names()}
    for record in database.read_all(progress=False):
        assert record.beats is not None
        counts[record.name] = np.bincount(aami_classes(record.beats.symbols), minlength=len(AAMI_CLASSES))
    for side in (DS1, DS2):
        held = np.stack([counts[name] for name in side if name in counts])
        assert (held.sum(axis=0) >= [1000, 60, 150, 30, 8]).all()
        assert ((held > 0).sum(axis=0) >= [8, 5, 5, 5, 2]).all()
    assert set(DS1_VALIDATION) <= set(counts)
    assert (np.sum([counts[name] for name in DS1_VALIDATION], axis=0)[:4] > 0).all()


def qrs_of(recording: Recording, symbols: str) -> NDArray[np.float64]:
    """Mean QRS with T of the clean first lead, 0.3 s either side of the beats with these symbols."""
    half = round(0.3 * recording.rate)
    starts = [
        round(time * recording.rate)
        for time, symbol in zip(recording.course.times, recording.course.symbols, strict=True)
        if symbol in symbols
    ]
    inside = [start for start in starts if half <= start < recording.clean.shape[1] - half]
    return np.mean([recording.clean[:, start - half : start + half] for start in inside], axis=0)


def likeness(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_201_and_202_are_one_person_and_others_are_not(twins: Path) -> None:
    assert MITBIH(twins).read("202").patient == MITBIH(twins).read("201").patient
    (heart, first), (same, second) = mitbih_made("201"), mitbih_made("202")
    assert np.array_equal(heart.conducted["N"].vectors, same.conducted["N"].vectors)
    assert np.array_equal(first.torso, second.torso)
    together = likeness(qrs_of(first, "N"), qrs_of(second, "N"))
    others = [likeness(qrs_of(first, "N"), qrs_of(mitbih_made(name)[1], "N")) for name in ("106", "203", "219", "222")]
    assert together > 0.98
    assert together > max(others) + 0.01
    ventricular = likeness(qrs_of(first, "V"), qrs_of(second, "V"))
    assert ventricular > 0.95


def rr_by_rhythm(record: Record, name: str) -> NDArray[np.float64]:
    assert record.beats is not None
    found = []
    plain = np.isin(record.beats.symbols, ["N", "L", "R"])
    pairs = plain[1:] & plain[:-1]
    for span in record.rhythms:
        if span.name == name:
            inside = (record.beats.samples[:-1] >= span.start) & (record.beats.samples[1:] < span.stop)
            found.append(np.diff(record.beats.samples)[inside & pairs] / record.rate)
    return np.concatenate(found) if found else np.array([])


def variation(intervals: NDArray[np.float64]) -> float:
    """Root mean square of successive differences over the mean: irregularity from beat to beat."""
    return float(np.sqrt(np.mean(np.diff(intervals) ** 2)) / intervals.mean())


def test_fibrillation_is_irregular_and_sinus_rhythm_is_not(twins: Path) -> None:
    fibrillating: list[float] = []
    sinus: list[float] = []
    for record in MITBIH(twins).read_all(progress=False):
        for name, found in (("AFIB", fibrillating), ("N", sinus)):
            intervals = rr_by_rhythm(record, name)
            if len(intervals) > 20:
                found.append(variation(intervals))
    assert len(fibrillating) >= 6
    assert min(fibrillating) > 0.2
    assert np.median(sinus) < 0.06
    assert min(fibrillating) > np.quantile(sinus, 0.9)


@pytest.mark.parametrize("name", ["201", "219", "222"])
def test_p_wave_is_there_in_sinus_rhythm_and_not_in_fibrillation(twins: Path, name: str) -> None:
    record = MITBIH(twins).read(name)
    assert record.beats is not None
    heights = {}
    for rhythm in ("N", "AFIB"):
        spans = [span for span in record.rhythms if span.name == rhythm]
        chosen = [
            sample
            for before, sample, symbol in zip(
                record.beats.samples, record.beats.samples[1:], record.beats.symbols[1:], strict=False
            )
            if symbol == "N"
            and sample - before > 0.6 * record.rate
            and any(span.start + 360 < sample < span.stop - 120 for span in spans)
        ]
        mean = np.mean([record.lead("MLII")[sample - 100 : sample - 22] for sample in chosen], axis=0)
        heights[rhythm] = np.ptp(mean)
    assert heights["N"] > 0.08
    assert heights["AFIB"] < 0.5 * heights["N"]


def test_no_p_bump_belongs_to_beats_without_p() -> None:
    for name in ("201", "207", "124", "217"):
        _, made = mitbih_made(name)
        with_p = set(made.parts.of("P").beats.tolist())
        for number, (symbol, rhythm) in enumerate(zip(made.course.symbols, made.course.rhythms, strict=True)):
            if symbol in "VE/jJ" or (rhythm in ("AFIB", "AFL") and symbol in "NLR"):
                assert number not in with_p
            if symbol in "NLRAa" and rhythm == "N":
                assert number in with_p


def test_ectopic_p_waves_look_different() -> None:
    for name in ("100", "209", "232", "118"):
        heart, _ = mitbih_made(name)
        sinus, ectopic = heart.p_wave.vectors.sum(axis=0), heart.ectopic_p.vectors.sum(axis=0)
        cosine = sinus @ ectopic / np.linalg.norm(sinus) / np.linalg.norm(ectopic)
        assert cosine < 0.97


def test_ventricular_beats_are_wide_early_and_followed_by_a_compensatory_pause() -> None:
    for name in ("106", "114", "205", "233"):
        _, made = mitbih_made(name)
        width: dict[str, list[float]] = {symbol: [] for symbol in "NV"}
        for wave in made.waves("MLII", kinds=("QRS",)):
            if made.course.symbols[wave.beat] in width:
                width[made.course.symbols[wave.beat]].append((wave.offset - wave.onset) / made.rate)
        assert np.median(width["N"]) < 0.12 < np.median(width["V"])
        symbols, times, rhythms = made.course.symbols, made.course.times, made.course.rhythms
        single = [
            i
            for i in range(2, len(symbols) - 2)
            if symbols[i - 2 : i + 2] == ("N", "N", "V", "N") and set(rhythms[i - 2 : i + 2]) == {"N"}
        ]
        assert single
        for i in single:
            before, early, late = times[i - 1] - times[i - 2], times[i] - times[i - 1], times[i + 1] - times[i]
            assert early < 0.85 * before
            assert early + late == pytest.approx(2 * before, rel=0.2)


def test_atrial_premature_beats_are_early() -> None:
    _, made = mitbih_made("100")
    times, symbols = made.course.times, made.course.symbols
    early = [times[i] - times[i - 1] for i in range(1, len(times)) if symbols[i] == "A"]
    usual = [times[i] - times[i - 1] for i in range(1, len(times)) if symbols[i - 1 : i + 1] == ("N", "N")]
    assert max(early) < 0.9 * np.median(usual)


def test_fusion_beats_lie_between_normal_and_ventricular_ones() -> None:
    for name in ("208", "213"):
        _, made = mitbih_made(name)
        normal, ventricular, fusion = (qrs_of(made, symbol).ravel() for symbol in "NVF")
        way = ventricular - normal
        share = (fusion - normal) @ way / (way @ way)
        assert 0.3 < share < 0.7
        assert likeness(fusion, normal + share * way) > 0.95


def test_paced_beats_follow_a_spike() -> None:
    _, made = mitbih_made("217")
    jumps: dict[str, list[float]] = {symbol: [] for symbol in "/N"}
    for time, symbol, rhythm in zip(made.course.times, made.course.symbols, made.course.rhythms, strict=True):
        if symbol in jumps and rhythm == "P":
            start = round(time * made.rate)
            jumps[symbol].append(np.abs(np.diff(made.clean[0, start - 45 : start - 24])).max())
    assert min(jumps["/"]) > 3 * max(jumps["N"])


def test_ventricular_flutter_is_one_big_wave_between_brackets(twins: Path) -> None:
    marks = wfdb.rdann(str(twins / "mitdb/1.0.0/207"), "atr")
    text = "".join(symbol for symbol in marks.symbol if symbol in "[!]")
    assert text.count("[") == text.count("]") == 2
    assert text.replace("!", "") == "[][]"
    record = MITBIH(twins).read("207")
    span = next(span for span in record.rhythms if span.name == "VFL")
    wave = record.lead("MLII")[span.start + 200 : span.stop - 200]
    power = np.abs(np.fft.rfft(wave - wave.mean())) ** 2
    frequency = np.fft.rfftfreq(len(wave), 1 / record.rate)
    assert 3.5 < frequency[power.argmax()] < 5.0
    assert np.ptp(wave) > 1.5


def test_flutter_shows_a_regular_atrial_wave_and_whole_ratios(twins: Path) -> None:
    record = MITBIH(twins).read("222")
    intervals = rr_by_rhythm(record, "AFL") / 0.21
    assert np.abs(intervals - np.rint(intervals)).max() < 0.05
    assert set(np.rint(intervals)) <= {2, 3, 4}
    _, made = mitbih_made("222")
    beats_only = made.torso @ render(made.parts, made.rate, made.clean.shape[1])
    span = next(span for span in record.rhythms if span.name == "AFL")
    atria = (made.clean - beats_only)[0, span.start + 60 : span.stop - 60]
    lag = round(0.21 * made.rate)
    assert np.corrcoef(atria[:-lag], atria[lag:])[0, 1] > 0.9
    assert np.ptp(atria) > 0.15


def test_bundle_branch_blocks_are_wide_and_point_the_right_way() -> None:
    for name, symbol, sign in (("109", "L", -1), ("214", "L", -1), ("118", "R", 1), ("231", "R", 1)):
        _, made = mitbih_made(name)
        waves = [wave for wave in made.waves("V1", kinds=("QRS",)) if made.course.symbols[wave.beat] == symbol]
        assert np.median([(wave.offset - wave.onset) / made.rate for wave in waves]) > 0.12
        last_force = [made.clean[1, wave.offset - 25 : wave.offset - 8].mean() for wave in waves]
        assert np.sign(np.median(last_force)) == sign


def test_rates_are_those_of_the_label() -> None:
    for subject in CHAPMAN_SUBJECTS:
        rate = 60 / np.mean(np.diff(make_chapman(subject, 0).course.times))
        if subject.rhythm == "SB":
            assert rate < 60
        elif subject.rhythm == "SR":
            assert 60 <= rate <= 100
        elif subject.rhythm in ("ST", "SVT", "AT"):
            assert rate > 100


@cache
def mean_beats() -> list[tuple[frozenset[str], str, NDArray[np.float64]]]:
    """Superclasses, statements and the mean beat of twelve noisy leads, for each record of PTB-XL in sinus rhythm."""
    class_of = {"NORM": "NORM", "IMI": "MI", "AMI": "MI", "NDT": "STTC", "ISC_": "STTC", "LVH": "HYP"}
    class_of |= {"CLBBB": "CD", "CRBBB": "CD"}
    found = []
    for visit in VISITS:
        if visit.rhythm != "SR":
            continue
        recording = make_ptbxl(visit, 0)
        peaks = np.rint(recording.course.times * 500).astype(int)
        peaks = peaks[(peaks > 150) & (peaks < 4750)]
        beat = np.median([recording.signal[:, peak - 150 : peak + 250] for peak in peaks], axis=0)
        beat -= beat[:, 95:105].mean(axis=1, keepdims=True)
        classes = frozenset(class_of[code] for code in visit.statements if code in class_of)
        found.append((classes, " ".join(visit.statements), beat))
    return found


def qrs_width(beat: NDArray[np.float64]) -> float:
    """Seconds in which the twelve leads together move fast."""
    speed = np.abs(np.diff(beat, axis=1)).sum(axis=0)[100:240]
    smooth = np.convolve(speed, np.ones(5) / 5, mode="same")
    fast = np.flatnonzero(smooth > 0.12 * smooth.max())
    return float((fast[-1] - fast[0]) / 500)


def sokolow(beat: NDArray[np.float64]) -> float:
    """S in V1 and R in V5, millivolts."""
    return float(-beat[TWELVE_LEADS.index("V1"), 110:200].min() + beat[TWELVE_LEADS.index("V5"), 110:200].max())


def t_in_v5_and_two(beat: NDArray[np.float64]) -> float:
    """Mean of leads V5 and II where T stands, millivolts."""
    return float(beat[[TWELVE_LEADS.index("V5"), TWELVE_LEADS.index("II")], 265:300].mean())


def infarction(beat: NDArray[np.float64]) -> float:
    """ST elevation 80 ms after the J point, in aVF or V2, whichever is higher."""
    return float(max(beat[TWELVE_LEADS.index(lead), 195:215].mean() for lead in ("aVF", "V2")))


@pytest.mark.parametrize(
    ("superclass", "measure", "sign"),
    [("CD", qrs_width, 1), ("HYP", sokolow, 1), ("STTC", t_in_v5_and_two, -1), ("MI", infarction, 1)],
)
def test_each_superclass_shows_where_a_cardiologist_looks(
    superclass: str, measure: Callable[[NDArray[np.float64]], float], sign: int
) -> None:
    normal = np.array([sign * measure(beat) for classes, _, beat in mean_beats() if classes == {"NORM"}])
    ill = np.array([sign * measure(beat) for classes, _, beat in mean_beats() if superclass in classes])
    assert len(normal) >= 10
    assert len(ill) >= 10
    auroc = np.mean(ill[:, None] > normal[None, :])
    assert auroc > 0.95


def test_inferior_infarction_has_a_pathological_q() -> None:
    depth: dict[str, list[float]] = {"IMI": [], "NORM": []}
    for _, statements, beat in mean_beats():
        for code, found in depth.items():
            if code in statements.split():
                found.append(-beat[TWELVE_LEADS.index("aVF"), 120:146].min())
    assert min(depth["IMI"]) > 0.2
    assert np.median(depth["IMI"]) > 3 * np.median(depth["NORM"])


def test_normal_beats_progress_over_the_chest() -> None:
    """V1 points mostly down, V5 mostly up."""
    ratio: dict[str, list[float]] = {"V1": [], "V5": []}
    for classes, _, beat in mean_beats():
        if classes == {"NORM"}:
            for lead, found in ratio.items():
                row = beat[TWELVE_LEADS.index(lead), 110:200]
                found.append(row.max() + row.min())
    assert np.median(ratio["V1"]) < 0 < np.median(ratio["V5"])


def test_people_differ() -> None:
    """Beats of one person are alike, beats of two people less so."""
    names = [name for name, person in RECORDS.items() if person.conduction == "N" and person.leads == ("MLII", "V1")]
    shapes = {name: qrs_of(mitbih_made(name)[1], "N") for name in names if name not in ("202", "222")}
    between = [likeness(shapes[a], shapes[b]) for a in shapes for b in shapes if a < b]
    assert np.median(between) < 0.97
    halves = []
    for name in shapes:
        _, made = mitbih_made(name)
        beats = [round(t * 360) for t, s in zip(made.course.times, made.course.symbols, strict=True) if s == "N"][1:-1]
        cut = [made.clean[:, beat - 30 : beat + 30] for beat in beats]
        halves.append(likeness(np.mean(cut[::2], axis=0), np.mean(cut[1::2], axis=0)))
    assert min(halves) > max(np.median(between), 0.97)
