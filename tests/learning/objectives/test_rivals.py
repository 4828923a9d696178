"""CMSC, masked prediction, TS2Vec and ECG-FM's recipe, each against its formula in plain NumPy."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.learning.nt_xent import nt_xent
from ecglib.learning.objectives import masked, ts2vec
from ecglib.learning.objectives.cmsc import CMSC, halves
from ecglib.learning.objectives.ecg_fm_style import ECGFMStyle, hide_leads
from ecglib.learning.objectives.masked import MASK_LENGTH, MaskedPrediction, mask_spans
from ecglib.learning.objectives.ts2vec import TS2Vec, draw_crops, hierarchical_loss
from ecglib.learning.pretraining_set import PretrainingBatch
from ecglib.models.ecg_encoder import ECGEncoder

NONE = torch.zeros(0, dtype=torch.long)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(x):
    return PretrainingBatch(x, torch.arange(len(x)), NONE, NONE)


def encoder():
    torch.manual_seed(0)
    return ECGEncoder(width=8)


# --- CMSC


@pytest.mark.parametrize("samples", [160, 161])
def test_cmsc_contrasts_the_two_halves_of_each_recording(samples):
    x, network, objective = torch.randn(5, 12, samples), encoder(), CMSC(32, 8)
    loss = objective(network, batch(x), generator())
    one, other = (objective.projector(network(part).mean(dim=2)) for part in (x[:, :, :80], x[:, :, 80:160]))
    torch.testing.assert_close(loss, nt_xent(one, other), rtol=1e-4, atol=1e-6)


# --- masked prediction


def test_about_half_of_all_steps_are_hidden_in_stretches_of_ten():
    hidden = mask_spans(2000, 125, generator()).numpy()
    for step, share in enumerate(hidden.mean(axis=0)):
        able = range(max(step - 9, 0), step + 1)  # where a stretch begins that reaches this step
        sure = sum(start <= 115 for start in able) / 116
        assert abs(share - (1 - (1 - 0.065) ** len(able) * (1 - sure))) < 0.05
    for row in hidden[:300]:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        runs, ends = edges[1::2] - edges[::2], edges[1::2]
        assert len(runs)
        assert all(run >= MASK_LENGTH or end == 125 for run, end in zip(runs, ends, strict=True))


@pytest.mark.parametrize("steps", [1, 5, 10, 11])
def test_short_recordings_have_something_hidden_too(steps):
    assert mask_spans(50, steps, generator()).any(dim=1).all()


def blanked_samples(hidden, samples):
    """Which samples are hidden, shape (batch, samples): those whose nearest step is, the later of two as near."""
    steps = range(hidden.shape[1])
    return hidden[:, [min(steps, key=lambda step: (abs(at - 8 * step), -step)) for at in range(samples)]]


class Recorder(nn.Module):
    """An encoder that remembers what it was given."""

    step = 8

    def __init__(self):
        super().__init__()
        self.inner, self.inputs = encoder(), []

    def forward(self, x):
        self.inputs.append(x)
        return self.inner(x)


def test_masked_prediction_is_its_formula():
    torch.manual_seed(0)
    objective, network, x = MaskedPrediction(32, 8), encoder(), torch.randn(3, 12, 320)
    loss, context, _ = objective.predict(network, x, generator())
    hidden = mask_spans(3, 40, generator()).numpy()
    guesses, truths = (
        layer(part).detach().double().numpy()
        for layer, part in ((objective.guess, context), (objective.target, network(x).transpose(1, 2)))
    )
    losses = []
    for row, guess, truth in zip(hidden, guesses, truths, strict=True):
        steps = np.flatnonzero(row)
        for step in steps:
            cosine = [guess[step] @ truth[at] / np.linalg.norm(guess[step]) / np.linalg.norm(truth[at]) for at in steps]
            likely = np.exp(np.array(cosine) / 0.1)
            losses.append(-math.log(likely[list(steps).index(step)] / likely.sum()))
    assert float(loss.detach()) == pytest.approx(np.mean(losses), rel=1e-4)


@pytest.mark.parametrize("samples", [320, 313, 317])
def test_the_encoder_is_called_once_with_the_blanked_recordings_and_the_whole_ones(samples):
    x, network, objective = torch.randn(3, 12, samples), Recorder(), MaskedPrediction(32, 8)
    loss = objective(network, batch(x), generator())
    (given,) = network.inputs
    blanked = blanked_samples(mask_spans(3, 40, generator()), samples)
    assert torch.equal(given, torch.cat([torch.where(blanked[:, None], 0.0, x), x]))
    torch.testing.assert_close(loss, objective.predict(network, x, generator())[0])


@pytest.mark.parametrize("samples", [320, 313, 317])
@pytest.mark.parametrize("part", ["context", "features"])
def test_context_sees_nothing_of_the_hidden_samples_and_all_of_the_rest(samples, part):
    torch.manual_seed(0)
    objective, x = MaskedPrediction(32, 8), torch.randn(2, 12, samples, requires_grad=True)
    _, context, features = objective.predict(encoder(), x, generator())
    (context if part == "context" else features).square().sum().backward()
    blanked = blanked_samples(mask_spans(2, 40, generator()), samples)
    assert torch.equal((x.grad != 0).any(dim=1), ~blanked)


def test_what_is_hidden_changes_the_targets_and_they_teach_the_encoder():
    torch.manual_seed(0)
    objective, network, x = MaskedPrediction(32, 8), encoder(), torch.randn(2, 12, 320, requires_grad=True)
    blanked = blanked_samples(mask_spans(2, 40, generator()), 320)
    loss, context, _ = objective.predict(network, x, generator())
    other_loss, same_context, _ = objective.predict(network, x + blanked[:, None], generator())
    torch.testing.assert_close(same_context, context, rtol=0, atol=0)
    assert (other_loss - loss).abs() > 1e-3
    loss.backward()
    assert torch.all((x.grad != 0).any(dim=1)[blanked]), "only the targets reach these"


def test_attention_is_given_one_learned_vector_at_each_hidden_step_and_the_features_elsewhere():
    objective, network, x = MaskedPrediction(32, 8), encoder(), torch.randn(2, 12, 320)
    objective.attention = nn.Identity()
    with torch.no_grad():
        objective.position.weight.zero_()
        objective.position.bias.zero_()
        _, context, features = objective.predict(network, x, generator())
        hidden = mask_spans(2, 40, generator())
        blanked = blanked_samples(hidden, 320)
        torch.testing.assert_close(features, network(torch.where(blanked[:, None], 0.0, x)))
    assert (context[hidden] == objective.mask_embedding).all()
    assert torch.equal(context[~hidden], features.transpose(1, 2)[~hidden])


# --- TS2Vec


def ts2vec_written_out(first, second):
    """Equations 1 to 3 and algorithm 1 of Yue and colleagues, term by term."""
    recordings, scales = len(first), []
    while True:
        steps = first.shape[1]
        instance, temporal = [], []
        for one, other in ((first, second), (second, first)):
            for i in range(recordings):
                for t in range(steps):
                    wanted = math.exp(one[i, t] @ other[i, t])
                    across = sum(math.exp(one[i, t] @ other[j, t]) for j in range(recordings))
                    within = sum(math.exp(one[i, t] @ one[j, t]) for j in range(recordings) if j != i)
                    instance.append(-math.log(wanted / (across + within)))
                    across = sum(math.exp(one[i, t] @ other[i, s]) for s in range(steps))
                    within = sum(math.exp(one[i, t] @ one[i, s]) for s in range(steps) if s != t)
                    temporal.append(-math.log(wanted / (across + within)))
        if steps == 1:
            scales.append(0.5 * np.mean(instance))
            return np.mean(scales)
        scales.append(0.5 * np.mean(instance) + 0.5 * np.mean(temporal))
        pairs = range(0, steps - 1, 2)
        first, second = (np.stack([v[:, t : t + 2].max(axis=1) for t in pairs], axis=1) for v in (first, second))


@pytest.mark.parametrize("steps", [1, 2, 7, 8])
def test_the_hierarchical_loss_is_its_formula(steps):
    first, second = np.random.default_rng(0).standard_normal((2, 3, steps, 4))
    found = hierarchical_loss(torch.from_numpy(first), torch.from_numpy(second))
    assert float(found) == pytest.approx(ts2vec_written_out(first, second), rel=1e-9)


def test_the_hierarchical_loss_has_the_gradient_that_is_its_slope():
    first, second = torch.randn(2, 2, 5, 3, dtype=torch.float64, generator=generator())
    assert torch.autograd.gradcheck(hierarchical_loss, (first.requires_grad_(), second.requires_grad_()))


@pytest.mark.parametrize("steps", [2, 3, 125])
def test_crops_overlap_and_stay_inside(steps):
    random, overlaps = generator(), set()
    for _ in range(300):
        begin, start, stop, end = draw_crops(steps, random)
        assert 0 <= begin <= start < stop <= end <= steps
        overlaps.add(stop - start)
    assert min(overlaps) >= 2
    assert len(overlaps) > 90 or steps < 10


def test_the_overlap_of_both_crops_is_the_same_time_with_half_of_the_samples_hidden(monkeypatch):
    seen = []
    monkeypatch.setattr(ts2vec, "hierarchical_loss", lambda *views: seen.append(views) or views[0].sum())

    class Clock(nn.Module):
        """Gives the largest value in each step, which is the step's number, and the share that is not zero."""

        step = 8

        def forward(self, x):
            steps = x.unflatten(2, (-1, 8))
            return torch.cat([steps.amax(dim=3)[:, :1], (steps != 0).float().mean(dim=3)], dim=1)

    objective = TS2Vec(13, 13)
    with torch.no_grad():
        objective.projection.weight.copy_(torch.eye(13))
        objective.projection.bias.zero_()
    x = (torch.arange(1000) // 8 + 1.0).expand(6, 12, 1000)
    for seed in range(8):
        objective(Clock(), batch(x), generator(seed))
        one, other = (view.detach().numpy() for view in seen[-1])
        _, start, stop, _ = draw_crops(125, generator(seed))
        assert one.shape == other.shape == (6, stop - start, 13)
        both = (one[..., 0] > 0) & (other[..., 0] > 0)
        np.testing.assert_array_equal(one[both][:, 0], other[both][:, 0])
        np.testing.assert_array_equal(one[both][:, 0], np.broadcast_to(np.arange(start, stop) + 1, both.shape)[both])
        assert (np.ptp(one[..., 1:], axis=2) == 0).all(), "all leads are hidden at the same times"
        assert (one[..., 1] != other[..., 1]).any(), "the views are masked differently"
        if stop - start > 30:
            assert abs(one[..., 1].mean() - 0.5) < 0.05


# --- ECG-FM's recipe


def test_leads_are_hidden_whole_half_of_the_time_and_never_all():
    kept = hide_leads(torch.ones(4000, 12, 3), generator())
    assert set(kept.unique().tolist()) == {0.0, 1.0}
    assert (kept.amin(dim=2) == kept.amax(dim=2)).all()
    assert abs(float(kept.mean()) - 0.5) < 0.01
    assert (hide_leads(torch.ones(4000, 1, 1), generator()) == 1).all()
    assert kept.mean(dim=(0, 2)).sub(0.5).abs().max() < 0.04


def test_ecg_fm_style_is_masked_prediction_and_cmsc_of_halves_that_miss_leads():
    x, network, objective = torch.randn(4, 12, 320), encoder(), ECGFMStyle(32, 8)
    loss = objective(network, batch(x), generator())
    random = generator()
    fewer = hide_leads(torch.cat([x[:, :, :160], x[:, :, 160:]]), random)
    state = random.get_state()
    hidden_loss = objective.masked(network, batch(fewer), random)
    blanked = blanked_samples(mask_spans(8, 20, random.set_state(state)), 160)
    embeddings = objective.projector(network(torch.where(blanked[:, None], 0.0, fewer)).mean(dim=2))
    torch.testing.assert_close(loss, hidden_loss + nt_xent(embeddings[:4], embeddings[4:]))


# --- all of them


@pytest.mark.parametrize("make", [CMSC, MaskedPrediction, TS2Vec, ECGFMStyle])
def test_an_objective_is_finite_repeats_itself_and_teaches_every_parameter(make):
    torch.manual_seed(1)
    objective, network, x = make(32, 8), encoder(), torch.randn(6, 12, 320)
    torch.manual_seed(7)
    expected = torch.rand(2)
    torch.manual_seed(7)
    loss = objective(network, batch(x), generator())
    assert torch.equal(torch.rand(2), expected), "only the generator may be asked for numbers"
    assert torch.equal(loss, objective(network, batch(x), generator()))
    assert torch.isfinite(loss)
    loss.backward()
    for name, parameter in [*network.named_parameters(), *objective.named_parameters()]:
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0 or name.endswith("in_proj_bias"), name


@pytest.mark.parametrize("make", [CMSC, MaskedPrediction, TS2Vec, ECGFMStyle])
def test_autocast_changes_the_loss_by_little_and_it_stays_float32(make):
    torch.manual_seed(1)
    objective, network, x = make(32, 8), encoder(), torch.randn(4, 12, 240)
    with torch.no_grad():
        plain = objective(network, batch(x), generator())
        with torch.autocast("cpu", dtype=torch.bfloat16):
            half = objective(network, batch(x), generator())
    assert half.dtype == torch.float32
    assert float(half) == pytest.approx(float(plain), rel=0.05)


@pytest.mark.parametrize("make", [CMSC, MaskedPrediction, TS2Vec, ECGFMStyle])
def test_a_few_steps_lower_the_loss_of_a_fixed_draw(make):
    torch.manual_seed(2)
    objective, network = make(32, 8), encoder()
    axis, pace = torch.randn(8, 12, 1), torch.rand(8, 1, 1) * 0.3 + 0.1
    x = batch(axis * torch.sin(pace * torch.arange(240)) + 0.1 * torch.randn(8, 12, 240))
    learner = torch.optim.AdamW([*network.parameters(), *objective.parameters()], lr=3e-3)
    losses = []
    for _ in range(15):
        loss = objective(network, x, generator())
        learner.zero_grad()
        loss.backward()
        learner.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_halves_are_those_of_each_recording():
    assert halves(torch.arange(10).reshape(1, 2, 5)).tolist() == [[[0, 1], [5, 6]], [[2, 3], [7, 8]]]


def test_spans_follow_their_settings(monkeypatch):
    monkeypatch.setattr(masked, "MASK_PROBABILITY", 0.0)
    assert mask_spans(100, 125, generator()).sum(dim=1).tolist() == [MASK_LENGTH] * 100
