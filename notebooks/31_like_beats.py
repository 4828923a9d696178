# ---
# jupyter:
#   ecgbook:
#     title: Which heartbeats are alike
#     needs: [10_cnn]
#     databases: [ptbxl, mitbih]
#   jupytext:
#     cell_metadata_filter: tags,-all
#     formats: ipynb,py:percent
#     notebook_metadata_filter: ecgbook,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which heartbeats are alike
#
# A contrast pulls like things together and pushes unlike things apart. But which heartbeats are alike? {cite:t}`rizqyawan2026` lets an older classifier and some
# measured features answer, without one label of the database that it learns from. On this page you make these answers, look at what they call alike, and find where they are wrong.

# %% tags=["setup", "remove-cell"]
# A hosted notebook installs the package here; elsewhere there is nothing to do.

# %% tags=["parameters"]
scale = "smoke"
seed = 0
data_dir = ""
device = "auto"

# %% tags=["hide-input"]
import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from ecglib.book import open_chapter, show_source
from ecglib.databases.aami import AAMI_CLASSES
from ecglib.evaluation import Interval
from ecglib.evaluation.by_patient import mean_of_patients
from ecglib.evaluation.peaks import peak_report
from ecglib.figures import plot_intervals
from ecglib.figures.similarity import plot_exponent, plot_similarity
from ecglib.learning.pseudo_labels import NO_CLASS, pseudo_labels
from ecglib.learning.soft_targets import (
    FeatureSimilarity,
    ShapeSimilarity,
    hard_beat_targets,
)
from ecglib.learning.weights import load_weights
from ecglib.models import CNN
from ecglib.signals import bandpass
from ecglib.signals.detected_rr import r_peaks
from ecglib.signals.ecg_features import (
    BEAT_FEATURES,
    BEAT_GROUPS,
    RECORDING_FEATURES,
    RECORDING_GROUPS,
)
from ecglib.signals.feature_tables import feature_tables
from ecglib.signals.segments import to_rate
from ecglib.signals.twelve_lead import RATE, twelve_lead_recordings

chapter = open_chapter(
    "31_like_beats",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]
compared = {"smoke": 60, "cpu": 1000, "gpu": 1000}[scale]

# %% [markdown]
# ## The claim
#
# From the *original* ECG the paper computes beforehand (mark P: its figure): the R peaks, by a detector; the class of each beat, by a classifier, for the **hard targets** of the beat contrast; and
# features of recordings and beats, whose similarity makes the **soft targets**. The beat classifier is said to come from MIT-BIH (S). A similarity in [0, 1] is raised to an
# exponent, 1 or 50 (P), and the figure shows 0.97, 0.8 and 0.7 after the exponent 50.
#
# Which features, which similarity, and what tells *soft_1* from *soft_2*, no text that we could read says. So **soft_1 and soft_2 are defined by us**:
#
# - **soft_1**: measurements in physical units, such as the heart rate, the width of the QRS complex, and heights in millivolts.
# - **soft_2**: the shape, as the cosine between two median beats in twelve leads, or between the loops of two beats.
#
# ## The idea in one picture
#
# Some beats, all compared with all by soft_1 (raised to 50, as below), sorted by the class that a classifier from MIT-BIH gave them.

# %%
ptbxl = chapter.database("ptbxl")
recordings = twelve_lead_recordings(ptbxl)
tables = feature_tables(recordings)
classifier = load_weights(
    CNN(), chapter.needs("10_cnn") / "cnn_inter_0.safetensors"
)
named = pseudo_labels(
    classifier, recordings.signals, tables.peaks, device=device
)
of_recording = np.repeat(np.arange(len(tables)), tables.counts)

soft_1 = {
    "recordings": FeatureSimilarity.fit(
        tables.recordings[tables.known], RECORDING_GROUPS, seed=seed
    ),
    "beats": FeatureSimilarity.fit(tables.beats, BEAT_GROUPS, seed=seed),
}
soft_2 = ShapeSimilarity()

random = np.random.default_rng(seed)
shown = []
for label in range(len(AAMI_CLASSES)):
    of_class = np.flatnonzero(named.classes == label)
    shown.append(random.permutation(of_class)[:25])
shown = np.concatenate(shown)
some = torch.from_numpy(np.array(tables.beats[shown]))
figure, data = plot_similarity(
    soft_1["beats"].soft_targets(some, some, 50.0).numpy(),
    [AAMI_CLASSES[label] for label in named.classes[shown]],
    order=[c for k, c in enumerate(AAMI_CLASSES) if k in named.classes[shown]],
    title="soft_1 of beats, exponent 50",
)
chapter.show(
    figure,
    name="idea",
    alt="Similarity of beats of PTB-XL, each with each, sorted by their pseudo-label: a dark diagonal, and grey patches where beats resemble each other.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In the cell above, set the exponent from 50.0 to 1.0. Before you look: where is the picture still white?
# ```
#
# A hard target would be black inside the squares of a class and white outside. The soft one has all shades: beats are *more or less* alike, across classes too, and two beats of one class may be quite unlike.
#
# ## The components
#
# ### Where the beats are
#
# Beats are found by a detector that looks for steep stretches, at 100 samples a second. How good is it? MIT-BIH's annotators know.

# %%
mitbih = chapter.database("mitbih")
found, marked, patients, names = [], [], [], []
for name in tqdm(mitbih.names(), desc="finding R peaks", unit="record"):
    record = mitbih.read(name)
    lead = "MLII" if "MLII" in record.leads else record.leads[0]
    signal = bandpass(to_rate(record.lead(lead), record.rate, RATE), RATE)
    found.append(r_peaks(signal, RATE))
    marked.append(record.beats.samples * RATE / record.rate)
    patients.append(record.patient)
    names.append(name)
report = peak_report(found, marked, RATE, patients, seed=seed)
without_flutter = [k for k, name in enumerate(names) if name != "207"]
calm = peak_report(
    [found[k] for k in without_flutter],
    [marked[k] for k in without_flutter],
    RATE,
    [patients[k] for k in without_flutter],
    seed=seed,
)
chapter.record("r_peaks.mitbih.sensitivity", report.sensitivity)
chapter.record(
    "r_peaks.mitbih.positive_predictive_value",
    report.positive_predictive_value,
)
chapter.record("r_peaks.mitbih.sensitivity_without_207", calm.sensitivity)
chapter.record("r_peaks.mitbih.missed", int(np.sum(report.missed)))
chapter.record("r_peaks.mitbih.extra", int(np.sum(report.extra)))
figure, data = plot_intervals(
    [
        (title, which, interval)
        for which, of in (("all records", report), ("without 207", calm))
        for title, interval in (
            ("Sensitivity", of.sensitivity),
            ("Positive predictive value", of.positive_predictive_value),
        )
    ]
)
chapter.show(
    figure,
    name="peaks",
    alt="Sensitivity and positive predictive value of the R peak detector on MIT-BIH at 100 samples a second, with 95 % intervals by patients, with and without record 207.",
    data=data,
)

# %% [markdown]
# Of all beats it finds {glue:text}`r_peaks.mitbih.sensitivity:.3f`, within 0.15 s, and of its peaks {glue:text}`r_peaks.mitbih.positive_predictive_value:.3f` are beats. Most of
# the misses are beats of record 207, in which ventricular flutter comes and goes; without that record it finds {glue:text}`r_peaks.mitbih.sensitivity_without_207:.3f`.
#
# ### What is measured

# %%
print("of a recording:", ", ".join(RECORDING_FEATURES[:8]), "…")
print("of a beat:", ", ".join(BEAT_FEATURES[:6]), "…")
show_source(FeatureSimilarity)

# %%
show_source(ShapeSimilarity)

# %% [markdown]
# ### Hard targets
#
# Two beats are alike if the classifier calls them the same: 1, else 0.

# %%
show_source(hard_beat_targets)

# %% [markdown]
# ## The run
#
# ### Before and after the exponent
#
# Pairs of recordings, drawn at random, with the exponents 1 and 50.

# %%
rows = random.permutation(tables.known)[:compared]
beats = random.permutation(len(tables.beats))[:compared]
given = {
    ("soft_1", "recordings"): (soft_1["recordings"], tables.recordings, rows),
    ("soft_2", "recordings"): (soft_2, tables.recording_shapes, rows),
    ("soft_1", "beats"): (soft_1["beats"], tables.beats, beats),
    ("soft_2", "beats"): (soft_2, tables.beat_shapes, beats),
}
table, similarities = {}, {}
chapter.record("soft_1.recordings.compared", len(rows))
for (kind, what), (similarity, features, chosen) in given.items():
    x = torch.from_numpy(np.array(features[chosen]))
    alike = {e: similarity.soft_targets(x, x, e).numpy() for e in (1.0, 50.0)}
    similarities[kind, what] = alike[1.0]
    others = ~np.eye(len(x), dtype=bool)
    entry = {}
    for exponent, matrix in alike.items():
        nearest = np.where(others, matrix, 0).max(axis=1)
        chapter.record(
            f"{kind}.{what}.nearest_{exponent:.0f}", float(np.median(nearest))
        )
        # In a batch of 128, each has 127 others.
        weight = matrix[others].mean() * 127
        chapter.record(f"{kind}.{what}.others_{exponent:.0f}", float(weight))
        entry |= {
            f"nearest, ^{exponent:.0f}": f"{np.median(nearest):.2f}",
            f"127 others together, ^{exponent:.0f}": f"{weight:.2f}",
        }
    table[kind, what] = entry
pd.DataFrame(table).T

# %%
figure, data = plot_exponent(
    similarities["soft_1", "recordings"][:300, :300], exponents=(1, 50)
)
chapter.show(
    figure,
    name="exponent",
    alt="Histogram of the similarities of pairs of recordings by soft_1, before and after the exponent 50: crowded near one before, and spread from zero to nearly one after.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In the cell above, put `"soft_2"` for `"soft_1"`. Before you look: where do the pairs go after the exponent 50?
# The table lets you guess.
# ```
#
# Each recording's own second view has a target of 1. With exponent 1, the 127 others of a batch of 128 together have {glue:text}`soft_1.recordings.others_1:.0f`, nearly 1 each: the loss then hardly asks to tell a recording from
# the others. With exponent 50 they have {glue:text}`soft_1.recordings.others_50:.0f`. The nearest other recording, among {glue:text}`soft_1.recordings.compared:.0f`, keeps
# {glue:text}`soft_1.recordings.nearest_50:.2f`; by soft_2 it keeps {glue:text}`soft_2.recordings.nearest_50:.2f`, and all others together hardly count.
#
# That soft_1 looks like the paper's figure, with its 0.97, 0.8 and 0.7, is **our doing**. Its unit of distance is free, and we set it so that after the exponent 50 the nearest of 127 others has 0.8. With a unit of the median distance
# between two recordings, the exponent 50 would leave next to nothing, and soft_1 would be the hard target. **Whatever an exponent does depends on the similarity that it is applied to**, and the paper's isn't published.
#
# ### Pseudo-labels, and where they are wrong

# %%
counts = {
    name: int((named.classes == label).sum())
    for label, name in enumerate(AAMI_CLASSES)
}
counts["no class"] = int((named.classes == NO_CLASS).sum())
for name, count in counts.items():
    chapter.record(
        f"pseudo_labels.ptbxl.{name.replace(' ', '_').lower()}", count
    )
print(counts)

codes = [
    ptbxl.read(name).notes.get("scp_codes", "") for name in recordings.names
]
stated = np.array(["'PVC'" in code for code in codes])
has_table = np.array([bool(code) for code in codes])
with_v = np.bincount(
    of_recording, named.classes == AAMI_CLASSES.index("V"), len(tables)
)
asked = has_table & np.isin(np.arange(len(tables)), tables.known)
rates = {}
for words, group in (("stated", stated), ("not stated", ~stated)):
    chosen = asked & group
    people, whose = np.unique(recordings.patients[chosen], return_inverse=True)
    share = np.bincount(whose, with_v[chosen] > 0) / np.bincount(whose)
    # One patient, or none, tells nothing of others.
    rates[words] = (
        mean_of_patients(share[None], resamples=resamples, seed=seed)
        if len(people) > 1
        else Interval(float(share.sum()), 0.0, 1.0, n=len(people))
    )
    chapter.record(
        f"pseudo_labels.ptbxl.v_where_{words.replace(' ', '_')}", rates[words]
    )
figure, data = plot_intervals(
    [
        ("Recordings with a beat called V", f"PVC {words}", rate)
        for words, rate in rates.items()
    ]
)
chapter.show(
    figure,
    name="pseudo_labels",
    alt="Share of recordings in which the classifier calls at least one beat V, where a cardiologist stated premature ventricular contractions and where none did, with 95 % intervals by patients.",
    data=data,
)

# %% [markdown]
# PTB-XL has no labels of beats. But its cardiologists stated premature ventricular contractions (PVC) for whole recordings, and a PVC is a V beat. Where they did, the classifier calls a beat V in
# {glue:text}`pseudo_labels.ptbxl.v_where_stated:.2f` of the recordings; where they didn't, in {glue:text}`pseudo_labels.ptbxl.v_where_not_stated:.2f`. So a pseudo-label V means something, and isn't
# the truth. S and F are called so rarely that the hard targets are almost one class: nearly all beats are *alike*. [That classifier](10_cnn.ipynb) finds
# few of them in strangers of MIT-BIH either.
#
# ## The number against the paper's

# %%
chapter.claims()

# %% [markdown]
# ```{admonition} Our own choices
# :class: note
# - **soft_1 and soft_2** as above; features vote by group (rhythm, interval, axis, height, ratio), so that 36 heights don't outvote 3 numbers on rhythm.
# - **Detector**: neurokit2's, on lead II. **Beat classifier**: the plain CNN of [chapter 10](10_cnn.ipynb), trained on DS1, on lead II brought to 360 samples a second.
# - **Features** by simple rules on the median beat; recordings with fewer than three beats have none.
# - **The unit of soft_1**: see above. It takes no label, only the paper's figure.
# - A beat whose window isn't whole has no class. It is like nothing but itself, and a contrast with hard targets leaves it out.
# ```

# %% tags=["hide-input"]
for key, matrix in similarities.items():
    assert np.allclose(matrix, matrix.T, atol=1e-5), key
    assert matrix.min() >= 0, key
    assert matrix.max() <= 1 + 1e-6, key
chapter.close()

# %% [markdown]
# ## Exercises

# %% [markdown]
# ```{exercise-start} The exponent of the figure
# :label: exercise-like-beats-exponent
# ```
# *Ten minutes.* Which similarity gives 0.97, 0.8 and 0.7 after the exponent 50? Write it as `similarity_before(target, exponent)`. And which exponent would give the nearest other recording by soft_1 a target of 0.7, in the median? Write `exponent_for(similarity, target)`, and call the answer `needed`.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-like-beats-exponent
# :class: dropdown
# ````

# %% tags=["solution"]
print({after: round(after ** (1 / 50), 4) for after in (0.97, 0.8, 0.7)})
matrix = similarities["soft_1", "recordings"]
nearest = np.median(np.where(np.eye(len(matrix)), 0, matrix).max(axis=1))
print(f"exponent {np.log(0.7) / np.log(nearest):.1f}")


# %% tags=["solution"]
def similarity_before(target, exponent):
    """Give the similarity that becomes the target when it is raised to the exponent."""
    return target ** (1 / exponent)


def exponent_for(similarity, target):
    """Give the exponent that turns the similarity into the target."""
    return np.log(target) / np.log(similarity)


needed = exponent_for(nearest, 0.7)

# %% tags=["exercise", "check"]
assert np.isclose(similarity_before(0.25, 2), 0.5), (
    "0.5 squared is 0.25, so 0.5 was before."
)
assert np.isclose(exponent_for(0.5, 0.25), 2), (
    "0.5 becomes 0.25 with the exponent 2."
)
assert needed > 1, "An exponent below 1 would make recordings more alike."

# %% tags=["exercise", "hidden-check"]
for made in (0.31, 0.9, 0.995):
    for power in (1.0, 7.0, 50.0):
        assert np.isclose(similarity_before(made**power, power), made), (
            "similarity_before doesn't undo the exponent."
        )
        assert np.isclose(exponent_for(made, made**power), power), (
            "exponent_for doesn't find the exponent again."
        )
others_only = similarities["soft_1", "recordings"].astype(float).copy()
np.fill_diagonal(others_only, 0)
assert np.isclose(
    np.median(others_only.max(axis=0)) ** needed, 0.7, atol=0.01
), (
    "needed doesn't bring the median nearest other recording to 0.7; leave each recording's likeness to itself out."
)

# %% [markdown]
# Similarities above 0.99 for recordings of different people: everybody is close on such a scale, and only an exponent tells them apart. Among more recordings, the nearest is nearer, so it takes a larger exponent to leave it 0.7.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Do they know a patient again?
# :label: exercise-like-beats-same-patient
# ```
# *An evening.* A patient's other recording should be among the nearest. Take the patients with two recordings or more, and ask soft_1 and soft_2: among all other recordings, on which place does the nearest one of the same patient stand? Write a function `first_places(alike, patients)`: a list with such a place, from 1, for each recording that has a second one. What would chance give? Which of the two measures would you trust with a patient's identity?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-like-beats-same-patient
# :class: dropdown
# ````

# %% tags=["solution"]
patients_of = recordings.patients[tables.known]
again = np.array([(patients_of == one).sum() > 1 for one in patients_of])
for kind, (similarity, features) in {
    "soft_1": (soft_1["recordings"], tables.recordings),
    "soft_2": (soft_2, tables.recording_shapes),
}.items():
    x = torch.from_numpy(np.array(features[tables.known]))
    alike = similarity.soft_targets(x, x, 1.0).numpy()
    np.fill_diagonal(alike, -1)
    places = []
    for row in np.flatnonzero(again):
        order = np.argsort(-alike[row], kind="stable")
        same = patients_of[order] == patients_of[row]
        places.append(int(np.argmax(same)) + 1)
    if places:
        print(
            f"{kind}: {len(places)} recordings, first place {np.mean(np.array(places) == 1):.0%}, "
            f"median place {np.median(places):.0f} of {len(x) - 1}"
        )
    else:
        print(f"{kind}: nobody has two recordings here")


# %% tags=["solution"]
def first_places(alike, patients):
    """Give the place of the nearest recording of the same patient, for those with two."""
    patients = np.asarray(patients)
    found_at = []
    for row in range(len(patients)):
        others = np.flatnonzero(np.arange(len(patients)) != row)
        order = others[np.argsort(-alike[row, others], kind="stable")]
        same = patients[order] == patients[row]
        if same.any():
            found_at.append(int(np.argmax(same)) + 1)
    return found_at


# %% tags=["exercise", "check"]
small = np.array([[1.0, 0.2, 0.9], [0.2, 1.0, 0.1], [0.9, 0.1, 1.0]])
assert first_places(small, ["a", "a", "b"]) == [2, 1], (
    "The first recording is more like the third than like its own patient's second: places 2 and 1, and none for b."
)
assert first_places(small, ["a", "b", "c"]) == [], (
    "Nobody has two recordings here."
)

# %% tags=["exercise", "hidden-check"]
generator = np.random.default_rng(11)
matrix_of_40 = generator.uniform(0, 1, (40, 40))
np.fill_diagonal(matrix_of_40, 1)
owners = generator.integers(0, 25, 40)
expected = []
for row in range(40):
    mates = [k for k in range(40) if k != row and owners[k] == owners[row]]
    if mates:
        closest = max(matrix_of_40[row, k] for k in mates)
        nearer = [
            k for k in range(40) if k != row and matrix_of_40[row, k] > closest
        ]
        expected.append(len(nearer) + 1)
assert list(first_places(matrix_of_40, owners)) == expected, (
    "first_places is wrong where patients have more recordings: leave the recording itself out, then find the nearest of its patient."
)

# %% [markdown]
# The same person's other recording lies far ahead of where chance would put it, the middle. Neither measure was made for that: a heart simply resembles itself. So a soft target partly asks what [the adversary of another part](21_beat_classifier_and_its_patients.ipynb) tries to prevent: *who is it?*
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-like-beats-same-person
#
# Two recordings of one patient, a year apart, are in the same batch. What should their target be, and what do soft_1, soft_2 and the hard target say?
# ```
#
# ## What to read next
#
# [From twelve leads to a loop](30_loops.ipynb), for the views that are contrasted. {cite:t}`rizqyawan2026`, for the losses.
