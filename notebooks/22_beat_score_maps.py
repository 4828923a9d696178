# ---
# jupyter:
#   ecgbook:
#     title: Beat-score maps
#     needs: [21_beat_classifier_and_its_patients]
#     databases: [mitbih, ludb]
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
# # Beat-score maps
#
# Most programs that read a rhythm look for the R peaks first. Jeong and colleagues {cite}`jeong2024`, and Lee and Shin before
# them {cite}`lee2024`, never do. They slide a beat classifier over ten seconds of ECG and write down what it says, column by column. The
# picture that results is the *beat-score map*. On this page you make such maps, see four rhythms in them, and measure what the
# picture keeps of the ECG and what it throws away.

# %% tags=["setup", "remove-cell"]
# A hosted notebook installs the package here; elsewhere there is nothing to do.

# %% tags=["parameters"]
scale = "smoke"
seed = 0
data_dir = ""
device = "auto"

# %% tags=["hide-input"]
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.signal import find_peaks
from scipy.spatial import KDTree
from scipy.stats import rankdata
from tqdm.auto import tqdm

from ecglib.book import open_chapter, show_source
from ecglib.databases import splits
from ecglib.databases.aami import AAMI_CLASSES, aami_classes
from ecglib.databases.record import NOT_MARKED
from ecglib.errors import ECGError
from ecglib.evaluation import (
    Interval,
    classification_report,
    confusion_report,
    holm,
    paired_difference,
)
from ecglib.evaluation.intervals import draw, percentiles
from ecglib.figures import plot_confusion, plot_intervals
from ecglib.figures.beat_score_map import (
    MapExample,
    plot_beat_score_map,
    plot_maps,
)
from ecglib.figures.style import RHYTHM_NAMES
from ecglib.learning.beat_score_map import beat_score_map, beat_score_vectors
from ecglib.learning.read_rhythm import ten_seconds
from ecglib.learning.weights import load_weights
from ecglib.models.beat_classifier import BeatClassifier
from ecglib.signals.rhythm_windows import rhythm_windows
from ecglib.signals.rr_statistics import RR_STATISTICS, rr_statistics
from ecglib.signals.segments import (
    NO_BEAT,
    RATE,
    STRIDE_SECONDS,
    segment_centres,
    successive_segments,
)

chapter = open_chapter(
    "22_beat_score_maps",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=10)
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]

# %% [markdown]
# ## The claim
#
# The abstracts say how it is done (mark P: the authors' own words). A 10 s ECG is cut into **successive segments**. A beat
# classifier gives each segment a **beat-score vector**. The vectors, side by side in time order, are the **beat-score map**
# (BSM). If the classifier was trained against an adversary that names the patient, the map is *patient-independent*
# (PI-BSM). A second classifier reads the rhythm from the map.
#
# The predecessor reports numbers for maps: among ten rhythms of MIT-BIH, an F1 of 97.56 % for ventricular flutter (P), and an average accuracy of
# 99.28 % on another database, VFDB, and of 88.83 % on Chapman-Shaoxing (P). You will see below why the first can't be tested between patients.
#
# Behind these numbers stands a bet: *the map holds what the rhythm needs, and not much else*. Four questions make it testable.
#
# 1. Can you read from the map **when** the beats come, and of **which class** they are?
# 2. Is a rhythm as **irregular** in its map as in the true beats?
# 3. What does the map **forget**? P waves? Amplitudes?
# 4. What does the **adversary** change in the picture?
#
# ## The idea in one picture
#
# Let $x_i$ be segment number $i$, one second of ECG, and let the next one begin a quarter of a second later. From 10 seconds come
#
# $$ n = \left\lfloor \frac{10 - 1}{0.25} \right\rfloor + 1 = 37 $$
#
# segments. The beat classifier gives segment $x_i$ a logit $z_c(x_i)$ for each of six classes $c$: N, S, V, F, Q, and *no beat*.
# The softmax makes probabilities of them, and these are column $i$ of the map $M$:
#
# $$ M_{c,i} = \frac{e^{z_c(x_i)}}{\sum_{k} e^{z_k(x_i)}} $$
#
# Every column sums to one. It belongs to the *middle* of its segment. So the first column stands at 0.5 s, the last at 9.5 s.
#
# The classifiers come from [the chapter before](21_beat_classifier_and_its_patients.ipynb): trained on the patients of DS1, without and with the
# adversary. Nothing is trained on this page. Whatever is measured on MIT-BIH is measured on the patients of DS2, whom no classifier has seen.

# %%
mitbih = chapter.database("mitbih")
windows = rhythm_windows(mitbih)
validating = np.flatnonzero(np.isin(windows.records, splits.DS1_VALIDATION))
strangers = np.flatnonzero(np.isin(windows.records, splits.DS2))
others = np.setdiff1d(np.arange(len(windows)), [*validating, *strangers])
splits.assert_patient_disjoint(
    windows.patients[others],
    windows.patients[validating],
    windows.patients[strangers],
)
splits.assert_patient_disjoint(
    windows.patients[validating], windows.patients[strangers]
)

forms = {"bsm": "plain", "pi_bsm": "reversal"}
names = {"bsm": "BSM", "pi_bsm": "PI-BSM"}
trained = chapter.needs("21_beat_classifier_and_its_patients")
models = {
    (method, run_seed): load_weights(
        BeatClassifier(), trained / f"{form}_{run_seed}.safetensors"
    )
    for method, form in forms.items()
    for run_seed in seeds
}
print(
    f"{len(windows):,} windows of 10 s, {len(strangers):,} of them from "
    f"{len(set(windows.patients[strangers]))} patients of DS2; "
    f"{len(models)} classifiers"
)

# %% [markdown]
# The windows to look at are chosen **by a rule, not by hand**: of each rhythm, the first window in order of record and time
# that the rhythm fills. Records of DS2 only, with one exception. **Ventricular flutter is in a single record, 207,
# and that is in DS1.** Its classifier has been trained on this very heart.

# %%
true_beats = [
    (
        np.round(found.samples * RATE / windows.beat_rate).astype(int),
        aami_classes(found.symbols),
    )
    for found in windows.beats
]
chosen = {}
for rhythm in ("N", "B", "AFIB", "VFL"):
    among = np.arange(len(windows)) if rhythm == "VFL" else strangers
    filled = among[windows.rhythms[among] == rhythm]
    if len(filled):
        chosen[rhythm] = filled[0]
    else:
        print(f"no window here is filled by {RHYTHM_NAMES[rhythm]}")
pd.DataFrame(
    {
        RHYTHM_NAMES[rhythm]: {
            "record": windows.records[row],
            "from second": int(windows.starts[row]),
            "marked beats": len(windows.beats[row]),
            "classifier": "never saw this patient"
            if row in strangers
            else "trained on this patient",
        }
        for rhythm, row in chosen.items()
    }
).T

# %% [markdown]
# ```{margin} Try this
# In the cell below, move the ECG by half a column: `np.roll(windows.windows[row], 16)` inside `beat_score_map`.
# Before you run it: which dark cells split, and which close?
# ```
#
# First the sinus rhythm, with its map below. White is 0, black is 1. The annotators' beats are written above the ECG; the map was made
# without them.

# %%
first = models["bsm", seeds[0]]
row = chosen["N"]
figure, data = plot_beat_score_map(
    windows.windows[row],
    beat_score_map(first, windows.windows[row], device=device),
    beats=true_beats[row],
)
chapter.show(
    figure,
    name="idea",
    alt="Ten seconds of sinus rhythm, and below it the beat-score map of 37 columns and six rows, aligned in time.",
    data=data,
)

# %% [markdown]
# ## The component
#
# Two functions. The first scores segments, the second cuts recordings and sets the scores side by side. There is one
# function for both kinds of map: BSM and PI-BSM differ in the classifier that you hand over.

# %%
show_source(beat_score_vectors)

# %%
show_source(beat_score_map)

# %% [markdown]
# ## The figure: four rhythms as maps

# %%
examples = [
    MapExample(
        f"{RHYTHM_NAMES[rhythm]}, record {windows.records[row]}"
        + (" (in training)" if row not in strangers else ""),
        windows.windows[row],
        beat_score_map(first, windows.windows[row], device=device),
        true_beats[row],
    )
    for rhythm, row in chosen.items()
]
figure, data = plot_maps(examples)
chapter.show(
    figure,
    name="rhythms",
    alt="Ten seconds of each rhythm, each with its beat-score map below: "
    + ", ".join(example.title for example in examples)
    + ".",
    data=data,
)

# %% [markdown]
# Read them like sheet music. The row *–* (no beat) is the rest between notes. A dark cell in row N or V is a note: a beat of this class, at this
# time. If the classifier does its work, sinus rhythm is an even row of notes. In bigeminy every second note moves to row V. In fibrillation the
# notes stay in row N, and their distances wander. Where two grey cells stand side by side, the beat fell between two columns.
#
# ```{warning}
# The flutter map is of a **training patient**. The three others are of patients whom the classifier has never seen. There is
# no second person with ventricular flutter in MIT-BIH, so nobody can make the flutter map of a stranger from these data.
# ```
#
# And there is a trap in it. In ventricular flutter the annotators mark waves, not beats: the window above has
# no beat. By our rule its segments were labelled *no beat* in training, just like the pause between
# two normal beats. Which row the classifier fills is then what it was taught, not what it found out.
# Here it is mostly *no beat*, with V where the first wide waves come. In this window, a rhythm that kills looks like a long pause.
#
# ### The same ten seconds, plain and adversarial
#
# Same ECG, two classifiers: above without the adversary, below with it. The window of fibrillation again, where there is one.

# %%
row = chosen.get("AFIB", chosen["N"])
pair = [
    MapExample(
        f"{name} of record {windows.records[row]}",
        windows.windows[row],
        beat_score_map(
            models[method, seeds[0]], windows.windows[row], device=device
        ),
        true_beats[row],
    )
    for method, name in names.items()
]
figure, data = plot_maps(pair)
chapter.show(
    figure,
    name="plain_and_adversarial",
    alt="One window of ten seconds twice, above with its BSM, below with its PI-BSM.",
    data=data,
)

# %% [markdown]
# One window proves little. So here is the run: the maps of all windows of DS2, and of the four validation patients, by every
# classifier. We make them at a stride of **0.125 s**, 73 columns each. Every second column then is the map at our
# stride of 0.25 s, and the next cell checks it.

# %%
fine, usual = STRIDE_SECONDS / 2, STRIDE_SECONDS
looked_at = np.concatenate([validating, strangers])
if scale == "smoke":
    looked_at = looked_at[::2]
testing = np.isin(looked_at, strangers)
owners = windows.patients[looked_at]
maps = {
    key: beat_score_map(
        model, windows.windows[looked_at], stride=fine, device=device
    )
    for key, model in tqdm(models.items(), unit="classifier")
}
for key, model in models.items():
    again = beat_score_map(model, windows.windows[looked_at[:2]], device=device)
    assert np.allclose(maps[key][:2, :, ::2], again, atol=1e-4)
print(f"maps of shape {maps['bsm', seeds[0]].shape}")

# %% [markdown]
# How far apart are the two kinds of map? Take the *total variation* of two columns: half the sum of the absolute differences of their six
# scores. It is 0 for equal columns, 1 where one says surely N and the other surely V. And because two classifiers
# of one kind differ too, there is a yardstick: the distance between two plain classifiers that were trained with different seeds.

# %%
pairs = {
    "pi_bsm.maps.distance_to_bsm": [
        (("bsm", run_seed), ("pi_bsm", run_seed)) for run_seed in seeds
    ],
    "bsm.maps.distance_of_seeds": [
        (("bsm", one), ("bsm", two)) for one, two in pairwise(seeds)
    ],
}
for name, compared in pairs.items():
    distances = [
        np.abs(maps[one][testing, :, ::2] - maps[two][testing, :, ::2]).sum(1)
        / 2
        for one, two in compared
    ]
    if distances:
        chapter.record(name, float(np.mean(distances)), n=int(testing.sum()))
        print(f"{name}: {np.mean(distances):.3f} on average")

# %% [markdown]
# A column of the PI-BSM is {glue:text}`pi_bsm.maps.distance_to_bsm:.3f` away from that of the BSM, on average. Two plain
# classifiers that differ only in their seed are four times as far apart, as the line above says. So whatever the adversary changed, it is less than chance changes.
#
# ## What the map keeps: when beats come
#
# If the map holds the beats, you can read them back. The rule is short. Let $e_i = 1 - M_{\text{no beat},\,i}$ be the evidence for a beat in column $i$.
# **A beat is where $e$ peaks**, if the peak is high enough. Its time is the centre of mass of the peak and its two
# neighbours, and its class the largest of the five beat scores. How high is enough is chosen on the validation
# patients.
#
# A beat that is read counts as right if it and a true beat are each other's nearest, at most 0.15 seconds apart. *Sensitivity* is the share of
# true beats that are read; the *positive predictive value* (PPV) is the share of read beats that are true. True beats
# before the first column or after the last can't be read, and don't count.

# %%
truth = pd.DataFrame(
    {
        "window": np.repeat(
            np.arange(len(looked_at)),
            [len(windows.beats[row]) for row in looked_at],
        ),
        "time": np.concatenate(
            [
                windows.beats[row].samples / windows.beat_rate
                for row in looked_at
            ]
        ),
        "class": np.concatenate([true_beats[row][1] for row in looked_at]),
    }
)
centres = segment_centres(windows.windows.shape[1], RATE)
truth["counts"] = truth["time"].between(centres[0], centres[-1])

read = {}
for (method, run_seed), stack in maps.items():
    for stride in (usual, fine):
        scores = stack[..., :: round(stride / fine)]
        evidence = np.pad(1 - scores[:, NO_BEAT], ((0, 0), (1, 1)))
        peaks, _ = find_peaks(evidence.ravel(), height=0.1)
        window, column = np.divmod(peaks, evidence.shape[1])
        before, height, after = (
            evidence.ravel()[peaks + step] for step in (-1, 0, 1)
        )
        moved = (after - before) / (before + height + after)
        read[method, stride, run_seed] = pd.DataFrame(
            {
                "window": window,
                "time": centres[0] + (column - 1 + moved) * stride,
                "height": height,
                "class": scores[window, :NO_BEAT, column - 1].argmax(axis=1),
            }
        )

# %% [markdown]
# For comparison, a reader who is *blind*: it takes the beats that were read from the plain map of the window **before**. A rhythm goes on
# from one window to the next, so it knows the patient's rate, but not when the beats come.

# %%
for run_seed in seeds:
    last = read["bsm", usual, run_seed]
    read["blind", usual, run_seed] = last.assign(
        window=(last["window"] + 1) % len(looked_at)
    ).sort_values(["window", "time"], ignore_index=True)

heights = np.arange(1, 10) / 10
matched, quality = {}, {}
for key, beats_read in tqdm(read.items(), unit="reading"):
    for height in heights:
        high = beats_read[beats_read["height"] >= height]
        # A thousand seconds lie between two windows, so beats of one never
        # match another's.
        clocks = [
            (1000 * table["window"] + table["time"]).to_numpy()[:, np.newaxis]
            for table in (truth, high)
        ]
        _, nearest = KDTree(clocks[1]).query(clocks[0], workers=1)
        apart, back = KDTree(clocks[0]).query(clocks[1], workers=1)
        mutual = back[nearest] == np.arange(len(truth))
        right = mutual & (apart[nearest] <= 0.15)
        of_true = np.where(right, nearest, -1)
        wrong = np.setdiff1d(np.arange(len(high)), nearest[right])
        matched[*key, height] = high, of_true, wrong
        seen = truth["counts"] & ~testing[truth["window"]]
        hits = right[seen].sum()
        false = (~testing[high["window"].to_numpy()[wrong]]).sum()
        quality[*key, height] = 2 * hits / (seen.sum() + hits + false)

f1 = pd.Series(quality).groupby(level=[0, 1, 3]).mean()
lowest = {
    (method, stride): f1[method, stride].idxmax()
    for method in forms
    for stride in (usual, fine)
}
lowest["blind", usual] = lowest["bsm", usual]
for (method, stride), height in lowest.items():
    print(f"{method}, {stride:g} s: a beat is read from {height:.1f} on")

# %% [markdown]
# The chosen heights go to the test patients. The 95 % interval comes from drawing patients again, jointly for all seeds; so do the differences
# below, with both readers on the same draw.

# %%
table, items = {}, {}
nothing = len(AAMI_CLASSES)
labels = (*AAMI_CLASSES, "–")
kept = (truth["counts"] & testing[truth["window"]]).to_numpy()
for method, stride in lowest:
    true, predicted, item_owners = [truth["class"][kept]], [], []
    item_owners.append(owners[truth["window"][kept]])
    rows_of = {
        run_seed: matched[method, stride, run_seed, lowest[method, stride]]
        for run_seed in seeds
    }
    false = {}
    for run_seed, (high, _, wrong) in rows_of.items():
        strays = high.iloc[wrong]
        false[run_seed] = strays[testing[strays["window"]]]
    for run_seed, (high, of_true, _) in rows_of.items():
        classes = high["class"].to_numpy()[of_true[kept]]
        answers = [np.where(of_true[kept] >= 0, classes, nothing)]
        for other, strays in false.items():
            named = strays["class"].to_numpy()
            answers.append(named if other == run_seed else nothing + 0 * named)
        predicted.append(np.concatenate(answers))
    for strays in false.values():
        true.append(np.full(len(strays), nothing))
        item_owners.append(owners[strays["window"]])
    items[method, stride] = (
        np.concatenate(true),
        np.stack(predicted),
        np.concatenate(item_owners),
    )
tasks = {
    (method, stride): "beats" if stride == usual else "beats_fine"
    for method, stride in items
}
drawn = {"resamples": resamples, "seed": seed}
for (method, stride), (true, predicted, item_owners) in items.items():
    report = classification_report(
        (true < nothing).astype(int),
        (predicted < nothing).astype(int),
        ("none", "beat"),
        patients=item_owners,
        **drawn,
    )
    who = f"{names.get(method, 'blind reader')}, {stride:g} s"
    for metric, key in {
        "sensitivity": "recall_beat",
        "ppv": "precision_beat",
        "f1": "f1_beat",
    }.items():
        chapter.record(
            f"{method}.{tasks[method, stride]}.{metric}", report[key]
        )
        table[metric, who] = report[key]
pd.DataFrame(
    {
        "PPV" if metric == "ppv" else metric: {
            who: f"{found.value:.3f} ({found.low:.3f}–{found.high:.3f})"
            for (measured, who), found in table.items()
            if measured == metric
        }
        for metric in ("sensitivity", "ppv", "f1")
    }
)

# %%
figure, data = plot_intervals(
    [
        ("PPV" if metric == "ppv" else metric, who, found)
        for (metric, who), found in table.items()
        if metric != "f1"
    ]
)
chapter.show(
    figure,
    name="beats_read",
    alt="Sensitivity and positive predictive value of beats read from maps, plain and adversarial, at two strides, and of a blind reader.",
    data=data,
)

# %% [markdown]
# Is the finer stride better, and is the adversarial map as good as the plain one? True beats are the same for
# all readers. A beat that one reads and that is none counts against this reader only.

# %%
rows = {}
for one, two in (
    (("bsm", fine), ("bsm", usual)),
    (("pi_bsm", usual), ("bsm", usual)),
    (("bsm", usual), ("blind", usual)),
):
    (true_a, read_a, owners_a), (true_b, read_b, owners_b) = (
        items[one],
        items[two],
    )
    shared = int(kept.sum())
    strays_a, strays_b = len(true_a) - shared, len(true_b) - shared
    blank = {
        size: np.full((len(seeds), size), nothing)
        for size in (strays_a, strays_b)
    }
    is_beat = [
        (named < nothing).astype(int)
        for named in (
            np.append(true_a, true_b[shared:]),
            np.hstack([read_a, blank[strays_b]]),
            np.hstack(
                [read_b[:, :shared], blank[strays_a], read_b[:, shared:]]
            ),
        )
    ]
    difference = paired_difference(
        *is_beat,
        "f1_beat",
        ("none", "beat"),
        patients=np.append(owners_a, owners_b[shared:]),
        **drawn,
    )
    chapter.record_difference(
        f"{one[0]}.{tasks[one]}.f1", f"{two[0]}.{tasks[two]}.f1", difference
    )
    rows[f"{one[0]} {one[1]:g} s minus {two[0]} {two[1]:g} s"] = difference
corrected = holm([difference.p_value for difference in rows.values()])
pd.DataFrame(
    {
        name: {
            "difference in F1": f"{found.value:+.3f}",
            "95 % interval": f"{found.low:+.3f} to {found.high:+.3f}",
            "p, Holm-corrected": f"{p_value:.2g}",
        }
        for (name, found), p_value in zip(rows.items(), corrected, strict=True)
    }
).T

# %% [markdown]
# The plain map at 0.25 s gives back {glue:text}`bsm.beats.sensitivity:.3f` of the true beats, and {glue:text}`bsm.beats.ppv:.3f` of what is read is true. The blind reader
# gets {glue:text}`blind.beats.sensitivity:.3f` and {glue:text}`blind.beats.ppv:.3f`: so much comes by rate alone. At 0.125 s it is
# {glue:text}`bsm.beats_fine.sensitivity:.3f` and {glue:text}`bsm.beats_fine.ppv:.3f`, with the adversary {glue:text}`pi_bsm.beats.sensitivity:.3f` and
# {glue:text}`pi_bsm.beats.ppv:.3f` at 0.25 s. The finer stride helps, and significantly: hardly a beat is missed. The adversary neither costs
# nor gains anything that 21 patients could show.
#
# ### Of which class
#
# Now the class too. The row *–* holds what was read where no beat is, the column *–* the beats that were missed. One seed is
# drawn, of the plain map at 0.25 s. The table gives F1 for each class, as a mean over seeds; the macro mean leaves out Q, as
# everywhere between patients.

# %%
true, predicted, item_owners = items["bsm", usual]
one = (true < nothing) | (predicted[0] < nothing)
figure, data = plot_confusion(
    confusion_report(true[one], predicted[0][one], labels, seed=seed)
)
chapter.show(
    figure,
    name="classes_read",
    alt="True class of each beat against the class read from the plain map; the last row is beats read where none is, the last column beats missed.",
    data=data,
)

# %%
table = {}
for method in forms:
    true, predicted, item_owners = items[method, usual]
    report = classification_report(
        true,
        predicted,
        labels,
        patients=item_owners,
        macro_over=("N", "S", "V", "F"),
        **drawn,
    )
    table[names[method]] = {}
    for key in ("macro_f1", "f1_N", "f1_S", "f1_V", "f1_F"):
        found = report[key]
        chapter.record(f"{method}.beat_classes.{key}", found)
        table[names[method]][key] = (
            f"{found.value:.3f} ({found.low:.3f}–{found.high:.3f})"
        )
pd.DataFrame(table)

# %% [markdown]
# N comes back with an F1 of {glue:text}`bsm.beat_classes.f1_N:.2f`, V with {glue:text}`bsm.beat_classes.f1_V:.2f`, S with {glue:text}`bsm.beat_classes.f1_S:.2f` and F with
# {glue:text}`bsm.beat_classes.f1_F:.2f`. So the map keeps N and most of V. It loses S and F:
# they are called N. One V in seven is read as no beat at all. And nearly a third of the beats that are read where none is are called V.
#
# ## What the map keeps: irregularity
#
# Fibrillation is told by the *irregularity* of the beats more than by anything else. So the map must carry it. A number for it is the
# *coefficient of variation* (CV): the standard deviation of the intervals between beats, divided by their mean. Here it is
# from the true beats, and from the beats read from the map, of the same window. A map with columns 0.25 s apart
# could well blur it: at rest, the intervals of a healthy heart differ by hundredths of a second.

# %%
cv = RR_STATISTICS.index("coefficient_of_variation")
irregular = {}
sources = {("truth", 0.0, seed): truth[truth["counts"]]} | {
    (*pair, run_seed): matched[*pair, run_seed, lowest[pair]][0]
    for pair in lowest
    for run_seed in seeds
    if pair[0] != "blind"
}
for key, beats_known in sources.items():
    irregular[key] = np.full(len(looked_at), np.nan)
    for window, times in beats_known.groupby("window")["time"]:
        if len(times) > 2:
            irregular[key][window] = rr_statistics(times.to_numpy(), 1.0)[cv]
measured = testing & np.isfinite(list(irregular.values())).all(axis=0)
chapter.record("bsm.rr.share_measured", float(measured[testing].mean()))
true_cv = irregular["truth", 0.0, seed][measured]
patients, patient = np.unique(owners[measured], return_inverse=True)
print(f"{measured.sum():,} of {testing.sum():,} windows have three beats each")

# %% [markdown]
# The rank correlation over windows says whether the map puts the windows in the right order, from the most regular to the least. The
# interval comes from drawing patients again; the ranks stay those of all windows.

# %%
chance = np.random.default_rng(seed)
weights = draw(len(patients), resamples, chance).astype(float)
agreement = {}
for method, stride in lowest:
    if method == "blind":
        continue
    values, spread = [], []
    for run_seed in seeds:
        a = rankdata(true_cv) - (len(true_cv) + 1) / 2
        b = rankdata(irregular[method, stride, run_seed][measured])
        b = b - (len(b) + 1) / 2
        sums = np.stack(
            [
                np.bincount(patient, weights=part)
                for part in (np.ones(len(a)), a, b, a * a, b * b, a * b)
            ]
        )
        n, sa, sb, saa, sbb, sab = (
            np.vstack([np.ones(len(patients)), weights]) @ sums.T
        ).T
        r = (n * sab - sa * sb) / np.sqrt((n * saa - sa**2) * (n * sbb - sb**2))
        values.append(float(r[0]))
        spread.append(r[1:])
    low, high = percentiles(np.mean(spread, axis=0))
    found = Interval(
        float(np.mean(values)),
        low,
        high,
        method="patient bootstrap",
        n=len(patients),
        by_seed=tuple(values),
    )
    task = "rr" if stride == usual else "rr_fine"
    chapter.record(f"{method}.{task}.cv_correlation", found)
    agreement[method, stride] = found
    print(f"{names[method]} at {stride:g} s: {found}")

# %% [markdown]
# A high correlation may still hide a bias. So look at the CV itself, for windows of sinus rhythm and of fibrillation. And ask what
# it is worth: the area under the ROC curve (AUROC) when the CV alone tells fibrillation from sinus rhythm, 0.5 being
# chance. What the map loses there, no rhythm classifier gets back, unless it finds it elsewhere in the map. Few people of
# DS2 fibrillate, so this interval is wide.

# %%
rows, area = [], {}
rhythm = windows.rhythms[looked_at][measured]
for method, stride in [("truth", 0.0), *agreement]:
    run_seeds = [seed] if method == "truth" else seeds
    who = "true beats"
    if method != "truth":
        who = f"{names[method]}, {stride:g} s"
    task = "rr_fine" if stride == fine else "rr"
    values = np.mean(
        [irregular[method, stride, k][measured] for k in run_seeds], axis=0
    )
    for name in ("N", "AFIB"):
        of = rhythm == name
        present = np.unique(owners[measured][of])
        if len(present) < 2:
            continue
        per_patient = weights[:, np.isin(patients, present)]
        sums = np.stack(
            [
                np.bincount(patient[of], minlength=len(patients)),
                np.bincount(patient[of], values[of], len(patients)),
            ]
        )[:, np.isin(patients, present)]
        n, total = per_patient @ sums[0], per_patient @ sums[1]
        low, high = percentiles(total[n > 0] / n[n > 0])
        found = Interval(
            float(values[of].mean()),
            low,
            high,
            method="patient bootstrap",
            n=len(present),
        )
        chapter.record(f"{method}.{task}.cv_{name}", found)
        rows.append((f"CV, {RHYTHM_NAMES[name]}", who, found))
    told = np.isin(rhythm, ("N", "AFIB"))
    if len(np.unique(rhythm[told])) == 2:
        of_seeds = np.stack(
            [irregular[method, stride, k][measured][told] for k in run_seeds]
        )
        area[who] = classification_report(
            (rhythm[told] == "AFIB").astype(int),
            np.zeros(of_seeds.shape, int),
            ("N", "AFIB"),
            scores=np.stack([-of_seeds, of_seeds], axis=-1),
            patients=owners[measured][told],
            **drawn,
        )["auroc"]
        chapter.record(f"{method}.{task}.afib_auroc_of_cv", area[who])
rows += [("AUROC, fibrillation", who, found) for who, found in area.items()]
figure, data = plot_intervals(rows)
chapter.show(
    figure,
    name="irregularity",
    alt="Mean coefficient of variation of windows of sinus rhythm and of atrial fibrillation, and the area under the ROC curve, from true beats and from maps.",
    data=data,
)

# %% [markdown]
# In sinus rhythm the true CV is {glue:text}`truth.rr.cv_N:.3f` on average; the plain map makes it {glue:text}`bsm.rr.cv_N:.3f` at 0.25 s and
# {glue:text}`bsm.rr_fine.cv_N:.3f` at 0.125 s. Each missed or invented beat adds to it as well. In fibrillation the CV is {glue:text}`truth.rr.cv_AFIB:.3f`, {glue:text}`bsm.rr.cv_AFIB:.3f` and
# {glue:text}`bsm.rr_fine.cv_AFIB:.3f`. The true beats' CV alone tells the two apart with an AUROC of {glue:text}`truth.rr.afib_auroc_of_cv:.2f`, that of the plain map
# at 0.25 s with {glue:text}`bsm.rr.afib_auroc_of_cv:.2f`. **Most of what is lost is
# lost in sinus rhythm**: rounding to the columns makes a regular rhythm look uneven, while an uneven one hardly changes. The finer stride
# halves the damage in the CV. In the AUROC the intervals are too wide to tell.
#
# ## The mean column
#
# Forget the order of the columns for a moment, and take their mean: how much of the ten seconds each class fills. For
# each rhythm, over all its windows in DS2, seeds averaged. *Change* is the mean total variation from one column to the
# next. *Surprise* is the mean entropy of a column in bits: 0 where the classifier is sure, 2.6 where it knows nothing.

# %%
table = {}
for method in forms:
    stacks = np.stack([maps[method, k][..., ::2] for k in seeds])
    for name in ("N", "AFIB", "B"):
        of = testing & (windows.rhythms[looked_at] == name)
        if not of.any():
            print(f"no window of DS2 is filled by {RHYTHM_NAMES[name]}")
            continue
        columns = stacks[:, of]
        share = columns.mean(axis=(0, 1, 3))
        numbers = dict(
            zip(
                [f"mean_{key}" for key in (*AAMI_CLASSES, "no_beat")],
                share.tolist(),
                strict=True,
            )
        )
        numbers["change"] = float(
            np.abs(np.diff(columns, axis=3)).sum(axis=2).mean() / 2
        )
        numbers["surprise"] = float(
            -(columns * np.log2(columns + 1e-12)).sum(axis=2).mean()
        )
        for key, value in numbers.items():
            chapter.record(
                f"{method}.columns_{name.lower()}.{key}",
                value,
                n=int(of.sum()),
            )
        table[names[method], RHYTHM_NAMES[name]] = {
            "patients": len(np.unique(owners[of])),
            "windows": int(of.sum()),
            **{key: round(value, 3) for key, value in numbers.items()},
        }
pd.DataFrame(table).T.astype({"patients": int, "windows": int})

# %% [markdown]
# No intervals here, because bigeminy and fibrillation have so few patients: read the column `patients` first.
# Bigeminy shows in the mean column: V has four times its share. Fibrillation doesn't. Its mean column is that of sinus rhythm, and so it has to be in the order of the columns, in time.
#
# ## What the map forgets
#
# To see what a picture forgets, change what was photographed. LUDB {cite}`kalyakulina2020ludb` has the boundaries of every P wave, QRS complex and T wave, drawn by
# cardiologists, of people who are in no other database of ours. In lead II we replace all waves of one kind by straight
# lines, and see how far the columns of the map move: their total variation, as above, and how often the strongest
# row is another one. As a control, a stretch of the **pause** before each P wave, as long as the P wave, becomes a straight line. A fifth change
# makes each QRS 30 % taller.
#
# Each changed signal keeps the shift and the scale of its original. Otherwise a missing QRS would blow up all the
# rest, when the window is normalised.

# %%
ludb = chapter.database("ludb")
changes = ("P gone", "pause gone", "QRS gone", "T gone", "QRS 30 % taller")
originals, changed, inside, people = [], [], [], []
for record in ludb.read_all():
    signal, waves = record.lead("II").astype(float), record.waves["II"]
    samples = np.arange(len(signal))
    whole = (waves.onsets != NOT_MARKED) & (waves.offsets != NOT_MARKED)
    masks = {
        name: np.zeros(len(signal), bool) for name in ("P", "pause", "QRS", "T")
    }
    for kind, onset, offset in zip(
        waves.kinds[whole],
        waves.onsets[whole],
        waves.offsets[whole],
        strict=True,
    ):
        masks[kind][onset : offset + 1] = True
        if kind == "P":
            masks["pause"][max(0, 2 * onset - offset - 1) : onset] = True
    masks["pause"] &= ~(masks["P"] | masks["QRS"] | masks["T"])
    if not all(mask.any() for mask in masks.values()):
        continue  # no P waves in fibrillation
    lines = {
        name: np.interp(samples, samples[~mask], signal[~mask])
        for name, mask in masks.items()
    }
    taller = signal + 0.3 * (signal - lines["QRS"])
    original = ten_seconds(signal, record.rate)[0]
    originals.append((original - original.mean()) / original.std())
    changed.append(
        [
            (ten_seconds(new, record.rate)[0] - original.mean())
            / original.std()
            for new in (*lines.values(), taller)
        ]
    )
    marked = np.flatnonzero(np.any(list(masks.values()), axis=0)) / record.rate
    inside.append((centres >= marked[0]) & (centres <= marked[-1]))
    people.append(record.patient)
print(f"{len(people)} people with P waves, {len(changes)} changes each")

# %%
every = np.concatenate([np.array(originals)[:, np.newaxis], changed], axis=1)
segments = successive_segments(every.astype(np.float32), RATE)
weights = draw(len(people), resamples, np.random.default_rng(seed))
rows = []
for method in forms:
    by_seed = []
    for run_seed in seeds:
        scored = beat_score_vectors(
            models[method, run_seed],
            segments.reshape(-1, segments.shape[-1]),
            device=device,
        ).reshape(*segments.shape[:3], -1)
        moved = np.abs(scored[:, 1:] - scored[:, :1]).sum(axis=-1) / 2
        other = scored[:, 1:].argmax(-1) != scored[:, :1].argmax(-1)
        within = np.array(inside)[:, np.newaxis]
        by_seed.append(
            [
                (part * within).sum(axis=-1) / within.sum(axis=-1)
                for part in (moved, other)
            ]
        )
    of_person = np.mean(by_seed, axis=0)  # (two measures, people, changes)
    redrawn = weights @ of_person / len(people)
    for index, change in enumerate(changes):
        for part, metric in enumerate(("moved", "other_class")):
            low, high = percentiles(redrawn[part, :, index])
            found = Interval(
                float(of_person[part, :, index].mean()),
                low,
                high,
                method="patient bootstrap",
                n=len(people),
            )
            key = change.lower().replace(" % ", "_").replace(" ", "_")
            chapter.record(f"{method}.{key}.{metric}", found)
            if metric == "moved":
                rows.append((names[method], change, found))
figure, data = plot_intervals(rows)
chapter.show(
    figure,
    name="forgotten",
    alt="How far the columns of the map move when P waves, pauses, QRS complexes or T waves become straight lines, or each QRS 30 % taller; BSM and PI-BSM.",
    data=data,
)

# %% [markdown]
# Without P waves the columns of the plain map move by {glue:text}`bsm.p_gone.moved:.3f`, without as much of the pause by {glue:text}`bsm.pause_gone.moved:.3f`. Without T waves it is
# {glue:text}`bsm.t_gone.moved:.3f`, without QRS complexes {glue:text}`bsm.qrs_gone.moved:.3f`, and with a taller QRS {glue:text}`bsm.qrs_30_taller.moved:.3f`. Another row becomes the
# strongest in {glue:text}`bsm.p_gone.other_class:.1%` of the columns where P waves are gone. That is more than its control, and about as much as a QRS
# that is 30 % taller; one column in a hundred changes its name. So the map nearly forgets the P wave, the very wave that fibrillation lacks.
#
# The amplitude in millivolts is forgotten by construction, because each ten seconds are normalised. Twice the signal gives the
# same map:

# %%
row = chosen["N"]
doubled = np.abs(
    beat_score_map(first, 2 * windows.windows[row], device=device)
    - beat_score_map(first, windows.windows[row], device=device)
).max()
assert doubled < 1e-3
chapter.record("bsm.doubled.largest_change", float(doubled))
print(f"the largest change of a score is {doubled:.1e}")

# %% [markdown]
# So nobody can read a low voltage from a map. Which way a wave points is forgotten too (first exercise). The height of the P wave, its shape and its
# distance from the QRS have no row of their own. They pass only as far as they move a score from one row to another.
#
# ## Your own ECG
#
# ```{margin} Try this
# Below, read another lead: `record.lead("V1")`. Before you run it: will a classifier that learned from MLII still
# see every beat, and call it N?
# ```
#
# The first half of `read_rhythm` takes **any** lead of any ECG of ten seconds or more, at 80 samples a second or more. `ten_seconds` resamples it to 128 a second,
# filters it and cuts it; `beat_score_map` does the rest. Here is lead II of the first record of LUDB, recorded at
# 500 samples a second with another machine, in another country.

# %%
show_source(ten_seconds)

# %%
record = ludb.read(ludb.names()[0])
signal = record.lead("II")
yours = ten_seconds(signal, record.rate)
figure, data = plot_beat_score_map(
    yours[0], beat_score_map(first, yours[0], device=device)
)
chapter.show(
    figure,
    name="your_own",
    alt="Lead II of a record of LUDB, and below it its beat-score map.",
    data=data,
)
print(", ".join(record.labels))

# %% [markdown]
# LUDB has no beat classes, so none are written above the ECG. What can't be read is refused, with what was expected, what was found
# and what you can do.

# %%
gap = signal.copy()
gap[1000:1200] = np.nan
for what, values, rate in (
    ("too short", signal[:3000], record.rate),
    ("flat", np.zeros_like(signal), record.rate),
    ("not a number", gap, record.rate),
    ("all leads at once", record.signal, record.rate),
    ("too slow", signal, 50),
):
    try:
        ten_seconds(values, rate)
    except ECGError as error:
        print(f"{what}: {error}\n")
    else:
        raise AssertionError(f"{what} was read")

# %% [markdown]
# ## The number against the paper's

# %%
chapter.claims()

# %% [markdown]
# None of the predecessor's three numbers can be tested here between patients. Ventricular flutter lives in one heart: a test on it is a test of
# recognising that heart again. VFDB is not among our databases. [The rhythm classifier](23_rhythm_classifier.ipynb) and the chapter
# [across databases](24_across_databases.ipynb) have the numbers that can.
#
# ```{admonition} Our own choices
# :class: note
# - **One second a segment, a quarter of a second from one to the next**; neither paper's text that we could read says how
#   long segments are.
# - **Six rows**: the five AAMI classes and *no beat*. A map whose columns must name a beat where there is none would have to make one up.
# - **Softmax scores**, not logits.
# - **The adversary** is gradient reversal, with the weight chosen in [the chapter before](21_beat_classifier_and_its_patients.ipynb).
# - **Reading beats back** from peaks of the map is our test of the map. Neither paper does it, and the rhythm classifier doesn't
#   need it. Its 0.15 s is the custom of beat detectors; the height of a peak was chosen on the validation patients.
# - **Windows to look at** are the first of their kind. Nobody picked them.
# - **Straight lines** in place of waves. No heart makes such an ECG, so part of what you see is surprise; that is why the
#   control is there.
# ```

# %% tags=["hide-input"]
for key, stack in maps.items():
    assert np.allclose(stack.sum(axis=1), 1, atol=1e-4), key
read_well = chapter.metrics["bsm.beats.f1"].value
assert read_well > chapter.metrics["blind.beats.f1"].value
chapter.close()

# %% [markdown]
# ## Exercises
#
# ```{exercise-start} The lead upside down
# :label: exercise-maps-upside-down
# ```
# *Ten minutes.* Somebody swaps two electrodes, and the lead comes out upside down. Turn some windows of DS2 around and make their maps again,
# with the first plain classifier. How many columns change their strongest row? Guess first. Then play the windows
# backwards, and compare the map with the first one, read from right to left.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-maps-upside-down
# :class: dropdown
# ````

# %% tags=["solution"]
some = np.flatnonzero(testing)[:: {"smoke": 20}.get(scale, 10)]
upright = maps["bsm", seeds[0]][some, :, ::2].argmax(axis=1)
some_windows = windows.windows[looked_at[some]]
for how, signals, order in (
    ("upside down", -some_windows, 1),
    ("backwards", some_windows[:, ::-1], -1),
):
    other = beat_score_map(first, signals, device=device).argmax(axis=1)
    print(f"{how}: {(other[:, ::order] != upright).mean():.1%} change")

# %% [markdown]
# Upside down, nothing changes, and that is no merit of the training. A scalogram holds the *magnitude* of the wavelet transform, and $-x$ has the
# same magnitude as $x$. So the map doesn't care about swapped electrodes. But it can't see either that a T wave or a P wave points down. Time has a
# direction in the scalogram, so backwards may change what you like.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} How coarse may a map be?
# :label: exercise-maps-stride
# ```
# *An evening.* From the maps at 0.125 s take every second, fourth and eighth column: strides of 0.25, 0.5 and 1 s. Count the
# beats of each window as peaks of the evidence that are at least 0.5 high, and compare with the true number. At which stride does
# the count break down, and at which heart rate would you expect it?
# Then draw the error of the count over the heart rate of the window, for each stride, and mark the rate at which your theory lets it break.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-maps-stride
# :class: dropdown
# ````

# %% tags=["solution"]
counted = np.bincount(truth["window"][truth["counts"]], minlength=len(testing))
for step in (1, 2, 4, 8):
    evidence = np.pad(
        1 - maps["bsm", seeds[0]][:, NO_BEAT, ::step], ((0, 0), (1, 1))
    )
    peaks, _ = find_peaks(evidence.ravel(), height=0.5)
    number = np.bincount(peaks // evidence.shape[1], minlength=len(testing))
    print(
        f"{step * fine:.3f} s: {number[testing].mean():.1f} beats a window, truly "
        f"{counted[testing].mean():.1f}; off by "
        f"{np.abs(number - counted)[testing].mean():.1f} on average"
    )

# %% [markdown]
# A peak needs a lower neighbour on both sides. So two beats can be told apart only if they are at least two columns apart: at a stride of 0.25 s
# up to 120 beats a minute, at 0.5 s up to 60. And there is a second reason. The classifier calls a segment a beat if the beat is
# within an eighth of a second of its middle; at a stride of 0.5 s half of all beats fall between two columns.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-maps-twins
#
# Name two rhythms that give the same map, however good the beat classifier is. Then name what a map would need to tell them apart: another row,
# more columns, or another lead?
# ```
#
# ## What to read next
#
# [The rhythm classifier](23_rhythm_classifier.ipynb) reads these maps, and has to be better than five statistics of the true intervals. {cite:t}`lee2024`
# is where beat-score maps begin.
