# ---
# jupyter:
#   ecgbook:
#     title: The CNN-LSTM of song2026
#     needs: [10_cnn]
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
# # The CNN-LSTM of song2026
#
# This is the network that Song and colleagues (2026) call the best of their four {cite}`song2026`. It is the CNN of [the
# last chapter](10_cnn.ipynb) with a memory behind it. On this page you build it, train it on real beats, and put its score
# beside the paper's.

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

from ecglib.book import open_chapter, show_source
from ecglib.databases import splits
from ecglib.evaluation import confusion_report
from ecglib.evaluation.by_split import interval_table, reports_by_split
from ecglib.figures import plot_confusion, plot_history, plot_intervals
from ecglib.figures.activations import plot_activations
from ecglib.learning import Examples, fit, macro_f1, predict
from ecglib.learning.augment import shift_and_scale
from ecglib.learning.by_split import fit_by_split
from ecglib.models import CNNLSTM
from ecglib.models.layers import as_image
from ecglib.signals import windows

chapter = open_chapter(
    "11_cnn_lstm", scale=scale, seed=seed, data_dir=data_dir, device=device
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=10)
epochs = {"smoke": 2, "cpu": 10, "gpu": 30}[scale]
batch_size = {"smoke": 64, "cpu": 256, "gpu": 256}[scale]
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]

# %% [markdown]
# ## The claim
#
# The abstract says that the **CNN-LSTM is the best single model, with an F1 of 0.951** (mark P: the authors' own words). A
# summary (S) adds an **accuracy of 0.982**. Neither the split nor the kind of average is stated. We compare with macro F1
# under `intra` (I: our inference, as for the CNN).
#
# Whether it is *better* than the other three is a question of its own. It needs all four on the same beats, and [the
# comparison](15_comparison.ipynb) asks it.
#
# ## The idea in one picture
#
# A convolution knows what the wave looks like around one instant. Its last layer sees 0.15 seconds. But a beat is a story:
# a P wave, or none, *then* a QRS complex, *then* a T wave. A long short-term memory (LSTM) reads the features in order and
# carries a state from step to step {cite}`hochreiter1997`. At each step, three gates decide what to forget, what to write and what to show:
#
# $$
# \begin{aligned}
# f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) \\
# i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i) \\
# o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) \\
# c_t &= f_t \odot c_{t-1} \\
#     &\quad + i_t \odot \tanh(W_c x_t + U_c h_{t-1} + b_c) \\
# h_t &= o_t \odot \tanh(c_t)
# \end{aligned}
# $$
#
# Here $x_t$ holds the 64 features at time step $t$, $c_t$ is what the memory keeps, $h_t$ is what it shows, and $f_t$, $i_t$,
# $o_t$ are the gates: forget, input and output; $h_{t-1}$ and $c_{t-1}$ are those of the step before. $\sigma$ squeezes any number into the
# range from 0 to 1, tanh into that from −1 to 1, $\odot$ multiplies
# entry by entry, and the matrices $W$ and $U$ and the vectors $b$ are learned. A second memory reads from the end to the
# beginning, so every step knows what came before *and* after.
#
# The picture shows one normal beat on its way through a network that has learned nothing yet. The convolutions answer in
# steps of 16 samples, 0.044 seconds; each row is a channel. Below it, the memory. Rows are sorted by when they are strongest, each on its
# own scale: so the diagonal comes from the sorting, not from learning.

# %%
mitbih = chapter.database("mitbih")
beats = windows.beat_windows(mitbih, before=100, after=160)
torch.manual_seed(seed)
model = CNNLSTM().eval()
window = torch.from_numpy(beats.windows[:1].copy())
with torch.inference_mode():
    features = model.features(as_image(window)).squeeze(2)
    remembered, _ = model.memory(features.transpose(1, 2))
figure, data = plot_activations(
    beats.windows[0, 0],
    {
        "convolutions": features[0].numpy(),
        "memory": remembered[0].T.numpy(),
    },
    rate=beats.rate,
    before=beats.before,
)
chapter.show(
    figure,
    name="idea",
    alt="One beat of lead MLII, and below it what 64 convolution channels and 128 memory channels make of it in 17 time steps, before training.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In the cell above, draw other first weights: `torch.manual_seed(seed + 1)`. Before you look: what stays in the
# picture, and what changes?
# ```
#
# ## The component
#
# The convolutions are those of `CNN`, line by line the same. What is new is one layer, and what the linear layer sees: the
# state at *every* step, laid side by side.

# %%
show_source(CNNLSTM)

# %%
model = CNNLSTM()
parameters = sum(p.numel() for p in model.parameters())
chapter.record("cnn_lstm.model.parameters", parameters)
print(f"{parameters:,d} parameters")

# %% [markdown]
# ## The run
#
# Three splits, and for each the same seeds. [Splits and leakage](01_splits_and_leakage.ipynb) explains the three. Each
# checks what it promises whenever this page is made. The table counts beats.

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

# %%
folder = chapter.root / "weights" / chapter.name if pretrained else None
if pretrained:
    print("Nothing is trained here: the weights are those of", folder.name)
examples = Examples(beats.windows, beats.classes)
trained = fit_by_split(
    CNNLSTM,
    "cnn_lstm",
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
    "cnn_lstm.training.seconds_per_epoch",
    float(np.median(timing)),
    n=len(timing),
)

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
# jointly for all seeds; for `inter` whole patients are drawn. Under `inter` the means leave Q out.
#
# What each column is worth: `intra` is the custom of the papers. Of all windows,
# {glue:text}`../notebooks/01_splits_and_leakage.ipynb::windows.overlap.share:.2f` share samples with a neighbour, which is often a
# training beat. `blocked` tests the same people at other times, with no shared sample. `inter` tests people whom the network
# has never seen.

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
    chapter.record_report(f"cnn_lstm.{name}", report)
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
    alt="Macro F1 of the CNN-LSTM with 95 % intervals under three splits, with the paper's 0.951 for the CNN-LSTM as a line.",
    data=data,
)

# %%
chapter.claims()

# %% [markdown]
# Under `intra` the mean over the seeds is {glue:text}`cnn_lstm.intra.macro_f1:.3f`, beside the paper's 0.951. The accuracy,
# {glue:text}`cnn_lstm.intra.accuracy:.3f`, is above the 0.982 of the summary. That is a weaker statement than it seems, since
# four beats in five are N. The distance of the two F1 is a few
# F beats of the test set, less than the seeds differ. Whether the memory makes the network better than the plain CNN is not decided by looking at
# two tables. It takes a paired test on the same beats, and [the comparison](15_comparison.ipynb) makes it.
#
# Read the columns from left to right. What is lost from `intra` to `blocked` is what overlap and closeness in time
# were worth. From `blocked` to `inter` the people change, and with them the number of training beats, the epochs and the classes averaged.
# The macro F1 falls from {glue:text}`cnn_lstm.blocked.macro_f1:.3f` to {glue:text}`cnn_lstm.inter.macro_f1:.3f`. (On strangers, the F1 of S and F is
# {glue:text}`cnn_lstm.inter.f1_S:.2f` and {glue:text}`cnn_lstm.inter.f1_F:.2f`.)
#
# ## Where it goes wrong
#
# Each row is a true class, each column an answer; the counts are means over the seeds.

# %%
for name in ("intra", "inter"):
    predicted = scores[name].argmax(-1)
    figure, data = plot_confusion(
        confusion_report(beats.classes[cuts[name].test], predicted, seed=seed)
    )
    chapter.show(
        figure,
        name=f"confusion_{name}",
        alt=f"Confusion matrix of the CNN-LSTM under the {name} split, rows normalised, with counts.",
        data=data,
    )

# %% [markdown]
# Under `intra` the network finds {glue:text}`cnn_lstm.intra.recall_F:.2f` of the F beats, which are mixtures of N and V,
# and {glue:text}`cnn_lstm.intra.recall_S:.2f` of the S beats. Under `inter`
# it finds {glue:text}`cnn_lstm.inter.recall_S:.2f` of the S beats, and of its S answers only
# {glue:text}`cnn_lstm.inter.precision_S:.2f` are right: the second number of the top row shows how many N beats it calls S. Look at
# the small dots of `inter` in the figure above, one for each seed. One seed tells you little.
#
# ```{margin} Try this
# In a new cell, take `scores["inter"][0].max(1)`, the highest score of each beat. Before you look: how far apart
# are its means over right and over wrong answers?
# ```
#
# A memory over one beat's window is not a memory of the rhythm. The window begins 0.28 seconds before the R peak, so the beat
# before is mostly outside. That a beat came early, the clearest sign of S in most people, this network can hardly see either. [New
# patients](19_new_patients.ipynb) gives it the spacing of beats, and meets a patient whose S beats aren't early.
#
# ```{admonition} Our own choices
# :class: note
# - Every layer: the texts that we could read name a CNN-LSTM and give no sizes. Ours has the CNN's three convolutions and 64
#   numbers of memory in each direction.
# - The linear layer sees all 17 steps, as the CNN's does. Showing it only the last state of each direction is the usual
#   alternative; the exercise *Only the last word* tries it.
# - 260 samples around the R peak, 0.5–40 Hz, no scaling: a beat keeps its millivolts.
# - One recipe for all four networks: AdamW, a learning rate that rises to 0.003 and falls again in one cycle, batches of
#   256, 10 epochs at `cpu` scale, 5 for `inter`; the epoch that did best on validation is kept. It was chosen on `intra`
#   validation beats with the CNN-LSTM. Some of those beats are of people who are test patients in `inter`, so under `inter` the
#   recipe is not quite blind to them; no weight and no epoch was chosen on them.
# - Beats moved by two samples and scaled by a tenth at most in training, as on [the CNN's page](10_cnn.ipynb).
# - What else was tried, on `intra` validation beats with one seed: half of the N beats, 16 epochs, smoothed labels, a running mean of the
#   weights. 16 epochs lowered the cross-entropy a little, for much more time; the others brought no gain beyond what chance explains.
# - Plain cross-entropy, and no made beats. The paper adds beats that a GAN makes; [class
#   imbalance](17_class_imbalance.ipynb) tries that.
# - The split, and the average: `intra` and macro, as the paper's numbers suggest.
# ```

# %% tags=["hide-input"]
true = beats.classes[cuts["intra"].test]
always_n = macro_f1(true, np.eye(5)[np.zeros_like(true)])
assert reports["intra"]["macro_f1"].value > always_n, "worse than always N"
chapter.close()

# %% [markdown]
# ## Exercises

# %% [markdown]
# ```{exercise-start} Does it use the order?
# :label: exercise-shuffled-steps
# ```
# *Ten minutes.* Take the first `intra` network as it is. Between the convolutions and the memory, put the 17 steps in another
# order, the same for all beats. What happens to the macro F1 on validation? Then reverse them. Is a network that falls
# apart under another order thereby shown to *need* a memory?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-shuffled-steps
# :class: dropdown
# ````

# %% tags=["solution"]
network = trained["intra", seeds[0]].model.eval()
random = np.random.default_rng(seed)
validation = random.permutation(cuts["intra"].validation)[:2000]
some = torch.from_numpy(beats.windows[validation].copy())
orders = {
    "as it is": np.arange(17),
    "reversed": np.arange(17)[::-1].copy(),
    "shuffled": random.permutation(17),
}
with torch.inference_mode():
    steps = network.features(as_image(some)).squeeze(2).transpose(1, 2)
    for name, order in orders.items():
        held, _ = network.memory(steps[:, order])
        found = network.classifier(held).softmax(1).numpy()
        print(f"{name}: {macro_f1(beats.classes[validation], found):.3f}")
print("No: the CNN's linear layer depends on the order too, without a memory.")

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Only the last word
# :label: exercise-last-state
# ```
# *An evening.* Let the linear layer see only what the memory held at its last step, in each direction: 128 numbers in place of
# 2,176. Train it on `intra` with one seed, for as many epochs as you have patience, and compare on validation with as many epochs of the
# network of this page.
# Then go through the 17 steps: which single one would you keep, and does the answer differ between N and V?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-last-state
# :class: dropdown
# ````

# %% tags=["solution"]
from torch.nn.utils import prune

seen = torch.zeros(17, 128)
seen[-1, :64] = 1  # forwards, the last step
seen[0, 64:] = 1  # backwards, its last step is the first
part = {"smoke": 3, "cpu": 8, "gpu": 1}[scale]
for name in ("last state", "every step"):
    torch.manual_seed(seed)
    model = CNNLSTM()
    if name == "last state":
        mask = seen.flatten().expand(5, -1)
        prune.custom_from_mask(model.classifier[-1], "weight", mask)
    result = fit(
        model,
        examples.take(cuts["intra"].train[::part]),
        examples.take(cuts["intra"].validation),
        epochs=2,
        seed=seed,
        batch_size=batch_size,
        learning_rate=3e-3,
        device=device,
        progress=False,
    )
    print(f"{name}: {result.best_score:.3f} after two epochs")

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-accuracy-and-f1
#
# The summary gives an accuracy of 0.982 beside an F1 of 0.951. Which accuracy does a classifier reach that answers N to
# every beat of `intra`? How many of the test beats in the table above may be wrong at 0.982, and how many beats do S and F have together?
# What does that say about the worth of the accuracy?
# ```
#
# ## What to read next
#
# [The CNN-LSTM-Attention](12_cnn_lstm_attention.ipynb) lets the network choose which steps count. [The
# comparison](15_comparison.ipynb) asks whether this one is the best of the four.
