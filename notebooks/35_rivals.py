# ---
# jupyter:
#   ecgbook:
#     title: Four other ways to learn without labels
#     needs: []
#     databases: [ptbxl]
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
# # Four other ways to learn without labels
#
# A contrast of views is one idea. {cite:t}`rizqyawan2026` compares it with others: tell which two halves belong to one heart, guess what is hidden, find the same moment in two crops, or several of these at once. On this page
# you meet four rivals, each as one file of the package, and pretrain an encoder with each: the same encoder, the same recordings, as many steps. What they are good for, [the comparison](36_comparison.ipynb) says.

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

from ecglib.book import open_chapter, show_source
from ecglib.databases import splits
from ecglib.evaluation.embedding_quality import alignment, uniformity
from ecglib.figures.loops import plot_rotated_leads
from ecglib.figures.pretraining import (
    plot_alignment_uniformity,
    plot_pretraining,
)
from ecglib.learning.embed import recording_embeddings
from ecglib.learning.objectives import (
    CMSC,
    ECGFMStyle,
    MaskedPrediction,
    TS2Vec,
)
from ecglib.learning.objectives.ecg_fm_style import hide_leads
from ecglib.learning.pretrain import pretrain
from ecglib.learning.pretraining_set import PretrainingSet
from ecglib.learning.threekg import ThreeKG
from ecglib.learning.weights import load_weights, save_weights
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.signals.twelve_lead import RATE, twelve_lead_recordings

chapter = open_chapter(
    "35_rivals",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=5)
steps = {"smoke": 4, "cpu": 400, "gpu": 6000}[scale]
batch_size = {"smoke": 8, "cpu": 64, "gpu": 256}[scale]

# %% [markdown]
# ## The claim
#
# The paper compares Beat-SSL with TS2Vec, Domain-SSL and ECG-FM (mark P: its plots). Articles about it also name wav2vec-style prediction and CMSC (S). **ECG-FM** learned from 1.5 million ECGs with 90.9 million parameters; nobody can repeat that
# here. Its *recipe* can be repeated, on the recordings and with the encoder that all others have. **Domain-SSL** we couldn't read enough about to build; its published numbers stand in [the comparison](36_comparison.ipynb).
#
# ## The idea in one picture
#
# What ECG-FM's recipe hides from the encoder: half of the leads, at random. Grey is the recording, colour is what is left.

# %%
ptbxl = chapter.database("ptbxl")
recordings = twelve_lead_recordings(ptbxl)
role = np.array([ptbxl.split(name) for name in recordings.names])
splits.assert_patient_disjoint(
    recordings.patients[role == "train"],
    recordings.patients[role == "validation"],
    recordings.patients[role == "test"],
)
learned = PretrainingSet(
    recordings.signals, rows=np.flatnonzero(role == "train")
)
one = torch.from_numpy(np.array(recordings.signals[:1]))
left = hide_leads(one, torch.Generator().manual_seed(seed))
figure, data = plot_rotated_leads(
    one[0].numpy()[:, : 3 * RATE], left[0].numpy()[:, : 3 * RATE], rate=RATE
)
chapter.show(
    figure,
    name="idea",
    alt="Three seconds of twelve leads; half of the leads are hidden.",
    data=data,
)

# %% [markdown]
# ## The components
#
# ### CMSC: two halves of one heart
#
# The first five seconds of a recording and its last five are alike; halves of different recordings aren't {cite}`kiyasseh2021`.

# %%
show_source(CMSC)

# %% [markdown]
# ### wav2vec: guess what is hidden
#
# About half of the time is hidden, in stretches of 0.8 s. From what is left, a small attention network guesses the features of each hidden step, well enough to tell it from the recording's other hidden steps {cite}`baevski2020`.

# %%
show_source(MaskedPrediction)

# %% [markdown]
# ### TS2Vec: the same moment in two crops
#
# Two crops of a recording overlap. In the overlap, each moment should look the same in both, unlike other moments and unlike other recordings; and again on coarser and coarser scales of time {cite}`yue2022`.

# %%
show_source(TS2Vec)

# %% [markdown]
# ### ECG-FM's recipe: several at once
#
# ```{margin} Try this
# From their sources, guess which of the four brings most parameters of its own. Then count in a new cell:
# `sum(p.numel() for p in TS2Vec().parameters())`, and so on.
# ```
#
# Hidden leads, hidden stretches, and two halves of one heart {cite}`oh2022,mckeen2024`.

# %%
show_source(ECGFMStyle)

# %% [markdown]
# ## The run
#
# The recordings are the training folds' again, **without** what Beat-SSL is told beside them: no R peaks, no features, no pseudo-labels. As many steps, as large a batch. A step isn't the same work for all: a contrast of views encodes ten seconds twice, CMSC
# five seconds twice, masked prediction ten seconds twice, TS2Vec two crops. The table says how fast each goes.

# %%
makers = {
    "cmsc": CMSC,
    "wav2vec": MaskedPrediction,
    "ts2vec": TS2Vec,
    "ecg_fm_style": ECGFMStyle,
}
names = {
    "cmsc": "CMSC",
    "wav2vec": "wav2vec-style",
    "ts2vec": "TS2Vec",
    "ecg_fm_style": "ECG-FM-style",
}
watched = np.flatnonzero(role == "validation")
splits.assert_patient_disjoint(
    recordings.patients[learned.rows], recordings.patients[watched]
)
asked = torch.from_numpy(np.array(recordings.signals[watched]))
generator = torch.Generator().manual_seed(seed)
views = [ThreeKG()(asked, generator).ecg.numpy() for _ in range(2)]
history, speed, quality = {}, {}, {}
for run_seed in seeds:
    for method, make in makers.items():
        torch.manual_seed(run_seed)
        encoder, objective = ECGEncoder(), make()
        done = pretrain(
            encoder,
            objective,
            learned,
            steps=steps,
            seed=run_seed,
            batch_size=batch_size,
            device=device,
            every=max(1, steps // 20),
        )
        history[method, run_seed] = done.history
        speed[method] = done.recordings_per_second
        quality[method, run_seed] = [
            recording_embeddings(encoder, view, device=device) for view in views
        ]
        save_weights(
            encoder,
            chapter.folder / f"{method}_{run_seed}.safetensors",
            {
                "model": "ECGEncoder",
                "objective": names[method],
                "recordings": len(learned),
                "steps": steps,
                "batch_size": batch_size,
                "seed": run_seed,
            },
        )
pd.DataFrame(
    {
        names[method]: {
            "recordings a second": f"{speed[method]:.0f}",
            "parameters that are thrown away": f"{sum(p.numel() for p in make().parameters()):,}",
        }
        for method, make in makers.items()
    }
).T

# %%
figure, data = plot_pretraining(
    {
        names[method]: [
            {key: row[key] for key in ("step", "loss")}
            for row in history[method, seeds[0]]
        ]
        for method in makers
    }
)
chapter.show(
    figure,
    name="loss",
    alt="The loss of the four rivals over the steps of pretraining.",
    data=data,
)

# %% [markdown]
# Each loss asks its own question. Only whether it falls can be read off.
#
# How do 3KG's views look to encoders that never saw one? [The page on pretraining](32_pretraining.ipynb) explains the two numbers.

# %%
points = {}
for method in makers:
    for metric, of in (
        ("alignment", lambda found: alignment(*found)),
        ("uniformity", lambda found: uniformity(found[0])),
    ):
        by_seed = tuple(of(quality[method, run_seed]) for run_seed in seeds)
        chapter.record(
            f"{method}.pretraining.{metric}",
            float(np.mean(by_seed)),
            by_seed=by_seed,
        )
        points.setdefault(names[method], []).append(float(np.mean(by_seed)))
figure, data = plot_alignment_uniformity(
    {title: tuple(both) for title, both in points.items()}
)
chapter.show(
    figure,
    name="alignment_uniformity",
    alt="The four rivals on the plane of alignment and uniformity.",
    data=data,
)

# %% [markdown]
# None of the four was asked to be indifferent to 3KG's views, and none is. **CMSC** spreads recordings most ({glue:text}`cmsc.pretraining.uniformity:.2f`) and takes two views of one recording for the most different things
# ({glue:text}`cmsc.pretraining.alignment:.2f`): perhaps it tells hearts apart by just what a turned heart axis changes; that isn't measured here. **ECG-FM's recipe** lies between ({glue:text}`ecg_fm_style.pretraining.uniformity:.2f` and {glue:text}`ecg_fm_style.pretraining.alignment:.2f`);
# it contains CMSC, and its hidden leads are a disturbance of another kind. **wav2vec-style** prediction asks for features of moments, not of recordings. Their means over time hardly differ from one recording to another ({glue:text}`wav2vec.pretraining.uniformity:.2f`), so its good
# alignment ({glue:text}`wav2vec.pretraining.alignment:.3f`) is that of points that all lie close together. **TS2Vec** is near to it.
#
# ```{margin} Try this
# In a new cell, give recordings another's view: `one, two = quality["cmsc", seeds[0]]`, then
# `alignment(one, np.roll(two, 1, axis=0))`. Before you look: how much worse than with their own?
# ```
#
# Whether that is good or bad, the plane doesn't say. A voltage that 3KG learns to ignore may be what a diagnosis needs.
#
# ## The number against the paper's
#
# The rivals' numbers are about the two tasks, in [the comparison](36_comparison.ipynb).

# %%
chapter.claims()

# %% [markdown]
# ```{admonition} Our own choices
# :class: note
# - **Only the encoder is kept**, as for Beat-SSL. wav2vec 2.0 and ECG-FM keep their attention networks too. So a low score here doesn't judge those models.
# - **Convolutions that see far.** wav2vec's features see 25 ms, ours 1.4 s. So the signal itself is hidden, not only the features.
# - What each leaves out of its model stands in its docstring.
# ```

# %% tags=["hide-input"]
for key, rows in history.items():
    assert rows[-1]["loss"] < rows[0]["loss"], f"{key}: the loss doesn't fall"
chapter.close()

# %% [markdown]
# ## Exercises

# %% [markdown]
# ```{exercise-start} A guess from one lead
# :label: exercise-rivals-one-lead
# ```
# *Ten minutes.* How many leads does `hide_leads` leave, in the mean of a thousand recordings, and how few at least? Which leads could the encoder compute from two others without looking?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-rivals-one-lead
# :class: dropdown
# ````

# %% tags=["solution"]
left = hide_leads(torch.ones(1000, 12, 1), torch.Generator().manual_seed(1))
count = left.sum(dim=(1, 2))
print(f"{count.mean():.2f} leads in the mean, {count.min():.0f} at least")

# %% [markdown]
# Of the six limb leads any two give the other four, by Einthoven and Goldberger. So hiding a limb lead often hides nothing; hiding a chest lead does.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Tell me your neighbour
# :label: exercise-rivals-neighbours
# ```
# *An evening.* No head, no training: give each recording of fold 9 the superclasses of its nearest neighbour among the training recordings, by the cosine of the embeddings. In how many do the two share a superclass, for each rival and for an untrained encoder? Then write down what a neighbour can't tell you, and what a [linear probe](33_superdiagnostic.ipynb) can.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-rivals-neighbours
# :class: dropdown
# ````

# %% tags=["solution"]
stated = [set(ptbxl.read(name).labels) for name in recordings.names]
labelled = np.array([bool(found) for found in stated])
known = np.array([row for row in learned.rows if labelled[row]])
asking = np.array([row for row in watched if labelled[row]])
encoders = {"untrained": ECGEncoder()} | {
    names[method]: load_weights(
        ECGEncoder(), chapter.folder / f"{method}_{seeds[0]}.safetensors"
    )
    for method in makers
}
for title, encoder in encoders.items():
    one, two = (
        recording_embeddings(encoder, np.array(recordings.signals[rows]))
        for rows in (asking, known)
    )
    one, two = (
        (part - two.mean(axis=0)) / two.std(axis=0) for part in (one, two)
    )
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    two /= np.linalg.norm(two, axis=1, keepdims=True)
    nearest = known[(one @ two.T).argmax(axis=1)]
    shared = [
        bool(stated[a] & stated[b])
        for a, b in zip(asking, nearest, strict=True)
    ]
    print(f"{title}: {np.mean(shared):.0%} share a superclass")

# %% [markdown]
# The commonest superclass alone makes many pairs agree, so compare with the untrained encoder and not with zero. A neighbour weighs all numbers of an embedding alike. A probe may find five that matter, and ignore the rest.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-rivals-same-work
#
# "Same steps", "same recordings seen", "same seconds of computing": which of the three would you hold fixed in a comparison of rivals, and whom does each favour?
# ```
#
# ## What to read next
#
# {cite:t}`kiyasseh2021`, {cite:t}`baevski2020`, {cite:t}`yue2022`, {cite:t}`mckeen2024`: the originals.
