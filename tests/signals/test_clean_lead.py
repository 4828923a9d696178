from __future__ import annotations

import numpy as np
import pytest

from ecglib.databases import Record
from ecglib.errors import ECGError, LeadError, RecordTooShortError, SamplingRateError, SignalQualityError
from ecglib.signals.clean_lead import CleanLead, Gap, clean_lead

RATE = 250


def record(signal: np.ndarray, leads: tuple[str, ...] = ("II",), rate: float = RATE) -> Record:
    return Record("own", "mine", "mine", np.atleast_2d(signal).astype(np.float32), leads, rate)


@pytest.fixture
def beats() -> np.ndarray:
    """Thirty beats a second apart, 1 mV high, with a little noise."""
    beat = np.exp(-((np.arange(RATE) - 125) ** 2) / 20)
    return np.tile(beat, 30) + np.random.default_rng(0).normal(0, 0.01, 30 * RATE)


def test_a_good_lead_is_given_back_as_it_is(beats: np.ndarray) -> None:
    found = clean_lead(record(beats))
    assert (found.name, found.gaps, found.notices) == ("II", (), ())
    np.testing.assert_allclose(found.signal, beats, atol=1e-6)


def test_gaps_are_bridged_and_remembered(beats: np.ndarray) -> None:
    beats[1000:1250] = np.nan
    beats[7000:] = 0.25
    found = clean_lead(record(beats))
    assert found.gaps == (Gap(4.0, 5.0, "no numbers"), Gap(28.0, 30.0, "flat"))
    assert np.isfinite(found.signal).all()
    assert np.ptp(np.diff(found.signal[1000:1250])) < 1e-5
    assert "no numbers from 4.00 to 5.00 s; flat from 28.00 to 30.00 s" in found.notices[0]


def test_instants_near_a_gap_are_not_clear() -> None:
    lead = CleanLead("II", np.zeros(1), (Gap(2.0, 3.0, "flat"),), ())
    at = np.array([1.7, 1.9, 2.5, 3.1, 3.3])
    assert lead.clear(at, before=0.2, after=0.2).tolist() == [True, False, False, False, True]


@pytest.mark.parametrize("leads", [("MLII", "II"), ("V5", "MLII"), ("II", "V1")])
def test_mlii_comes_before_ii_wherever_they_stand(leads: tuple[str, ...], beats: np.ndarray) -> None:
    found = clean_lead(record(np.stack([beats, beats]), leads))
    assert found.name == ("MLII" if "MLII" in leads else "II")


def test_another_lead_is_read_only_when_named_and_said_so(beats: np.ndarray) -> None:
    with pytest.raises(LeadError, match=r"neither MLII nor II.*found I, V1.*--lead"):
        clean_lead(record(np.stack([beats, beats]), ("I", "V1")))
    assert "Lead I is read" in clean_lead(record(np.stack([beats, beats]), ("I", "V1")), "I").notices[0]
    with pytest.raises(LeadError, match="no lead V6"):
        clean_lead(record(beats), "V6")


def test_a_clipped_lead_is_a_notice(beats: np.ndarray) -> None:
    assert clean_lead(record(np.clip(beats, -1, 0.9))).notices == ()  # a plateau of 12 ms is a wave's top
    assert "seems clipped" in clean_lead(record(np.clip(beats, -1, 0.5))).notices[0]


@pytest.mark.parametrize(
    ("change", "kind", "problem"),
    [
        (lambda x: x * 1000, SignalQualityError, "amplitudes that no heart has.*--unit"),
        (lambda x: x / 1000, SignalQualityError, "amplitudes that no heart has.*--unit"),
        (lambda x: x * 0 + 3, SignalQualityError, "it is flat"),
        (lambda x: x * np.nan, SignalQualityError, "nothing is in it"),
        (lambda x: x[: 9 * RATE], RecordTooShortError, "too short; expected at least 10 s.*found 9 s"),
        (
            lambda x: np.where(np.arange(len(x)) % 800 < 10, np.nan, x),
            RecordTooShortError,
            "gaps leave too little; expected 4 s.*found 3.16 s at most",
        ),
    ],
)
def test_what_no_heart_gives_is_refused(change, kind: type[ECGError], problem: str, beats: np.ndarray) -> None:
    with pytest.raises(kind, match=problem) as caught:
        clean_lead(record(change(beats)))
    for part in ("own/mine", "lead II", "expected", "found", "What to do"):
        assert part in str(caught.value)


def test_a_single_spike_does_not_decide(beats: np.ndarray) -> None:
    beats[500:510] = 300
    assert clean_lead(record(beats)).name == "II"


def test_a_slow_recorder_is_refused(beats: np.ndarray) -> None:
    with pytest.raises(SamplingRateError, match="at least 100 Hz, found 50 Hz"):
        clean_lead(record(beats, rate=50))


def test_an_offset_of_the_electrodes_is_no_amplitude(beats: np.ndarray) -> None:
    assert clean_lead(record(beats + 150)).notices == ()
