"""Are made beats like real ones? Three questions with numbers, and three cheap ways of making beats to compare with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dct
from scipy.stats import binomtest
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors

from ecglib.errors import ECGError
from ecglib.evaluation.intervals import LEVEL, Interval

FOLDS = 5
"""Parts that the two-sample test cuts its beats into."""

MOST = 400
"""More beats of a kind than these the two-sample test leaves out."""

NEIGHBOURS = 5
"""A real beat's neighbourhood reaches to its fifth nearest real beat."""


@dataclass(frozen=True)
class TwoSampleTest:
    """How well a classifier tells made beats from real ones.

    Attributes
    ----------
    accuracy : Interval
        Share of beats that it puts on the right side; 0.5 is chance, and the best that a generator can reach.
    p_value : float
        Chance of such an accuracy, or a higher one, if nothing told them apart.

    Notes
    -----
    Source: Lopez-Paz and Oquab, ICLR 2017. Taught in chapter ``14_gan``.
    """

    accuracy: Interval
    p_value: float


def two_sample_test(real: ArrayLike, made: ArrayLike, *, trees: int = 100, seed: int = 0) -> TwoSampleTest:
    """Train a classifier to tell made beats from real ones, and see how often it can.

    Parameters
    ----------
    real, made : float array, shape (beats, 1, samples) or (beats, samples)
        Millivolts, of one class. As many of one as of the other are compared, at most 400.
    trees : int
        Of the forest that judges.
    seed : int
        Decides which beats are left out, the folds and the forest.

    Returns
    -------
    TwoSampleTest
        Every beat is judged once, by a forest that did not see it in training.

    Raises
    ------
    ECGError
        If there are fewer beats than folds, or the windows differ in length.

    Notes
    -----
    The forest sees the lowest quarter of each window's cosine coefficients (below 45 Hz at 360 samples a second;
    the filter has taken the rest away) and the logarithms of their sizes, so that it notices a wrong shape as well
    as a wrong texture. Give real beats that the generator was not trained on, and compare with what the same test
    says of real training beats. The p-value is that of a binomial test over all beats.
    Source: Lopez-Paz and Oquab, ICLR 2017; classifier and what it sees are our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> real, made = random.normal(size=(2, 60, 40))
    >>> two_sample_test(real, 2 * made).accuracy.value > 0.7
    True
    """
    ours, theirs = _same_length(real, made)
    random = np.random.default_rng(seed)
    count = min(len(ours), len(theirs), MOST)
    if count < FOLDS:
        raise ECGError(
            "too few beats for a two-sample test",
            expected=f"at least {FOLDS} real and {FOLDS} made beats",
            found=f"{len(ours)} and {len(theirs)}",
            remedy="take a class, or a split, with more beats",
        )
    chosen = [random.choice(beats, count, replace=False) for beats in (ours, theirs)]
    features, truth = _coefficients(np.concatenate(chosen)), np.repeat([0, 1], count)
    forest = ExtraTreesClassifier(trees, max_features=0.3, random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    right = cross_val_predict(forest, features, truth, cv=folds) == truth
    low, high = np.quantile(
        random.binomial(len(right), right.mean(), 2000) / len(right), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    )
    accuracy = Interval(float(right.mean()), float(low), float(high), LEVEL, "beat bootstrap", len(right), (), 2000)
    return TwoSampleTest(accuracy, float(binomtest(int(right.sum()), len(right), alternative="greater").pvalue))


@dataclass(frozen=True)
class Neighbours:
    """How near made beats lie to real ones.

    Attributes
    ----------
    made_mV, unseen_mV : float array, shape (beats,)
        Distance of each made, and of each unseen real beat, to the nearest training beat: the root of the mean
        squared difference, in millivolts.
    nearest : int64 array, shape (made beats,)
        Which training beat it is.
    nearer_to_training : float
        Share of made beats that are nearer to a training beat than to any of as many unseen beats. 0.5 if the
        generator forgot the training beats themselves, 1 if it repeats them.
    coverage : float
        Share of unseen beats that have a made beat within reach of their fifth nearest unseen neighbour. Near 1
        if every kind of real beat is made, low if some are never made.

    Notes
    -----
    Source: Meehan et al., AISTATS 2020 (data copying); Naeem et al., ICML 2020 (coverage). Taught in chapter
    ``14_gan``.
    """

    made_mV: NDArray[np.float64]
    unseen_mV: NDArray[np.float64]
    nearest: NDArray[np.int64]
    nearer_to_training: float
    coverage: float


def nearest_neighbours(made: ArrayLike, training: ArrayLike, unseen: ArrayLike, *, seed: int = 0) -> Neighbours:
    """Measure whether made beats repeat training beats, and whether they reach every kind of real beat.

    Parameters
    ----------
    made, training, unseen : float array, shape (beats, 1, samples) or (beats, samples)
        Millivolts, of one class. ``unseen`` are real beats that the generator was not trained on.
    seed : int
        Decides which training beats are compared with the unseen ones, as many of one as of the other.

    Returns
    -------
    Neighbours

    Raises
    ------
    ECGError
        If the windows differ in length, or there are no more unseen beats than a neighbourhood holds.

    Notes
    -----
    A made beat that equals a training beat is a copy, not a new example. Between patients the made beats
    are nearer to training for a second reason: they look like the patients of training.
    Source: Meehan et al. 2020 and Naeem et al. 2020. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> real = np.random.default_rng(0).normal(size=(200, 5))
    >>> nearest_neighbours(real[:100] + 0.001, real[:100], real[100:]).nearer_to_training
    1.0
    """
    new, known = _same_length(made, training)
    _, strangers = _same_length(made, unseen)
    _more_than_neighbours(strangers, "unseen beats to compare with")
    unit = np.sqrt(known.shape[1])
    random = np.random.default_rng(seed)
    to_known, nearest = _nearest(known, new)
    count = min(len(known), len(strangers))
    halves = [random.choice(beats, count, replace=False) for beats in (known, strangers)]
    to_half, to_stranger = (_nearest(half, new)[0] for half in halves)
    reach = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(strangers).kneighbors()[0][:, -1]
    return Neighbours(
        to_known / unit,
        _nearest(known, strangers)[0] / unit,
        nearest,
        float((to_half < to_stranger).mean() + (to_half == to_stranger).mean() / 2),
        float((_nearest(new, strangers)[0] <= reach).mean()),
    )


def train_on_made(
    x: ArrayLike,
    y: ArrayLike,
    made_x: ArrayLike,
    made_y: ArrayLike,
    test: ArrayLike,
    *,
    trees: int = 100,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Train a forest with made beats in the place of real ones, and let it classify real beats.

    Parameters
    ----------
    x : float array, shape (beats, 1, samples) or (beats, samples)
        Real training beats in millivolts.
    y : int array, shape (beats,)
        Their classes.
    made_x, made_y : arrays
        Made beats and their classes. All real beats of these classes are left out; the other classes stay real. With
        no made beats, this is training on real beats.
    test : float array, shape (beats, 1, samples) or (beats, samples)
        Real beats that neither the generator nor the forest was trained on.
    trees : int
        Of the forest.
    seed : int
        Decides the forest.

    Returns
    -------
    int64 array, shape (beats,)
        Predicted class of each test beat.

    Raises
    ------
    ECGError
        If windows differ in length, or classes and beats in number.

    Notes
    -----
    The forest sees the lowest quarter of the cosine coefficients, as in ``two_sample_test``, and weighs all classes
    alike. Source: train on synthetic, test on real (Esteban et al. 2017); swapping only the classes that are made,
    and the forest, are our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> real = np.repeat([[0.0], [1.0], [2.0]], 10, axis=0)
    >>> classes = np.repeat([0, 1, 2], 10)
    >>> train_on_made(real, classes, [[1.1], [0.9]], [1, 1], [[0.0], [1.05], [2.0]]).tolist()
    [0, 1, 2]
    """
    real, unseen = _same_length(x, test)
    classes, made_classes = np.asarray(y, dtype=np.int64), np.asarray(made_y, dtype=np.int64)
    new = _rows(made_x) if len(made_classes) else real[:0]
    if new.shape[1] != real.shape[1] or len(classes) != len(real) or len(made_classes) != len(new):
        raise ECGError(
            "these beats can't train a classifier together",
            expected="windows of one length, and a class for each",
            found=f"{real.shape} and {new.shape}, with {len(classes)} and {len(made_classes)} classes",
            remedy="cut all windows alike, and pass the classes of exactly these beats",
        )
    kept = ~np.isin(classes, made_classes)
    forest = RandomForestClassifier(trees, class_weight="balanced_subsample", random_state=seed)
    forest.fit(_cosines(np.concatenate([real[kept], new])), np.concatenate([classes[kept], made_classes]))
    return np.asarray(forest.predict(_cosines(unseen)), dtype=np.int64)


def jittered(x: NDArray[np.float32], count: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Repeat real beats a little larger or smaller, a little earlier or later, with a little noise.

    Parameters
    ----------
    x : float32 array, shape (beats, 1, samples)
        Real training beats of one class, in millivolts.
    count : int
        Beats to make.
    seed : int
        Same seed, same beats.

    Returns
    -------
    float32 array, shape (count, 1, samples)
        Drawn with replacement, times 0.9 to 1.1, shifted by up to 5 samples, plus 0.01 mV of white noise.

    Notes
    -----
    The cheapest way to have more beats. Source: our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> jittered(np.zeros((3, 1, 260), np.float32), 5).shape
    (5, 1, 260)
    """
    random = np.random.default_rng(seed)
    drawn = x[random.integers(len(x), size=count)]
    places = np.arange(x.shape[2]) + random.integers(-5, 6, (count, 1, 1))
    shifted = np.take_along_axis(drawn, np.clip(places, 0, x.shape[2] - 1), axis=2)
    noise = 0.01 * random.standard_normal(shifted.shape)
    return (random.uniform(0.9, 1.1, (count, 1, 1)) * shifted + noise).astype(np.float32)


def interpolated(x: NDArray[np.float32], count: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Make beats that lie between a real beat and one of its nearest five.

    Parameters
    ----------
    x : float32 array, shape (beats, 1, samples)
        Real training beats of one class, in millivolts.
    count : int
        Beats to make.
    seed : int
        Same seed, same beats.

    Returns
    -------
    float32 array, shape (count, 1, samples)

    Raises
    ------
    ECGError
        If there are no more beats than neighbours.

    Notes
    -----
    Source: SMOTE (Chawla et al. 2002). Taught in chapter ``14_gan``.

    Examples
    --------
    >>> interpolated(np.random.default_rng(0).normal(size=(8, 1, 260)).astype(np.float32), 5).shape
    (5, 1, 260)
    """
    _more_than_neighbours(x, "beats to interpolate between")
    random = np.random.default_rng(seed)
    flat = _rows(x)
    near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(flat).kneighbors(return_distance=False)
    first = random.integers(len(x), size=count)
    second = near[first, random.integers(NEIGHBOURS, size=count)]
    part = random.random((count, 1, 1))
    return ((1 - part) * x[first] + part * x[second]).astype(np.float32)


def mixture(x: NDArray[np.float32], count: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Draw beats from a mixture of normal distributions fitted to real ones.

    Parameters
    ----------
    x : float32 array, shape (beats, 1, samples)
        Real training beats of one class, in millivolts.
    count : int
        Beats to make.
    seed : int
        Same seed, same beats.

    Returns
    -------
    float32 array, shape (count, 1, samples)

    Notes
    -----
    One normal distribution for every 50 beats, at most 20, over the principal components that hold 99 % of the
    variance. It is fitted in a second and learns no network. Source: our choice. Taught in chapter ``14_gan``.

    Examples
    --------
    >>> mixture(np.random.default_rng(0).normal(size=(80, 1, 260)).astype(np.float32), 5).shape
    (5, 1, 260)
    """
    components = PCA(0.99, svd_solver="full", random_state=seed).fit(_rows(x))
    parts = int(np.clip(len(x) // 50, 1, 20))
    model = GaussianMixture(parts, covariance_type="full", reg_covar=1e-4, random_state=seed)
    model.fit(components.transform(_rows(x)))
    drawn = np.random.default_rng(seed).permutation(model.sample(count)[0])
    return components.inverse_transform(drawn).astype(np.float32).reshape(count, 1, -1)


def _rows(windows: ArrayLike) -> NDArray[np.float64]:
    """Give windows of one lead as rows, shape (beats, samples); raises ECGError."""
    found = np.asarray(windows, dtype=np.float64)
    if found.ndim == 3 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 2 or not found.size or not np.isfinite(found).all():
        raise ECGError(
            "these beats can't be compared",
            expected="finite numbers of shape (beats, 1, samples) or (beats, samples), and at least one beat",
            found=f"shape {np.shape(windows)}",
            remedy="pass windows of one lead, without NaN",
        )
    return found


def _same_length(one: ArrayLike, other: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = _rows(one), _rows(other)
    if first.shape[1] != second.shape[1]:
        raise ECGError(
            "windows differ in length",
            expected=f"{first.shape[1]} samples",
            found=str(second.shape[1]),
            remedy="cut all windows alike",
        )
    return first, second


def _more_than_neighbours(beats: NDArray[np.floating], what: str) -> None:
    if len(beats) <= NEIGHBOURS:
        raise ECGError(
            f"too few {what}",
            expected=f"more than {NEIGHBOURS}",
            found=str(len(beats)),
            remedy="take a class, or a split, with more beats",
        )


def _nearest(among: NDArray[np.float64], of: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Give the distance and the index of the nearest row of ``among`` to each row of ``of``."""
    distance, index = NearestNeighbors(n_neighbors=1).fit(among).kneighbors(of)
    return distance[:, 0], index[:, 0].astype(np.int64)


def _coefficients(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the lowest cosine coefficients, and the logarithms of their sizes."""
    low = _cosines(windows)
    return np.concatenate([low, np.log10(np.abs(low) + 1e-3)], axis=1)


def _cosines(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the lowest quarter of the coefficients of the cosine transform."""
    return np.asarray(dct(windows, norm="ortho", axis=1)[:, : max(1, windows.shape[1] // 4)])
