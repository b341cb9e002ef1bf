"""Embeddings of entities: draw a sample, measure their uniformity, find clusters, project them to a plane."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from ...embeddings import LabeledEmbeddings

__all__ = ["Array", "clusters", "project", "sample_labels", "uniformity", "vectors"]

#: Of the sample, of k-means and of t-SNE
SEED: Final = 0

Array = NDArray[np.float64]


def sample_labels(labels: Iterable[Sequence[str]], size: int) -> list[str]:
    """Draw entities that all have, always the same ones.

    :param labels: the labels that each has, in any order
    :param size: how many to draw, if there are as many
    :return: the labels drawn, in random order
    """
    common = sorted(set.intersection(*map(set, labels)))
    order = np.random.default_rng(SEED).permutation(len(common))
    return [common[i] for i in order[:size]]


def vectors(embeddings: LabeledEmbeddings, labels: Sequence[str]) -> Array:
    """Look up the embeddings of entities, complex ones as the real vectors of their parts.

    :param embeddings: the embeddings
    :param labels: the entities
    :return: shape: ``(len(labels), d)``
    :raises LookupError: if there are no embeddings of entities, or none of a label
    :raises ValueError: if there are values that are not finite
    """
    rows = embeddings.rows("entity.0", labels)
    rows = torch.view_as_real(rows) if rows.is_complex() else rows
    if not rows.isfinite().all():
        raise ValueError("entity.0 has values that are not finite.")
    return rows.reshape(len(labels), math.prod(rows.shape[1:])).double().numpy()


def uniformity(x: Array) -> float:
    r"""Measure how uniformly directions are spread over the sphere: the lower, the more.

    .. math::
        \ln \operatorname{mean}_{i < j} \exp(-2 \|u_i - u_j\|^2), \qquad u_i = x_i / \|x_i\|

    It is 0 where all directions are the same, and never below -8.

    Its definition is that of Wang and Isola (2020, https://arxiv.org/abs/2005.10242).

    :param x: shape: ``(n, d)``, n > 1; zero stays zero
    :return: the measure
    """
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    u = np.divide(x, norms, out=np.zeros_like(x), where=norms > 0)
    return math.log(np.exp(-2.0 * pdist(u, "sqeuclidean")).mean())


def clusters(x: Array, k: int) -> NDArray[np.int64]:
    """Sort vectors into clusters by k-means.

    :param x: shape: ``(n, d)``
    :param k: the number of clusters; fewer if there are fewer different vectors
    :return: shape: ``(n,)``, from 0 for the largest cluster on
    """
    from sklearn.cluster import KMeans  # type: ignore[import-untyped]

    found = KMeans(min(k, len(np.unique(x, axis=0))), n_init=10, random_state=SEED).fit_predict(x)
    rank = np.argsort(np.argsort(-np.bincount(found), kind="stable"))
    return np.asarray(rank[found], dtype=np.int64)


def project(x: Array) -> Array:
    """Lay vectors out in a plane by t-SNE, from their principal components.

    :param x: shape: ``(n, d)``, n > 2
    :return: shape: ``(n, 2)``; zeros where all vectors are one
    """
    from sklearn.manifold import TSNE  # type: ignore[import-untyped]

    magnitude = np.abs(x).max()
    x = x - x.mean(axis=0)
    scale = np.abs(x).max()
    if scale <= 1e-9 * magnitude:  # collapsed but for rounding: scikit-learn would divide by zero, and crash
        return np.zeros((len(x), 2))
    if x.shape[1] < 2:
        x = np.pad(x, ((0, 0), (0, 1)))  # as there are to be two principal components
    tsne: Any = TSNE(init="pca", perplexity=min(30.0, (len(x) - 1) / 3), random_state=SEED)
    return np.asarray(tsne.fit_transform(x / scale), dtype=np.float64)
