# ---
# jupyter:
#   ecgbook:
#     title: The CNN-LSTM-Attention of song2026
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
# # The CNN-LSTM-Attention of song2026
#
# The CNN-LSTM lays all its time steps side by side and lets one linear layer sort them out. Attention does something
# else: it asks each step how much it matters for *this* beat, and takes the weighted mean {cite}`song2026`. The weights
# can be read out. On this page you train the network, and you look at them.

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
from ecglib.databases import aami, splits
from ecglib.evaluation import confusion_report
from ecglib.evaluation.by_split import interval_table, reports_by_split
from ecglib.figures import plot_confusion, plot_history, plot_intervals
from ecglib.figures.attention import plot_attention
from ecglib.learning import Examples, macro_f1, predict
from ecglib.learning.augment import shift_and_scale
from ecglib.learning.by_split import fit_by_split
from ecglib.models import CNNLSTMAttention
from ecglib.signals import windows

chapter = open_chapter(
    "12_cnn_lstm_attention",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=10)
epochs = {"smoke": 2, "cpu": 10, "gpu": 30}[scale]
batch_size = {"smoke": 64, "cpu": 256, "gpu": 256}[scale]
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]

# %% [markdown]
# ## The claim
#
# The abstract says that the **CNN-LSTM-Attention and the ResNet-1D suffer more from class imbalance** than the CNN-LSTM,
# which it calls the best (mark P: the authors' own words). The texts that we could read give no score for this network. A
# summary (S) says how its attention works: a softmax (exponentials divided by their sum) over the time steps of the LSTM against a context vector.
#
# So the 0.951 of the CNN-LSTM is a ceiling here, as it was for the CNN. What imbalance does is tested
# in [the comparison](15_comparison.ipynb) and in [class imbalance](17_class_imbalance.ipynb).
#
# ## The idea in one picture
#
# $$ k_t = \tanh(W h_t + b), \qquad a_t = \frac{\exp(u \cdot k_t)}{\sum_s \exp(u \cdot k_s)}, \qquad z = \sum_t a_t h_t $$
#
# Here $h_t$ is what the memory shows at time step $t$, $k_t$ is the step's *key*, $u$ is the context vector, $a_t$ is the
# step's *weight*, and $z$ is what the linear layer sees; $s$ runs over all steps. $W$, $b$ and $u$ are learned. Think of $u$ as a
# question that is the same for every beat, and of $k_t$ as each step's answer. The better the answer fits, the larger the
# weight. All weights of a beat sum to one.
#
# ```{margin} Try this
# In the cell below, give `attention` ten times the voltage: `10 * beats.windows[few]`. Before you run it: do the
# weights of an untrained network still lie near 1/17?
# ```
#
# Below are the weights of a network that has learned nothing: about 1/17 each, the dashed line. Bars are means over 2,000 beats, whiskers
# span four beats in five. After
# training you will see them again.

# %%
mitbih = chapter.database("mitbih")
beats = windows.beat_windows(mitbih, before=100, after=160)
rng = np.random.default_rng(seed)
few = np.sort(rng.choice(len(beats.classes), 2000, replace=False))
torch.manual_seed(seed)
model = CNNLSTMAttention().eval()
with torch.inference_mode():
    weights = model.attention(torch.from_numpy(beats.windows[few].copy()))
figure, data = plot_attention(
    beats.windows[few],
    weights.numpy(),
    beats.classes[few],
    rate=beats.rate,
    before=beats.before,
)
chapter.show(
    figure,
    name="idea",
    alt="Average beat of each AAMI class, and below it the attention weights of 17 time steps before training, beside equal weights.",
    data=data,
)

# %% [markdown]
# ## The component
#
# Up to the memory it is the CNN-LSTM. `attention` gives the weights, so that nobody has to dig for them.

# %%
show_source(CNNLSTMAttention)

# %%
model = CNNLSTMAttention()
parameters = sum(p.numel() for p in model.parameters())
chapter.record("cnn_lstm_attention.model.parameters", parameters)
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
    CNNLSTMAttention,
    "cnn_lstm_attention",
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
    "cnn_lstm_attention.training.seconds_per_epoch",
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
    chapter.record_report(f"cnn_lstm_attention.{name}", report)
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
    alt="Macro F1 of the CNN-LSTM-Attention with 95 % intervals under three splits, with the paper's 0.951 for the CNN-LSTM as a line.",
    data=data,
)

# %%
chapter.claims()

# %% [markdown]
# The red line is the CNN-LSTM's 0.951, drawn for scale: no text that we could read gives this network's own number.
# Under `intra` this network reaches {glue:text}`cnn_lstm_attention.intra.macro_f1:.3f`, under `blocked`
# {glue:text}`cnn_lstm_attention.blocked.macro_f1:.3f`, and on strangers {glue:text}`cnn_lstm_attention.inter.macro_f1:.3f` over four classes. [The
# CNN-LSTM](11_cnn_lstm.ipynb) has {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.intra.macro_f1:.3f`,
# {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.blocked.macro_f1:.3f` and
# {glue:text}`../notebooks/11_cnn_lstm.ipynb::cnn_lstm.inter.macro_f1:.3f`. Which of the two is better takes a paired test, and [the
# comparison](15_comparison.ipynb) makes it.
#
# ## Where it looks
#
# Here are the weights of the trained network on the test beats of `intra`, first seed. Bars are means, whiskers span four
# beats in five, and the dashed line marks equal weights.

# %%
test = cuts["intra"].test
network = trained["intra", seeds[0]].model.eval()
with torch.inference_mode():
    weights = np.concatenate(
        [
            network.attention(
                torch.from_numpy(beats.windows[test[at : at + 4096]])
            ).numpy()
            for at in range(0, len(test), 4096)
        ]
    )
figure, data = plot_attention(
    beats.windows[test],
    weights,
    beats.classes[test],
    rate=beats.rate,
    before=beats.before,
)
chapter.show(
    figure,
    name="attention",
    alt="Average beat of each AAMI class in the intra test set, and below it the attention weights of the trained network over 17 time steps, with the range of four in five beats.",
    data=data,
)

# %%
middle = (np.arange(weights.shape[1]) * 16 - beats.before) / beats.rate
near_r = np.abs(middle) <= 0.06
entropy = -(weights * np.log2(weights + 1e-12)).sum(axis=1)
print(f"equal weights: {near_r.mean():.2f} near R, {np.log2(17):.2f} bits")
pd.DataFrame(
    {
        name: {
            "weight within 0.06 s of R": weights[of][:, near_r].sum(1).mean(),
            "entropy (bits)": entropy[of].mean(),
        }
        for index, name in enumerate(aami.AAMI_CLASSES)
        if (of := beats.classes[test] == index).any()
    }
).round(2)

# %% [markdown]
# ```{margin} Try this
# In the cell above, set 0.06 to 0.05: one time step fewer counts as near R. Before you look: which class loses
# most? The picture lets you guess.
# ```
#
# The *entropy* says how many steps share the weight: an entropy of $n$ bits is as spread out as $2^n$ equal steps.
# Look at the picture: for N, V, F and Q nearly all weight lies on two or three steps at the QRS complex. For S it lies on as few
# steps, but elsewhere: with some beats after the QRS complex, with others late in the window, where the next P wave can be. Other seeds place it otherwise, as the exercise *Do seeds look at the same place?* shows, with
# nearly the same score.
#
# **A weight is not a reason.** The memory reads the whole window in both directions, so $h_t$ at the QRS complex may
# well hold what the P wave looked like. A large weight there says that the network *collects* its evidence at that step. It doesn't
# say where the evidence came from. [What the model looks at](18_what_the_model_looks_at.ipynb) puts these weights beside Grad-CAM, and then
# erases waves to see what the answers really hang on.
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
        alt=f"Confusion matrix of the CNN-LSTM-Attention under the {name} split, rows normalised, with counts.",
        data=data,
    )

# %% [markdown]
# Under `intra` it finds {glue:text}`cnn_lstm_attention.intra.recall_F:.2f` of the F beats and
# {glue:text}`cnn_lstm_attention.intra.recall_S:.2f` of the S beats; what it misses of S it calls N. Under `inter` it finds
# {glue:text}`cnn_lstm_attention.inter.recall_S:.2f` of the S beats: an unseen patient's S beat looks like a normal one here too.
#
# ```{admonition} Our own choices
# :class: note
# - Every size: the texts name the softmax and the context vector and give no numbers. Keys have 128 entries, as many as the
#   memory shows.
# - The key is a tanh of a linear layer, as {cite:t}`yang2016` have it. The summary says "against a context vector" and no
#   more.
# - The linear layer sees the weighted mean alone. *Where* a feature occurs it learns only through the memory.
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
# ```{exercise-start} Take the attention away
# :label: exercise-equal-weights
# ```
# *Ten minutes.* Set the context vector of the first `intra` network to zero. Now all weights are equal, and the linear layer
# sees the plain mean over time. How many answers on 2,000 validation beats change? And if all the weight goes to the step at the R peak?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-equal-weights
# :class: dropdown
# ````

# %% tags=["solution"]
network = trained["intra", seeds[0]].model.eval()
some = cuts["intra"].validation[:2000]
with torch.inference_mode():
    held = network._remember(torch.from_numpy(beats.windows[some].copy()))
    given = network._weigh(held)
    choices = {
        "its own weights": given,
        "equal weights": torch.full_like(given, 1 / given.shape[1]),
        "the step at the R peak": torch.eye(given.shape[1])[
            beats.before // 16
        ].expand_as(given),
    }
    answer = {
        name: network.classifier((w.unsqueeze(1) @ held).squeeze(1)).argmax(1)
        for name, w in choices.items()
    }
for name, found in answer.items():
    changed = (found != answer["its own weights"]).float().mean()
    right = (found.numpy() == beats.classes[some]).mean()
    print(f"{name}: {changed:.1%} of answers changed, {right:.1%} right")

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Do seeds look at the same place?
# :label: exercise-attention-seeds
# ```
# *An evening.* Train nothing. Compare the mean weights of N beats between the seeds of one split, or between the splits of
# one seed, on the same 2,000 beats of one test patient, record 100. Do networks with the same score look at the same steps?
# Then take other patients. Do two seeds agree on one patient more than one seed agrees with itself between two patients? Write down
# what a reader may conclude from a single picture of attention.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-attention-seeds
# :class: dropdown
# ````

# %% tags=["solution"]
chosen = cuts["inter"].test[beats.classes[cuts["inter"].test] == 0][:2000]
looks = {}
for (name, run_seed), found in trained.items():
    with torch.inference_mode():
        looked = found.model.eval().attention(
            torch.from_numpy(beats.windows[chosen].copy())
        )
    looks[f"{name} {run_seed}"] = looked.mean(0).numpy()
table = pd.DataFrame(looks, index=np.round(middle, 2))
table.corr().round(2)

# %% [markdown]
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-weight-and-wave
#
# A paper shows an attention weight of 0.6 at the T wave and concludes that the T wave carries 60 % of the evidence. Name two
# reasons why that doesn't follow, and one experiment that would settle it.
# ```
#
# ## What to read next
#
# [The ResNet-1D](13_resnet1d.ipynb) goes without memory and without attention: it is simply deeper. [The
# comparison](15_comparison.ipynb) puts all four side by side.
