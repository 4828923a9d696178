"""Loops and leads against published tables, textbook laws and plain linear algebra."""

import numpy as np
import pytest
import torch

from ecglib.databases.leads import TWELVE_LEADS
from ecglib.databases.ptbxl import PTBXL
from ecglib.errors import LeadError
from ecglib.signals.filters import bandpass
from ecglib.signals.vcg import (
    DOWER,
    INVERSE_DOWER,
    complete_limb_leads,
    kept_variance,
    twelve_leads,
    vectorcardiogram,
)

torch.set_num_threads(1)

DOWER_1980 = np.array(
    [  # X       Y      Z, of V1–V6, I, II
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
    ]
)
INDEPENDENT = [TWELVE_LEADS.index(lead) for lead in ("V1", "V2", "V3", "V4", "V5", "V6", "I", "II")]


def heart(*shape):
    return np.random.default_rng(0).standard_normal(shape)


def leads_of(ecg):
    return dict(zip(TWELVE_LEADS, np.moveaxis(ecg, -2, 0), strict=True))


def test_the_matrix_is_the_pseudo_inverse_of_dowers_own_to_the_printed_decimals():
    assert np.abs(np.linalg.pinv(DOWER_1980) - INVERSE_DOWER).max() <= 0.0005
    assert np.abs(DOWER - DOWER_1980).max() < 0.004


def test_each_component_is_the_published_sum_of_leads():
    ecg = heart(2, 12, 7)
    leads = leads_of(ecg)
    order = ("V1", "V2", "V3", "V4", "V5", "V6", "I", "II")
    found = vectorcardiogram(ecg)
    for row, weights in enumerate(INVERSE_DOWER):
        wanted = sum(weight * leads[lead] for weight, lead in zip(weights, order, strict=True))
        np.testing.assert_allclose(found[:, row], wanted, atol=1e-12)


def test_leads_that_say_nothing_new_are_not_looked_at():
    ecg = heart(12, 7)
    spoilt = ecg.copy()
    spoilt[2:6] = np.nan
    np.testing.assert_array_equal(vectorcardiogram(spoilt), vectorcardiogram(ecg))


@pytest.mark.parametrize("shape", [(3, 50), (4, 3, 50), (2, 5, 3, 20)])
@pytest.mark.parametrize(("kind", "near"), [(np.float64, 1e-12), (np.float32, 2e-6)])
def test_from_the_loop_to_the_leads_and_back_nothing_changes(shape, kind, near):
    loop = heart(*shape).astype(kind)
    ecg = twelve_leads(loop)
    assert ecg.dtype == kind
    assert ecg.shape == (*shape[:-2], 12, shape[-1])
    back = vectorcardiogram(ecg)
    assert back.dtype == kind
    np.testing.assert_allclose(back, loop, atol=near)


def test_from_the_leads_to_the_loop_and_back_is_the_nearest_ecg_that_a_loop_can_make():
    """An orthogonal projection: least squares over the loops, sample by sample."""
    ecg = heart(12, 30)
    projected = twelve_leads(vectorcardiogram(ecg))
    loop, *_ = np.linalg.lstsq(DOWER, ecg[INDEPENDENT], rcond=None)
    np.testing.assert_allclose(projected[INDEPENDENT], DOWER @ loop, atol=1e-10)
    np.testing.assert_allclose(twelve_leads(vectorcardiogram(projected)), projected, atol=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_einthovens_and_goldbergers_laws_hold(kind):
    one = leads_of(twelve_leads(heart(5, 3, 400).astype(kind)))
    fine = {"rtol": 0, "atol": 4 * np.finfo(kind).eps * np.abs(one["II"]).max()}
    np.testing.assert_array_equal(one["III"], one["II"] - one["I"])
    np.testing.assert_allclose(one["aVR"], -(one["I"] + one["II"]) / 2, **fine)
    np.testing.assert_allclose(one["aVL"], (one["I"] - one["III"]) / 2, **fine)
    np.testing.assert_allclose(one["aVF"], (one["II"] + one["III"]) / 2, **fine)
    np.testing.assert_allclose(one["aVR"] + one["aVL"] + one["aVF"], 0, **fine)


def test_limb_leads_are_differences_of_three_electrodes():
    right, left, foot = heart(3, 40)
    found = complete_limb_leads(np.stack([left - right, foot - right]))
    wanted = [left - right, foot - right, foot - left, right - (left + foot) / 2, left - (right + foot) / 2,
              foot - (right + left) / 2]  # fmt: skip
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_vectors_are_seen_from_where_electrodes_lie():
    left, feet, front = (
        leads_of(twelve_leads(vector)) for vector in np.array([[1, 0, 0], [0, 1, 0], [0, 0, -1.0]])[..., None]
    )
    assert min(left[lead] for lead in ("I", "aVL", "V5", "V6")) > 0.5
    assert left["V1"] < -0.5
    assert left["aVR"] < 0
    assert max(feet, key=lambda lead: feet[lead]) == "III"
    assert min(feet[lead] for lead in ("II", "III", "aVF")) > 1
    assert max(front, key=lambda lead: front[lead]) == "V2"
    assert max(abs(front[lead]) for lead in ("I", "II", "III")) < 0.2


@pytest.mark.parametrize("transform", [vectorcardiogram, twelve_leads, complete_limb_leads])
@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_tensors_give_what_arrays_give(transform, kind):
    rows = {vectorcardiogram: 12, twelve_leads: 3, complete_limb_leads: 2}[transform]
    signal = torch.from_numpy(heart(4, rows, 60)).to(kind)
    found = transform(signal)
    assert found.dtype == kind
    near = 1e-12 if kind == torch.float64 else 2e-6
    np.testing.assert_allclose(found.numpy(), transform(signal.numpy()), atol=near)
    assert transform(signal.to("meta")).device.type == "meta"


def test_whole_numbers_are_not_cut_to_whole_results():
    counts = np.arange(24).reshape(12, 2)
    wanted = vectorcardiogram(counts.astype(float))
    np.testing.assert_allclose(vectorcardiogram(counts), wanted, atol=1e-12)
    np.testing.assert_allclose(vectorcardiogram(torch.from_numpy(counts)), wanted, atol=1e-5)


def test_kept_variance_is_one_for_a_loop_and_three_eighths_for_noise():
    kept = kept_variance(twelve_leads(heart(2, 3, 500)))
    np.testing.assert_allclose(kept.whole, [1, 1])
    np.testing.assert_allclose(kept.leads, np.ones((2, 12)))
    noise = kept_variance(heart(12, 200_000))
    assert float(noise.whole) == pytest.approx(3 / 8, abs=0.005)


def test_kept_variance_by_hand():
    ecg = heart(12, 90)
    back = twelve_leads(vectorcardiogram(ecg))
    kept = kept_variance(ecg)
    for row in range(12):
        assert kept.leads[row] == pytest.approx(1 - (ecg[row] - back[row]).var() / ecg[row].var())
    share = sum(back[row].var() for row in INDEPENDENT) / sum(ecg[row].var() for row in INDEPENDENT)
    assert kept.whole == pytest.approx(share)  # holds for an orthogonal projection only
    flat = ecg.copy()
    flat[0] = 1.0
    assert np.flatnonzero(np.isnan(kept_variance(flat).leads)).tolist() == [0]


@pytest.mark.parametrize(
    ("transform", "shape"),
    [
        (vectorcardiogram, (8, 100)),
        (vectorcardiogram, (12,)),
        (vectorcardiogram, (100, 12)),
        (twelve_leads, (12, 100)),
        (complete_limb_leads, (6, 100)),
        (kept_variance, (3, 100)),
    ],
)
def test_other_rows_are_refused(transform, shape):
    with pytest.raises(LeadError, match="not the rows"):
        transform(np.zeros(shape))


@pytest.mark.real_data
def test_real_limb_leads_obey_and_real_hearts_are_mostly_one_vector(real_data):
    database = PTBXL(real_data)
    kept = []
    for name in database.names()[:40]:
        ecg = database.read(name).select(TWELVE_LEADS)
        assert np.abs(complete_limb_leads(ecg[:2]) - ecg[:6]).max() < 0.003  # millivolts, printed to 0.001
        kept.append(float(kept_variance(bandpass(ecg, database.rate)).whole))
    assert np.median(kept) > 0.8
    assert max(kept) < 1
