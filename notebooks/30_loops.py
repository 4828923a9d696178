# ---
# jupyter:
#   ecgbook:
#     title: From twelve leads to a loop in space, and back
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
# # From twelve leads to a loop in space, and back
#
# Twelve leads look at one heart from twelve places. What they look at is a vector: at each moment the heart's electric field points
# somewhere, so strongly. In a beat the tip of this vector draws a loop. On this page you make the loop from the leads, turn it, and look at it again from the
# same twelve places. That is how {cite:t}`rizqyawan2026` makes two *views* of one recording, and it needs no label.

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
from ecglib.databases import PTBXL
from ecglib.databases.leads import TWELVE_LEADS
from ecglib.evaluation.by_patient import mean_of_patients
from ecglib.figures import plot_intervals
from ecglib.figures.loops import plot_loops, plot_rotated_leads
from ecglib.learning.threekg import ThreeKG, rotation_matrices
from ecglib.signals import bandpass
from ecglib.signals.detected_rr import r_peaks
from ecglib.signals.twelve_lead import RATE, twelve_lead_recordings
from ecglib.signals.vcg import (
    DOWER,
    INVERSE_DOWER,
    kept_variance,
    twelve_leads,
    vectorcardiogram,
)

chapter = open_chapter(
    "30_loops",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
resamples = {"smoke": 100, "cpu": 2000, "gpu": 2000}[scale]

# %% [markdown]
# ## The claim
#
# The figure of the paper shows it (mark P): a 12-lead ECG becomes a **vectorcardiogram** with three components, two augmented 12-lead views are made of that, and an
# encoder has to find out that both show the same recording. The augmentation is that of 3KG {cite}`gopal2021`. No number is claimed for this step. The angles and the
# other settings we took from a public implementation of 3KG; that the paper used the same we can't say. So the question of this page is one that the paper leaves open:
# **how much of an ECG survives the way to the loop and back?**
#
# ## The idea in one picture
#
# One beat of one person, from {cite:t}`wagner2020ptbxl`, sampled 500 times a second.

# %%
ptbxl = chapter.database("ptbxl")
fine = PTBXL(ptbxl.root.parents[1], rate=500)


def leads_of(record):
    """Stack the twelve leads of a record, filtered."""
    signal = np.stack([record.lead(name) for name in TWELVE_LEADS])
    return bandpass(signal, record.rate)


normal = next(
    name for name in fine.names() if fine.read(name).labels == ("NORM",)
)
ecg, rate = leads_of(fine.read(normal)), round(fine.rate)
peaks = r_peaks(ecg[1], rate)
peak = peaks[len(peaks) // 2]
beat = slice(peak - round(0.28 * rate), peak + round(0.46 * rate))
loop = vectorcardiogram(ecg)[:, beat]
figure, data = plot_loops(
    loop, rate=rate, peak=round(0.28 * rate), title=f"PTB-XL {normal}"
)
chapter.show(
    figure,
    name="idea",
    alt="The loop of one heartbeat from the front, from above, from the left and in space, coloured by time: a small loop for the P wave, a large one for the QRS complex, a middle one for the T wave.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In the cell above, take the next beat: `peaks[len(peaks) // 2 + 1]`. Before you look: which of the three loops
# will change most, P, QRS or T?
# ```
#
# Follow the colours. The small loop is the P wave: the atria. The large one is the QRS complex: the ventricles, within a tenth of a second. The middle one is the T wave, when they recover. In a
# healthy heart QRS and T point roughly the same way, to the left and down. X points to the patient's left arm, Y to the feet, Z to the back.
#
# ## The components
#
# ### Leads to loop, loop to leads
#
# Each lead sees the vector $v(t)$ from its own direction: its voltage is a weighted sum of the three components. Dower measured the weights. With the eight leads that
# are independent, $u(t)$, it reads $u = D v$, where $D$ has eight rows and three columns. The way back is the inverse Dower matrix $D^+$, three rows and eight columns: $v = D^+ u$.

# %%
eight = [*TWELVE_LEADS[6:], "I", "II"]
pd.DataFrame(INVERSE_DOWER, index=["X", "Y", "Z"], columns=eight)

# %%
show_source(vectorcardiogram)

# %%
show_source(twelve_leads)

# %% [markdown]
# The other four leads follow from I and II, by the laws of Einthoven and Goldberger: III = II − I, aVR = −(I + II)/2, aVL = I − II/2, aVF = II − I/2. Whatever you do to the loop, the
# leads that come back obey them. An augmentation that scales each lead by itself breaks them, and makes an ECG that no body can have.
#
# ### 3KG

# %%
show_source(ThreeKG)

# %% [markdown]
# ## The run
#
# First, what a rotation does. The loop of the whole recording is turned by 45° about the axis from front to back, as if the heart lay otherwise in the chest.

# %%
angles = torch.tensor([[0.0, 0.0, torch.pi / 4]], dtype=torch.float64)
turned = rotation_matrices(angles)[0].numpy() @ vectorcardiogram(ecg)
view = twelve_leads(turned)
stretch = slice(peak - round(1.5 * rate), peak + round(1.5 * rate))
figure, data = plot_rotated_leads(
    twelve_leads(vectorcardiogram(ecg))[:, stretch],
    view[:, stretch],
    rate=rate,
    title="The loop turned by 45° about Z",
)
chapter.show(
    figure,
    name="rotated",
    alt="Three seconds of twelve leads in grey, and over them in blue what the same places would see of the loop turned by 45 degrees: QRS complexes change their height, some their sign; the times stay.",
    data=data,
)

# %% [markdown]
# ```{margin} Try this
# In the cell above, turn about X, the axis from right to left: `[[torch.pi / 4, 0.0, 0.0]]`. Before you look:
# which leads hardly change?
# ```
#
# Heights change, and some signs; no time does. So an encoder that calls both views the same must look at what a rotation leaves: the rhythm, the durations, the shape of the loop. It
# must not care how the heart lies. Whether a diagnosis may depend on that is a question for the exercises.
#
# Now a whole view by 3KG: three random angles up to 45°, three random stretches up to 1.5, and half of each lead hidden.

# %%
recordings = twelve_lead_recordings(ptbxl)
some = np.array(recordings.signals[:256])
views = ThreeKG()(torch.from_numpy(some), torch.Generator().manual_seed(seed))
seen = views.ecg.numpy()
one, two, three, aVR, aVL, aVF = seen.swapaxes(0, 1)[:6]
both = ~views.hidden.numpy().swapaxes(0, 1)[:6].any(axis=0)
for law in (
    two - one - three,
    (one + two) / 2 + aVR,
    one - two / 2 - aVL,
    two - one / 2 - aVF,
):
    assert np.abs(law[both]).max() < 1e-5 * np.abs(seen).max()
figure, data = plot_rotated_leads(
    some[0],
    seen[0],
    rate=RATE,
    hidden=views.hidden[0].numpy(),
    title="A view by 3KG",
)
chapter.show(
    figure,
    name="view",
    alt="Ten seconds of twelve leads in grey and a view of them in blue, turned and stretched, with half of each lead hidden by a grey band at a place of its own.",
    data=data,
)

# %% [markdown]
# The laws of Einthoven and Goldberger hold in all of these views wherever no lead is hidden; the cell checks it.
#
# ## What the loop can't hold
#
# Eight independent leads go in, three components come out. So something is lost before anything is turned. Take a recording to the loop and back, and ask which
# share of its variance is still there.

# %%
kept = kept_variance(np.array(recordings.signals))
people, of_whom = np.unique(recordings.patients, return_inverse=True)
by_person = np.bincount(of_whom, kept.whole) / np.bincount(of_whom)
mean = mean_of_patients(by_person[None], resamples=resamples, seed=seed)
chapter.record("loop.ptbxl.kept_variance", mean)
low, median, high = np.quantile(kept.whole, [0.05, 0.5, 0.95])
chapter.record("loop.ptbxl.kept_variance_median", float(median))
chapter.record("loop.ptbxl.kept_variance_low", float(low))
for name, of_lead in zip(TWELVE_LEADS, kept.leads.T, strict=True):
    chapter.record(f"loop.ptbxl.kept_{name.lower()}", float(np.median(of_lead)))
print(
    f"{len(kept.whole)} recordings: median {median:.3f}, "
    f"90 % of them between {low:.3f} and {high:.3f}"
)
rows = [("Share of the variance kept", "eight leads, mean", mean)]
for name, of_lead in zip(TWELVE_LEADS, kept.leads.T, strict=True):
    enough = np.bincount(of_whom, of_lead >= 0.5) / np.bincount(of_whom)
    share = mean_of_patients(enough[None], resamples=resamples, seed=seed)
    chapter.record(f"loop.ptbxl.half_kept_{name.lower()}", share)
    rows.append(("Share of recordings that keep half of a lead", name, share))
pd.DataFrame(
    {"median share kept": np.median(kept.leads, axis=0)},
    index=list(TWELVE_LEADS),
).T.round(2)

# %%
figure, data = plot_intervals(rows)
chapter.show(
    figure,
    name="kept",
    alt="Mean share of the variance of a recording that the way to the loop and back keeps, and for each lead the share of recordings in which at least half of its variance stays, with 95 % intervals by patients.",
    data=data,
)

# %% [markdown]
# On average {glue:text}`loop.ptbxl.kept_variance:.3f` of the variance stays; of one recording in twenty less than {glue:text}`loop.ptbxl.kept_variance_low:.2f`. The leads
# differ: II keeps {glue:text}`loop.ptbxl.kept_ii:.2f`, aVL only {glue:text}`loop.ptbxl.kept_avl:.2f`. Half or more of I is left in {glue:text}`loop.ptbxl.half_kept_i:.2f` of the recordings, of aVL in {glue:text}`loop.ptbxl.half_kept_avl:.2f`. Look at the
# matrix: II gives nearly all of Y, while X is made of V4 to V6 more than of I.
# **What 3KG throws away, no encoder trained on its views has to notice.**
#
# ## The number against the paper's

# %%
chapter.claims()

# %% [markdown]
# ```{admonition} Our own choices
# :class: note
# - The inverse Dower matrix as Edenbrandt and Pahlm printed it; the way back is its pseudo-inverse, so that loop → leads → loop is exact.
# - Angles, stretches and the hidden half as in a public implementation of 3KG. Rotation about X, then Y, then Z, then the stretch.
# - Hidden samples are 0. Nothing is scaled anew after that.
# - Recordings at 100 samples a second, 0.5–40 Hz; the first two figures at 500.
# ```

# %% tags=["hide-input"]
assert np.allclose(INVERSE_DOWER @ DOWER, np.eye(3), atol=1e-9)
again = vectorcardiogram(twelve_leads(loop))
assert np.allclose(again, loop, atol=1e-9), "loop, leads, loop"
chapter.close()

# %% [markdown]
# ## Exercises

# %% [markdown]
# ```{exercise-start} Two arms exchanged
# :label: exercise-loops-arms
# ```
# *Ten minutes.* Somebody exchanges the electrodes of both arms. What happens to I, II and the loop? Write a function `exchange_arms(leads)` that gives all twelve leads as they would be, in the same order, and say whether any rotation up to 45° could do the same.
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-loops-arms
# :class: dropdown
# ````

# %% tags=["solution"]
exchanged = ecg.copy()
exchanged[0] = -ecg[0]  # I
exchanged[1] = ecg[2]  # II becomes III
before, after = (vectorcardiogram(x)[:, peak] for x in (ecg, exchanged))
cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
print(
    "X, Y, Z at the R peak before:", before.round(2), "after:", after.round(2)
)
print(f"angle between them: {np.degrees(np.arccos(cosine)):.0f}°")
for words, x in (("before", ecg), ("after", exchanged)):
    print(f"share that a loop can hold, {words}: {kept_variance(x).whole:.3f}")


# %% tags=["solution"]
def exchange_arms(leads):
    """Give twelve leads as they are when the electrodes of both arms are exchanged."""
    one, two, three, avr, avl, *others = leads
    return np.stack([-one, three, two, avl, avr, *others])


# %% tags=["exercise", "check"]
swapped = exchange_arms(ecg)
assert swapped.shape == ecg.shape, (
    "exchange_arms gives twelve leads of the same length."
)
assert np.allclose(swapped[0], -ecg[0]), (
    "Lead I is left arm minus right arm: exchanged, it changes its sign."
)
assert np.allclose(exchange_arms(swapped), ecg), (
    "Exchange the arms twice, and everything is as before."
)


# %% tags=["exercise", "hidden-check"]
def leads_from(right, left, foot, chest):
    """Measure the limb leads from the potentials of the electrodes."""
    limbs = [left - right, foot - right, foot - left]
    limbs += [
        right - (left + foot) / 2,
        left - (right + foot) / 2,
        foot - (right + left) / 2,
    ]
    return np.stack([*limbs, *chest])


right, left, foot, *chest = np.random.default_rng(3).normal(size=(9, 50))
assert np.allclose(
    exchange_arms(leads_from(right, left, foot, chest)),
    leads_from(left, right, foot, chest),
), (
    "Not all twelve leads are right. Write each as potentials of electrodes, then exchange the arms."
)

# %% [markdown]
# I changes its sign, II and III change places, aVR and aVL too. The chest leads stay. So the eight leads no longer look at one vector together, as a turned loop would have them do. Compare the two shares: could a program notice
# the mistake by them, in this recording?
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} Which way is too far?
# :label: exercise-loops-axis
# ```
# *An evening.* The electrical axis is the angle of the QRS complex in the frontal plane. Beyond 90° or below −30° it is a finding. Turn the loop of this page's recording by 3KG's angles a hundred times: how often does a normal
# axis become a finding? Write a function `share_of_findings(vector, angles)`: `vector` is X, Y, Z at the R peak, `angles` has a row of three for each turn, in radians. Then ask it for a hundred other recordings with a normal axis. Where must an axis lie to be safe, and how many are?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-loops-axis
# :class: dropdown
# ````

# %% tags=["solution"]
random = np.random.default_rng(seed)
many = torch.from_numpy(random.uniform(-np.pi / 4, np.pi / 4, (100, 3)))
x, y, _ = (rotation_matrices(many).numpy() @ vectorcardiogram(ecg)[:, peak]).T
axis = np.degrees(np.arctan2(y, x))
x, y, _ = vectorcardiogram(ecg)[:, peak]
print(f"axis before: {np.degrees(np.arctan2(y, x)):.0f}°")
print(f"beyond the normal range: {((axis > 90) | (axis < -30)).mean():.0%}")


# %% tags=["solution"]
def share_of_findings(vector, angles):
    """Give the share of turns after which the axis is beyond 90° or below −30°."""
    turns = rotation_matrices(torch.as_tensor(angles, dtype=torch.float64))
    x, y, _ = (turns.numpy() @ vector).T
    axis = np.degrees(np.arctan2(y, x))
    return np.mean((axis > 90) | (axis < -30))


axes, shares = [], []
for signal in recordings.signals[:100]:
    one_loop = vectorcardiogram(np.asarray(signal, dtype=float))
    tip = one_loop[:, np.argmax(np.linalg.norm(one_loop, axis=0))]
    axes.append(np.degrees(np.arctan2(tip[1], tip[0])))
    shares.append(share_of_findings(tip, many))
by_axis = pd.DataFrame({"axis": axes, "share": shares})
by_axis = by_axis[by_axis["axis"].between(-30, 90)]
by_axis.groupby(pd.cut(by_axis["axis"], [-30, 0, 30, 60, 90]), observed=True)[
    "share"
].agg(["count", "mean"]).round(2)

# %% tags=["exercise", "check"]
still = np.zeros((10, 3))
assert share_of_findings(np.array([1.0, 0.5, 0.0]), still) == 0, (
    "Nothing was turned, and an axis of 27° is normal."
)
assert share_of_findings(np.array([-1.0, 0.1, 0.0]), still) == 1, (
    "An axis of 174° is a finding: take arctan2 of Y and X, in degrees."
)

# %% tags=["exercise", "hidden-check"]
for degrees, turn, expected in (
    (80, 20, 0.5),
    (0, 20, 0.0),
    (0, 40, 0.5),
    (30, 100, 1),
):
    tip = np.array(
        [np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0.2]
    )
    both_ways = np.radians([[0, 0, turn], [0, 0, -turn]])
    assert share_of_findings(tip, both_ways) == expected, (
        f"An axis of {degrees}° turned by {turn}° about Z, both ways, is a finding in {expected:.0%} of the turns."
    )

# %% [markdown]
# A view may carry another finding than its original. An encoder that is made to ignore the difference learns to ignore a finding. How often that happens depends on where the axis
# was. Whether it hurts is measured later in this part, on PTB-XL's superclasses.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-loops-other
#
# Name one change to a 12-lead ECG, other than a rotation, that leaves every diagnosis as it is. How would you use it as an augmentation, and which law or which plausible body
# would tell you that you went too far?
# ```
#
# ## What to read next
#
# {cite:t}`gopal2021`, for 3KG; {cite:t}`rizqyawan2026`, for what is made of the two views.
