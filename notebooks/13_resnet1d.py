# ---
# jupyter:
#   ecgbook:
#     title: The ResNet-1D of song2026
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
# # The ResNet-1D of song2026
#
# The last of the four networks has no memory and no attention. It is a deeper CNN, and a short cut around every two
# convolutions keeps it trainable {cite}`song2026,he2016`. On this page you build it, train it, and put its score beside the paper's.

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
from ecglib.models import ResNet1D
from ecglib.models.layers import as_image
from ecglib.models.resnet1d import ResidualBlock
from ecglib.signals import windows

chapter = open_chapter(
    "13_resnet1d", scale=scale, seed=seed, data_dir=data_dir, device=device
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=10)
epochs = {"smoke": 2, "cpu": 10, "gpu": 30}[scale]
batch_size = {"smoke": 64, "cpu": 256, "gpu": 256}[scale]
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]

# %% [markdown]
# ## The claim
#
# The abstract says that the **ResNet-1D, like the CNN-LSTM-Attention, suffers more from class imbalance** than the CNN-LSTM
# (mark P: the authors' own words). The texts that we could read give no score for it. A README (T: a third party) names "CNN-LSTM +
# ResNet" as the pair behind the best ensemble, which would be odd for a weak network.
#
# So the 0.951 of the CNN-LSTM is again a ceiling. The claim about imbalance is tested in [the
# comparison](15_comparison.ipynb) and in [class imbalance](17_class_imbalance.ipynb).
#
# ## The idea in one picture
#
# Stack more convolutions, and each value sees more of the signal. But a plain stack gets harder to train as it gets deeper:
# what reaches the first layers has passed through all the others. A *residual block* adds its input to its output:
#
# $$ y = \max\bigl(0,\; x + F(x)\bigr) $$
#
# Here $x$ is what goes into the block, $F(x)$ is what two convolutions make of it, and $y$ is what comes out. If $F$ has nothing to
# say, it can be zero, and the block lets its input pass. In training, the gradient of the loss reaches $x$ along the short cut too,
# past the weights of both convolutions. Where a block halves the time steps or has more channels, a convolution one sample wide fits $x$ to the new shape.
#
# With seven convolutions in a row, a value of the last layer sees 183 samples, 0.51 seconds: the QRS complex *and* the T wave. In
# the CNN it was 0.15. The picture shows one normal beat on its way through the network before training: 65 steps, then 33, then
# 17.

# %%
mitbih = chapter.database("mitbih")
beats = windows.beat_windows(mitbih, before=100, after=160)
torch.manual_seed(seed)
model = ResNet1D().eval()
layers = {}
with torch.inference_mode():
    signal = model.stem(as_image(torch.from_numpy(beats.windows[:1].copy())))
    layers["first convolution"] = signal[0, :, 0].numpy()
    for number, block in enumerate(model.blocks, start=1):
        signal = block(signal)
        layers[f"block {number}"] = signal[0, :, 0].numpy()
figure, data = plot_activations(
    beats.windows[0, 0], layers, rate=beats.rate, before=beats.before
)
chapter.show(
    figure,
    name="idea",
    alt="One beat of lead MLII, and below it what the first convolution and the three residual blocks make of it, before training.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In the cell above, write `np.eye(260, dtype="float32")[130][None, None]` for `beats.windows[:1].copy()`: one
# spike. Before you look: how many of block 3's 17 steps answer?
# ```
#
# ## The component
#
# First the block, then the network.

# %%
show_source(ResidualBlock)

# %%
show_source(ResNet1D)

# %%
model = ResNet1D()
parameters = sum(p.numel() for p in model.parameters())
chapter.record("resnet1d.model.parameters", parameters)
print(f"{parameters:,d} parameters")

# %% [markdown]
# Fewer numbers to learn than the CNN-LSTM has, and yet more work, because half of
# its weights are used at 65 or 33 steps and not at 17. One thing is lost on purpose. The mean over time at the end forgets
# *when* a feature occurred, and keeps only *that* it did.

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
    ResNet1D,
    "resnet1d",
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
    "resnet1d.training.seconds_per_epoch",
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
    chapter.record_report(f"resnet1d.{name}", report)
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
    alt="Macro F1 of the ResNet-1D with 95 % intervals under three splits, with the paper's 0.951 for the CNN-LSTM as a line.",
    data=data,
)

# %%
chapter.claims()

# %% [markdown]
# The red line is the CNN-LSTM's 0.951, drawn for scale. Under `intra` this network reaches
# {glue:text}`resnet1d.intra.macro_f1:.3f`, under `blocked` {glue:text}`resnet1d.blocked.macro_f1:.3f`, and on strangers
# {glue:text}`resnet1d.inter.macro_f1:.3f` over four classes. Its `intra` F1 is {glue:text}`resnet1d.intra.f1_S:.3f` for S and
# {glue:text}`resnet1d.intra.f1_F:.3f` for F. [The CNN-LSTM](11_cnn_lstm.ipynb) has
# {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.intra.f1_S:.3f` and
# {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.intra.f1_F:.3f`. Whether the
# difference is more than chance, and whether imbalance harms this network more, as the abstract has it, are questions for [a paired
# test](15_comparison.ipynb).
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
        alt=f"Confusion matrix of the ResNet-1D under the {name} split, rows normalised, with counts.",
        data=data,
    )

# %% [markdown]
# Under `intra` it finds {glue:text}`resnet1d.intra.recall_F:.2f` of the F beats, and
# {glue:text}`resnet1d.intra.recall_S:.2f` of the S beats. Under `inter` it finds {glue:text}`resnet1d.inter.recall_F:.3f` of the F
# beats. One likely reason is that nearly all F beats of the training records come from one heart,
# record 208. Of the S beats it finds {glue:text}`resnet1d.inter.recall_S:.2f`, and of its S answers {glue:text}`resnet1d.inter.precision_S:.2f` are right.
#
# ```{margin} Try this
# In a new cell, let `trained["intra", seeds[0]].model` read some validation beats backwards
# (`[..., ::-1].copy()`), with `predict`. Before you look: its last layer forgets *when*. How many answers change?
# ```
#
# ```{admonition} Our own choices
# :class: note
# - Every size: the texts name a ResNet-1D and no more. Ours has a convolution and three blocks of two, 32 to 64 channels; the block is
#   that of {cite:t}`he2016`.
# - A mean over time before the linear layer, as He and colleagues have it.
# - 260 samples around the R peak, 0.5–40 Hz, no scaling: a beat keeps its millivolts.
# - One recipe for all four networks: AdamW, a learning rate that rises to 0.003 and falls again in one cycle, batches of
#   256, 10 epochs at `cpu` scale, 5 for `inter`; the epoch that did best on validation is kept. It was chosen on `intra`
#   validation beats with the CNN-LSTM. Some of those beats are of people who are test patients in `inter`, so under `inter` the
#   recipe is not quite blind to them; no weight and no epoch was chosen on them.
# - Beats moved by two samples and scaled by a tenth at most in training, as on [the CNN's page](10_cnn.ipynb).
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
# ```{exercise-start} Does it matter where the beat lies?
# :label: exercise-shifted-beats
# ```
# *Ten minutes.* Move 2,000 `intra` validation beats to the right in their windows, what falls off at the end coming back at the
# beginning, and let the first network answer. How fast does the accuracy fall? The mean over time forgets *when*, so should it fall at all?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-shifted-beats
# :class: dropdown
# ````

# %% tags=["solution"]
network = trained["intra", seeds[0]].model
some = np.random.default_rng(seed).permutation(cuts["intra"].validation)[:2000]
for shift in (0, 5, 10, 20, 40):
    moved = np.roll(beats.windows[some], shift, axis=-1)
    found = predict(network, moved, device=device).argmax(1)
    print(
        f"{shift / beats.rate:.3f} s late: {(found == beats.classes[some]).mean():.1%} right"
    )
print(
    "Strides keep every fourth, eighth, sixteenth place, the ends are padded "
    "with zeros, and the network never saw a beat more than two samples aside."
)

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Without the short cuts
# :label: exercise-no-short-cut
# ```
# *An evening.* Take the short cuts away and train the plain stack, same layers, same recipe, on `intra` with one seed. Compare on
# validation. Our network has seven convolutions in a row. At how many would you expect the short cuts to decide?
# Test your guess: make both stacks deeper until the plain one no longer learns.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-no-short-cut
# :class: dropdown
# ````

# %% tags=["solution"]
from ecglib.models.layers import convolution

part = {"smoke": 3, "cpu": 8, "gpu": 1}[scale]
for name in ("plain stack", "short cuts"):
    torch.manual_seed(seed)
    model = ResNet1D()
    if name == "plain stack":
        for block in model.blocks:
            first = block.change[0]
            nothing = convolution(
                first.in_channels, first.out_channels, 1, first.stride[1]
            )
            for weight in nothing.parameters():
                torch.nn.init.zeros_(weight).requires_grad_(False)
            block.shortcut = nothing
    result = fit(
        model,
        examples.take(cuts["intra"].train[::part]),
        examples.take(cuts["intra"].validation),
        epochs=2,
        seed=seed,
        batch_size=batch_size,
        learning_rate=3e-3,
        augment=shift_and_scale,
        device=device,
        progress=False,
    )
    print(f"{name}: {result.best_score:.3f} after two epochs")
print(
    "He and colleagues needed the short cuts at 34 layers and more. At seven, "
    "batch normalisation alone keeps the stack trainable."
)

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-parameters-and-time
#
# The ResNet-1D has fewer parameters than the CNN-LSTM. In [the comparison](15_comparison.ipynb) you find the time that each takes
# for an epoch. Why is the number of parameters a poor guess of the time, and for which layers is it a good one?
# ```
#
# ## What to read next
#
# [The comparison](15_comparison.ipynb): which of the four is best, and how sure is that?
