"""Beat-SSL's objective: contrast recordings, and contrast their beats, with hard targets or soft ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, get_args

import torch
from torch import Tensor, nn

from ecglib.errors import ECGError
from ecglib.learning.nt_xent import nt_xent
from ecglib.learning.pretraining_set import PretrainingBatch
from ecglib.learning.pseudo_labels import NO_CLASS
from ecglib.learning.region_pooling import pool_regions
from ecglib.learning.soft_targets import hard_beat_targets
from ecglib.learning.threekg import ThreeKG
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.projector import Projector

Targets = Literal["hard", "soft_1", "soft_2"]

REACH = 40
"""Samples that a beat's region reaches to either side of its R peak: 0.4 s at 100 samples a second."""

BINS = 10
"""Parts of a beat's region, one for each step of the encoder."""

MOST_BEATS = 1024
"""Beats of a batch that are contrasted at most; of more, so many are drawn."""


class Likeness(Protocol):
    """What the soft targets need of a similarity: how far each row is like each other, raised to an exponent."""

    def soft_targets(self, a: Tensor, b: Tensor, exponent: float) -> Tensor:
        """Give numbers from 0 to 1, shape (rows of a, rows of b)."""


class RhythmAndBeatContrast(nn.Module):
    """Contrast two 3KG views of each recording as wholes, and beat by beat: Beat-SSL, 3KG and all its ablations.

    Parameters
    ----------
    channels : int
        Channels of the encoder's features.
    rhythm : {"hard", "soft_1", "soft_2"}
        Targets between recordings. Hard: only the other view of the same recording. Soft: as far as their features
        of that name are alike.
    beat : {"hard", "soft_1", "soft_2"} or None
        Targets between beats; None leaves beats out, and with a hard rhythm that is 3KG. Hard: beats to which the
        classifier gave the same name.
    exponent : float
        To which soft targets are raised: 1 leaves them, 50 keeps only the closest.
    rhythm_similarity, beat_similarity : Likeness, optional
        ``FeatureSimilarity`` or ``ShapeSimilarity``, fitted on the pretraining set; needed where that part is soft.
    dimensions : int
        Of the embeddings that the loss compares.
    views : ThreeKG, optional
        Makes a view; None takes 3KG's values.

    Raises
    ------
    ECGError
        If there are no such targets, a similarity is missing, or a batch lacks what a target needs.

    Notes
    -----
    Both views go through the encoder. A recording's embedding is a projection of the features' mean over time; a
    beat's is a projection of the features from 0.4 s before to 0.4 s after its R peak, which the views don't move.
    The two losses are added. Targets come of the original recordings. With hard targets, beats that the classifier
    couldn't name take no part: as beats like no other they would teach only where a recording begins. A batch without
    beats has the rhythm's loss only.
    Source: rizqyawan2026, figure 1 and ablation table; what tells soft_1 from soft_2, region, layers and equal
    weights are our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> batch = PretrainingBatch(
    ...     torch.randn(4, 12, 1000), torch.arange(4), torch.tensor([0, 0, 2]), torch.tensor([100, 190, 500]),
    ...     pseudo_labels=torch.tensor([0, 2, 0]),
    ... )
    >>> RhythmAndBeatContrast(beat="hard")(ECGEncoder(), batch, torch.Generator().manual_seed(0)).shape
    torch.Size([])
    """

    def __init__(
        self,
        channels: int = 128,
        *,
        rhythm: Targets = "hard",
        beat: Targets | None = None,
        exponent: float = 50.0,
        rhythm_similarity: Likeness | None = None,
        beat_similarity: Likeness | None = None,
        dimensions: int = 64,
        views: ThreeKG | None = None,
    ) -> None:
        super().__init__()
        known = get_args(Targets)
        missing = (rhythm != "hard" and rhythm_similarity is None) or (beat in known[1:] and beat_similarity is None)
        if rhythm not in known or beat not in (None, *known) or missing or not exponent > 0:
            raise ECGError(
                "no such contrast",
                expected=f"targets among {', '.join(known)}, a similarity for each soft one, an exponent above 0",
                found=f"rhythm {rhythm}, beat {beat}, exponent {exponent}{', a similarity missing' * missing}",
                remedy="fit the similarity on the pretraining set, and pass it",
            )
        self.rhythm, self.beat, self.exponent = rhythm, beat, exponent
        self.rhythm_similarity, self.beat_similarity = rhythm_similarity, beat_similarity
        self.views = ThreeKG() if views is None else views
        self.of_rhythm = Projector(channels, channels, dimensions)
        self.of_beat = None if beat is None else Projector(channels * BINS, channels, dimensions)

    def forward(self, encoder: ECGEncoder, batch: PretrainingBatch, generator: torch.Generator) -> Tensor:
        """Give the loss of a batch; the generator decides the views, and which beats of very many."""
        features = encoder(torch.cat([self.views(batch.x, generator).ecg for _ in range(2)]))
        likeness = None
        if self.rhythm_similarity is not None and self.rhythm != "hard":
            known = _needed(batch.recording_features, self.rhythm)
            likeness = self.rhythm_similarity.soft_targets(known, known, self.exponent)
        first, second = self.of_rhythm(features.mean(dim=2)).chunk(2)
        loss = nt_xent(first, second, likeness)
        if self.of_beat is None:
            return loss

        beats = self._contrasted(batch)
        drawn = torch.randperm(len(beats), generator=generator, device=generator.device)[:MOST_BEATS]
        chosen = beats[drawn.to(beats.device)]
        places = (batch.recording[chosen], batch.sample[chosen] / encoder.step)
        regions = [pool_regions(view, *places, REACH / encoder.step, BINS).flatten(1) for view in features.chunk(2)]
        first, second = (self.of_beat(region) for region in regions)
        return loss + nt_xent(first, second, self._beat_targets(batch, chosen))

    def _contrasted(self, batch: PretrainingBatch) -> Tensor:
        """Give the beats that take part: with hard targets, those to which the classifier gave a name."""
        if self.beat != "hard":
            return torch.arange(len(batch.sample), device=batch.sample.device)
        if batch.pseudo_labels is None:
            raise _lacks("pseudo-labels")
        return (batch.pseudo_labels != NO_CLASS).nonzero().squeeze(1)

    def _beat_targets(self, batch: PretrainingBatch, chosen: Tensor) -> Tensor:
        if self.beat_similarity is not None and self.beat != "hard":
            known = _needed(batch.beat_features, str(self.beat))[chosen]
            return self.beat_similarity.soft_targets(known, known, self.exponent)
        assert batch.pseudo_labels is not None
        return hard_beat_targets(batch.pseudo_labels[chosen])


def _needed(features: Mapping[str, Tensor], name: str) -> Tensor:
    if name not in features:
        raise _lacks(f"features for {name}")
    return features[name]


def _lacks(what: str) -> ECGError:
    return ECGError(
        f"a batch without {what}",
        expected=f"a pretraining set with {what}",
        found="none",
        remedy="compute them for the whole set before pretraining, or choose other targets",
    )
