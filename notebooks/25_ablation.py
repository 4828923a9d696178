# ---
# jupyter:
#   ecgbook:
#     title: What matters, and why the adversary gains or doesn't
#     needs: []
#     databases: [mitbih]
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
# # What matters, and why the adversary gains or doesn't
#
# A beat-score map rests on a dozen choices: how strong the adversary is, how many columns the map has, what a segment is, whom the networks
# learned from. On this page you change **one at a time**, leave all others as they are, and read off what it does to atrial
# fibrillation in patients who were left out. At the end you know which choices carry the result, and where to look when
# the adversary of {cite:t}`jeong2024` brings less than promised, or more.

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
from sklearn.ensemble import RandomForestClassifier
from torch import nn
from tqdm.auto import tqdm

from ecglib.book import open_chapter, show_source
from ecglib.databases import splits
from ecglib.databases.patients_left_out import leave_patients_out
from ecglib.evaluation import classification_report, holm, paired_difference
from ecglib.evaluation.by_patient import mean_of_patients, paired_over_patients
from ecglib.evaluation.patient_probe import patient_probe
from ecglib.figures.adversary import plot_panels
from ecglib.figures.beat_score_map import MapExample, plot_maps
from ecglib.figures.comparison import plot_differences
from ecglib.learning import Examples, fit, predict
from ecglib.learning.adversary import embeddings, fit_adversarial
from ecglib.learning.beat_score_map import beat_score_map, beat_score_vectors
from ecglib.learning.last_epoch import last_epoch
from ecglib.models import ResNet1D
from ecglib.models.beat_classifier import BeatClassifier
from ecglib.models.rhythm_cnn import RhythmCNN
from ecglib.signals.labelled_segments import SEGMENT_CLASSES, labelled_segments
from ecglib.signals.rhythm_windows import rhythm_windows
from ecglib.signals.rr_statistics import rr_statistics
from ecglib.signals.segments import NO_BEAT, RATE, segment_centres

chapter = open_chapter(
    "25_ablation",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
seeds = chapter.seeds(smoke=1, cpu=1, gpu=3)
folds = {"smoke": 3, "cpu": 6, "gpu": 6}[scale]
stride = {"smoke": 0.25, "cpu": 0.125, "gpu": 0.125}[scale]
beat_epochs = {"smoke": 1, "cpu": 4, "gpu": 8}[scale]
batch_size = {"smoke": 32, "cpu": 256, "gpu": 256}[scale]
rhythm_epochs = {"smoke": 1, "cpu": 15, "gpu": 15}[scale]
most = {
    "smoke": dict.fromkeys(SEGMENT_CLASSES, 12),
    "cpu": {"N": 5_000, "no beat": 5_000},
    "gpu": {"N": 10_000, "no beat": 10_000},
}[scale]
one_in = {"smoke": 4, "cpu": 1, "gpu": 1}[scale]
n_of_a_patient = {"smoke": 1, "cpu": 30, "gpu": 200}[scale]
weights = (0.3, 1.0, 3.0)
probed_beats = {"smoke": 6, "cpu": 100, "gpu": 200}[scale]
trees = {"smoke": 10, "cpu": 300, "gpu": 300}[scale]
resamples = {"smoke": 100, "cpu": 2000, "gpu": 10_000}[scale]

# %% [markdown]
# ## The claim
#
# The abstract says what adversarial learning brings (mark P): F1 gains 14.27 % on MIT-BIH, between patients. A summary says 27.7 % for
# atrial fibrillation (AFIB) alone (S). An **ablation** asks which part of a method brings it: take a part away, or turn it, and
# measure again. No text that we could read has one. So this page has no number of the paper's to repeat. It has a
# question: *where could such a gain come from?*
#
# An adversary can help only along a chain of four links, and each can be measured.
#
# 1. The classifier **shows** less of the patient in new patients too, not only in those it learned from. *Probe on the left-out patients.*
# 2. What is hidden would have **reached** the map. *The same probe, on the six scores of a segment instead of 32 features.*
# 3. Hiding doesn't **cost** what the rhythm needs. *How well are the beats of left-out patients named, and found?*
# 4. A better map **makes** a better rhythm reader. *Maps without any error, drawn from the annotators' marks.*
#
# ## The idea in one picture
#
# Take the fourth link first, because you can see it. A map without error holds two things: **when** beats come, and **which** class
# each has. Here are two windows, each with its *ideal* map, and with the same map after all classes became one.

# %%
mitbih = chapter.database("mitbih")
windows = rhythm_windows(mitbih)
segments = labelled_segments(windows, stride=stride)
of_two = windows.of("N", "AFIB")[::one_in]
two = windows.take(of_two)
labels = (two.rhythms == "AFIB").astype(np.int64)
ideal = np.eye(len(SEGMENT_CLASSES), dtype=np.float32)[segments.labels[of_two]]
ideal = ideal.swapaxes(1, 2)  # windows, classes, columns

ectopic = ideal[:, 1:3].sum(axis=(1, 2))
shown = {
    "normal rhythm with premature beats": np.where(labels == 0, ectopic, -1),
    "atrial fibrillation": np.where(labels == 1, -ectopic, -np.inf),
}
examples = []
for words, wanted in shown.items():
    row = wanted.argmax()
    forgotten = np.zeros_like(ideal[row])
    forgotten[0] = 1 - ideal[row, NO_BEAT]
    forgotten[NO_BEAT] = ideal[row, NO_BEAT]
    signal, record = two.windows[row], two.records[row]
    examples += [
        MapExample(f"Record {record}, {words}", signal, ideal[row]),
        MapExample(f"Record {record}, every beat called N", signal, forgotten),
    ]
figure, data = plot_maps(examples, stride=stride)
chapter.show(
    figure,
    name="idea",
    alt="A window of normal rhythm with many premature beats and a window of atrial fibrillation, each with its ideal beat-score map and with the same map in which every beat stands in row N.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In the cell above, look for the normal window with fewest premature beats:
# `np.where(labels == 0, -ectopic, -np.inf)`. Before you look: without classes, what still tells it from
# fibrillation?
# ```
#
# Premature beats make a normal rhythm uneven. With the classes you see why it is uneven. Without them it may look like
# fibrillation. So here is a second question for the page: *do the classes add anything to the times?* If they don't, then a fine
# judge of beats, plain or adversarial, is more than the rhythm needs.
#
# ## The components
#
# Nothing here is new: all are components of the pages before. Patients are dealt into folds as for [the rhythm
# classifier](23_rhythm_classifier.ipynb), and each fold tests once.

# %% tags=["hide-output"]
show_source(leave_patients_out)

# %% tags=["hide-output"]
show_source(fit_adversarial)

# %% tags=["hide-output"]
show_source(RhythmCNN)

# %% [markdown]
# ## The run
#
# **The base** is the plain map: no adversary, scalograms, ten seconds, a column every 0.125 s. That is half as many columns as [the
# page before last](23_rhythm_classifier.ipynb) has, since a map of 73 columns costs half of one of 145. Its beat
# classifiers are those of that page, made again.
#
# **The conditions** differ from the base in one thing each. The first table lists those that need a beat classifier of their own.

# %%
usual = {
    "weight": 0.0,
    "form": "reversal",
    "segments": segments,
    "raw": False,
    "half": False,
    "again": False,
}
classifiers = {
    "base": {},
    **{f"weight_{round(100 * w):03d}": {"weight": w} for w in weights},
    "alternating_030": {"weight": 0.3, "form": "alternating"},
    "raw_segments": {"raw": True},
    "wide_labels": {"segments": labelled_segments(windows, stride=2 * stride)},
    "half_the_patients": {"half": True},
    "again": {"again": True},
}
fine, coarse = (f"stride_{1e4 * s:04.0f}" for s in (stride / 2, 2 * stride))
names = {
    "base": "base",
    **{f"weight_{round(100 * w):03d}": f"weight {w:g}" for w in weights},
    "alternating_030": "weight 0.3, alternating",
    "raw_segments": "raw segments",
    "wide_labels": f"labels within {stride:g} s",
    "half_the_patients": "half the patients",
    "again": "the same again",
    fine: f"a column every {stride / 2:g} s",
    coarse: f"a column every {2 * stride:g} s",
    "five_seconds": "first five seconds",
    "two_rows": "two rows: beat or none",
    "ideal": "ideal maps",
    "ideal_two_rows": "ideal maps, two rows",
    "rr_forest": "RR forest",
}
chapter.record("base.ablation.conditions", len(names) - 1)
chapter.record("base.ablation.seeds", len(seeds))

# %% [markdown]
# - **The adversary**: gradient reversal with three weights, and alternating steps with weight 0.3.
# - **Raw segments**: [a ResNet-1D](13_resnet1d.ipynb) reads the 128 samples of a segment; there is no scalogram, and no SE-ResNet.
# - **Labels**: a segment is named after a beat within 0.125 s of its centre, not 0.0625 s.
# - **Half the patients**: both networks learn from half of the others, of either kind.
# - **The same again**: the base with other random numbers. What it differs by is what *nothing* differs by. Measure all others
#   against it.
#
# The other conditions take the base's classifiers and change its maps.
#
# - **Columns**: maps of twice and of half as many; the first five seconds only. (A window was normalised whole, so its first half knows
#   the scale of the second.)
# - **Two rows**: the scores of N, S, V, F and Q are added up. What stays is "a beat" and "no beat".
# - **Ideal maps**: one where the annotators marked a beat of this class, zero elsewhere; with six rows, and with two. This is the **ceiling**: what a
#   beat classifier without error would give to this reader. It reads marks of test patients, which no method may.
# - **RR forest**: five statistics of the true intervals, the yardstick of the page before last. It reads marks as well.
#
# First, who trains and who tests, the same for every condition.

# %%
deals, parts = [], []
for run, run_seed in enumerate(seeds):
    dealt = leave_patients_out(two.patients, labels, folds=folds, seed=run_seed)
    tested = np.sort(np.concatenate([split.test for split in dealt]))
    assert (tested == np.arange(len(two))).all()
    for number, split in enumerate(dealt):
        splits.assert_patient_disjoint(
            two.patients[split.train],
            two.patients[split.validation],
            two.patients[split.test],
        )
        random = np.random.default_rng([run_seed, number])
        known = np.concatenate([split.train, split.validation])
        others = np.unique(two.patients[known])
        normal = [
            random.permutation(
                known[(two.patients[known] == person) & (labels[known] == 0)]
            )[:n_of_a_patient]
            for person in others
        ]
        learned = np.sort(np.concatenate([known[labels[known] == 1], *normal]))
        ill = np.isin(others, two.patients[known[labels[known] == 1]])
        half = np.concatenate(
            [
                random.permutation(others[kind])[: -(-kind.sum() // 2)]
                for kind in (ill, ~ill)
            ]
        )
        for people in (others, half):
            own = known[np.isin(two.patients[known], people)]
            rows = learned[np.isin(two.patients[learned], people)]
            weigh = (labels[own] == 0).sum() / (labels[rows] == 0).sum()
            parts.append((people, rows, weigh))
        deals.append((run, run_seed, split))
everyone, half = parts[::2], parts[1::2]  # one of each for every fold
pd.DataFrame(
    {
        f"fold {place + 1}": {
            "tests: patients": len(np.unique(two.patients[split.test])),
            "tests: windows of N": (labels[split.test] == 0).sum(),
            "tests: windows of AFIB": labels[split.test].sum(),
            "train: patients": len(people),
            "train: maps of N": (labels[rows] == 0).sum(),
            "train: maps of AFIB": labels[rows].sum(),
            "half: patients": len(half[place][0]),
        }
        for place, ((*_, split), (people, rows, _)) in enumerate(
            zip(deals[:folds], everyone, strict=False)
        )
    }
).T

# %% [markdown]
# Then the beat classifiers, and the maps that they make of windows to learn from and windows to test. **Nothing is chosen**: epochs are fixed,
# the last one is kept. So the patients who could validate train as well.

# %%
trained, maps, head = {}, {}, {}
total = len(deals) * len(classifiers)
with tqdm(total=total, unit="classifier") as bar:
    for place, (_, run_seed, split) in enumerate(deals):
        for name, change in classifiers.items():
            how = usual | change
            people, rows, _ = (half if how["half"] else everyone)[place]
            x, y, window = how["segments"].draw(
                np.flatnonzero(np.isin(windows.patients, people)),
                most=most,
                seed=run_seed + 100 * how["again"],
            )
            whose = windows.patients[window]
            splits.assert_patient_disjoint(whose, two.patients[split.test])
            seen = Examples(x, y)
            settings = {
                "epochs": beat_epochs,
                "batch_size": batch_size,
                "seed": run_seed + 100 * how["again"],
                "device": device,
                "progress": False,
                "score": last_epoch(),
            }
            torch.manual_seed(settings["seed"])
            if how["raw"]:
                beats = nn.Sequential(
                    nn.Unflatten(1, (1, x.shape[1])),
                    ResNet1D(classes=len(SEGMENT_CLASSES)),
                )
                fit(beats, seen, seen.take(range(8)), **settings)
            else:
                beats = BeatClassifier()
                head[place, name] = fit_adversarial(
                    beats,
                    seen,
                    whose,
                    seen.take(range(8)),
                    form=how["form"],
                    weight=how["weight"],
                    **settings,
                ).history[-1]["patient_accuracy"]
            maps[place, name] = beat_score_map(
                beats,
                two.windows[np.concatenate([rows, split.test])],
                stride=stride / 2 if name == "base" else stride,
                device=device,
            )
            trained[place, name] = beats
            bar.update()
for name in ("base", "raw_segments"):
    count = sum(p.numel() for p in trained[0, name].parameters())
    chapter.record(f"{name}.model.parameters", count)
    print(f"{names[name]}: {count:,} parameters")

# %% [markdown]
# The base's maps have all columns. Every second of them is the base, and the other conditions are cut out of them too.

# %%
five = len(segment_centres(5 * RATE, RATE, stride=stride))
for place, (*_, split) in enumerate(deals):
    whole = maps[place, "base"]
    base = np.ascontiguousarray(whole[:, :, ::2])
    true = ideal[np.concatenate([everyone[place][1], split.test])]
    assert base.shape == true.shape, "ideal maps have the base's columns"
    maps[place, "base"], maps[place, fine] = base, whole
    maps[place, coarse] = np.ascontiguousarray(base[:, :, ::2])
    maps[place, "five_seconds"] = np.ascontiguousarray(base[:, :, :five])
    maps[place, "ideal"] = true
    for name, six in (("two_rows", base), ("ideal_two_rows", true)):
        none = six[:, NO_BEAT]
        maps[place, name] = np.stack([1 - none, none], axis=1)
read = [name for name in names if name != "rr_forest"]
pd.Series(
    {names[name]: "{1} × {2}".format(*maps[0, name].shape) for name in read},
    name="rows × columns",
).to_frame()

# %% [markdown]
# Last, a rhythm network for each fold and condition, always with the same layers, epochs and random numbers, and the forest.

# %%
scores = {
    name: np.zeros((len(seeds), len(two), 2), np.float32) for name in names
}
named = {
    name: np.zeros((len(seeds), len(two), ideal.shape[2]), np.int8)
    for name in classifiers
    if name != "wide_labels"  # its columns say another thing
}
intervals = np.stack(
    [rr_statistics(beats.samples, two.beat_rate) for beats in two.beats]
)
with tqdm(total=len(deals) * len(read), unit="rhythm network") as bar:
    for place, (run, run_seed, split) in enumerate(deals):
        known = np.concatenate([split.train, split.validation])
        forest = RandomForestClassifier(
            trees, min_samples_leaf=5, n_jobs=1, random_state=run_seed
        ).fit(intervals[known], labels[known])
        scores["rr_forest"][run, split.test] = forest.predict_proba(
            intervals[split.test]
        )
        for name in read:
            how = usual | classifiers.get(name, {})
            _, rows, weigh = (half if how["half"] else everyone)[place]
            _, height, columns = maps[place, name].shape
            own = Examples(
                maps[place, name], labels[np.concatenate([rows, split.test])]
            )
            torch.manual_seed(run_seed + 100 * how["again"])
            reader = RhythmCNN(beat_classes=height, segments=columns)
            fit(
                reader,
                own.take(range(len(rows))),
                own.take(range(8)),
                loss=nn.CrossEntropyLoss(
                    weight=torch.tensor([weigh, 1.0], dtype=torch.float32)
                ),
                epochs=rhythm_epochs,
                seed=run_seed + 100 * how["again"],
                batch_size=64,
                device=device,
                progress=False,
                score=last_epoch(),
            )
            tested = own.x[len(rows) :]
            scores[name][run, split.test] = predict(
                reader, tested, device=device
            )
            if name in named:
                named[name][run, split.test] = tested.argmax(axis=1)
            bar.update()

# %% [markdown]
# ## All conditions
#
# Every window was a test window once in each condition. The 95 % intervals come from drawing **patients** again; only six have AFIB.

# %%
answers = {name: found.argmax(axis=2) for name, found in scores.items()}
answers["always_afib"] = np.ones((1, len(two)), np.int64)
names["always_afib"] = "always AFIB"
reports = {
    name: classification_report(
        labels,
        found,
        ("N", "AFIB"),
        patients=two.patients,
        scores=scores.get(name),
        resamples=resamples,
        seed=seed,
    )
    for name, found in answers.items()
}
wanted = {
    "afib_f1": "f1_AFIB",
    "afib_precision": "precision_AFIB",
    "afib_recall": "recall_AFIB",
    "auroc": "auroc",
}
table = {}
for name, report in reports.items():
    for metric, key in wanted.items():
        if key not in report:
            continue
        chapter.record(f"{name}.ablation.{metric}", report[key])
        text = f"{report[key].value:.3f}"
        if metric in ("afib_f1", "auroc"):
            text += f" ({report[key].low:.3f}–{report[key].high:.3f})"
        table.setdefault(metric.replace("_", " "), {})[names[name]] = text
pd.DataFrame(table).loc[list(names.values())].fillna("–")

# %% [markdown]
# ```{margin} Try this
# In a new cell, take `(answers["base"] != answers["again"]).mean()`: only the random numbers are different.
# Before you look: do the two disagree on more than one window in ten?
# ```
#
# The differences are *paired*: condition and base answer the same windows of the same patients. Holm's correction counts all questions of the figure.
# **One seed at `cpu` scale**: an interval says how a difference moves with other patients. It doesn't say how it moves with other random numbers. For that you
# have one line, *the same again*.

# %%
panels = {
    "The adversary": [
        *(name for name in classifiers if name.startswith("weight")),
        "alternating_030",
    ],
    "The map": [fine, coarse, "five_seconds", "two_rows"],
    "The beat classifier": ["raw_segments", "wide_labels"],
    "Whom both learned from": ["half_the_patients"],
    "Nothing, but another seed": ["again"],
    "Marks of the annotators": ["ideal", "ideal_two_rows", "rr_forest"],
}
questions = [
    (panel, name, "base") for panel, of in panels.items() for name in of
]
questions.append(("Do classes help an ideal map?", "ideal_two_rows", "ideal"))
differences = [
    paired_difference(
        labels,
        answers[first],
        answers[second],
        "f1_AFIB",
        classes=("N", "AFIB"),
        patients=two.patients,
        resamples=resamples,
        seed=seed,
    )
    for _, first, second in questions
]
for (_, first, second), found in zip(questions, differences, strict=True):
    chapter.record_difference(
        f"{first}.ablation.afib_f1", f"{second}.ablation.afib_f1", found
    )
corrected = holm([found.p_value for found in differences])
figure, data = plot_differences(
    [
        (
            panel,
            names[first] if second == "base" else "two rows minus six",
            found,
            p,
        )
        for (panel, first, second), found, p in zip(
            questions, differences, corrected, strict=True
        )
    ],
    unit="F1 of AFIB: condition minus base",
)
chapter.show(
    figure,
    name="conditions",
    alt="For every condition the paired difference of the F1 of atrial fibrillation to the base, with its 95 % interval by patients, in groups: the adversary, the map, the beat classifier, the patients learned from, the same again, and maps or intervals from the annotators' marks.",
    data=data,
)

# %% [markdown]
# The base has an F1 of {glue:text}`base.ablation.afib_f1:.3f`; made again with other random numbers, {glue:text}`again.ablation.afib_f1:.3f`. Measure all others against this step, which is chance.
# Farther below the base are half the patients, a column every 0.25 s, five seconds, weight 3, raw segments, and also finer columns; nothing stands much farther above. After Holm's correction for sixteen questions,
# **none** is significant: six patients are few.
#
# - **The adversary.** With weights 0.3 and 1, and with alternating steps, the F1 moves by less than chance does. Weight 3 changes it by {glue:text}`weight_300.ablation.afib_f1_minus_base:.3f`.
# - **Columns.** Half as many cost more than half of the time does. Twice as many don't help this reader.
# - **The beat classifier.** Raw segments change the F1 by {glue:text}`raw_segments.ablation.afib_f1_minus_base:.3f`, and yet their network is the better judge of beats, as the next section shows ("which" and "when"). So a better judge by these scores needn't make a
#   better map for this reader. Both rest on one seed, and why they disagree this page doesn't test. Wider labels change nothing.
# - **Patients.** Half of them change the F1 by {glue:text}`half_the_patients.ablation.afib_f1_minus_base:.3f`, more than anything else here. So more of them might bring more than any change of the
#   method; [a later page](27_more_people.ipynb) tries.
# - **Classes.** With two rows the map has {glue:text}`two_rows.ablation.afib_f1:.3f`; the ideal map {glue:text}`ideal.ablation.afib_f1:.3f`
#   with six rows and {glue:text}`ideal_two_rows.ablation.afib_f1:.3f` with two. The classes add
#   nothing to the times that this reader could use.
# - **The ceiling.** Ideal maps are above the base by {glue:text}`ideal.ablation.afib_f1_minus_base:.3f`, twice what chance did. So for a better judge of beats there is a little room, and no more. They come level with the RR
#   forest, {glue:text}`rr_forest.ablation.afib_f1:.3f`, which knows the same beats without any rounding.
#
# ## Weight, probe, F1
#
# Now the chain. First, can somebody name the patient? A fresh logistic regression gets segments of class N and tries ([chapter
# 21](21_beat_classifier_and_its_patients.ipynb) explains it). In each fold it asks about two groups of patients, each among themselves: those **left out**, and the next fold's, who
# **trained**. So every patient is asked about twice, with the same segments: once by a network that knew this patient, once by one
# that didn't. For patients left out it also gets what the map gets: six scores (their logarithms) in place of 32 features.

# %%
normal_only = dict.fromkeys(SEGMENT_CLASSES[1:], 0)
asked = {}
for person in np.unique(two.patients):
    x, _, _ = segments.draw(
        of_two[two.patients == person], most=normal_only, seed=seed
    )
    if len(x) >= 10:
        asked[person] = x[:: -(-len(x) // probed_beats)]
print(len(asked), "patients,", sum(map(len, asked.values())), "segments of N")

ladder = ["base", *panels["The adversary"]]
found = {}
chances = []
with tqdm(total=len(deals) * len(ladder), unit="classifier") as bar:
    for place, (run, _, split) in enumerate(deals):
        groups = {"known": split.validation, "new": split.test}
        for name in ladder:
            model = trained[place, name]
            for group, of in groups.items():
                people = [p for p in np.unique(two.patients[of]) if p in asked]
                x = np.concatenate([asked[person] for person in people])
                who = np.repeat(people, [len(asked[p]) for p in people])
                given = {"probe": embeddings(model, x, device=device)}
                if group == "new":
                    vectors = beat_score_vectors(model, x, device=device)
                    given["score_probe"] = np.log(vectors + 1e-6)
                for probe, features in given.items():
                    result = patient_probe(features, who, seed=seed)
                    for person, share in result.by_patient.items():
                        found[name, probe, group, run, person] = share
                chances.append(result.chance)
            bar.update()
shares = pd.Series(found).unstack(-1)[list(asked)]
shares.index.names = ["condition", "probe", "group", "run"]
chance = float(np.mean(chances))
chapter.record("chance.ablation_probe.patient_accuracy", chance)

# %%
kinds = {
    ("probe", "known"): ("patient_accuracy", "features, known"),
    ("probe", "new"): ("new_patient_accuracy", "features, left out"),
    ("score_probe", "new"): ("new_patient_accuracy", "six scores, left out"),
}
rows, probe_questions = {}, {}
for name in ladder:
    for (probe, group), (metric, words) in kinds.items():
        plain = shares.loc[("base", probe, group)].to_numpy()
        values = shares.loc[(name, probe, group)].to_numpy()
        key = f"{name}.ablation_{probe}.{metric}"
        accuracy = mean_of_patients(values, resamples=resamples, seed=seed)
        chapter.record(key, accuracy)
        rows.setdefault(words, {})[names[name]] = accuracy
        if name != "base":
            difference = paired_over_patients(
                values, plain, resamples=resamples, seed=seed
            )
            chapter.record_difference(
                key, f"base.ablation_{probe}.{metric}", difference
            )
            probe_questions[words, names[name]] = difference
    chapter.record(
        f"{name}.ablation_head.patient_accuracy",
        float(np.mean([head[place, name] for place in range(len(deals))])),
    )
corrected = holm([x.p_value for x in probe_questions.values()])
figure, data = plot_differences(
    [
        (words, weight, difference, p)
        for ((words, weight), difference), p in zip(
            probe_questions.items(), corrected, strict=True
        )
    ],
    unit="patients named: with the adversary minus without",
)
chapter.show(
    figure,
    name="probe_differences",
    alt="How much less or more often a fresh classifier names the patient after adversarial training with three weights and in alternating steps, with 95 % intervals by patients: from the features of known patients, of patients left out, and from the six scores of patients left out.",
    data=data,
)

# %% [markdown]
# Second, what does hiding cost? The columns of the left-out patients' maps are compared with the annotators' marks in two ways. *Which* beat: macro F1 over N, S, V, F
# and no beat. *When*: the F1 of "a beat", whatever its class.

# %%
classes = tuple(name.replace(" ", "_") for name in SEGMENT_CLASSES)
true = segments.labels[of_two].ravel()
owners = np.repeat(two.patients, ideal.shape[2])
present = [k for k in np.unique(true) if SEGMENT_CLASSES[k] != "Q"]
which, when = {}, {}
for name, columns in named.items():
    columns = columns.reshape(len(seeds), -1).astype(np.int64)
    which[name] = classification_report(
        true,
        columns,
        classes,
        patients=owners,
        macro_over=[classes[k] for k in present],
        resamples=resamples,
        seed=seed,
    )["macro_f1"]
    when[name] = classification_report(
        (true != NO_BEAT).astype(np.int64),
        (columns != NO_BEAT).astype(np.int64),
        ("none", "beat"),
        patients=owners,
        resamples=resamples,
        seed=seed,
    )["f1_beat"]
    chapter.record(f"{name}.segments.macro_f1", which[name])
    chapter.record(f"{name}.segments.beat_f1", when[name])
needed = chapter.claim_value("jeong2024-afib-gain") / 100
plain = reports["base"]["f1_AFIB"].value
gains = dict(
    zip([first for _, first, _ in questions], differences, strict=True)
)
pd.DataFrame(
    {
        names[name]: {
            **{
                f"named from {words}": f"{rows[words][names[name]].value:.3f}"
                for words in rows
                if name in ladder
            },
            "which beat": f"{which[name].value:.3f}",
            "when": f"{when[name].value:.3f}",
            "F1 of AFIB": f"{reports[name]['f1_AFIB'].value:.3f}",
            "AUROC": f"{reports[name]['auroc'].value:.3f}",
        }
        for name in named
    }
).T.fillna("–")

# %%
by_weight = ladder[:-1]
figure, data = plot_panels(
    {
        "Patient named\nby a probe": {
            words: [of[names[name]].value for name in by_weight]
            for words, of in rows.items()
        },
        "F1 of segments,\nleft-out patients": {
            "which beat": [which[name].value for name in by_weight],
            "when: a beat, or none": [when[name].value for name in by_weight],
        },
        "AFIB,\nleft-out patients": {
            "F1": [reports[name]["f1_AFIB"].value for name in by_weight],
            "AUROC": [reports[name]["auroc"].value for name in by_weight],
        },
    },
    ["0", *(f"{weight:g}" for weight in weights)],
    label="weight of the adversary",
    levels={
        "Patient named\nby a probe": {"chance": chance},
        "AFIB,\nleft-out patients": {
            "F1, the same again": reports["again"]["f1_AFIB"].value,
            "F1, ideal maps": reports["ideal"]["f1_AFIB"].value,
        },
    },
)
chapter.show(
    figure,
    name="weight_probe_f1",
    alt="Three panels over the adversary's weight from 0 to 3: how often a fresh classifier names the patient from features of known and of left-out patients and from six scores; F1 of the segments of left-out patients; F1 and AUROC of atrial fibrillation, with lines for the same again and for ideal maps.",
    data=data,
)

# %% [markdown]
# Read the figure from top to bottom, link by link.
#
# 1. **Hidden from new patients?** The probe names {glue:text}`base.ablation_probe.patient_accuracy:.2f` of the segments of known patients at weight 0 and
#    {glue:text}`weight_300.ablation_probe.patient_accuracy:.2f` at weight 3; of patients left out {glue:text}`base.ablation_probe.new_patient_accuracy:.2f` and
#    {glue:text}`weight_300.ablation_probe.new_patient_accuracy:.2f`. Chance is {glue:text}`chance.ablation_probe.patient_accuracy:.2f`. Nothing was hidden from either, so nothing could carry over.
#    The stronger the adversary, the *easier* a fresh classifier names the patient, significantly so at weights 1 and 3. And yet the adversary's own head falls from
#    {glue:text}`base.ablation_head.patient_accuracy:.2f` to {glue:text}`weight_300.ablation_head.patient_accuracy:.2f`: it is led astray.
# 2. **Would it have reached the map?** From six scores it names {glue:text}`base.ablation_score_probe.new_patient_accuracy:.2f` at weight 0, and
#    {glue:text}`weight_300.ablation_score_probe.new_patient_accuracy:.2f` at weight 3. Six numbers tell two segments of three. No weight changes
#    that by more than the intervals allow.
# 3. **The cost.** "Which beat" goes from {glue:text}`base.segments.macro_f1:.3f` to {glue:text}`weight_300.segments.macro_f1:.3f`, "when" from
#    {glue:text}`base.segments.beat_f1:.3f` to {glue:text}`weight_300.segments.beat_f1:.3f`. Up to weight 1 next to nothing is paid, at weight 3 much, and above all in the times.
# 4. **What a better map could bring.** Ideal maps have an F1 of {glue:text}`ideal.ablation.afib_f1:.3f`, against {glue:text}`base.ablation.afib_f1:.3f` of the base.
#
# **The chain breaks at its first link.** This adversary hides no patient, so these results don't tell what hiding one would bring.
#
# ## The number against the paper's
#
# The paper gives no ablation. But you can ask of each form of the adversary whether a gain of 27.7 %, the summary's
# number, lies within the interval of its difference.

# %%
pd.DataFrame(
    {
        names[name]: {
            "gain of F1": f"{gains[name].value / plain:+.1%}",
            "from": f"{gains[name].low / plain:+.1%}",
            "to": f"{gains[name].high / plain:+.1%}",
            f"holds {needed:+.1%}": gains[name].low
            <= needed * plain
            <= gains[name].high,
            "holds no gain": gains[name].low <= 0 <= gains[name].high,
        }
        for name in ladder[1:]
    }
).T

# %%
chapter.claims()

# %% [markdown]
# No form's interval holds the paper's gain. Three of the four hold zero, and weight 3 is a loss. That is about *this* adversary, which hid nothing; and about one seed, whose chance the intervals don't know.
#
# ```{admonition} Our own choices
# :class: note
# - **Everything that stays fixed** is as in [the rhythm classifier](23_rhythm_classifier.ipynb), but for the step of 0.125 s, for time.
# - **A first run** had 15 windows of N from each training patient; some of its numbers had the names of another page's, so it wasn't published. The conditions were not changed after it.
# - **One thing at a time.** Two choices may help only together; an ablation like this one doesn't see it.
# - **The weights** 0.3 to 3 span a factor of ten. Nobody chose among them by these results: the chapters before took theirs by
#   a rule on validation patients, or beforehand.
# - **Raw segments** change the network with the input. A ResNet-1D on samples is what one would take without scalograms; it has more parameters.
# - **Ideal maps** round each beat to a column, so they are ideal for this number of columns only.
# - **The scores of the probe** are logarithms, since a logistic regression on probabilities near 0 and 1 sees little.
# - **The probe's segments** of known patients are drawn from all their N segments: fewer than one in ten trained the network.
# - **One seed** at `cpu` scale, and one repeat of the base. Differences of the size of that repeat are not worth a reason.
# ```

# %% tags=["hide-input"]
for name in read:
    assert np.isfinite(scores[name]).all(), name
    assert np.allclose(scores[name].sum(axis=2), 1, atol=1e-4), name
for name in ladder[1:]:
    assert (maps[0, name] != maps[0, "base"]).any(), f"{name} does nothing"
assert len(shares) == len(ladder) * len(kinds) * len(seeds)
assert shares.notna().to_numpy().all(), "every patient was asked about"
if scale != "smoke":
    always = reports["always_afib"]["f1_AFIB"].value
    for name in ("base", "ideal"):
        assert reports[name]["f1_AFIB"].value > always, "worse than always AFIB"
        assert reports[name]["auroc"].value > 0.5, "no better than chance"
chapter.close()

# %% [markdown]
# ## Exercises

# %% [markdown]
# ```{exercise-start} One patient decides
# :label: exercise-ablation-one-patient
# ```
# *Ten minutes.* Leave one of the patients with AFIB out of the *score*, and compute the differences to the base again, from `answers`. Which conditions
# change sign?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-ablation-one-patient
# :class: dropdown
# ````

# %% tags=["solution"]
from sklearn.metrics import f1_score

without = {}
for person in ["nobody", *np.unique(two.patients[labels == 1])]:
    kept = two.patients != person
    f1 = {
        name: np.mean([f1_score(labels[kept], run[kept]) for run in of_seeds])
        for name, of_seeds in answers.items()
    }
    without[person] = {
        names[name]: f1[name] - f1["base"]
        for name in read
        if not name.startswith(("base", "ideal"))
    }
leave_one_out = pd.DataFrame(without)
leave_one_out["changes sign"] = (leave_one_out.min(axis=1) < 0) & (
    leave_one_out.max(axis=1) > 0
)
leave_one_out.round(3)

# %% [markdown]
# A result that one patient can turn around is a result about this patient.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} The order, or the threshold?
# :label: exercise-ablation-threshold
# ```
# *An evening.* A condition may have a lower F1 because it orders the windows worse, or because 0.5 has become the wrong threshold. Take the threshold
# out: in each condition call as many windows AFIB as truly are, those with the highest scores. Which differences to the base stay?
# Then draw the patients again with replacement, a thousand times, and take the threshold out in each draw: which signs stay in 95 of 100?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-ablation-threshold
# :class: dropdown
# ````

# %% tags=["solution"]
equal = {}
for name, of_seeds in scores.items():
    hits = [
        labels[np.argsort(-run[:, 1], kind="stable")[: labels.sum()]].mean()
        for run in of_seeds
    ]
    equal[names[name]] = {
        "F1 at 0.5": reports[name]["f1_AFIB"].value,
        "F1 with as many as truly are": np.mean(hits),
    }
equal = pd.DataFrame(equal).T
(equal - equal.loc["base"]).round(3)

# %% [markdown]
# With as many called as truly are, every false alarm stands for a missed window, so precision, recall and F1 are one number. It needs the true
# count, which nobody has for new patients. And it pools folds whose networks are scaled differently, as AUROC does.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-ablation-many-questions
#
# You try fifteen conditions. One has p = 0.03 before Holm's correction and 0.4 after it. You may run two more seeds of three conditions, no
# more. Which three do you choose, what do you write down before you start, and what will you report if the one fades?
# ```
#
# ## What to read next
#
# [Ten rhythms](26_ten_rhythms.ipynb): the task of the predecessor, and what a test within patients is worth. {cite:t}`elazar2018` for adversaries that look
# beaten, {cite:t}`ganin2016` for the weight.
