# ---
# jupyter:
#   ecgbook:
#     title: Four architectures side by side
#     needs: [10_cnn, 11_cnn_lstm, 12_cnn_lstm_attention, 13_resnet1d]
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
# # Four architectures side by side
#
# You have four networks: the CNN, the CNN-LSTM, the CNN-LSTM-Attention and the ResNet-1D. Which one is best? On this
# page they answer the same test beats, and every "better than" gets a test. Nothing is trained here.

# %% tags=["setup", "remove-cell"]
# A hosted notebook installs the package here; elsewhere there is nothing to do.

# %% tags=["parameters"]
scale = "smoke"
seed = 0
data_dir = ""
device = "auto"

# %% tags=["hide-input"]
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import f1_score
from tqdm.auto import tqdm

from ecglib.book import open_chapter, show_source
from ecglib.databases import aami, splits
from ecglib.evaluation import Interval, classification_report
from ecglib.evaluation.comparison import holm, paired_difference
from ecglib.evaluation.intervals import percentiles, resample_confusions
from ecglib.evaluation.metrics import metrics_of_confusion
from ecglib.evaluation.roc import roc_curves
from ecglib.figures import plot_intervals
from ecglib.figures.comparison import plot_differences, plot_resamples
from ecglib.figures.roc import plot_roc
from ecglib.learning import predict
from ecglib.learning.weights import load_weights, read_facts
from ecglib.models import CNN, CNNLSTM, CNNLSTMAttention, ResNet1D
from ecglib.signals import windows

chapter = open_chapter(
    "15_comparison", scale=scale, seed=seed, data_dir=data_dir, device=device
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=10)
resamples = {"smoke": 100, "cpu": 10_000, "gpu": 10_000}[scale]

# %% [markdown]
# ## The claim
#
# The abstract says that the **CNN-LSTM is the best of the four single models** (mark P: the authors' own words). It also says
# that **the CNN-LSTM-Attention and the ResNet-1D suffer more from class imbalance** (P). It gives the
# CNN-LSTM's F1 as 0.951. What the other three scored, the texts that we could read don't say. Nor do they say whether a test stands behind
# the order.
#
# Two measures of ours make the claims testable. "Best" means the highest **macro F1** under `intra`, the split that the
# paper's numbers suggest (I: our inference). "Suffer from imbalance" means a low **minority F1**: the mean F1 of S and
# F, the two rare classes that look most like N. A low minority F1 shows who is weak on the rare classes. It doesn't
# show that their rarity is the cause; [class imbalance](17_class_imbalance.ipynb) changes the rarity itself.
#
# ## The idea in one picture
#
# A test set is a draw. Draw it again, and every score changes. But two networks that answer the *same* beats change
# together: a draw with many hard beats is hard for both. So don't ask whether their two intervals overlap. Ask, draw
# by draw, which of the two is ahead. That is the paired bootstrap.
#
# $$ d_r = m(A, r) - m(B, r), \qquad r = 1, \dots, R $$
#
# Here $r$ counts the $R$ draws, $m(A, r)$ is the macro F1 of network $A$ on draw $r$, the mean over its seeds, $m(B, r)$ that of network
# $B$ on the same draw, and $d_r$ is how far $A$ is ahead. The middle 95 % of all $d_r$ are the interval of the difference. The
# *p-value* is twice the share of draws on the side of zero that has fewer of them.
#
# First the splits, made as in the four chapters before; each checks itself for leaks when it is made. Then the
# networks, as those chapters trained them: for each split, one file for each seed.

# %%
mitbih = chapter.database("mitbih")
beats = windows.beat_windows(mitbih, before=100, after=160)
cuts = splits.three_splits(
    beats.records,
    beats.samples,
    beats.classes,
    beats.rate,
    window=(beats.before, beats.after),
    seed=seed,
)

# %%
networks = {
    "cnn": ("CNN", CNN, "10_cnn"),
    "cnn_lstm": ("CNN-LSTM", CNNLSTM, "11_cnn_lstm"),
    "cnn_lstm_attention": (
        "CNN-LSTM-Attention",
        CNNLSTMAttention,
        "12_cnn_lstm_attention",
    ),
    "resnet1d": ("ResNet-1D", ResNet1D, "13_resnet1d"),
}
written = {method: name for method, (name, _, _) in networks.items()}
scores, facts, parameters = {}, {}, {}
bar = tqdm(total=len(networks) * len(cuts) * len(seeds), unit="network")
for method, (_, make, home) in networks.items():
    for split, cut in cuts.items():
        found = []
        for run_seed in seeds:
            file = (
                chapter.needs(home) / f"{method}_{split}_{run_seed}.safetensors"
            )
            model = load_weights(make(), file)
            facts[method, split, run_seed] = read_facts(file)
            found.append(predict(model, beats.windows[cut.test], device=device))
            bar.update()
        scores[method, split] = np.stack(found)
    parameters[method] = sum(p.numel() for p in model.parameters())
bar.close()
answers = {key: found.argmax(-1) for key, found in scores.items()}
for (_, split, run_seed), noted in facts.items():
    assert (noted["split"], noted["seed"]) == (split, run_seed)

# %% [markdown]
# Now the picture. Each dot is one draw of the `intra` test set: the CNN's macro F1 to the right, the CNN-LSTM's
# upwards. The cloud leans along the line, because a draw that is hard for one is mostly hard for the other. What counts
# is how much of it lies on one side of the line.

# %%
true = beats.classes[cuts["intra"].test]
both = np.concatenate([answers["cnn", "intra"], answers["cnn_lstm", "intra"]])
drawn = resample_confusions(
    true, both, 5, None, min(resamples, 1000), np.random.default_rng(seed)
)
by_draw = metrics_of_confusion(drawn.resampled, aami.AAMI_CLASSES)["macro_f1"]
figure, data = plot_resamples(
    by_draw[:, : len(seeds)].mean(axis=1),
    by_draw[:, len(seeds) :].mean(axis=1),
    names=("CNN", "CNN-LSTM"),
)
chapter.show(
    figure,
    name="idea",
    alt="Macro F1 of CNN and CNN-LSTM on the same draws of the intra test set, a dot for each draw, with the line of equal scores.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In the cell above, write `by_draw[::-1, len(seeds) :]` for the CNN-LSTM, so that each dot mixes two draws.
# Before you look: what becomes of the cloud?
# ```
#
# ## The component
#
# The test, as `ecglib` holds it. Both networks' confusion matrices come from one and the same draw.

# %% tags=["hide-output"]
show_source(paired_difference)

# %% [markdown]
# Ask twenty questions at a level of 0.05, and one "yes" is to be expected by chance alone. Holm's correction makes up for
# that: the smallest p-value is multiplied by the number of questions, the next by one less, and so on.

# %% tags=["hide-output"]
show_source(holm)

# %% [markdown]
# ## The table
#
# All four networks under all three splits. Every value is the mean over the seeds, with its 95 % interval. `intra` and
# `blocked` draw beats again: other beats of these same people. `inter` draws whole patients again: other people. `inter`
# averages over N, S, V and F, because its test patients have almost no Q.
#
# What the columns are worth: `intra` tests on beats that overlap training windows in time, so it rewards learning by heart.
# `blocked` removes the overlap and keeps the people. `inter` asks about strangers, and that is what a clinic would ask.

# %%
reports, minority = {}, {}
for (method, split), predicted in answers.items():
    test = cuts[split].test
    patients = beats.patients[test] if split == "inter" else None
    reports[method, split] = classification_report(
        beats.classes[test],
        predicted,
        scores=scores[method, split],
        patients=patients,
        macro_over=("N", "S", "V", "F") if split == "inter" else None,
        resamples=min(resamples, 2000),
        seed=seed,
    )
    minority[method, split] = classification_report(
        beats.classes[test],
        predicted,
        patients=patients,
        macro_over=("S", "F"),
        resamples=min(resamples, 2000),
        seed=seed,
    )["macro_f1"]
    chapter.record(f"{method}.{split}.minority_f1", minority[method, split])
chapter.record(
    "cnn_lstm.intra.macro_f1", reports["cnn_lstm", "intra"]["macro_f1"]
)

# %%
shown = {"accuracy": "accuracy", "macro_f1": "macro F1", "auroc": "AUROC"}
shown |= {f"f1_{name}": f"F1 of {name}" for name in aami.AAMI_CLASSES}
table = pd.DataFrame(
    {
        (split, written[method]): {
            label: f"{report[key].value:.3f} ({report[key].low:.3f}–{report[key].high:.3f})"
            for key, label in shown.items()
        }
        | {
            "minority F1": "{0.value:.3f} ({0.low:.3f}–{0.high:.3f})".format(
                minority[method, split]
            )
        }
        for (method, split), report in reports.items()
    }
).T
table.loc[list(cuts)]

# %%
paper = chapter.claim_value("song2026-cnn-lstm-f1")
figure, data = plot_intervals(
    [
        (
            f"macro F1, {split}",
            name,
            reports[method, split]["macro_f1"],
            paper if method == "cnn_lstm" else None,
        )
        for split in cuts
        for method, name in written.items()
    ]
)
chapter.show(
    figure,
    name="macro_f1",
    alt="Macro F1 of the four networks with 95 % intervals under three splits; the paper's 0.951 is marked beside the CNN-LSTM.",
    data=data,
)

# %% [markdown]
# The paper's mark stands in all three panels so that you see the distance. Only under `intra` is it meant to be
# reached.
#
# Under `intra` the ResNet-1D leads with {glue:text}`../notebooks/13_resnet1d.ipynb::resnet1d.intra.macro_f1:.3f`, before the CNN-LSTM with {glue:text}`cnn_lstm.intra.macro_f1:.3f`. Under `blocked` it
# leads again, with {glue:text}`../notebooks/13_resnet1d.ipynb::resnet1d.blocked.macro_f1:.3f`. Under `inter` the order turns round: the CNN has {glue:text}`../notebooks/10_cnn.ipynb::cnn.inter.macro_f1:.3f`, the CNN-LSTM
# {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.inter.macro_f1:.3f`, the CNN-LSTM-Attention {glue:text}`../notebooks/12_cnn_lstm_attention.ipynb::cnn_lstm_attention.inter.macro_f1:.3f` and the ResNet-1D {glue:text}`../notebooks/13_resnet1d.ipynb::resnet1d.inter.macro_f1:.3f`. The network that knows known
# people best knows strangers worst.
#
# ## Better than?
#
# Each pair of networks, under each split: the difference in macro F1, and in minority F1 for the pairs with the
# CNN-LSTM. These are all the questions of this page, and Holm's correction counts every one of them.

# %%
questions = {}
for split, cut in cuts.items():
    averages = {
        "macro_f1": ("N", "S", "V", "F") if split == "inter" else None,
        "minority_f1": ("S", "F"),
    }
    for metric, over in averages.items():
        for pair in combinations(networks, 2):
            if metric == "minority_f1" and "cnn_lstm" not in pair:
                continue
            first, second = sorted(
                pair,
                key=["cnn_lstm", "resnet1d", "cnn_lstm_attention", "cnn"].index,
            )
            questions[metric, split, first, second] = paired_difference(
                beats.classes[cut.test],
                answers[first, split],
                answers[second, split],
                patients=beats.patients[cut.test] if split == "inter" else None,
                macro_over=over,
                resamples=resamples,
                seed=seed,
            )
corrected = dict(
    zip(questions, holm([d.p_value for d in questions.values()]), strict=True)
)
for (metric, split, first, second), difference in questions.items():
    chapter.record_difference(
        f"{first}.{split}.{metric}", f"{second}.{split}.{metric}", difference
    )
print(f"{len(questions)} questions")

# %%
for metric, unit in (("macro_f1", "macro F1"), ("minority_f1", "minority F1")):
    figure, data = plot_differences(
        [
            (
                split,
                f"{written[first]} − {written[second]}",
                difference,
                corrected[metric, split, first, second],
            )
            for (kind, split, first, second), difference in questions.items()
            if kind == metric
        ],
        unit=unit,
    )
    chapter.show(
        figure,
        name=f"differences_{metric}",
        alt=f"Differences in {unit} between pairs of networks under three splits, with 95 % intervals, a line at zero and corrected p-values.",
        data=data,
    )

# %%
chapter.claims()

# %% [markdown]
# Read the first claim under `intra`. The CNN-LSTM is ahead of the CNN by {glue:text}`cnn_lstm.intra.macro_f1_minus_cnn:.3f`, and that is no chance. It is
# ahead of the CNN-LSTM-Attention by {glue:text}`cnn_lstm.intra.macro_f1_minus_cnn_lstm_attention:.3f`, which after the correction could be chance. And
# the ResNet-1D is ahead of *it*, by {glue:text}`../notebooks/13_resnet1d.ipynb::resnet1d.intra.macro_f1:.3f` to {glue:text}`cnn_lstm.intra.macro_f1:.3f`, which could well be chance. So "the best of the four" is not
# what we find, and it is not refuted either. Under `inter`, where it would count, the CNN-LSTM is clearly better than the
# CNN-LSTM-Attention and the ResNet-1D, and no better than the plain CNN.
#
# The second claim says that two networks do worse on the rare classes than the CNN-LSTM. The ResNet-1D does not: under `blocked` its
# minority F1 is the higher one, and that is no chance.
#
# How many beats is a difference of 0.002? The exercise *How many beats is that?* counts them: a few F beats of the test set.
#
# Two things that these p-values don't cover. They treat the trained networks as given: three seeds say little about
# what a fourth would do. And all four were trained by one recipe, chosen with the CNN-LSTM on validation beats.
# Another recipe might serve another network better. The small dots in the figures are the seeds: look at whether they
# change places.

# %%
pd.DataFrame(
    {
        (split, written[method]): dict(
            zip(
                [f"seed {run_seed}" for run_seed in seeds],
                np.round(report["macro_f1"].by_seed, 4),
                strict=True,
            )
        )
        for (method, split), report in reports.items()
    }
).T.loc[list(cuts)]

# %% [markdown]
# ## One class at a time
#
# The macro F1 is a mean over classes. Here are the parts of the mean, first under the split of the paper, then for
# strangers.

# %%
for split in ("intra", "inter"):
    figure, data = plot_intervals(
        [
            (f"F1 of {label}", name, reports[method, split][f"f1_{label}"])
            for label in ("N", "S", "V", "F")
            for method, name in written.items()
        ]
    )
    chapter.show(
        figure,
        name=f"f1_by_class_{split}",
        alt=f"F1 of the classes N, S, V and F for each of the four networks under the {split} split, with 95 % intervals.",
        data=data,
    )

# %% [markdown]
# Under `intra` all four agree on N and V. They differ in S, where the CNN has {glue:text}`../notebooks/10_cnn.ipynb::cnn.intra.f1_S:.3f` and the ResNet-1D {glue:text}`../notebooks/13_resnet1d.ipynb::resnet1d.intra.f1_S:.3f`, and in F.
# Under `inter` hardly anything is left of S and F for any of them. V is where strangers tell the networks apart: the CNN-LSTM has
# {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.inter.f1_V:.3f`, the ResNet-1D {glue:text}`../notebooks/13_resnet1d.ipynb::resnet1d.inter.f1_V:.3f`.
#
# ```{margin} Try this
# In a new cell, compare `answers["cnn", "inter"][0]` with `answers["resnet1d", "inter"][0]`. Before you look: on
# which share of strangers' beats do the two disagree?
# ```
#
# ## Macro or weighted?
#
# The *weighted* F1 also averages the F1 of the classes, but gives each class the weight of its beats:
#
# $$ F_\mathrm{macro} = \frac{1}{K} \sum_{k} F_k, \qquad F_\mathrm{weighted} = \sum_{k} \frac{n_k}{n}\, F_k $$
#
# Here $k$ runs over the $K$ classes, $F_k$ is the F1 of class $k$, $n_k$ the number of its test beats and $n$ that of all
# test beats. In MIT-BIH $n_k / n$ is {glue:text}`../notebooks/00_reading_an_ecg.ipynb::mitbih.beats.share_N:.3f` for N and
# {glue:text}`../notebooks/00_reading_an_ecg.ipynb::mitbih.beats.share_F:.4f` for F. Below, both are computed from the same
# answers. The weighted one always takes all five classes; the macro one leaves out Q under `inter`, as above.

# %%
averages = {}
for (method, split), predicted in answers.items():
    test = cuts[split].test
    true = beats.classes[test]
    patients = None
    if split == "inter":
        patients = np.unique(beats.patients[test], return_inverse=True)[1]
    drawn = resample_confusions(
        true,
        predicted,
        5,
        patients,
        min(resamples, 2000),
        np.random.default_rng(seed),
    )
    weighted = []
    for confusion in (drawn.observed, drawn.resampled):
        parts = metrics_of_confusion(confusion, aami.AAMI_CLASSES)
        f1 = np.stack([parts[f"f1_{n}"] for n in aami.AAMI_CLASSES], axis=-1)
        share = confusion.sum(axis=-1) / confusion.sum(axis=(-2, -1))[..., None]
        weighted.append((f1 * share).sum(axis=-1))
    by_seed, drawn_again = weighted
    expected = [f1_score(true, row, average="weighted") for row in predicted]
    np.testing.assert_allclose(by_seed, expected)
    low, high = percentiles(drawn_again.mean(axis=1))
    averages[method, split] = Interval(
        float(by_seed.mean()),
        low,
        high,
        method=drawn.method,
        n=drawn.n,
        by_seed=tuple(by_seed.tolist()),
    )
    chapter.record(f"{method}.{split}.weighted_f1", averages[method, split])
figure, data = plot_intervals(
    [
        (f"{name} F1, {split}", written[method], interval)
        for split in ("intra", "inter")
        for name, found in (
            ("macro", {k: r["macro_f1"] for k, r in reports.items()}),
            ("weighted", averages),
        )
        for (method, at), interval in found.items()
        if at == split
    ]
)
chapter.show(
    figure,
    name="macro_and_weighted",
    alt="Macro F1 and weighted F1 of the same answers of the four networks, under the intra and the inter split, with 95 % intervals.",
    data=data,
)

# %% [markdown]
# The two differ by construction: a network that answers N everywhere has a high weighted F1 and a low macro F1. So a
# paper must say which one it means, and a comparison between papers must not mix them. Under `inter` the
# CNN-LSTM has a weighted F1 of {glue:text}`cnn_lstm.inter.weighted_f1:.3f` and a macro F1 of {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.inter.macro_f1:.3f`: the same answers.
#
# ## ROC curves
#
# F1 looks at one answer for each beat. A receiver operating characteristic (ROC) curve looks at all thresholds: how
# many beats of a class you find, its *sensitivity*, at each price in false alarms, the *false positive rate*. The area
# under the curve (AUROC) is the chance that a beat of the class gets a higher score than a beat of another class. The
# false positive rate is drawn on a logarithmic axis. Among 20,000 beats of other classes, a rate of 0.01 is 200 false alarms; under `intra` that is
# more than there are F beats.

# %%
curves = {
    (method, split): roc_curves(beats.classes[cuts[split].test], found)
    for (method, split), found in scores.items()
}
for split, labels in (("intra", "NSVFQ"), ("inter", "NSVF")):
    figure, data = plot_roc(
        {
            f"{label}, {split}": {
                name: curves[method, split][label]
                for method, name in written.items()
            }
            for label in labels
        }
    )
    chapter.show(
        figure,
        name=f"roc_{split}",
        alt=f"ROC curves of the classes {', '.join(labels)} against the rest for the four networks under the {split} split, on a logarithmic axis, with areas.",
        data=data,
    )

# %% [markdown]
# For S under `intra`, the CNN-LSTM has an area of {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.intra.auroc_S:.3f` and an F1 of {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.intra.f1_S:.3f`. Both are true:
# the area weighs every false positive rate alike, and with a rare class only the left end of the axis is of use. Under `inter` its area for S
# is {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.inter.auroc_S:.3f`. Below
# one half, it would give S beats of strangers a *lower* score for S than it gives their other beats. But one patient holds most of
# these S beats, so the interval is wide.
#
# ## The price
#
# What each network costs: numbers to learn, and time for one epoch under `intra`, with its look at the validation beats. The time is
# what the training noted beside the weights.

# %%
costs = {}
for method, name in written.items():
    noted = [facts[method, "intra", run_seed] for run_seed in seeds]
    seconds = float(np.median([entry["seconds_per_epoch"] for entry in noted]))
    costs[name] = {
        "parameters": f"{parameters[method]:,}",
        "seconds an epoch": f"{seconds:.1f}",
        "training beats": f"{noted[0]['training_examples']:,}",
        "best epochs": ", ".join(str(entry["best_epoch"]) for entry in noted),
        "trained on": noted[0]["device"],
        "macro F1, intra": f"{reports[method, 'intra']['macro_f1'].value:.3f}",
        "macro F1, inter": f"{reports[method, 'inter']['macro_f1'].value:.3f}",
    }
pd.DataFrame(costs).T

# %% [markdown]
# ```{admonition} Our own choices
# :class: note
# - Layers and training of all four networks: their chapters say which. One recipe for all, so that the architecture is
#   what differs; no tuning for each.
# - No made beats and no focal loss: the paper's beats [made by a GAN](14_gan.ipynb) are left out here. Training beats are moved and
#   scaled a little, as in the four chapters.
# - "Best" is the macro F1 under `intra`; "suffers from imbalance" is the mean F1 of S and F. Both are our reading.
# - Paired percentile bootstrap, by beats under `intra` and `blocked`, by patients under `inter`; Holm's correction over
#   all questions of the page.
# - The recipe was chosen on `intra` validation beats, with the CNN-LSTM. Some of them are of people who are test patients in `inter`.
#   An earlier recipe had been scored on these test beats before; no choice was made by its score.
# ```

# %% tags=["hide-input"]
for (_, split), report in reports.items():
    true = beats.classes[cuts[split].test]
    if split == "intra":
        always_n = f1_score(true, np.zeros_like(true), average="macro")
        assert report["macro_f1"].value > always_n, "worse than always N"
chapter.close()

# %% [markdown]
# ## Exercises
#
# ```{exercise-start} How many beats is that?
# :label: exercise-how-many-beats
# ```
# *Ten minutes.* Two networks differ by 0.002 in macro F1 under `intra`. Take the first seed of the CNN-LSTM and turn
# wrongly answered F beats into right ones, one after the other. After how many has the macro F1 risen by 0.002?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-how-many-beats
# :class: dropdown
# ````

# %% tags=["solution"]
true = beats.classes[cuts["intra"].test]
better = answers["cnn_lstm", "intra"][0].copy()
start = f1_score(true, better, average="macro")
wrong = np.flatnonzero((true == 3) & (better != 3))
for count, place in enumerate(wrong, start=1):
    better[place] = 3
    if f1_score(true, better, average="macro") > start + 0.002:
        print(f"{count} of {(true == 3).sum()} F beats")
        break

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} The same question by McNemar
# :label: exercise-mcnemar
# ```
# *An evening.* For accuracy there is an older paired test. McNemar counts the beats that only one of the two
# networks gets right, and asks whether these fall on both sides like a fair coin. Compare the CNN-LSTM with the CNN, first seed,
# under `intra`, and put the p-value beside that of `paired_difference` for accuracy. Why is neither of them right for
# `inter`?
# Then make a test that is: change the sign of whole patients' differences at random, ten thousand times.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-mcnemar
# :class: dropdown
# ````

# %% tags=["solution"]
right = {m: answers[m, "intra"][0] == true for m in ("cnn_lstm", "cnn")}
only_first = int((right["cnn_lstm"] & ~right["cnn"]).sum())
only_second = int((right["cnn"] & ~right["cnn_lstm"]).sum())
older = binomtest(only_first, max(only_first + only_second, 1)).pvalue
ours = paired_difference(
    true,
    answers["cnn_lstm", "intra"][0],
    answers["cnn", "intra"][0],
    "accuracy",
    resamples=resamples,
)
print(only_first, "against", only_second, f"p = {older:.2g}; {ours}")
print("Both draw beats one by one; beats of one stranger are not independent.")

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-overlap
#
# A paper prints four F1 scores with 95 % intervals. All four intervals overlap, and the text calls the first network the best.
# A reviewer says that overlapping intervals prove that there is no difference. Why are both wrong, and which three
# things would you ask the authors for?
# ```
#
# ## What to read next
#
# The four chapters that trained these networks are [the CNN](10_cnn.ipynb), [the CNN-LSTM](11_cnn_lstm.ipynb), [the
# CNN-LSTM-Attention](12_cnn_lstm_attention.ipynb) and [the ResNet-1D](13_resnet1d.ipynb). Next come [ensembles](16_ensembles.ipynb),
# which let the four answer together. [The claims](../book/claims.md), each with its verdict.
