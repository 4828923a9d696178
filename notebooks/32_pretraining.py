# ---
# jupyter:
#   ecgbook:
#     title: Learning without a label
#     needs: [10_cnn]
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
# # Learning without a label
#
# You have the views of a recording, and a measure of which recordings and beats are alike. Now a network learns from both, and nobody tells it what any
# recording shows. On this page you put {cite:t}`rizqyawan2026`'s two contrasts together, pretrain an encoder with them, watch what happens to the recordings while it learns, and
# measure what it knows at the end. What that is good for, the pages after this one ask.

# %% tags=["setup", "remove-cell"]
# A hosted notebook installs the package here; elsewhere there is nothing to do.

# %% tags=["parameters"]
scale = "smoke"
seed = 0
data_dir = ""
device = "auto"

# %% tags=["hide-input"]
import numpy as np
import torch
from scipy.stats import spearmanr
from sklearn.manifold import TSNE

from ecglib.book import open_chapter, show_source
from ecglib.databases import splits
from ecglib.databases.ptbxl import SUPERCLASSES
from ecglib.evaluation.by_patient import mean_of_patients, paired_over_patients
from ecglib.evaluation.embedding_quality import alignment, uniformity
from ecglib.figures import plot_intervals
from ecglib.figures.embedding_over_training import (
    plot_embedding_over_training,
)
from ecglib.figures.pretraining import (
    plot_alignment_uniformity,
    plot_pretraining,
)
from ecglib.figures.similarity import plot_similarity
from ecglib.learning.embed import recording_embeddings
from ecglib.learning.nt_xent import nt_xent
from ecglib.learning.objectives import RhythmAndBeatContrast
from ecglib.learning.pretrain import pretrain
from ecglib.learning.pretraining_data import pretraining_data
from ecglib.learning.pseudo_labels import pseudo_labels
from ecglib.learning.region_pooling import pool_regions
from ecglib.learning.threekg import ThreeKG
from ecglib.learning.weights import load_weights, save_weights
from ecglib.models import CNN
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.signals.feature_tables import feature_tables
from ecglib.signals.twelve_lead import twelve_lead_recordings

chapter = open_chapter(
    "32_pretraining",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
seeds = chapter.seeds(smoke=1, cpu=3, gpu=5)
steps = {"smoke": 4, "cpu": 400, "gpu": 6000}[scale]
batch_size = {"smoke": 8, "cpu": 64, "gpu": 256}[scale]
pictured = {"smoke": 30, "cpu": 600, "gpu": 2000}[scale]
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]

# %% [markdown]
# ## The claim
#
# From the paper's figure (mark P): two views of each recording go through an encoder. **Rhythm contrast**: a projection of each whole recording is pulled towards the other view of the same
# recording, and away from the others. **Beat contrast**: the same for each heartbeat, whose part of the features is cut out around its R peak. The two losses are added. The targets are hard or soft, and the ablation's best row has soft
# targets (*soft_1*) for the rhythms, hard ones for the beats, and the exponent 50. With hard rhythm targets and no beats, the method is 3KG {cite}`gopal2021`, the paper's baseline.
#
# No number is claimed for pretraining itself. It has a purpose: features for the tasks that follow. So this page asks what happened, not how good it is.
#
# ## The idea in one picture
#
# A batch of recordings from {cite:t}`wagner2020ptbxl`, and how alike their measurements are. They are sorted by diagnosis, for you; no method of this page sees it. On the diagonal is each recording's own other view.

# %%
ptbxl = chapter.database("ptbxl")
recordings = twelve_lead_recordings(ptbxl)
tables = feature_tables(recordings)
role = np.array([ptbxl.split(name) for name in recordings.names])
splits.assert_patient_disjoint(
    recordings.patients[role == "train"],
    recordings.patients[role == "validation"],
    recordings.patients[role == "test"],
)
classifier = load_weights(
    CNN(), chapter.needs("10_cnn") / "cnn_inter_0.safetensors"
)
named = pseudo_labels(
    classifier, recordings.signals, tables.peaks, device=device
)
data = pretraining_data(
    recordings, tables, named.classes, role == "train", seed=seed
)
learned = data.recordings
print(
    f"{len(learned):,} recordings of training patients to learn from, "
    f"{(role == 'validation').sum():,} to watch"
)

codes = [ptbxl.read(name).labels for name in recordings.names]
single = np.array([len(found) == 1 for found in codes])
some = np.flatnonzero(single[learned.rows])[:64]
batch = learned.batch(some)
known = batch.recording_features["soft_1"]
alike = data.rhythm_similarity["soft_1"].soft_targets(known, known, 50.0)
figure, table = plot_similarity(
    alike.numpy(),
    [codes[row][0] for row in learned.rows[some]],
    order=SUPERCLASSES,
    title="Soft targets of a batch (soft_1, exponent 50)",
)
chapter.show(
    figure,
    name="idea",
    alt="A square of soft targets of a batch of recordings, each with each: black on the diagonal, and shades of grey where recordings resemble each other, within superclasses and across them.",
    data=table,
)

# %% [markdown]
# The hard target has the diagonal and nothing else: *find yourself among strangers*. The soft one adds shades of grey: *find yourself, and keep near to those who resemble you.*
#
# ## The components
#
# ### The encoder
#
# ```{margin} Try this
# In a new cell, print `ECGEncoder()(torch.zeros(1, 12, 500)).shape`. Before you look, work it out: five seconds,
# one place every 0.08 s.
# ```
#
# Twelve leads in; out come 128 numbers for every 0.08 s. So a beat has a place in the features, and can be cut out.

# %%
show_source(ECGEncoder)

# %%
show_source(pool_regions)

# %% [markdown]
# ### One loss for all targets
#
# Let $z_1, …, z_{2n}$ be the projections of both views of $n$ recordings, or beats. $p_{ij}$ is how likely $j$ is taken for the partner of $i$: a softmax over the cosines of $z_i$ with all
# others, divided by a temperature of 0.1. $q_{ij}$ is the target, divided by its row's sum. The loss is the mean over $i$ of $-\sum_j q_{ij} \log p_{ij}$. With a hard target, this is NT-Xent
# {cite}`chen2020simclr`.

# %%
show_source(nt_xent)

# %%
show_source(RhythmAndBeatContrast)

# %% [markdown]
# ## The run
#
# Two encoders learn, from the same recordings in the same order: **3KG** and **Beat-SSL**. A third, **untrained**, is what they begin from. Only recordings of training patients (folds 1 to 8) take part. Those of fold 9 are looked at
# while it goes on: two views of each, always the same.

# %%
watched_rows = np.intersect1d(
    np.flatnonzero(role == "validation"), tables.known
)
splits.assert_patient_disjoint(
    recordings.patients[learned.rows], recordings.patients[watched_rows]
)
asked = torch.from_numpy(np.array(recordings.signals[watched_rows]))
generator = torch.Generator().manual_seed(seed)
views = [ThreeKG()(asked, generator).ecg.numpy() for _ in range(2)]

drawn = np.random.default_rng(seed).permutation(
    np.flatnonzero(single & (role != "test"))
)[:pictured]
pictures = np.array(recordings.signals[drawn])
picture_classes = np.array([SUPERCLASSES.index(codes[row][0]) for row in drawn])


def watch(encoder):
    """Embed both views of the watched recordings, and the recordings of the picture."""
    return [recording_embeddings(encoder, x) for x in (*views, pictures)]


names = {"threekg": "3KG", "beat_ssl": "Beat-SSL"}
history, seen, speed = {}, {}, {}
for run_seed in seeds:
    for method in names:
        torch.manual_seed(run_seed)
        encoder = ECGEncoder()
        seen["untrained", run_seed] = [watch(encoder)]
        objective = {
            "threekg": RhythmAndBeatContrast(),
            "beat_ssl": RhythmAndBeatContrast(
                rhythm="soft_1",
                beat="hard",
                exponent=50.0,
                rhythm_similarity=data.rhythm_similarity["soft_1"],
            ),
        }[method]
        done = pretrain(
            encoder,
            objective,
            learned,
            steps=steps,
            seed=run_seed,
            batch_size=batch_size,
            device=device,
            watch=watch,
            every=max(1, steps // 20),
        )
        history[method, run_seed] = done.history
        seen[method, run_seed] = [row["watched"] for row in done.history]
        speed[method] = done.recordings_per_second
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
parameters = sum(p.numel() for p in encoder.parameters())
chapter.record("beat_ssl.encoder.parameters", parameters)
chapter.record("beat_ssl.pretraining.recordings", len(learned))
chapter.record("beat_ssl.pretraining.steps", steps)
chapter.record("beat_ssl.pretraining.batch_size", min(batch_size, len(learned)))
chapter.record("beat_ssl.pretraining.seeds", len(seeds))
print(f"encoder: {parameters:,} parameters;", speed)

# %%
figure, table = plot_pretraining(
    {
        names[method]: [
            {key: row[key] for key in ("step", "loss")}
            for row in history[method, seeds[0]]
        ]
        for method in names
    }
)
chapter.show(
    figure,
    name="loss",
    alt="The loss of 3KG and of Beat-SSL over the steps of pretraining; both fall, fast at first.",
    data=table,
)

# %% [markdown]
# Don't compare the two panels. Beat-SSL's loss is a sum of two, and the least value of a soft cross-entropy isn't zero: it is the entropy of its target.
#
# ### A map of recordings
#
# ```{margin} Try this
# In the cell below, set `random_state=seed + 1`. Before you run it: what stays, the heaps, their places, or who
# lies beside whom?
# ```
#
# The embedding of a recording, the mean of its features over time, has 128 numbers. t-SNE draws it in the plane so that neighbours stay neighbours. Here are recordings with exactly one diagnostic superclass. **No network ever saw the superclass**: it only
# colours the points.


# %%
def plane(points):
    """Draw embeddings in two dimensions."""
    return TSNE(
        perplexity=min(30, len(points) // 4), init="pca", random_state=seed
    ).fit_transform(points)


middle = len(history["threekg", seeds[0]]) // 2
start = plane(seen["untrained", seeds[0]][0][2])
figure, table = plot_embedding_over_training(
    {
        names[method]: {
            "untrained": start,
            **{
                f"step {history[method, seeds[0]][at]['step']}": plane(
                    seen[method, seeds[0]][at][2]
                )
                for at in (middle, -1)
            },
        }
        for method in names
    },
    picture_classes,
    SUPERCLASSES,
)
chapter.show(
    figure,
    name="map",
    alt="Two rows of three maps of recordings, untrained, halfway and at the end, for 3KG and for Beat-SSL, coloured by diagnostic superclass.",
    data=table,
)

# %% [markdown]
# ### Alignment and uniformity
#
# Two numbers describe such embeddings {cite}`wang2020`. **Alignment**: the mean squared distance between two views of the same recording, on the unit sphere; 0 is best. **Uniformity**: how evenly recordings fill the sphere; the lower, the more evenly. Putting all
# recordings on one point has a perfect alignment and the worst uniformity.

# %%
points = {}
for method, title in {"untrained": "untrained", **names}.items():
    for metric, of in (
        ("alignment", lambda found: alignment(*found[:2])),
        ("uniformity", lambda found: uniformity(found[0])),
    ):
        by_seed = tuple(of(seen[method, run_seed][-1]) for run_seed in seeds)
        chapter.record(
            f"{method}.pretraining.{metric}",
            float(np.mean(by_seed)),
            by_seed=by_seed,
        )
        points.setdefault(title, []).append(float(np.mean(by_seed)))
figure, table = plot_alignment_uniformity(
    {title: tuple(both) for title, both in points.items()}
)
chapter.show(
    figure,
    name="alignment_uniformity",
    alt="The untrained encoder, 3KG and Beat-SSL on the plane of alignment and uniformity.",
    data=table,
)

# %% [markdown]
# ### What it was asked, and what it does
#
# Two questions to recordings of fold 9, whose patients no encoder has seen. **Found again**: in how many is the other view nearer than all other recordings? **Agreement**: take each recording, and rank the others once by the cosine of the embeddings and once by
# soft_1. How well do the ranks agree (Spearman's correlation, from -1 to 1)? The first is what 3KG asks for. The second is what the soft targets ask for.

# %%
features = torch.from_numpy(np.array(tables.recordings[watched_rows]))
wanted = (
    data.rhythm_similarity["soft_1"]
    .soft_targets(features, features, 1.0)
    .numpy()
)
others = ~np.eye(len(wanted), dtype=bool)
people, whose = np.unique(
    recordings.patients[watched_rows], return_inverse=True
)


def by_patient(values):
    """Give each patient's mean."""
    return np.bincount(whose, values) / np.bincount(whose)


measured = {}
for method in ("untrained", *names):
    for run_seed in seeds:
        one, two, _ = seen[method, run_seed][-1]
        one, two = (
            part / np.linalg.norm(part, axis=1, keepdims=True)
            for part in (one, two)
        )
        again = (one @ two.T).argmax(axis=1) == np.arange(len(one))
        cosines = one @ one.T
        agreement = [
            spearmanr(cosines[row, others[row]], wanted[row, others[row]])[0]
            for row in range(len(one))
        ]
        for metric, values in (
            ("found_again", again.astype(float)),
            ("agreement", np.array(agreement)),
        ):
            measured.setdefault((metric, method), []).append(by_patient(values))
titles = {"untrained": "untrained", **names}
rows = []
for (metric, method), values in measured.items():
    found = mean_of_patients(values, resamples=resamples, seed=seed)
    chapter.record(f"{method}.pretraining.{metric}", found)
    rows.append((metric.replace("_", " "), titles[method], found))
for metric in ("found_again", "agreement"):
    for first, second in (
        ("threekg", "untrained"),
        ("beat_ssl", "untrained"),
        ("beat_ssl", "threekg"),
    ):
        chapter.record_difference(
            f"{first}.pretraining.{metric}",
            f"{second}.pretraining.{metric}",
            paired_over_patients(
                measured[metric, first],
                measured[metric, second],
                resamples=resamples,
                seed=seed,
            ),
        )
rows.sort(key=lambda row: row[0], reverse=True)
figure, table = plot_intervals(rows)
chapter.show(
    figure,
    name="what_it_does",
    alt="Share of recordings found again by their other view, and agreement of the embedding with soft_1, untrained, 3KG and Beat-SSL, with 95 % intervals by patients.",
    data=table,
)

# %% [markdown]
# **Each does what it was asked for.** 3KG finds {glue:text}`threekg.pretraining.found_again:.0%` of the recordings again, of people it never saw; Beat-SSL {glue:text}`beat_ssl.pretraining.found_again:.0%`, and the untrained encoder
# {glue:text}`untrained.pretraining.found_again:.0%`. Agreement with the measurements goes the other way: {glue:text}`threekg.pretraining.agreement:.2f` for 3KG, {glue:text}`beat_ssl.pretraining.agreement:.2f` for Beat-SSL, {glue:text}`untrained.pretraining.agreement:.2f` untrained. All
# six differences are significant (p = 0.001 each, the least that so many resamples can give). Soft targets so buy likeness with distinctness: who has to stay near all those who resemble them, stands out less. That isn't good or bad. Which of the two a task needs, the next pages ask.
#
# On the plane of alignment and uniformity, that is the same story. **All three stay near a uniformity of 0**, where a sphere that is filled evenly would have about −4: what you see is the encoder before its projector, and there all recordings share most of their features. Contrast works on the projections, which are thrown away.
#
# The map shows something too: superclasses gather in places, most of all those of the ventricles' conduction (CD), also in the untrained encoder. But don't measure on a t-SNE map. It keeps neighbours and invents distances.
#
# ## The number against the paper's
#
# There is none for this step. The paper's numbers are about [the five superclasses](33_superdiagnostic.ipynb) and about [waves](34_wave_segmentation.ipynb), with a full PTB-XL to learn from, as it seems; here it is
# {glue:text}`beat_ssl.pretraining.recordings:.0f` recordings.

# %%
chapter.claims()

# %% [markdown]
# ```{admonition} Our own choices
# :class: note
# - **Recordings**: the training folds of PTB-XL, 100 samples a second, 0.5 to 40 Hz, scaled one by one. LUDB, on which a later page tests, has no part, and neither have folds 9 and 10.
# - **Encoder**: convolutions of three stages, a third of a million parameters. ECG-FM has 90.9 million.
# - **Beats**: 0.4 s to either side of the R peak; at most 1,024 of a batch. A beat that the classifier can't name takes no part.
# - **The unit of soft_1**: such that after the exponent 50 the nearest of 127 others has 0.8, as in the paper's figure; [the page before](31_like_beats.ipynb) shows what that means.
# - **More than one GPU**: pass a launched `Fabric` as `device`. Each device encodes its share of every batch, and each recording is contrasted with all; the loss is that of one device with the same batch.
# - **Temperature** 0.1; the two losses weigh the same; AdamW with a learning rate of 0.001 that rises and falls once. **Length** by the time at hand. Nothing here was chosen by a later task's test data.
# ```

# %% tags=["hide-input"]
for key, rows in history.items():
    assert rows[-1]["loss"] < rows[0]["loss"], f"{key}: the loss doesn't fall"
chapter.close()

# %% [markdown]
# ## Exercises

# %% [markdown]
# ```{exercise-start} A collapse
# :label: exercise-pretraining-collapse
# ```
# *Ten minutes.* Give the contrast targets that are all 1: everything is like everything. Pretrain for a few steps with `RhythmAndBeatContrast(rhythm="soft_1", exponent=0.001, …)` and look at uniformity and alignment. What has the encoder learned?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-pretraining-collapse
# :class: dropdown
# ````

# %% tags=["solution"]
torch.manual_seed(seed)
flat = ECGEncoder()
pretrain(
    flat,
    RhythmAndBeatContrast(
        rhythm="soft_1",
        exponent=0.001,
        rhythm_similarity=data.rhythm_similarity["soft_1"],
    ),
    learned,
    steps=max(2, steps // 10),
    seed=seed,
    batch_size=batch_size,
    device=device,
    progress=False,
)
one, two = (recording_embeddings(flat, view) for view in views)
print(f"alignment {alignment(one, two):.3f}, uniformity {uniformity(one):.2f}")

# %% [markdown]
# The targets are nearly uniform, so the least loss is reached by embeddings that are all alike. Views lie close together, and so does everything else. Soft targets that are too soft ask for this.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Behind the projector
# :label: exercise-pretraining-projector
# ```
# *An evening.* The page says that the contrast works on the projections, and that these are thrown away. See for yourself: send the watched recordings through the last encoder *and* its projector (`objective.of_rhythm`), and compute alignment and uniformity there too. Then pretrain a few hundred steps without a projector (put `torch.nn.Identity()` in its place), and compare what the features are worth in [the next chapter](33_superdiagnostic.ipynb)'s linear probe.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-pretraining-projector
# :class: dropdown
# ````

# %% tags=["solution"]
embedded = [recording_embeddings(encoder, view) for view in views]
with torch.inference_mode():
    projected = [
        objective.of_rhythm(torch.from_numpy(points)).numpy()
        for points in embedded
    ]
for words, (one, two) in (("features", embedded), ("projections", projected)):
    print(
        f"{words}: alignment {alignment(one, two):.3f}, "
        f"uniformity {uniformity(one):.2f}"
    )

# %% [markdown]
# The projections spread wider than the features, and lie farther from evenly than you might expect: Beat-SSL's soft targets ask that like recordings stay together. What a contrast makes invariant is lost behind the projector more than before it, and a later task may need it. That is the reason to throw the projector away.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-pretraining-batch
#
# With hard targets, two recordings of the same patient in one batch are pushed apart. How likely is that in a batch of 64 from 800 recordings of 700 patients, and in one of 64 from all of PTB-XL? When would you mind?
# ```
#
# ## What to read next
#
# [The five superclasses](33_superdiagnostic.ipynb) and [waves](34_wave_segmentation.ipynb): what the encoders are good for. {cite:t}`chen2020simclr` for the loss, {cite:t}`wang2020` for the two numbers.
