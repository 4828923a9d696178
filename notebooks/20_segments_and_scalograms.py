# ---
# jupyter:
#   ecgbook:
#     title: Segments and scalograms
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
# # Segments and scalograms
#
# The networks before this page read single beats, and somebody had to say where each beat is. `jeong2024` begins
# without that {cite}`jeong2024,lee2024`: a window slides over the ECG, and each piece becomes a picture of its frequencies. On this
# page you cut the pieces, name them, make the pictures by one matrix product, and look at what each kind of beat leaves in them.

# %% tags=["setup", "remove-cell"]
# A hosted notebook installs the package here; elsewhere there is nothing to do.

# %% tags=["parameters"]
scale = "smoke"
seed = 0
data_dir = ""
device = "auto"

# %% tags=["hide-input"]
import time

import numpy as np
import pandas as pd
import pywt
import torch
from tqdm.auto import tqdm

from ecglib.book import open_chapter, show_source
from ecglib.databases import aami
from ecglib.figures.scalogram import (
    ScalogramExample,
    plot_scalograms,
    plot_transform,
    plot_wavelets,
)
from ecglib.figures.segments import plot_resampled, plot_segments
from ecglib.learning.device import make_fabric
from ecglib.signals import bandpass, normalise
from ecglib.signals.labelled_segments import (
    SEGMENT_CLASSES,
    labelled_segments,
)
from ecglib.signals.rhythm_windows import rhythm_windows
from ecglib.signals.scalogram import WAVELETS, Scalogram, scalograms
from ecglib.signals.segments import (
    NO_BEAT,
    RATE,
    segment_centres,
    segment_labels,
    successive_segments,
    to_rate,
)

chapter = open_chapter(
    "20_segments_and_scalograms",
    scale=scale,
    seed=seed,
    data_dir=data_dir,
    device=device,
)
compared = {"smoke": 100, "cpu": 400, "gpu": 2000}[scale]
records = {"smoke": 4, "cpu": 12, "gpu": 48}[scale]

# %% [markdown]
# ## The claim
#
# The predecessor of `jeong2024` is by Lee and Shin (2024). Its title has the claim: ECG classification **with successive segmentation,
# without R-peak detection** (mark P: the authors' own words). A window slides over the signal. Each position gives a
# *segment*, and each segment a *scalogram*, an image of its frequencies over time (P). A beat classifier scores each scalogram, and
# $n$ of these scores side by side are the *beat-score map* (P). `jeong2024` takes over the segments and the map (P), and
# reads ten seconds at a time (P).
#
# Why would anyone do without R peaks? A program that looks for them errs most where it matters: in noise, in fast
# rhythms, in ventricular flutter, which has no QRS complex. Whatever it misses, nothing later can see. A sliding window looks at every stretch of the signal, whatever is in it.
# Still, not every beat names a segment: with the stride of this book {glue:text}`segments.mitbih.beats_without_segment:.1%` of the beats don't, all of them near an end of their ten seconds. And it
# pays with work: many segments show no beat in their middle, or half of one.
#
# The texts that we could read don't say how long a segment is, how far the window moves, at which rate, with which
# wavelet, or how a segment gets its label for training. All of this is our choice, and this page shows what each
# choice costs. So there is no number of theirs to reach here. The scores come [later](../book/claims.md).
#
# ## The idea in one picture
#
# Ten seconds of one patient. The letters above are the annotators' beats. Below lie the segments: each is a
# bar one second long, and starts a quarter of a second after the one before. They overlap, so they are drawn in four
# lanes. The dark middle of a bar, a quarter of a second wide, decides its name: a letter if a beat lies there, a dash
# if none does.

# %%
mitbih = chapter.database("mitbih")
windows = rhythm_windows(mitbih)
cut = labelled_segments(windows)
kinds = [aami.aami_classes(beats.symbols) for beats in windows.beats]
variety = [len(set(kind)) if len(kind) < 14 else 0 for kind in kinds]
example = int(np.argmax(variety))
beats = windows.beats[example]
figure, data = plot_segments(
    windows.windows[example],
    cut.labels[example],
    (beats.samples * RATE / windows.beat_rate, kinds[example]),
)
chapter.show(
    figure,
    name="idea",
    alt=f"Ten seconds of record {windows.records[example]} with the class of each beat, and below it 37 overlapping segments of one second in four lanes, each with the class of the beat in its middle or a dash.",
    data=data,
)

# %% [markdown]
# Follow one dotted line down from a beat. It crosses four segments, one in each lane. In one of them it hits the
# dark middle. So a beat is *seen* four times, at four places of the window, and gives its name once. (On the border of two middles it
# gives it twice; near an end of the ten seconds, not at all.)
#
# The middles lie side by side without a gap, from 0.375 s to 9.625 s. That is the whole rule: **the window's middle
# slides by exactly its own width.** Nobody looked for a peak to cut these. The true beats are needed for the labels, and only in
# training.
#
# ## 128 samples a second
#
# MIT-BIH has 360 samples a second, Chapman-Shaoxing 500, PTB-XL 500 or 100. One beat classifier shall read them all, so
# they must meet on one grid. We take 128 a second.
#
# A rate of $r$ samples a second holds frequencies below $r/2$. The book's filter keeps 0.5 to 40 Hz, so 80 would be the
# least, and a little more gives the filter room to fall off. 128 holds 64 Hz. It makes a second a power of two, and less than
# half as many numbers as 360. Does it lose anything? Lay the new samples on the old line.

# %%
record = mitbih.read("100")
original = bandpass(record.lead("MLII"), record.rate)
resampled = to_rate(original, record.rate)
figure, data = plot_resampled(
    original, record.rate, resampled, RATE, start=20.0, stop=22.0
)
chapter.show(
    figure,
    name="resampled",
    alt="Two seconds of record 100 between 0.5 and 40 Hz: a grey line of 360 samples a second, and on it dots of 128 samples a second.",
    data=data,
)

# %% [markdown]
# The eye is easy to please. So go there and back: 360 to 128 to 360, and subtract. What is missing was lost.

# %%
lost = []
for name in mitbih.names()[:: max(1, len(mitbih) // records)]:
    record = mitbih.read(name)
    before = bandpass(record.signal[0], record.rate)
    after = to_rate(to_rate(before, record.rate), RATE, record.rate)
    inside = slice(360, -720)
    error = after[: len(before)][inside] - before[inside]
    lost.append(1000 * np.sqrt(np.mean(error**2)))
chapter.record(
    "rate.mitbih.lost_uv",
    float(np.median(lost)),
    low=float(np.min(lost)),
    high=float(np.max(lost)),
    level=1.0,
    method="smallest and largest record",
    n=len(lost),
)
print(
    f"root mean square of what is lost: median {np.median(lost):.1f} µV of {len(lost)} records, worst {np.max(lost):.1f} µV"
)

# %% [markdown]
# The median record loses {glue:text}`rate.mitbih.lost_uv:.1f` µV. MIT-BIH's files store whole numbers, 200 to a millivolt, so one step of
# theirs is 5 µV.
#
# ## What a segment is called
#
# To train a classifier, each segment needs a label. Ours is that of **the beat nearest to the segment's centre, if it lies within
# half a stride of it**; else the segment is called "no beat". The *stride* is the time from one segment to the next.

# %%
show_source(segment_labels)

# %% [markdown]
# ```{margin} Try this
# Add to `cases` below: `"three close together": [("S", 0.85), ("N", 0.92), ("V", 1.1)]`. Before you run it: which
# segment gets which name, and is anybody left out?
# ```
#
# Rules show their character at the edges. Take two seconds of signal: five segments, centres at 0.5, 0.75, 1.0, 1.25 and
# 1.5 s, half a stride is 0.125 s. Here is what the function makes of awkward beats.

# %%
cases = {
    "on a centre": [("N", 1.0)],
    "halfway between two centres": [("N", 1.125)],
    "on the last edge": [("N", 1.625)],
    "one sample after the last edge": [("N", 1.625 + 1 / RATE)],
    "too early for any segment": [("N", 0.3)],
    "two beats, one is nearer": [("N", 0.9375), ("V", 1.03125)],
    "two equally near: the earlier": [("N", 0.90625), ("V", 1.09375)],
    "no beat at all": [],
}
samples = 2 * RATE
centres = segment_centres(samples, RATE)
table = {}
for case, marked in cases.items():
    found = segment_labels(
        [RATE * second for _, second in marked],
        [aami.AAMI_CLASSES.index(name) for name, _ in marked],
        samples,
        RATE,
    )
    where = ", ".join(f"{name} at {second:.3f}" for name, second in marked)
    table[case, where or "–"] = [
        (*aami.AAMI_CLASSES, "–")[label] for label in found
    ]
pd.DataFrame(table, index=[f"{centre:.2f} s" for centre in centres]).T

# %% [markdown]
# A beat on the border belongs to both neighbours. Of two beats that are near one centre, one stays without a segment: a V may
# vanish behind an N. And in the first and the last 0.375 s of a signal, no beat can name anything.
#
# ## How many there are, and what the stride does
#
# Now all of MIT-BIH but the four paced records: every ten seconds, normalised by itself to mean 0 and standard deviation 1, cut, and
# labelled. We do it for three strides. Half a stride is always what counts as near.
#
# To find the beats that name no segment, number the beats and let the same function hand out the numbers.

# %%
strides = {"wide_segments": 0.5, "segments": 0.25, "fine_segments": 0.125}
size, table = windows.windows.shape[1], {}
for method, stride in strides.items():
    labels = labelled_segments(windows, stride=stride).labels
    row = dict(
        zip(
            SEGMENT_CLASSES,
            np.bincount(labels.ravel(), minlength=6),
            strict=True,
        )
    )
    centres = segment_centres(size, RATE, stride=stride)
    every, nameless, overtaken, farthest = 0, 0, 0, 0.0
    for beats in windows.beats:
        at = beats.samples * RATE / windows.beat_rate
        number = segment_labels(
            at,
            NO_BEAT + 1 + np.arange(len(at)),
            size,
            RATE,
            stride=stride,
            within=stride / 2,
        )
        named = number > NO_BEAT
        number = number[named] - NO_BEAT - 1
        away = np.abs(at[number] / RATE - centres[named])
        farthest = max(farthest, away.max(initial=0.0))
        missed = np.delete(at, np.unique(number)) / RATE
        inside = (missed >= centres[0] - stride / 2) & (
            missed <= centres[-1] + stride / 2
        )
        every += len(at)
        nameless += len(missed)
        overtaken += int(inside.sum())
    share = row["no beat"] / labels.size
    chapter.record(f"{method}.mitbih.share_no_beat", share, n=labels.size)
    chapter.record(
        f"{method}.mitbih.beats_without_segment", nameless / every, n=every
    )
    chapter.record(
        f"{method}.mitbih.overtaken_beats", float(overtaken), n=every
    )
    chapter.record(f"{method}.mitbih.farthest_beat_s", farthest, n=every)
    table[f"{stride:g} s"] = {
        "segments in 10 s": len(centres),
        **{name: f"{number:,}" for name, number in row.items()},
        "share of no beat": f"{share:.1%}",
        "farthest beat from its centre": f"{farthest:.3f} s",
        "beats without a segment": f"{nameless / every:.1%}",
        "of these, behind a nearer beat": f"{overtaken:,}",
    }
print(
    f"{len(windows):,} windows of 10 s, {len(np.unique(windows.records))} records, {len(np.unique(windows.patients))} patients, {every:,} beats"
)
pd.DataFrame(table).rename_axis(columns="stride")

# %% [markdown]
# Read it from the middle column, which is the book's.
#
# **Half the stride doubles the work, not the beats.** Each beat falls into one middle, however wide it is. So 0.125 s finds no more beats
# than 0.25 s. It only adds segments without one: {glue:text}`fine_segments.mitbih.share_no_beat:.2f` of all in place of
# {glue:text}`segments.mitbih.share_no_beat:.2f`.
#
# **It centres them better.** A beat lies {glue:text}`segments.mitbih.farthest_beat_s:.3f` s from its centre at most, and with the finer stride
# {glue:text}`fine_segments.mitbih.farthest_beat_s:.3f` s. So a classifier of the coarser segments must recognise a beat wherever in a quarter of a
# second it lies.
#
# **It loses more beats, not fewer.** The share of beats that name no segment is
# {glue:text}`segments.mitbih.beats_without_segment:.3f` with the middle stride, and {glue:text}`fine_segments.mitbih.beats_without_segment:.3f` with the fine one. They lie at the two
# ends of their ten seconds: a segment's centre comes no nearer to an end than half a second, and a narrower middle reaches less far beyond it. A beat behind a nearer one
# is another matter. The last row counts them: with half a second it happens
# {glue:text}`wide_segments.mitbih.overtaken_beats:.0f` times, with a quarter {glue:text}`segments.mitbih.overtaken_beats:.0f` times. To share a middle, two beats must come within
# one stride of each other, and hardly a heart beats four times a second.
#
# So a quarter of a second is the widest of the three strides that loses no beat to its neighbour. [The rhythm classifier](23_rhythm_classifier.ipynb) needs a finer
# one all the same, and says why.
#
# One thing in the table is easy to overlook. Q has next to nothing: the four records with a pacemaker, which hold nearly all of it, are left out, as
# everywhere in this book where patients are new. No classifier will learn Q from these.
#
# ### "No beat" is not silence
#
# The label says that the annotators marked no beat there. Look at ventricular flutter: they mark its beginning and
# its end, and between them waves, which are no beats.

# %%
for rhythm in sorted(set(windows.rhythms)):
    rows = np.flatnonzero(windows.rhythms == rhythm)
    share = (cut.labels[rows] == NO_BEAT).mean()
    if rhythm:
        print(
            f"{rhythm:5s} {len(rows):6,} windows of {len(set(windows.patients[rows])):2d} patients: {share:.0%} of the segments without beat"
        )

# %% [markdown]
# A classifier that is trained on windows of flutter (VFL) learns to call it "no beat", as it calls the line between two
# beats. That is a fact about the labels, not about the heart. Remember it when you read [the maps](22_beat_score_maps.ipynb).
#
# ## What a wavelet is
#
# A scalogram answers: *how strong is each frequency at each moment?* A Fourier transform knows frequencies and
# no moments. A **wavelet** is a short piece of an oscillation: it wiggles, and it ends. Ours is Morlet's, a
# complex wave under a bell:
#
# $$ \psi(t) = \frac{1}{\sqrt{\pi B}}\; e^{-t^2/B}\; e^{2\pi i C t} $$
#
# Here $t$ is time, $B = 1.5$ the width of the bell, $C = 1$ the number of wiggles in one unit of time, and $i$ the imaginary
# unit. Stretch it by a *scale* $a$, in seconds, and it wiggles $f = C/a$ times a second. That is the frequency it listens to.

# %%
figure, data = plot_wavelets(WAVELETS["cmor1.5-1.0"], [2.0, 8.0, 32.0])
chapter.show(
    figure,
    name="wavelets",
    alt="Morlet's complex wavelet at 2, 8 and 32 Hz over two seconds: real part, imaginary part a quarter of a wave behind it, and their size, a bell; the higher the frequency, the narrower.",
    data=data,
)

# %% [markdown]
# (These curves are drawn from the formula. No recording is in them, although the line below the figure says "real data".)
#
# All three have the same shape. A low frequency needs a long look, a high one a short look. In numbers: the wavelet of
# frequency $f$ spreads over $0.61/f$ seconds and over $0.13 f$ hertz (the standard deviations of its squared size and of that of its
# spectrum). At 10 Hz that is 0.06 s and 1.3 Hz. A QRS complex lasts about 0.1 s: it can be placed. At 2 Hz it is 0.3 s: a T wave can be
# noticed, hardly placed.
#
# Why complex? The real part is large when the signal is in step with it, and zero a quarter of a wave later. The imaginary
# part is then at its largest. The size of both together tells how strong the frequency is, in step or not.
#
# ## The transform is a matrix
#
# The continuous wavelet transform slides the stretched wavelet along the signal $x$, and multiplies and sums at each moment $b$:
#
# $$ W(a, b) = \frac{1}{\sqrt{a}} \int x(t)\; \overline{\psi\!\left(\frac{t-b}{a}\right)}\; dt $$
#
# The bar stands for the complex conjugate. For samples, the integral is a sum: a number for each sample, times that sample. The numbers don't depend on the signal. So write
# them into a matrix $M$, one row for each scale $a$ and moment $b$, one column for each sample:
#
# $$ w = M x $$
#
# ```{margin} Try this
# In the cell below, take a normal beat: `index("N")`. Before you run it: which of the three strengths on the
# right grows, and which falls?
# ```
#
# That is all. A **scalogram** is the size $|w|$ of the result, as an image. The picture has one segment at the top, under it the rows
# of $M$ for three frequencies, and to the right what they make of the segment.

# %%
transform = Scalogram()
rows, places = np.nonzero(cut.labels == aami.AAMI_CLASSES.index("V"))
shown = cut.segments[rows[0], places[0]]
figure, data = plot_transform(transform, shown, [2.0, 8.0, 32.0])
chapter.show(
    figure,
    name="matrix",
    alt="A segment with a ventricular beat; below it three blocks of a matrix whose rows are wavelets of 2, 8 and 32 Hz, each row moved a little to the right; beside each block the sums that its rows give and their strength.",
    data=data,
)

# %% [markdown]
# Each row of a block is the wavelet, moved to its moment. The fine speckle comes from `pywt`, whose recipe our entries
# follow: it looks the wavelet up in a table of 4,096 places, without interpolation. Go down a block, and the wavelet walks along the
# segment. At the ends it hangs over: there is no signal, and the product counts zeros. In a segment of one second, the wavelet of 2 Hz
# hangs over wherever it stands. Keep that in mind.
#
# In `ecglib` the matrix is a fixed part of the network, so that scalograms are made on whatever device trains.

# %%
show_source(Scalogram)

# %%
strengths = transform(torch.from_numpy(shown.copy())[None])
print(
    f"matrix {tuple(transform.matrix.shape)}, {transform.matrix.numel() * 4 / 2**20:.1f} MiB; a segment {shown.shape} becomes {tuple(strengths.shape[1:])}"
)

# %% [markdown]
# 32 frequencies from 1 to 40 Hz, each the same factor above the one before, and every fourth moment: that thins the time
# to 32 columns, and loses little, because the size changes slowly. The size of a real wavelet's transform would swing twice in each wave, and could not be thinned.
#
# ## Is it the same as pywt's?
#
# `pywt.cwt` of PyWavelets {cite}`lee2019pywavelets` is what most people use. It never writes a matrix, but it can be made to. Whatever is linear is
# known by what it does to single samples: let it transform 128 segments that are zero but for one sample, a one, each
# at another place. Its answers are the columns of its matrix.

# %%
scales = transform.scales
impulses = np.eye(len(shown))
theirs, frequencies = pywt.cwt(
    impulses,
    scales,
    "cmor1.5-1.0",
    sampling_period=1 / RATE,
    method="conv",
    axis=-1,
)
theirs = theirs.transpose(1, 0, 2)[..., ::4].reshape(len(shown), -1)
theirs = np.concatenate([theirs.real, theirs.imag], axis=1)
ours = transform.matrix.numpy()
entries = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
chapter.record("scalogram.pywt.largest_entry_difference", entries)
assert np.allclose(frequencies, transform.frequencies)
print(f"largest difference of an entry, over the largest entry: {entries:.1e}")

# %% [markdown]
# Now segments of patients, and the finished scalograms. The same segments three ways, on one core; each time is the best of three. Wall time
# is what you wait, processor time what the work takes when other programs run too. `pywt` gets
# them twice: in single precision (`float32`), as the book keeps its signals, and in double (`float64`), which here is the truth.

# %%
random = np.random.default_rng(seed)
chosen = random.integers(0, cut.labels.shape, size=(compared, 2)).T
some = cut.segments[chosen[0], chosen[1]]
wall, work, made = {}, {}, {}
threads = torch.get_num_threads()
torch.set_num_threads(1)
for _ in range(3):
    for name in ("pywt.cwt, float32", "pywt.cwt, float64", "matrix product"):
        began, worked = time.perf_counter(), time.process_time()
        if name == "matrix product":
            made[name] = scalograms(some, transform, progress=False)
        else:
            given = some.astype(name[-7:])
            found, _ = pywt.cwt(
                given, scales, "cmor1.5-1.0", method="conv", axis=-1
            )
            made[name] = np.abs(found).transpose(1, 0, 2)[..., ::4]
        worked = time.process_time() - worked
        began = time.perf_counter() - began
        work[name] = min(worked, work.get(name, worked))
        wall[name] = min(began, wall.get(name, began))
torch.set_num_threads(threads)
truth = made["pywt.cwt, float64"]
apart = {
    name: float(np.abs(found - truth).max() / truth.max())
    for name, found in made.items()
}
difference = apart["matrix product"]
chapter.record("scalogram.pywt.largest_difference", difference, n=compared)
chapter.record(
    "pywt_single.pywt.largest_difference",
    apart["pywt.cwt, float32"],
    n=compared,
)
assert difference < 1e-4, "not the transform of pywt"
pd.DataFrame(
    {
        "wall (ms)": {n: f"{1000 * t:.1f}" for n, t in wall.items()},
        "processor (ms)": {n: f"{1000 * t:.1f}" for n, t in work.items()},
        "times as much work": {
            n: f"{t / work['matrix product']:.0f}" for n, t in work.items()
        },
        "largest difference": {
            name: f"{value:.1e}" for name, value in apart.items()
        },
    }
).rename_axis(f"{compared} segments")

# %% [markdown]
# The differences are shares of the largest strength. The product agrees with `pywt` in double precision to
# {glue:text}`scalogram.pywt.largest_difference:.0e`, though it is calculated in single. `pywt` itself does not: given single precision, it is off by
# {glue:text}`pywt_single.pywt.largest_difference:.0e`. It rounds the wavelet's places and sums to seven digits, and then takes differences of them. That is a trap,
# because nothing warns you: hand `pywt` double precision. Our matrix is made in double precision and rounded once, at the end.
#
# The times are those of one moment on one machine that may be doing other things, so they are printed and not recorded. The careful figure, with
# `ptwt` beside it, is in `benchmarks/RESULTS.md`.
#
# Why is the product faster? `pywt` convolves each segment with each scale by itself: thousands of small jobs. The wavelet of
# 1 Hz is sixteen seconds long there, most of it beyond the segment, and all of it is multiplied. The matrix holds only what meets the segment at a moment that is kept. And it
# is one large job; nothing on a computer is as well tuned as a matrix product.
#
# ## The run: every scalogram of MIT-BIH
#
# All of them at once would not be wise. Here is what they would take.

# %%
segments, (_, height, width) = cut.labels.size, strengths.shape
per_segment = 4 * height * width
working = 4 * (len(shown) + transform.matrix.shape[1] + height * width)
memory = pd.DataFrame(
    {
        "all kept": {
            f"{batch:,} at a time": per_segment * segments / 2**20
            for batch in (256, 4096, segments)
        },
        "while working": {
            f"{batch:,} at a time": working * batch / 2**20
            for batch in (256, 4096, segments)
        },
    }
)
memory.round(0).astype(int).rename_axis("MiB").map("{:,}".format)

# %% [markdown]
# The right column is bounded by the batch, and the left one needs never be paid: make the scalograms where they are
# used, and forget them. The segments themselves cost nothing, because they are a *view*: 37 overlapping looks at the
# same ten seconds. So the beat classifier of the next page takes segments, and has the matrix as its first layer. Whoever wants to keep scalograms gives `scalograms` a
# file to write to.
#
# Here we add up, batch by batch, for each patient and class, and keep only the sums.

# %%
here = make_fabric(device)[0].device
transform = transform.to(here)
people, person = np.unique(windows.patients, return_inverse=True)
group = person[:, None] * len(SEGMENT_CLASSES) + cut.labels
groups = len(people) * len(SEGMENT_CLASSES)
sums = torch.zeros(groups, height, width, device=here)
shapes = torch.zeros(groups, len(shown), device=here)
with torch.inference_mode():
    for start in tqdm(range(0, len(cut), 100), unit="batch"):
        batch = cut.segments[start : start + 100].reshape(-1, len(shown))
        x = torch.from_numpy(np.ascontiguousarray(batch)).to(here)
        to = torch.from_numpy(group[start : start + 100].ravel()).to(here)
        sums.index_add_(0, to, transform(x))
        shapes.index_add_(0, to, x)
number = np.bincount(group.ravel(), minlength=groups)
number = number.reshape(len(people), len(SEGMENT_CLASSES))

# %% [markdown]
# ## What the classes look like
#
# The mean scalogram of each class. First the mean of each patient's segments, then the mean over patients, so that nobody counts more for having more
# ectopic beats. The line on top is the mean segment, made the same way. Each title counts segments and patients. Inside the dashed lines the wavelet's bell (to where it has fallen to
# $1/e$) lies within the segment; outside, it hangs over an end. The grey grows with the root of the strength, so that weak things show too.

# %%
examples, table = [], {}
for label, name in enumerate(SEGMENT_CLASSES):
    have = number[:, label] > 0
    if not have.any():
        continue
    of_class = np.flatnonzero(have) * len(SEGMENT_CLASSES) + label
    counted = number[have, label]
    image = sums[of_class].cpu().numpy() / counted[:, None, None]
    line = shapes[of_class].cpu().numpy() / counted[:, None]
    patients = f"{len(counted)} patient{'s' if len(counted) > 1 else ''}"
    examples.append(
        ScalogramExample(
            f"{name}: {counted.sum():,}\n{patients}",
            line.mean(axis=0),
            image.mean(axis=0),
            name,
        )
    )
    middle = image.mean(axis=0)[:, width // 2]
    table[name] = {
        "strongest at (Hz)": transform.frequencies[middle.argmax()],
        "strength there": middle.max(),
        "strength at 20 Hz": middle[
            np.abs(transform.frequencies - 20).argmin()
        ],
    }
figure, data = plot_scalograms(
    examples, transform.frequencies, np.sqrt(1.5) / transform.frequencies
)
chapter.show(
    figure,
    name="classes",
    alt="Mean segment and mean scalogram of N, S, V, F, Q and no-beat segments, frequency from 1 to 40 Hz on a logarithmic axis, time within half a second of the centre, in shades of grey.",
    data=data,
)

# %%
for name, row in table.items():
    short = name.replace(" ", "_")
    chapter.record(
        f"scalogram.mitbih.peak_hz_{short}", row["strongest at (Hz)"]
    )
    chapter.record(f"scalogram.mitbih.strength_{short}", row["strength there"])
pd.DataFrame(table).T.round(1)

# %% [markdown]
# **V is a beat of low frequencies.** In the middle it is strongest at {glue:text}`scalogram.mitbih.peak_hz_V:.1f` Hz, with a strength of
# {glue:text}`scalogram.mitbih.strength_V:.1f`. N is strongest at {glue:text}`scalogram.mitbih.peak_hz_N:.1f` Hz, with {glue:text}`scalogram.mitbih.strength_N:.1f`. A ventricular beat
# is wide and tall; a normal QRS is a narrow column that reaches past 20 Hz. But mind the dashes: V's darkest place lies where the
# wavelet hangs over both ends.
#
# **S looks like N.** What makes a beat S is where it began, above the ventricles but not in the sinus node. In most people it then comes early, and one second around it shows little of that.
# **F lies between** N and V, as its definition says: V's dark band below, and something of N's column above it. **No beat** is nearly white in the middle above 5 Hz, where the others are dark, and grey at
# both sides, where the neighbours' QRS complexes reach in. Don't read anything into **Q**: so few segments.
#
# **The mean segments are nearly flat**, and the scalograms are not. A beat lies up to an eighth of a second beside the centre, upright in one
# patient and upside down in the next, so the means cancel. Strength has no sign and changes slowly: a beat that is moved a little, or turned over, has nearly the same
# scalogram. That is what a scalogram is good for. Whether a network needs it, or finds as much in the raw segment, this page can't say.
#
# ## The number against the paper's
#
# There is none for segments or scalograms. What they lead to is compared on the pages that follow.

# %%
chapter.claims()

# %% [markdown]
# ```{admonition} Our own choices
# :class: note
# - **128 samples a second**, by a filter that keeps every wave in its place.
# - **Segments of 1 s**, long enough for a beat with its P and T wave, and mostly too short for two.
# - **A stride of 0.25 s**, so $n = 37$ segments in 10 s.
# - **The label**: the beat nearest to the centre within half a stride, else "no beat"; of two equally near, the earlier. The papers don't
#   say how segments are labelled, nor whether "no beat" is a class of theirs.
# - **Five AAMI classes** and "no beat"; the four paced records are left out.
# - **Each ten seconds normalised by itself**, not each segment: a V stays taller than its neighbours, and the line between beats stays flat.
# - **The wavelet** `cmor1.5-1.0`, 32 frequencies from 1 to 40 Hz on a logarithmic grid, every fourth moment, strengths as they are, no logarithm.
# - **Zeros around each segment**, as `pywt.cwt` has them.
# ```

# %% tags=["hide-input"]
assert cut.labels.shape[1] == 37
assert table["V"]["strength there"] > table["no beat"]["strength there"]
chapter.close()

# %% [markdown]
# ## Exercises
#
# ```{exercise-start} Cut last
# :label: exercise-cut-last
# ```
# *An evening.* Our segments are cut first and transformed then, so the wavelet meets zeros at their ends. Do it the other way: transform
# the whole ten seconds with `pywt.cwt`, and cut the scalogram. At which frequencies, and where in the segment, do the two differ
# most? Which way needs less work, and why would a program that reads a running ECG still prefer the first?
# Go through ten records, and draw the difference over the distance from the segment's end, for a low and a high frequency: from which
# distance on is a coefficient to be trusted?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-cut-last
# :class: dropdown
# ````

# %% tags=["solution"]
whole = normalise(windows.windows[example])
long, _ = pywt.cwt(whole, scales, "cmor1.5-1.0", method="conv")
long = successive_segments(np.abs(long).astype(np.float32), RATE)
short = scalograms(cut.segments[example], transform.cpu(), progress=False)
short = short.transpose(1, 0, 2)
apart = (
    np.abs(short - long[..., ::4]).mean(axis=1)
    / long.mean(axis=(1, 2))[:, None]
)
pd.DataFrame(
    {
        f"{moment:.2f} s": apart[:, column]
        for column, moment in enumerate(transform.times)
        if column in (0, 4, 8, 16, 24, 28, 31)
    },
    index=[f"{frequency:.1f} Hz" for frequency in transform.frequencies],
).iloc[::4].round(2)

# %% [markdown]
# Each cell is the mean difference over the mean strength of its row. At 20 Hz only the outermost columns differ. At 1 Hz everything
# does: the wavelet is longer than the segment. Cutting last is less work, because four overlapping segments share their columns. But it needs the future: the column of a low
# frequency is finished only when a second more has been seen. And a classifier of segments could then no longer read a segment alone.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise-start} A wavelet with more wiggles
# :label: exercise-more-wiggles
# ```
# *Ten minutes.* Use `pywt.cwt` with `"cmor6.0-1.0"`, a bell twice as wide, and with `"cmor0.5-1.0"` on the segment with the ventricular
# beat. Draw both with `plot_scalograms`. What becomes sharper, and what gets blurred? Would you take one of them for QRS complexes?
# ```{exercise-end}
# ```

# %% [markdown]
# ````{solution-start} exercise-more-wiggles
# :class: dropdown
# ````

# %% tags=["solution"]
drawn = []
for width_of_bell in (0.5, 1.5, 6.0):
    values, _ = pywt.cwt(
        shown, scales, f"cmor{width_of_bell}-1.0", method="conv"
    )
    size_of = np.abs(values)[:, ::4]
    drawn.append(
        ScalogramExample(
            f"V\nB = {width_of_bell}", shown, size_of / size_of.max()
        )
    )
figure, data = plot_scalograms(
    drawn, transform.frequencies, np.sqrt(1.5) / transform.frequencies
)
chapter.show(
    figure,
    name="more_wiggles",
    alt="One ventricular beat by wavelets with a narrow, the usual and a wide bell.",
    data=data,
)

# %% [markdown]
# (The dashed lines are those of the usual bell.) A narrow bell tells *when*, a wide one *which frequency*. The product of the two spreads is the same for all three: $1/4\pi$, and no
# function does better. A QRS complex is short, so a narrow bell suits it.
#
# ````{solution-end}
# ````

# %% [markdown]
# ```{exercise} A question without code
# :label: exercise-labels-from-segments
#
# A colleague labels each segment by the beat nearest to its centre, however far away it is, so that nothing is called "no beat". What does
# the classifier then see under the name N? Think of a patient with 40 beats a minute. What happens to the map in a pause of three
# seconds?
# ```
#
# ## What to read next
#
# {cite:t}`torrence1998` for wavelets, their scales and their ends. [The next page](21_beat_classifier_and_its_patients.ipynb) gives the segments
# to a network.
