# ---
# jupyter:
#   ecgbook:
#     title: The CNN of song2026
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
# # The CNN of song2026
#
# Song and colleagues (2026) compare four networks on the beats of MIT-BIH {cite}`song2026`. The simplest is a
# convolutional neural network (CNN). On this page you build it, train it on real beats, and put its score beside the
# paper's.

# %% tags=["setup", "remove-cell"]
# A hosted notebook installs the package here; elsewhere there is nothing to do.

# %% tags=["parameters"]
scale = "smoke"
seed = 0
data_dir = ""
device = "auto"
pretrained = False

# %% tags=["hide-input"]
import numpy as np
import pandas as pd
import torch
from IPython.display import display

from ecglib.book import open_chapter, show_source
from ecglib.databases import aami, splits
from ecglib.evaluation import classification_report, confusion_report
from ecglib.evaluation.by_split import interval_table, reports_by_split
from ecglib.figures import (
    plot_beats_by_class,
    plot_confusion,
    plot_history,
    plot_intervals,
)
from ecglib.learning import Examples, fit, macro_f1, predict
from ecglib.learning.augment import shift_and_scale
from ecglib.learning.by_split import fit_by_split
from ecglib.models import CNN
from ecglib.signals import windows

chapter = open_chapter(
    "10_cnn", scale=scale, seed=seed, data_dir=data_dir, device=device
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=10)
epochs = {"smoke": 2, "cpu": 10, "gpu": 30}[scale]
batch_size = {"smoke": 64, "cpu": 256, "gpu": 256}[scale]
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]

# %% [markdown]
# ## The claim
#
# The paper's abstract says that the **CNN-LSTM is the best of the four single models, with an F1 of 0.951** (mark P:
# the authors' own words). The value for the plain CNN is not in any text that we could read. So the number to compare
# with is a ceiling: if the paper's order is right, the CNN stays below 0.951. A weak CNN would
# stay below it too, so this claim tests little by itself; the order is tested once the CNN-LSTM is trained.
#
# Neither the split nor the kind of average is stated. Numbers of this size are typical of a random split by beat,
# and the precision and recall that a summary (S) gives for its ensemble fit a macro F1 (I: our inference). So
# `intra` is the split to compare. The two others are what you would want to know before using such a network.
#
# ## The idea in one picture
#
# A convolution slides a short pattern along the signal and writes down, at every place, how well the pattern fits.
# Stack three layers of it, each skipping some places. One value of the first sees 0.02 seconds of the signal, of the
# second 0.06, of the third 0.15: a QRS complex and its edges. At the end, one linear layer weighs *what* was found and *where*.
#
# $$ y_j(t) = b_j + \sum_{i}\sum_{k} w_{ijk}\, x_i(s\,t + k) $$
#
# Here $x_i(t)$ is input channel $i$ at sample $t$, $w_{ijk}$ is the weight of output channel $j$ for input channel $i$
# at shift $k$, $s$ is the *stride*, how many samples the pattern moves from one place to the next, and $y_j(t)$ is the output. $b_j$ is a
# constant; the code leaves it to the batch normalisation behind, which brings each channel to one scale. What is then below zero
# is set to zero. The first layer has one input channel: lead MLII, in mV (V5 in records 102 and 104).

# %%
mitbih = chapter.database("mitbih")
beats = windows.beat_windows(mitbih, before=100, after=160)
figure, data = plot_beats_by_class(
    beats.windows, beats.classes, rate=beats.rate, before=beats.before
)
chapter.show(
    figure,
    name="input",
    alt="Average beat of each AAMI class as the network receives it: 260 samples of lead MLII around the R peak.",
    data=data,
)

# %% [markdown]
# ## The component
#
# This is the whole network, as `ecglib` holds it.

# %%
show_source(CNN)

# %%
model = CNN()
parameters = sum(p.numel() for p in model.parameters())
print(f"{parameters:,d} parameters")
with torch.inference_mode():
    print(
        "a batch of 2 beats",
        tuple(torch.zeros(2, 1, 260).shape),
        "→ scores",
        tuple(model(torch.zeros(2, 1, 260)).shape),
    )

# %% [markdown]
# ```{margin} Try this
# In a new cell, count the parameters of `CNN(samples=520)`, for a window twice as long. Before you look: do they
# double? Which layer grows?
# ```
#
# ## The training loop
#
# One loop trains every classifier in this book. It draws batches of 256 beats in an order that depends on the seed alone, lowers the
# cross-entropy (large where the true class got a small score) with AdamW (a form of gradient descent), and measures macro F1 on the **validation** beats after each epoch. How far one step goes is the *learning rate*. The loop keeps the weights of
# the best epoch. It never sees a test beat.

# %% tags=["hide-output"]
show_source(fit)

# %% [markdown]
# The beats of a training batch come a little differently each time: moved by two samples at most, early or late, and made larger
# or smaller by a tenth at most. Such changes leave the class as it is, so the network can't lean on the exact place or the exact
# millivolt. Validation and test see every beat as it was recorded.

# %% tags=["hide-output"]
show_source(shift_and_scale)

# %% [markdown]
# ## The run
#
# Three splits, and for each the same seeds. The chapter [Splits and leakage](01_splits_and_leakage.ipynb) explains the
# three. Each checks what it promises whenever this page is made: `intra` that no beat is in two parts, `blocked` that no window shares
# a sample with another part, `inter` that no patient does. The leaks of `intra` remain; they are its point. The table counts beats.

# %%
cuts = splits.three_splits(
    beats.records,
    beats.samples,
    beats.classes,
    beats.rate,
    window=(beats.before, beats.after),
    seed=seed,
)
pd.DataFrame(
    {
        name: {
            part: len(getattr(cut, part))
            for part in ("train", "validation", "test")
        }
        for name, cut in cuts.items()
    }
)

# %% [markdown]
# A chapter trains a network once for each split and seed, keeps its weights, and notes beside them how they came about.
# With `pretrained = True` it reads the weights of the book instead. This is the whole of it.

# %% tags=["hide-output"]
show_source(fit_by_split)

# %%
folder = chapter.root / "weights" / chapter.name if pretrained else None
if pretrained:
    print("Nothing is trained here: the weights are those of", folder.name)
examples = Examples(beats.windows, beats.classes)
trained = fit_by_split(
    CNN,
    "cnn",
    examples,
    cuts,
    seeds,
    folder=chapter.folder,
    pretrained=folder,
    epochs={"intra": epochs, "blocked": epochs, "inter": epochs // 2},
    facts={"data": "mitbih"},
    augment=shift_and_scale,
    batch_size=batch_size,
    learning_rate=3e-3,
    device=device,
)
scores = {
    name: np.stack(
        [
            predict(
                trained[name, run_seed].model,
                beats.windows[cut.test],
                device=device,
            )
            for run_seed in seeds
        ]
    )
    for name, cut in cuts.items()
}
timing = [found.facts["seconds_per_epoch"] for found in trained.values()]
chapter.record(
    "cnn.training.seconds_per_epoch",
    float(np.median(timing)),
    n=len(timing),
)
chapter.record("cnn.model.parameters", parameters)

# %%
first = trained["intra", seeds[0]].fit
if first is not None:
    figure, data = plot_history(first.history, first.best_epoch)
    chapter.show(
        figure,
        name="history",
        alt="Loss in training and validation, and macro F1 on validation, by epoch: intra split, first seed.",
        data=data,
    )

# %% [markdown]
# ## The number against the paper's
#
# Every value is the mean over the seeds. The 95 % interval comes from drawing the test beats again with replacement,
# jointly for all seeds; for `inter` whole patients are drawn. Precision, recall and F1 called *macro* are means over the classes. Under
# `inter` they leave Q out, of which its test patients have almost none. AUROC is the chance that a beat of a class gets a higher
# score for it than a beat of another class, averaged likewise.

# %%
reports = reports_by_split(
    beats.classes,
    beats.patients,
    cuts,
    scores,
    resamples=resamples,
    seed=seed,
)
for name, report in reports.items():
    chapter.record_report(f"cnn.{name}", report)
interval_table(reports)

# %%
paper = chapter.claim_value("song2026-cnn-lstm-f1")
figure, data = plot_intervals(
    [
        ("macro F1", name, report["macro_f1"], paper)
        for name, report in reports.items()
    ]
)
chapter.show(
    figure,
    name="against_the_paper",
    alt="Macro F1 of the CNN with 95 % intervals under three splits, with the paper's 0.951 as a line.",
    data=data,
)

# %%
chapter.claims()

# %% [markdown]
# Before you admire the first column: on the same split, copying the label of the most similar training beat reaches
# {glue:text}`../notebooks/01_splits_and_leakage.ipynb::lookup.intra.macro_f1:.3f` without any training. `intra` rewards
# memory. On strangers, the mean F1 falls to {glue:text}`cnn.inter.macro_f1:.3f` (over four classes, and after half as many
# epochs), and the F1 of S and F to {glue:text}`cnn.inter.f1_S:.2f` and {glue:text}`cnn.inter.f1_F:.2f`.
#
# ## Where it goes wrong
#
# ```{margin} Try this
# In the cell below, add `"blocked"` to the pair. Before you run it: which number of its matrix will differ most
# from that of `intra`?
# ```
#
# Each row is a true class, each column an answer; the counts are means over the seeds. First the
# split that the paper's numbers suggest, then strangers.

# %%
for name in ("intra", "inter"):
    predicted = scores[name].argmax(-1)
    figure, data = plot_confusion(
        confusion_report(beats.classes[cuts[name].test], predicted, seed=seed)
    )
    chapter.show(
        figure,
        name=f"confusion_{name}",
        alt=f"Confusion matrix of the CNN under the {name} split, rows normalised, with counts.",
        data=data,
    )

# %% [markdown]
# Under `intra`, the errors sit where the windows look alike: S taken for N, and F for N or V. Under `inter`, it finds
# {glue:text}`cnn.inter.recall_S:.2f` of the S beats. The window holds 0.28 seconds before the R peak. The beat before is mostly outside, so
# the window hardly shows that a beat came early, which is the clearest sign of S in most people. (In [one test patient](19_new_patients.ipynb), who has most of these S beats, they
# aren't even early.) Within one person the network may get by on small differences of
# shape. They don't carry over.
#
# ## Beats or patients?
#
# An interval answers a question, and there are two. Draw *beats* again, and you ask: how would the score vary on
# other beats of these same people? Draw *patients* again, and you ask: how would it vary on other people? Here are
# both.

# %%
both = {}
for name, cut in cuts.items():
    predicted = scores[name].argmax(-1)
    for unit, patients in (
        ("beats", None),
        ("patients", beats.patients[cut.test]),
    ):
        report = classification_report(
            beats.classes[cut.test],
            predicted,
            patients=patients,
            macro_over=("N", "S", "V", "F") if name == "inter" else None,
            resamples=resamples,
            seed=seed,
        )
        both[f"{name}, by {unit}"] = report["macro_f1"]
        chapter.record(f"cnn.{name}.macro_f1_by_{unit}", report["macro_f1"])
figure, data = plot_intervals(
    [("macro F1", name, interval) for name, interval in both.items()]
)
chapter.show(
    figure,
    name="beats_or_patients",
    alt="Macro F1 under three splits, each with an interval from drawing beats and one from drawing patients.",
    data=data,
)

# %% [markdown]
# Beats of one person are not independent, so an interval by patients is mostly the wider one. A paper that reports the
# narrow one and speaks of patients promises more than it measured.
#
# ```{admonition} Our own choices
# :class: note
# - Every layer: the texts that we could read give no sizes. The last layer sees *where* a feature occurs because that did
#   better on validation beats than a mean over time.
# - 260 samples around the R peak, 0.5–40 Hz, no scaling: a beat keeps its millivolts.
# - AdamW, a learning rate that rises to 0.003 and falls again in one cycle, batches of 256, 10 epochs at `cpu` scale, 5 for
#   `inter`; the epoch that did best on validation is kept.
# - Beats are moved and scaled at random in training. This lowered the cross-entropy on `intra` validation beats.
# - A fifth of what reaches the last layer is hidden at random in training (dropout), here and in the networks to come.
# - The best epoch is that of the highest macro F1 on validation, over every class that occurs there or is answered there.
# - The same recipe, chosen on `intra` validation beats with the CNN-LSTM, serves all four networks.
#   Some of those beats are of people who are test patients in `inter`, so there the recipe is not quite blind to them.
# - No made beats. The paper adds beats that a GAN makes (a generative adversarial network);
#   [class imbalance](17_class_imbalance.ipynb) adds them too, to the training set only.
# - The split, and the average: `intra` and macro, as the paper's numbers suggest.
# ```

# %% tags=["hide-input"]
true = beats.classes[cuts["intra"].test]
always_n = macro_f1(true, np.eye(5)[np.zeros_like(true)])
assert reports["intra"]["macro_f1"].value > always_n, "worse than always N"
chapter.close()

# %% [markdown]
# ## Exercises
#
# ```{exercise-start} Look at the mistakes
# :label: exercise-mistakes
# ```
# *Ten minutes.* Find the fusion beats of the `intra` test set that the first seed calls N, and those that it gets right: their
# indices in `beats` are `missed` and `right`. Whose are the missed ones, and how many of each are there?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-mistakes
# :class: dropdown
# ````

# %% tags=["solution"]
test = cuts["intra"].test
answers = scores["intra"][0].argmax(1)
is_fusion = beats.classes[test] == aami.AAMI_CLASSES.index("F")
missed = test[is_fusion & (answers == 0)]
right = test[is_fusion & (answers == 3)]
display(pd.Series(beats.patients[missed], name="patient").value_counts())
print(f"{len(missed)} missed, {len(right)} right")

# %% tags=["exercise", "check"]
for indices in (missed, right):
    assert np.isin(indices, cuts["intra"].test).all(), (
        "missed and right are indices in beats: take them out of the test part of intra."
    )
    assert (beats.classes[indices] == 3).all(), (
        "Some of these are no fusion beats."
    )
assert not np.isin(missed, right).any(), "No beat is both missed and right."

# %% tags=["exercise", "hidden-check"]
called = dict(zip(cuts["intra"].test, scores["intra"][0], strict=True))
fusion = [k for k in called if aami.AAMI_CLASSES[beats.classes[k]] == "F"]
for indices, answer in ((missed, "N"), (right, "F")):
    expected = [
        k for k in fusion if aami.AAMI_CLASSES[np.argmax(called[k])] == answer
    ]
    assert sorted(indices) == sorted(expected), (
        f"These are not all fusion beats, and only those, that the first seed calls {answer}."
    )

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Let it see that a beat is early
# :label: exercise-wider
# ```
# *An evening.* Cut a wider window, 400 samples before the R peak, so that the beat before is inside: `wide`. Train on `inter`
# with one seed. What happens to the F1 of S on the validation patients? Let `found` be the network's scores of their beats, and
# `f1_wide` the F1 of S. A short training is enough to see the direction.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-wider
# :class: dropdown
# ````

# %% tags=["solution"]
part = {"smoke": 1, "cpu": 4, "gpu": 1}[scale]
for before in (100, 400):
    wide = windows.beat_windows(mitbih, before=before, after=160)
    wide_cut = splits.inter_patient(wide.records)
    wide_examples = Examples(wide.windows, wide.classes)
    asked = wide_examples.take(wide_cut.validation)
    torch.manual_seed(seed)
    model = CNN(samples=before + 160)
    fit(
        model,
        wide_examples.take(wide_cut.train[::part]),
        asked,
        epochs=2,
        seed=seed,
        device=device,
        progress=False,
    )
    found = predict(model, asked, device=device)
    print(
        f"{before} samples before: F1 of S on the validation patients "
        f"{macro_f1(asked.targets, found, over=[1]):.3f}"
    )

# %% tags=["solution"]
f1_wide = macro_f1(asked.targets, found, over=[1])

# %% tags=["exercise", "check"]
assert wide.windows.shape[-1] == 560, (
    "wide needs 400 samples before the R peak and 160 after it."
)
patients_asked = splits.inter_patient(wide.records).validation
assert np.shape(found) == (len(patients_asked), 5), (
    "found needs five scores for each beat of the validation patients of inter."
)

# %% tags=["exercise", "hidden-check"]
is_s = wide.classes[patients_asked] == 1
says_s = np.argmax(found, axis=1) == 1
either = is_s.sum() + says_s.sum()
expected = 2 * (is_s & says_s).sum() / either if either else 0.0
assert np.isclose(f1_wide, expected), (
    "f1_wide is not the F1 of S that follows from found and the validation patients' labels."
)
assert np.ptp(found, axis=0).max() > 0, (
    "found is the same for all beats: use the network."
)
again = windows.beat_windows(mitbih, before=400, after=160)
assert np.allclose(wide.windows, again.windows), (
    "wide is not what windows.beat_windows cuts from MIT-BIH."
)

# %% [markdown]
# If both are zero, the training was too short to find any S beat of a stranger. Take more epochs and all beats before you conclude
# anything; [new patients](19_new_patients.ipynb) does, with a wide window among others.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-average
#
# A paper reports an F1 of 0.99 on MIT-BIH with five classes and doesn't say which average. Which average could it be,
# what would the macro F1 then be at worst, and which table would you ask the authors for?
# ```
#
# ## What to read next
#
# [The claims](../book/claims.md), each with its verdict. The next chapters add memory to this network, then attention.
