"""The focal loss is the formula of its paper, and the cross-entropy where it should be."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from ecglib.errors import AnnotationError, ECGError
from ecglib.learning import Examples, fit
from ecglib.learning.focal import FocalLoss, class_weights
from ecglib.models import CNN


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return 3 * torch.randn(64, 5, generator=generator), torch.arange(64) % 5


def written_out(logits, targets, gamma, alpha):
    """The formula, example by example, in float64 and without PyTorch's losses."""
    losses = []
    for row, target in zip(logits.double().tolist(), targets.tolist(), strict=True):
        exponents = np.exp(np.array(row) - max(row))
        p = exponents[target] / exponents.sum()
        losses.append(-alpha[target] * (1 - p) ** gamma * np.log(p))
    return np.mean(losses)


def test_without_gamma_it_is_cross_entropy(batch):
    torch.testing.assert_close(FocalLoss(gamma=0, alpha=1)(*batch), nn.functional.cross_entropy(*batch))


def test_without_gamma_alpha_is_the_weight_of_cross_entropy(batch):
    logits, targets = batch
    alpha = torch.tensor([0.5, 2.0, 1.0, 7.0, 0.1])
    reference = nn.functional.cross_entropy(logits, targets, weight=alpha, reduction="none").mean()
    torch.testing.assert_close(FocalLoss(0, alpha.tolist())(logits, targets), reference)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("alpha", [[1.0] * 5, [0.2, 3.0, 1.0, 9.0, 0.7]])
def test_formula(batch, gamma, alpha):
    assert FocalLoss(gamma, alpha)(*batch).item() == pytest.approx(written_out(*batch, gamma, alpha), rel=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_gradient(gamma):
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(6, 5, dtype=torch.float64, generator=generator, requires_grad=True)
    loss = FocalLoss(gamma, [0.5, 2.0, 1.0, 4.0, 1.0]).double()
    assert torch.autograd.gradcheck(lambda values: loss(values, torch.arange(6) % 5), logits)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("size", [0.0, 50.0, 1000.0])
def test_certain_answers_give_finite_losses_and_gradients(gamma, size):
    logits = torch.zeros(2, 5)
    logits[:, 0] = size
    logits.requires_grad_()
    loss = FocalLoss(gamma)(logits, torch.tensor([0, 1]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
    assert loss.item() == pytest.approx(max(size, np.log(5) * 0.8**gamma) / (2 if size else 1), rel=1e-4)


def test_easy_examples_count_less_the_larger_gamma():
    easy, hard = torch.tensor([[4.0, 0.0]]), torch.tensor([[-1.0, 0.0]])
    target = torch.tensor([0])
    shares = [(FocalLoss(gamma)(easy, target) / FocalLoss(gamma)(hard, target)).item() for gamma in (0, 1, 2, 5)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 1e-6 < shares[0]


def test_alpha_of_another_number_of_classes_is_refused(batch):
    with pytest.raises(ECGError, match="5 weights"):
        FocalLoss(2, [1.0, 2.0])(*batch)


@pytest.mark.parametrize(
    ("gamma", "alpha"), [(-1, 1.0), (float("nan"), 1.0), (2, [1.0, 0.0]), (2, [1.0, float("nan")]), (2, [[1.0, 1.0]])]
)
def test_no_such_loss(gamma, alpha):
    with pytest.raises(ECGError, match="no such focal loss"):
        FocalLoss(gamma, alpha)


def test_a_run_is_known_by_gamma_and_alpha():
    names = {repr(FocalLoss(gamma, alpha)) for gamma in (1, 2) for alpha in (1.0, [1.0, 2.0])}
    assert len(names) == 4


def test_it_trains_a_network_to_tell_a_rare_class():
    random = np.random.default_rng(0)
    y = (np.arange(400) % 20 == 0).astype(np.int64)
    x = random.standard_normal((400, 1, 64)).astype(np.float32)
    x[y == 1, :, 20:40] += 1.5
    examples = Examples(x, y)
    torch.manual_seed(0)
    model = CNN(classes=2, samples=64)
    loss = FocalLoss(2.0, class_weights(y, 2, power=0.5))
    done = fit(model, examples, examples, epochs=6, seed=0, loss=loss, device="cpu", batch_size=64, progress=False)
    assert done.best_score > 0.9
    assert done.history[-1]["loss"] < done.history[0]["loss"] / 2


def test_weights_are_scikit_learns():
    labels = np.repeat(np.arange(5), [500, 40, 60, 7, 90])
    reference = compute_class_weight("balanced", classes=np.arange(5), y=labels)
    np.testing.assert_allclose(class_weights(labels), reference)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_mean_weight_of_an_example_is_one(power):
    labels = np.repeat(np.arange(4), [500, 40, 60, 7])
    weights = class_weights(labels, 5, power=power)
    assert weights[labels].mean() == pytest.approx(1)
    assert weights[3] / weights[0] == pytest.approx((500 / 7) ** power)
    assert weights[4] == 1


@pytest.mark.parametrize("labels", [[], [0, 5], [-1, 0], [0.0, 1.0]])
def test_labels_that_are_no_classes(labels):
    with pytest.raises(AnnotationError, match="can't be counted"):
        class_weights(labels)
