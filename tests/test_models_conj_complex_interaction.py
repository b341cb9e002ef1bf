"""ConjComplEx's interaction: golden scores, PyKEEN's ComplEx with tied weights, PyKEEN's mixin."""

import numpy as np
import pytest
import torch
from pykeen.nn import ComplExInteraction

from pykeen_conj_hale.models import ConjComplEx

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

ConjComplExInteraction = ConjComplEx.interaction_class


def test_golden_scores(shared):
    data = np.load(shared / "golden" / "conjugate_reference.npz")
    entity, relation = (torch.from_numpy(data[f"conj_complex/{key}"]) for key in ("entity", "relation_half"))
    h, r, _ = torch.from_numpy(data["hrt"]).unbind(-1)
    expected = torch.from_numpy(data["conj_complex/score_t"])
    interaction = ConjComplExInteraction()
    for dtype, rtol in ((torch.complex128, 1e-9), (torch.complex64, 1e-4)):
        e, rel = entity.to(dtype), relation.to(dtype)
        scores = interaction.score_t(e[h], rel[r], e)
        torch.testing.assert_close(scores, expected.to(scores.dtype), rtol=rtol, atol=rtol)


def test_equals_complex_with_tied_weights():
    generator = torch.Generator().manual_seed(0)
    h, t = (torch.randn(4, 8, dtype=torch.cfloat, generator=generator) for _ in range(2))
    r = torch.randn(4, 4, dtype=torch.cfloat, generator=generator)
    ours, theirs = ConjComplExInteraction(), ComplExInteraction()
    tied = torch.cat([r, r.conj()], dim=-1)
    torch.testing.assert_close(ours.score_hrt(h, r, t), theirs.score_hrt(h, tied, t), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ours.score_t(h, r, t), theirs.score_t(h, tied, t), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ours.score_h(h, r, t), theirs.score_h(h, tied, t), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ours.score_r(h, r, t), theirs.score_r(h, tied, t), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("similarity", ["dot", "squared_distance"])
def test_gradients(similarity):
    interaction = ConjComplExInteraction(similarity=similarity)
    h, t = (torch.randn(3, 1, 4, dtype=torch.complex128, requires_grad=True) for _ in range(2))
    r = torch.randn(3, 1, 2, dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(interaction, (h, r, t.transpose(0, 1)))


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
@pytest.mark.parametrize("similarity", ["dot", "squared_distance"])
def test_half_precision(similarity):
    interaction = ConjComplExInteraction(similarity=similarity)
    h, r, t = (torch.randn(s, dtype=torch.cfloat) for s in ((3, 4), (3, 2), (7, 4)))
    scores = interaction.score_t(h.to(torch.chalf), r.to(torch.chalf), t.to(torch.chalf))
    assert scores.dtype is torch.half
    torch.testing.assert_close(scores.float(), interaction.score_t(h, r, t), rtol=2e-2, atol=2e-2)


class ConjComplExInteractionTests(cases.InteractionTestCase):
    """PyKEEN's tests; its inputs are real, for which conjugation is the identity."""

    cls = ConjComplExInteraction
    shape_kwargs = {"d": 4, "e": 2}

    def _exp_score(self, h, r, t):
        return (h * torch.cat([r, r], dim=-1) * t).sum()


class DistanceInteractionTests(cases.InteractionTestCase):
    """PyKEEN's tests with all options."""

    cls = ConjComplExInteraction
    shape_kwargs = {"d": 4, "e": 2}
    kwargs = {"similarity": "squared_distance", "relation_scale": True, "tail_bias": True}

    def _exp_score(self, h, r, t):
        (r, scale), (t, bias) = r, t
        return -torch.log1p(scale.exp()) * (h * torch.cat([r, r], dim=-1) - t).square().sum() + bias
