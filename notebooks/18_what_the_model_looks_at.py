# ---
# jupyter:
#   ecgbook:
#     title: What the model looks at
#     needs: [10_cnn, 11_cnn_lstm, 12_cnn_lstm_attention, 13_resnet1d]
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
# # What the model looks at
#
# A network says *V*. Why? Song and colleagues (2026) answer with Grad-CAM {cite}`song2026`: a heat map over the beat.
# A heat map is a picture, and a picture is easy to believe. On this page you turn it into numbers, and then you try to
# break it.

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
import torch
from scipy.signal import resample_poly
from scipy.stats import spearmanr
from tqdm.auto import tqdm

from ecglib.book import open_chapter, show_source
from ecglib.databases import aami, splits
from ecglib.evaluation import holm, paired_difference
from ecglib.evaluation.gradcam import (
    grad_cam,
    over_samples,
    rank_correlation,
)
from ecglib.evaluation.occlusion import replace_part
from ecglib.evaluation.wave_energy import (
    PARTS,
    UNKNOWN,
    beat_parts,
    energy_report,
    part_shares,
)
from ecglib.figures.gradcam import plot_heat, plot_heat_by_class, plot_parts
from ecglib.learning import predict
from ecglib.learning.weights import load_weights
from ecglib.models import CNN, CNNLSTM, CNNLSTMAttention, ResNet1D
from ecglib.signals import bandpass, cut_windows, windows
from ecglib.signals.delineation import (
    at_rate,
    boundary_errors,
    delineate,
    may_have_p,
)

chapter = open_chapter(
    "18_what_the_model_looks_at",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=10)
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]
mapped_beats = {"smoke": 8, "cpu": 200, "gpu": 1000}[scale]
tested_beats = {"smoke": 10, "cpu": 1500, "gpu": 10_000}[scale]

# %% [markdown]
# ## The claim
#
# The paper uses Grad-CAM "for interpretability" (mark P: the authors' own words). A summary (S) speaks of heat maps
# over P wave, QRS complex and T wave. No text that we could read gives a number, or names the layer. So there is no
# value to reach here. There is a sentence to test, the one that such figures carry: *the model looks at the QRS*.
#
# Four questions make it testable.
#
# 1. How much of the heat lies on each wave, **against how much of the time the wave takes**? A map that falls
#    anywhere gives the QRS its share of the time. That is chance.
# 2. Does a network that has learnt **nothing** look elsewhere? If not, the heat shows the signal and not the learning.
# 3. Do the networks **need** what is hot? Take the wave away, and see which class falls.
# 4. Does the attention of the CNN-LSTM-Attention, which is part of the network itself, say the same?
#
# ## The idea in one picture
#
# The last convolutions turn the beat into 64 channels over 17 time steps. Let $A_k(t)$ be channel $k$ at step $t$, and
# $y_c$ the logit (the score before the softmax) of class $c$. If $y_c$ rises when channel $k$ rises, the channel
# speaks for the class. How much, on average over the $n$ steps, is its weight:
#
# $$ w_k = \frac{1}{n}\sum_t \frac{\partial y_c}{\partial A_k(t)}, \qquad
#    L_c(t) = \max\Bigl(0, \sum_k w_k\, A_k(t)\Bigr) $$
#
# $L_c(t)$ is the heat for class $c$ at step $t$ {cite}`selvaraju2017`. One step stands for 16 samples,
# 0.044 seconds, and each feature sees 0.15 seconds, in the ResNet-1D 0.51. So the map is blurred: it can't tell the end of the QRS
# from the beginning of what follows.
#
# First the splits, as in the chapters that trained the networks. Each checks itself for leaks when it is made.

# %%
mitbih = chapter.database("mitbih")
beats = windows.beat_windows(mitbih, before=100, after=160)
window = (beats.before, beats.after)
cuts = splits.three_splits(
    beats.records, beats.samples, beats.classes, beats.rate, window, seed
)

# %%
architectures = {
    "cnn": ("CNN", CNN, "10_cnn"),
    "cnn_lstm": ("CNN-LSTM", CNNLSTM, "11_cnn_lstm"),
    "cnn_lstm_attention": (
        "CNN-LSTM-Attention",
        CNNLSTMAttention,
        "12_cnn_lstm_attention",
    ),
    "resnet1d": ("ResNet-1D", ResNet1D, "13_resnet1d"),
}
models = {
    (split, method, run_seed): load_weights(
        make(),
        chapter.needs(trained_in) / f"{method}_{split}_{run_seed}.safetensors",
    )
    for split in cuts
    for method, (_, make, trained_in) in architectures.items()
    for run_seed in seeds
}
print(len(models), "trained networks; nothing is trained on this page")

# %% [markdown]
# ## Where the waves are
#
# To say how much heat lies on the QRS, you need to know where the QRS is. **MIT-BIH has no wave boundaries.** LUDB
# {cite}`kalyakulina2020ludb` has: cardiologists drew them in every lead of 200 people. So each database does what it
# can.
#
# - **LUDB** has the cardiologists' boundaries, and no beat classes. We take lead II, bring it to 360 Hz, filter it like
#   MIT-BIH and cut the same window. Networks trained on MIT-BIH look at it, and we ask about the class that each
#   *predicts*.
# - **MIT-BIH** has classes. Its boundaries we find by program, and ask about the *true* class. What the program is
#   worth, LUDB tells.
#
# The program takes as QRS the stretch around the annotated beat where the signal is steep. P and T wave come from
# the library neurokit2. It finds a P wave before every beat, also where there is none. So we let it look for one only where the
# annotators allow it: not in ventricular, paced and junctional beats, and not in fibrillation and flutter. Its
# settings were fitted to LUDB's records of **odd** number. Here is what remains on those of **even** number.

# %% tags=["hide-output"]
show_source(delineate)

# %%
ludb = chapter.database("ludb")
errors, parts_ludb, beats_ludb, people = [], [], [], []
for record in ludb.read_all():
    marks = at_rate(record.waves["II"], record.rate, beats.rate)
    peaks = marks.of("QRS").peaks
    signal = bandpass(
        resample_poly(record.lead("II").astype(float), 18, 25), beats.rate
    )
    if len(peaks) < 3:
        continue
    inside = windows.fits(peaks, len(signal), *window)
    parts_ludb.append(beat_parts(marks, peaks[inside], *window))
    beats_ludb.append(cut_windows(signal[None], peaks[inside], *window))
    people += [record.patient] * int(inside.sum())
    if int(record.name) % 2 == 0:
        atria = not any(
            word in label.lower()
            for label in record.labels
            for word in ("fibrillation", "flutter")
        )
        found = delineate(
            signal, peaks, beats.rate, has_p=np.full(len(peaks), atria)
        )
        errors.append(boundary_errors(found, marks, beats.rate))
rows = {}
for wave in PARTS[:3]:
    early = np.concatenate([error[wave]["onset"] for error in errors])
    late = np.concatenate([error[wave]["offset"] for error in errors])
    overlap = np.concatenate([error[wave]["overlap"] for error in errors])
    rows[wave] = {
        "onset, median (ms)": 1000 * np.median(early),
        "onset, SD (ms)": 1000 * early.std(),
        "onset, half within (ms)": 1000 * np.median(np.abs(early)),
        "offset, median (ms)": 1000 * np.median(late),
        "offset, SD (ms)": 1000 * late.std(),
        "offset, half within (ms)": 1000 * np.median(np.abs(late)),
        "overlap": overlap.mean(),
        "marked": len(overlap),
        "missed": sum(error[wave]["missed"] for error in errors),
        "invented": sum(error[wave]["invented"] for error in errors),
    }
    for key in ("overlap", "missed", "invented"):
        chapter.record(
            f"delineation.ludb.{key}_{wave}",
            float(rows[wave][key]),
            n=len(overlap),
        )
pd.DataFrame(rows).T.round(2)

# %% [markdown]
# *Overlap* is the time in both over the time in either; 1 is perfect. *Missed* waves were marked and not found, *invented* ones found and not
# marked. *Half within* says how far off half of the boundaries are at most. Errors of some milliseconds are fine for heat that is
# blurred over 0.15 seconds. Three warnings stay. *Invented* P waves come
# also from people whose atria beat on their own and reach no ventricle (complete heart block): their P waves march through. LUDB has few ectopic beats,
# so for V and F beats this table promises nothing; the test suite checks the width of V beats on synthetic ones, whose
# waves are known. And the T wave of a V beat, large and upside down,
# is the wave that the program most easily misses: you see it when you draw single beats.

# %%
parts = np.full((len(beats), sum(window)), UNKNOWN, np.int8)
names = list(dict.fromkeys(beats.records.tolist()))
searched = names[:: {"smoke": 2}.get(scale)]
for name in tqdm(searched, desc="finding waves", unit="record"):
    record = mitbih.read(name)
    lead = "MLII" if "MLII" in record.leads else windows.FALLBACK["MLII"]
    signal = bandpass(record.lead(lead), record.rate)
    found = delineate(
        signal, record.beats.samples, record.rate, has_p=may_have_p(record)
    )
    of_record = beats.records == name
    parts[of_record] = beat_parts(found, beats.samples[of_record], *window)
whole = (parts != UNKNOWN).all(axis=1)
print(
    f"{whole.mean():.1%} of {len(beats):,} beats have known parts all through"
)
durations = np.full((len(beats), len(PARTS)), np.nan)
durations[whole] = part_shares(np.ones_like(parts[whole], float), parts[whole])
pd.DataFrame(
    {
        name: np.nanmean(durations[beats.classes == index], axis=0)
        for index, name in enumerate(aami.AAMI_CLASSES)
        if (whole & (beats.classes == index)).any()
    },
    index=pd.Index(PARTS, name="share of the window"),
).T.round(3)

# %% [markdown]
# The window lasts 0.72 seconds. *Rest* is all that is not this beat's own P, QRS or T: the pauses between, and the
# waves of the neighbours. Each number in this table is a **chance level**.
#
# ## The component
#
# One pass forwards, one backwards from the last convolutions only. The test suite compares it with captum's
# `LayerGradCam`, and with derivatives taken by small steps.

# %%
show_source(grad_cam)

# %% [markdown]
# ```{margin} Try this
# In the cell below, ask about class N: `[0]` for `beats.classes[[chosen]]`. Before you run it: does anything in a
# ventricular beat speak for N, and where?
# ```
#
# One ventricular beat of the `intra` test set, and what the CNN-LSTM finds in it.

# %%
is_v = beats.classes[cuts["intra"].test] == aami.AAMI_CLASSES.index("V")
candidates = cuts["intra"].test[is_v & whole[cuts["intra"].test]]
chosen = candidates[len(candidates) // 2]
steps = grad_cam(
    models["intra", "cnn_lstm", seeds[0]],
    beats.windows[[chosen]],
    beats.classes[[chosen]],
    device=device,
)
figure, data = plot_heat(
    np.array(beats.windows[chosen, 0]),
    over_samples(steps, sum(window))[0],
    parts[chosen],
    rate=beats.rate,
    before=beats.before,
)
chapter.show(
    figure,
    name="one_beat",
    alt="A ventricular beat with QRS and T wave shaded, and under it the Grad-CAM heat of the CNN-LSTM.",
    data=data,
)

# %% [markdown]
# ## The run
#
# From each test set we take up to 200 beats of each class at `cpu` scale, at even steps through the test set (a record with many beats
# gives many), and ask every network about the **true** class. The heat of each beat is then split over its waves.

# %%
looked_at = {}
for split, cut in cuts.items():
    taken = []
    for index, name in enumerate(aami.AAMI_CLASSES):
        if split == "inter" and name == "Q":
            continue  # seven beats in all
        having = cut.test[(beats.classes[cut.test] == index) & whole[cut.test]]
        even = np.linspace(0, len(having) - 1, min(mapped_beats, len(having)))
        taken.append(having[even.astype(int)])
    looked_at[split] = np.concatenate(taken)
    assert set(looked_at[split]) <= set(cut.test)

heat = {}
for (split, method, run_seed), model in tqdm(models.items(), unit="model"):
    rows = looked_at[split]
    steps = grad_cam(
        model, beats.windows[rows], beats.classes[rows], device=device
    )
    heat[split, method, run_seed] = steps
blank = {
    split: np.mean([~heat[split, *key].any(axis=1) for key in keys])
    for split, keys in {
        split: [(m, s) for m in architectures for s in seeds] for split in cuts
    }.items()
}
for split, share in blank.items():
    chapter.record(f"gradcam.{split}.blank_share", float(share))
print(
    {
        split: f"{share:.1%} of the maps are empty"
        for split, share in blank.items()
    }
)

# %% [markdown]
# A map is empty where nothing in the beat speaks for the true class. Such a beat has no shares, and is left out of
# what follows.
#
# ## The figure

# %%
rows = looked_at["intra"]
maps = {
    label: over_samples(heat["intra", method, seeds[0]], sum(window))
    for method, (label, _, _) in architectures.items()
}
attention_model = models["intra", "cnn_lstm_attention", seeds[0]]
with torch.inference_mode():
    attended = attention_model.attention(
        torch.from_numpy(np.array(beats.windows[rows]))
    ).numpy()
maps["attention weights"] = over_samples(attended, sum(window))
figure, data = plot_heat_by_class(
    np.array(beats.windows[rows, 0]),
    beats.classes[rows],
    maps,
    rate=beats.rate,
    before=beats.before,
    parts=parts[rows],
)
chapter.show(
    figure,
    name="heat_by_class",
    alt="For each class the average beat, and five strips of average heat over time: Grad-CAM of four networks, and the attention weights of one.",
    data=data,
)

# %% [markdown]
# These are pictures of averages, with the scale of each strip its own. Now the numbers. A row is a class, a column a
# network; each cell is the share of the heat on the **QRS**, divided by its share of the time. **1 is chance.** The
# interval comes from drawing patients again, jointly for all seeds.

# %%
reports, table = {}, {}
for split in cuts:
    rows = looked_at[split]
    for method, (label, _, _) in architectures.items():
        shares = np.stack(
            [
                part_shares(
                    over_samples(heat[split, method, run_seed], sum(window)),
                    parts[rows],
                )
                for run_seed in seeds
            ]
        )
        for index, name in enumerate(aami.AAMI_CLASSES):
            of_class = beats.classes[rows] == index
            warm = ~np.isnan(shares[:, of_class, 0])
            enough = len(set(beats.patients[rows][of_class])) > 1
            if not enough or not warm.any(axis=1).all():
                continue
            if len(set(beats.patients[rows][of_class][warm.any(axis=0)])) < 2:
                continue
            report = energy_report(
                shares[:, of_class],
                durations[rows][of_class],
                beats.patients[rows][of_class],
                resamples=resamples,
                seed=seed,
            )
            reports[split, method, name] = report
            for part, found in report.items():
                if found.ratio is not None:
                    chapter.record(
                        f"{method}.{split}.heat_ratio_{part}_{name}",
                        found.ratio,
                    )
            ratio = report["QRS"].ratio
            table[(split, name), label] = (
                f"{ratio.value:.2f} ({ratio.low:.2f}–{ratio.high:.2f})"
            )
pd.Series(table).unstack().reindex(
    index=[
        (s, c)
        for s in cuts
        for c in aami.AAMI_CLASSES
        if (s, c) in {k for k, _ in table}
    ],
    columns=[label for label, _, _ in architectures.values()],
).fillna("–")

# %%
figure, data = plot_parts(
    [
        (label, f"class {name}", part, found.energy, found.duration.value)
        for name in aami.AAMI_CLASSES
        for method, (label, _, _) in architectures.items()
        if ("intra", method, name) in reports
        for part, found in reports["intra", method, name].items()
    ],
    label="share of the heat",
)
chapter.show(
    figure,
    name="energy",
    alt="Share of the Grad-CAM heat on P wave, QRS, T wave and the rest, for each class and network under the intra split, with the share of time as a mark.",
    data=data,
)

# %% [markdown]
# A dash: the class has no maps, or maps of one patient alone.
#
# For V and Q, all four networks put clearly more heat on the QRS than chance: the CNN {glue:text}`cnn.intra.heat_ratio_QRS_V:.2f` times as much for V, the
# ResNet-1D {glue:text}`resnet1d.intra.heat_ratio_QRS_V:.2f` times. For N it depends on the network: the CNN-LSTM's ratio is {glue:text}`cnn_lstm.intra.heat_ratio_QRS_N:.2f`,
# and its interval holds 1. For S the CNN has next to no heat on the QRS and more than chance on the rest of the
# window, while the ResNet-1D has {glue:text}`resnet1d.intra.heat_ratio_QRS_S:.2f` on the QRS. You would expect the P wave for S,
# since it is the P wave that differs. No network's interval for it lies above 1. The splits agree for V, less so for the others. So "the model looks at the QRS" is
# true of V and Q, and of other classes only for some networks.
#
# ### The same on LUDB, with the cardiologists' boundaries
#
# Here nobody has to trust our boundaries. The price: other people, another machine, lead II, no class labels. So we ask
# each network of the `intra` split about the class that it predicts.

# %%
x, marked = np.concatenate(beats_ludb), np.concatenate(parts_ludb)
people = np.array(people)
time_ludb = part_shares(np.ones(marked.shape), marked)
table = {}
for method, (label, _, _) in architectures.items():
    shares, answers = [], []
    for run_seed in seeds:
        model = models["intra", method, run_seed]
        answers.append(predict(model, x, device=device).argmax(axis=1))
        steps = grad_cam(model, x, answers[-1], device=device)
        shares.append(part_shares(over_samples(steps, sum(window)), marked))
    for index, name in enumerate(aami.AAMI_CLASSES):
        given = np.stack(answers) == index
        kept = np.where(given[..., None], np.stack(shares), np.nan)
        counted = ~np.isnan(kept[..., 0]) & ~np.isnan(time_ludb[:, 0])
        if (
            not counted.any(axis=1).all()
            or len(set(people[counted.any(axis=0)])) < 10
        ):
            continue
        report = energy_report(
            kept, time_ludb, people, resamples=resamples, seed=seed
        )
        for part, found in report.items():
            if found.ratio is not None:
                chapter.record(
                    f"{method}.ludb.heat_ratio_{part}_{name}", found.ratio
                )
                table.setdefault(
                    (f"predicted {name}", label),
                    {"beats": int(counted.sum(axis=1).mean())},
                )[part] = (
                    f"{found.ratio.value:.2f} "
                    f"({found.ratio.low:.2f}–{found.ratio.high:.2f})"
                )
pd.DataFrame(table.values(), table).sort_index(
    level=0, sort_remaining=False
) if table else "too few beats"

# %% [markdown]
# The cardiologists' boundaries tell the same story for V, and more strongly. For N the CNN-LSTM has {glue:text}`cnn_lstm.ludb.heat_ratio_QRS_N:.2f` here and
# {glue:text}`cnn_lstm.intra.heat_ratio_QRS_N:.2f` on MIT-BIH: other people, another lead, another question (the class predicted), so the ratios are not the
# same number twice. Most of these people have normal beats, and the networks call them N. What they call S are mostly false alarms.
#
# ## A network that has learnt nothing
#
# The QRS is the largest thing in the window. Any filter answers to it. So before you read meaning into the heat, ask
# where the heat of a network with **random weights** lies (Adebayo and colleagues, 2018). `new head` keeps the trained
# convolutions and draws everything behind them anew. `untrained` draws all weights anew. `amplitude` is no network at
# all: its heat is the distance of the signal from its median. All are asked about the same beats and classes.

# %%
rows = looked_at["intra"]
others = {}
for method, (_, make, _) in architectures.items():
    for run_seed in seeds:
        torch.manual_seed(1000 + run_seed)
        untrained = make().eval()
        torch.manual_seed(1000 + run_seed)
        new_head = make()
        first = ("features", "stem", "blocks")
        learnt = models["intra", method, run_seed].state_dict()
        drawn = new_head.state_dict()
        new_head.load_state_dict(
            {
                key: learnt[key] if key.startswith(first) else drawn[key]
                for key in drawn
            }
        )
        for what, model in (("untrained", untrained), ("new head", new_head)):
            others[method, what, run_seed] = grad_cam(
                model.eval(),
                beats.windows[rows],
                beats.classes[rows],
                device=device,
            )
signal = np.array(beats.windows[rows, 0])
amplitude = np.abs(signal - np.median(signal, axis=1, keepdims=True))
by_amplitude = energy_report(
    part_shares(amplitude, parts[rows]),
    durations[rows],
    beats.patients[rows],
    resamples=resamples,
    seed=seed,
)
drawn_rows = []
for method, (label, _, _) in architectures.items():
    for what in ("trained", "new head", "untrained"):
        steps = np.stack(
            [
                heat["intra", method, run_seed]
                if what == "trained"
                else others[method, what, run_seed]
                for run_seed in seeds
            ]
        )
        shares = np.stack(
            [
                part_shares(over_samples(one, sum(window)), parts[rows])
                for one in steps
            ]
        )
        report = energy_report(
            shares,
            durations[rows],
            beats.patients[rows],
            resamples=resamples,
            seed=seed,
        )
        chapter.record(
            f"{method}.intra.heat_QRS_{what.replace(' ', '_')}",
            report["QRS"].energy,
        )
        drawn_rows += [
            (what, label, part, found.energy, found.duration.value)
            for part, found in report.items()
        ]
    drawn_rows += [
        ("amplitude", label, part, found.energy, found.duration.value)
        for part, found in by_amplitude.items()
    ]
chapter.record("amplitude.intra.heat_QRS", by_amplitude["QRS"].energy)
figure, data = plot_parts(drawn_rows, label="share of the heat")
chapter.show(
    figure,
    name="sanity",
    alt="Share of the heat on P wave, QRS, T wave and the rest: trained networks, networks with a new head, untrained ones, and the signal's amplitude; four panels, one for each architecture.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In a new cell, print the mean over beats of `part_shares(amplitude**2, parts[rows])`. Before you look: which
# part gains most by the square, and which loses?
# ```
#
# A share is one number a wave. The whole map says more. So take Spearman's rank correlation $\rho$ between two maps of
# one beat, over its 17 steps. The yardstick is the last row: two **trained** networks that differ in nothing but the
# seed.

# %%
table = {}
for method, (label, _, _) in architectures.items():
    trained = [heat["intra", method, run_seed] for run_seed in seeds]
    pairs = {
        "untrained": [
            (one, others[method, "untrained", run_seed])
            for one, run_seed in zip(trained, seeds, strict=True)
        ],
        "new head": [
            (one, others[method, "new head", run_seed])
            for one, run_seed in zip(trained, seeds, strict=True)
        ],
        "HiResCAM of the same network": [
            (
                trained[0],
                grad_cam(
                    models["intra", method, seeds[0]],
                    beats.windows[rows],
                    beats.classes[rows],
                    pooled=False,
                    device=device,
                ),
            )
        ],
        "another seed": list(pairwise(trained)),
    }
    for what, both in pairs.items():
        if not both:
            continue
        found = float(np.nanmean([rank_correlation(a, b) for a, b in both]))
        table[what, label] = found
        key = what.replace(" ", "_").lower()
        chapter.record(f"{method}.intra.rho_{key}", found, n=len(rows))
pd.Series(table).unstack().reindex(
    index=[
        "untrained",
        "new head",
        "HiResCAM of the same network",
        "another seed",
    ],
    columns=[label for label, _, _ in architectures.values()],
).dropna(how="all").round(2)

# %% [markdown]
# HiResCAM is Grad-CAM without the mean over time: each step keeps its own gradient {cite}`draelos2020`. For the
# CNN, whose last layer is linear and sees *when* a feature occurs, HiResCAM is exact: before negative steps are set to zero, its steps add up to the logit less a
# constant.
# Where the two disagree, it is Grad-CAM that has averaged something away.
#
# Now the doubt. A network that has learned *nothing* puts {glue:text}`cnn_lstm.intra.heat_QRS_untrained:.2f` (CNN-LSTM) or
# {glue:text}`resnet1d.intra.heat_QRS_untrained:.2f` (ResNet-1D) of its heat on the QRS, far above the share of the time, and about as much as the trained one
# does. Only in the CNN has training added some. So a share of the heat above chance shows the signal as much as the learning. *Where* in the beat the heat lies does change by training: trained and
# untrained maps hardly agree (the rows `untrained` and `new head` are near 0). But two trained networks that differ only in their seed agree
# only so far, as the row `another seed` says: less than half-way for three networks, well for the ResNet-1D. And for the CNN, Grad-CAM agrees
# with the exact HiResCAM by no more than {glue:text}`cnn.intra.rho_hirescam_of_the_same_network:.2f`: the mean over time throws away what its last layer knows about *when*. (The
# ResNet-1D takes that mean itself, so there the two are one.) One heat map of one network is one of many stories.
#
# ## Take the wave away
#
# Heat shows where a network *found* something. Only a changed beat shows what it *needs*. So replace one part of every
# test beat, in two ways: by a **straight line** from its first sample to its last, or by the same stretch of the
# **record's mean beat**, moved so that it joins. Then classify again. The first leaves a hole that no heart makes; the
# second leaves a wave, only not this beat's. Trust what both say.

# %%
show_source(replace_part)

# %% [markdown]
# Large classes are thinned: of a class with many test beats every $m$-th is classified, and counted $m$ times. Beats whose waves
# are not all known are left out. So the F1 of whole beats is near that of the other chapters, not equal to it.

# %%
tested = {}
for split, cut in cuts.items():
    taken = []
    for index in range(len(aami.AAMI_CLASSES)):
        having = cut.test[(beats.classes[cut.test] == index) & whole[cut.test]]
        every = max(1, -(-len(having) // tested_beats))
        taken += np.repeat(having[::every], every).tolist()
    tested[split] = np.array(taken)
means = {
    name: beats.windows[beats.records == name].mean(axis=0) for name in names
}
answers = {}
for split, rows in tqdm(tested.items(), unit="split"):
    once, back = np.unique(rows, return_inverse=True)
    x = np.array(beats.windows[once])
    usual = np.stack([means[name] for name in beats.records[once]])
    versions = {("whole", ""): x}
    for index, part in enumerate(PARTS):
        versions["line", part] = replace_part(x, parts[once], index)
        if part != "rest":
            versions["mean", part] = replace_part(x, parts[once], index, usual)
    for method in architectures:
        for version, changed in versions.items():
            answers[split, method, version] = np.stack(
                [
                    predict(
                        models[split, method, run_seed], changed, device=device
                    ).argmax(axis=1)[back]
                    for run_seed in seeds
                ]
            )

# %%
falls, table = {}, {}
for split, rows in tested.items():
    true, who = beats.classes[rows], beats.patients[rows]
    macro_over = ("N", "S", "V", "F") if split == "inter" else None
    present = [
        name
        for index, name in enumerate(aami.AAMI_CLASSES)
        if len(set(who[true == index])) > 1
        and (split != "inter" or name != "Q")
    ]
    for method, (label, _, _) in architectures.items():
        for part in PARTS:
            for how in ("line", "mean"):
                if (split, method, (how, part)) not in answers:
                    continue
                for metric in ("macro_f1", *(f"f1_{name}" for name in present)):
                    fall = paired_difference(
                        true,
                        answers[split, method, ("whole", "")],
                        answers[split, method, (how, part)],
                        metric,
                        patients=who,
                        macro_over=macro_over,
                        resamples=resamples
                        * (5 if metric == "macro_f1" else 1),
                        seed=seed,
                    )
                    falls[split, method, how, part, metric] = fall
                    task = f"{split}_without_{part.lower()}_{how}"
                    if how == "line" or metric == "macro_f1":
                        chapter.record(f"{method}.{task}.{metric}_fall", fall)
                fall = falls[split, method, how, part, "macro_f1"]
                table[(how, part), (split, label)] = fall
adjusted = dict(
    zip(table, holm([fall.p_value for fall in table.values()]), strict=True)
)
pd.Series(
    {
        key: f"{fall.value:.3f} ({fall.low:.3f}–{fall.high:.3f})"
        + ("*" if adjusted[key] < 0.05 else "")
        for key, fall in table.items()
    }
).unstack().reindex(
    index=[("line", part) for part in PARTS]
    + [("mean", part) for part in PARTS[:3]],
    columns=[
        (s, label) for s in cuts for label, _, _ in architectures.values()
    ],
).T

# %% [markdown]
# Each cell is the fall in macro F1; a star marks a fall whose p-value is below 0.05 after Holm's correction over the whole table. `intra`
# and `blocked` know these patients, `inter` does not. Where the network is poor from the start, as on `inter`, there is
# little to fall. Now by class, for `intra`.

# %%
figure, data = plot_parts(
    [
        (
            label,
            f"F1 of {name}, {'straight line' if how == 'line' else 'mean beat'}",
            part,
            falls["intra", method, how, part, f"f1_{name}"],
            None,
        )
        for name in aami.AAMI_CLASSES
        for how in ("line", "mean")
        for method, (label, _, _) in architectures.items()
        for part in PARTS
        if ("intra", method, how, part, f"f1_{name}") in falls
    ],
    label="fall in F1",
)
chapter.show(
    figure,
    name="occlusion",
    alt="How far the F1 of each class falls when P wave, QRS, T wave or the rest is replaced by a straight line or by the record's mean beat; four networks, intra split.",
    data=data,
)

# %% [markdown]
# The QRS costs most, for every class and network, and both replacements say so for V and F. The CNN-LSTM loses
# {glue:text}`cnn_lstm.intra_without_qrs_line.macro_f1_fall:.2f` of its macro F1 with a line in its place, and {glue:text}`cnn_lstm.intra_without_qrs_mean.macro_f1_fall:.2f` with the mean
# beat. For S, `rest` matters too: without it the CNN-LSTM's F1 falls by {glue:text}`cnn_lstm.intra_without_rest_line.f1_S_fall:.2f`. That is where the end of the beat before and
# the beginning of the next one lie. How early the beat came may show there; this experiment can't say. The P wave costs {glue:text}`cnn_lstm.intra_without_p_line.f1_S_fall:.2f`. For N and Q the two
# replacements disagree: a line in place of the QRS is a shock, another beat's QRS is none. On `inter` little is left to fall.
#
# ### Does the heat know?
#
# If Grad-CAM shows what the network needs, then the parts with much heat are those whose loss hurts. So line up, for
# each network, all parts of all classes: the heat's share against the fall in F1. A rank correlation of 1 means that
# the heat orders them as the falls do.

# %%
table = {}
for split in cuts:
    for method, (label, _, _) in architectures.items():
        hot, hurt = [], []
        for name in aami.AAMI_CLASSES:
            for part in PARTS:
                key = (split, method, "line", part, f"f1_{name}")
                if key in falls and (split, method, name) in reports:
                    hot.append(reports[split, method, name][part].energy.value)
                    hurt.append(falls[key].value)
        if len(hot) > 3 and len(set(hurt)) > 1:
            found = float(spearmanr(hot, hurt).statistic)
            chapter.record(
                f"{method}.{split}.rho_heat_and_fall", found, n=len(hot)
            )
            table[label, split] = found
pd.Series(table, dtype=float).unstack().round(2) if table else "too few"

# %% [markdown]
# Heat and harm go together under `intra`, from {glue:text}`cnn_lstm.intra.rho_heat_and_fall:.2f` (CNN-LSTM) to {glue:text}`resnet1d.intra.rho_heat_and_fall:.2f` (ResNet-1D), and under `inter`
# hardly at all for the CNN-LSTM ({glue:text}`cnn_lstm.inter.rho_heat_and_fall:.2f`). The QRS leads in both, and that makes most of the agreement. A heat map alone does not tell you what a
# network needs. Take something away and look.
#
# ## Attention is not heat
#
# The CNN-LSTM-Attention weighs its 17 time steps itself. These weights are no gradient: they are part of the
# calculation, and they sum to one. But they weigh what the *memory* holds at a step, and a memory that reads in both
# directions can carry the QRS to any step.

# %%
rows, table = looked_at["intra"], {}
attended = []
for run_seed in seeds:
    with torch.inference_mode():
        attended.append(
            models["intra", "cnn_lstm_attention", run_seed]
            .attention(torch.from_numpy(np.array(beats.windows[rows])))
            .numpy()
        )
agreement = np.nanmean(
    [
        rank_correlation(one, heat["intra", "cnn_lstm_attention", run_seed])
        for one, run_seed in zip(attended, seeds, strict=True)
    ]
)
chapter.record(
    "cnn_lstm_attention.intra.rho_attention_and_heat",
    float(agreement),
    n=len(rows),
)
shares = np.stack(
    [
        part_shares(over_samples(one, sum(window)), parts[rows])
        for one in attended
    ]
)
for index, name in enumerate(aami.AAMI_CLASSES):
    of_class = beats.classes[rows] == index
    if len(set(beats.patients[rows][of_class])) < 2:
        continue
    report = energy_report(
        shares[:, of_class],
        durations[rows][of_class],
        beats.patients[rows][of_class],
        resamples=resamples,
        seed=seed,
    )
    for part, found in report.items():
        if found.ratio is not None:
            chapter.record(
                f"cnn_lstm_attention.intra.attention_ratio_{part}_{name}",
                found.ratio,
            )
            table[name, part] = (
                f"{found.ratio.value:.2f} ({found.ratio.low:.2f}–{found.ratio.high:.2f})"
            )
print(f"rank correlation of attention and Grad-CAM: {agreement:.2f}")
pd.Series(table).unstack().reindex(columns=list(PARTS)).fillna("–")

# %% [markdown]
# Attention is far more on the QRS than the heat is: {glue:text}`cnn_lstm_attention.intra.attention_ratio_QRS_N:.2f` times chance for N. With Grad-CAM of the same network it
# agrees by no more than {glue:text}`cnn_lstm_attention.intra.rho_attention_and_heat:.2f`. Two ways to ask one network where it looks, and two answers.
#
# ## The number against the paper's

# %%
chapter.claims()

# %% [markdown]
# ```{admonition} Our own choices
# :class: note
# - **The layer**: the last convolutions, the output of `features`, or of `blocks` in the ResNet-1D. The paper's layer
#   isn't known. For the two networks with a memory, what the memory does with a step reaches the map through the
#   gradient.
# - **The class asked about**: the true one on MIT-BIH, the predicted one on LUDB.
# - **Energy** is the share of the positive heat, as in the energy-based pointing game. Each beat counts the same.
# - **Spreading** 17 steps over 260 samples in straight lines.
# - **P, QRS and T of this beat only**; the neighbours' waves are `rest`.
# - **Boundaries** on MIT-BIH by program, with the errors in the table above.
# - **Intervals** from drawing patients, under all three splits: the question is always what other people's beats would
#   give. Beats that lie too near a record's ends, or have a boundary that isn't marked, are left out.
# - **Two replacements** for a wave. The record's mean beat is made of all its beats, whatever their class.
# ```

# %% tags=["hide-input"]
for (split, method, name), report in reports.items():
    total = sum(found.energy.value for found in report.values())
    assert abs(total - 1) < 1e-6, (split, method, name)
chapter.close()

# %% [markdown]
# ## Exercises
#
# ```{exercise-start} A finer map
# :label: exercise-finer-map
# ```
# *Ten minutes.* `grad_cam` takes a `layer`. Give it the output of the CNN's second block, `model.features[5]`, which
# has 33 steps in place of 17. Does the share of the heat on the QRS of V beats rise or fall? Why may a layer be too
# early?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-finer-map
# :class: dropdown
# ````

# %% tags=["solution"]
model = models["intra", "cnn", seeds[0]]
rows = looked_at["intra"]
rows = rows[beats.classes[rows] == aami.AAMI_CLASSES.index("V")]
for what, layer in (("last", model.features), ("second", model.features[5])):
    steps = grad_cam(
        model,
        beats.windows[rows],
        beats.classes[rows],
        layer=layer,
        device=device,
    )
    shares = part_shares(over_samples(steps, sum(window)), parts[rows])
    print(
        what,
        steps.shape[1],
        "steps, share of QRS",
        np.nanmean(shares, axis=0)[1].round(3),
    )

# %% [markdown]
# An early layer knows edges, not beats: its channels answer to every slope, whatever the class. Grad-CAM then shows
# where slopes are.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Which wave makes it a V?
# :label: exercise-swap
# ```
# *An evening.* Give N beats the QRS of the record's mean *V* beat, with `replace_part(..., by=...)`. How many become
# V? Then do it with the T wave. Compare with what the heat of V beats promises.
# Then change sides: V beats get the QRS of the mean *N* beat. Which exchange changes more answers, and what does the difference say?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-swap
# :class: dropdown
# ````

# %% tags=["solution"]
v, n = aami.AAMI_CLASSES.index("V"), aami.AAMI_CLASSES.index("N")
test = cuts["intra"].test
having = [
    name
    for name in names
    if ((beats.records == name) & (beats.classes == v)).sum() > 20
]
rows = test[
    (beats.classes[test] == n)
    & whole[test]
    & np.isin(beats.records[test], having)
]
rows = rows[:: max(1, len(rows) // 500)]
mean_v = {
    name: beats.windows[(beats.records == name) & (beats.classes == v)].mean(
        axis=0
    )
    for name in having
}
if len(rows):
    by = np.stack([mean_v[name] for name in beats.records[rows]])
    x = np.array(beats.windows[rows])
    model = models["intra", "cnn_lstm", seeds[0]]
    for index, part in enumerate(PARTS[:3]):
        changed = replace_part(x, parts[rows], index, by)
        became = (predict(model, changed, device=device).argmax(1) == v).mean()
        print(f"{part}: {became:.1%} of {len(rows)} N beats become V")

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-believe-heat
#
# A paper shows four heat maps, all bright on the QRS, and writes that the network "attends to clinically relevant
# features". Which three numbers from this page would you ask for before you believe it?
# ```
#
# ## What to read next
#
# {cite:t}`selvaraju2017` for the method; {cite:t}`adebayo2018` for the doubt. [The comparison](15_comparison.ipynb) has the scores of these four networks, and
# [the claims](../book/claims.md) what the paper says of them.
