"""Scores of heads: built per relation, they equal those of triples, one by one."""

import pytest
import torch
from pykeen.models import ERModel, model_resolver
from pykeen.triples import KGInfo

from pykeen_conj_hale.models import MODELS, ConjComplEx, HypER, RotE, RotH, RotL

INFO = KGInfo(num_entities=11, num_relations=4, create_inverse_triples=False)
#: Relations in no order; one is there once, one not at all
ROWS = torch.tensor([[2, 3], [0, 1], [2, 10], [0, 0], [3, 3], [2, 3]])
BIASES = dict(relation_scale=True, tail_bias=True, head_bias=True)


def make(model, **options):
    torch.manual_seed(0)
    options |= {} if model is HypER else {"embedding_dim": 8}
    made = model_resolver.make(model, triples_factory=INFO, random_seed=0, **options).double()
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.is_floating_point():
                parameter.add_(0.1 * torch.randn_like(parameter))
    return made


@pytest.mark.parametrize(
    ("model", "options"), [*((m, {}) for m in MODELS), (RotE, BIASES), (RotH, BIASES), (ConjComplEx, BIASES)]
)
def test_they_are_those_of_triples(model, options):
    made = make(model, **options).eval()
    scores = made.score_h(ROWS)
    heads = torch.arange(INFO.num_entities)
    for row, (relation, tail) in enumerate(ROWS.tolist()):
        triples = torch.stack([heads, torch.full_like(heads, relation), torch.full_like(heads, tail)], dim=-1)
        torch.testing.assert_close(scores[row], made.score_hrt(triples)[:, 0], atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("model", [RotL, RotH, ConjComplEx])
def test_gradients_are_those_of_pykeens_broadcast(model):
    made = make(model, **BIASES)
    weights = torch.randn(len(ROWS), INFO.num_entities, dtype=torch.float64)
    ours, pykeens = (
        torch.autograd.grad((scores * weights).sum(), list(made.parameters()))
        for scores in (made.score_h(ROWS), ERModel.score_h(made, ROWS))
    )
    torch.testing.assert_close(ours, pykeens, atol=1e-7, rtol=1e-5)


def test_candidates_and_slices():
    made = make(RotL).eval()
    scores, some = made.score_h(ROWS), torch.tensor([7, 0, 7])
    torch.testing.assert_close(made.score_h(ROWS, heads=some), scores[:, some])
    torch.testing.assert_close(made.score_h(ROWS, slice_size=4), scores)
    per_row = torch.randint(INFO.num_entities, (len(ROWS), 3))
    torch.testing.assert_close(made.score_h(ROWS, heads=per_row), scores.gather(1, per_row))
    assert made.score_h(ROWS[:0]).shape == (0, INFO.num_entities)


def test_the_transform_sees_each_relation_once(monkeypatch):
    made = make(RotE).eval()
    seen = []
    transform = made.interaction.transform
    monkeypatch.setattr(made.interaction, "transform", lambda h, r: (seen.append(h.shape), transform(h, r))[1])
    made.score_h(ROWS)
    assert seen == [(INFO.num_entities, 8)] * 3
