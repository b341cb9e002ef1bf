"""HypER's interaction: golden scores, batch normalization, options, PyKEEN's mixin."""

import numpy as np
import pytest
import torch

from pykeen_conj_hale.models.hyper import HypERInteraction

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

#: our names of the authors' layers
LAYERS = {
    "hypernetwork": "fc1",
    "projection": "fc",
    "input_norm": "bn0",
    "feature_map_norm": "bn1",
    "hidden_norm": "bn2",
}
SMALL = dict(embedding_dim=4, relation_dim=3, num_filters=2, filter_length=3)


@pytest.fixture
def golden(shared):
    data = np.load(shared / "golden" / "hyper_reference.npz")
    return {key: torch.from_numpy(data[key]) for key in data}


def load(golden, dtype, **options):
    """Make the interaction of the golden data."""
    interaction = HypERInteraction(
        embedding_dim=20, relation_dim=10, num_filters=8, filter_length=5, tail_bias=True, **options
    )
    state = {
        key: golden[key.replace(ours, theirs).replace(".", "/")]
        for ours, theirs in LAYERS.items()
        for key in interaction.state_dict()
        if key.startswith(ours)
    }
    interaction.to(dtype).load_state_dict(state)
    return interaction.eval()


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_golden_scores(golden, dtype, rtol):
    interaction = load(golden, dtype)
    entity, relation, bias = (golden[key].to(dtype) for key in ("E/weight", "R/weight", "b"))
    h, r = golden["hr"].unbind(-1)
    logits = interaction.score_t(entity[h], relation[r], (entity, bias))
    torch.testing.assert_close(logits, golden["score_t"].to(dtype), rtol=rtol, atol=rtol)
    torch.testing.assert_close(logits.sigmoid(), golden["probabilities"].to(dtype), rtol=rtol, atol=0.0)
    # all heads of a relation, all relations of a head, and triples are the same function
    t = torch.arange(len(h)) % 7
    triples = interaction.score_hrt(entity[h], relation[r], (entity[t], bias[t])).squeeze(-1)
    heads = interaction.score_h(entity, relation[r], (entity[t], bias[t]))
    relations = interaction.score_r(entity[h], relation, (entity[t], bias[t]))
    for scores in (logits.gather(1, t[:, None]), heads.gather(1, h[:, None]), relations.gather(1, r[:, None])):
        torch.testing.assert_close(scores.squeeze(-1), triples)


def test_filters_straight_from_the_relation(golden):
    """Without the hypernetwork, relations that are the filters score as with it."""
    with_h, without_h = load(golden, torch.float64), load(golden, torch.float64, hypernetwork=False)
    assert without_h.hypernetwork is None
    entity, relation = golden["E/weight"], golden["R/weight"]
    h, r = golden["hr"].unbind(-1)
    target = (entity, golden["b"])
    filters = with_h.hypernetwork(relation)
    assert torch.equal(with_h.score_t(entity[h], relation[r], target), without_h.score_t(entity[h], filters[r], target))


def test_gradients(golden):
    interaction = load(golden, torch.float64)
    h, t = (torch.randn(2, 20, dtype=torch.float64, requires_grad=True) for _ in range(2))
    r = torch.randn(2, 10, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda h, r, t: interaction(h, r, (t, t[..., 0])), (h, r, t))


def test_in_training_each_pair_counts_once():
    """The statistics and dropouts of 1-to-N scoring are those of scoring as many triples."""
    interaction = HypERInteraction(**SMALL)
    h, r, t = (torch.randn(5, d) for d in (4, 3, 4))
    results = []
    for score in (lambda: interaction.score_hrt(h, r, t).squeeze(-1), lambda: interaction.score_t(h, r, t).diagonal()):
        interaction.hidden_norm.reset_running_stats()
        torch.manual_seed(1)
        results.append((score(), interaction.hidden_norm.running_var.clone()))
    torch.testing.assert_close(*results)


def test_dropout_takes_whole_feature_maps():
    interaction = HypERInteraction(**{**SMALL, "num_filters": 8}, feature_map_dropout=0.5)
    seen = []
    interaction.projection.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].unflatten(-1, (8, 2))))
    interaction(torch.randn(6, 4), torch.randn(6, 3), torch.randn(6, 4))
    dropped = seen[0] == 0
    assert 0 < dropped.float().mean() < 1
    assert torch.equal(dropped.all(-1), dropped.any(-1))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_batch_of_one_cannot_be_trained_on(shape):
    interaction = HypERInteraction(**SMALL)
    h, r, t = (torch.randn(*shape, d) for d in (4, 3, 4))
    with pytest.raises(ValueError, match=r"batch of one .* batch_size of at least 2, and drop_last=True"):
        interaction(h, r, t)
    assert torch.isfinite(interaction.eval()(h, r, t)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filter_length": 5}, r"filter_length=5 is not allowed: it must be at most embedding_dim=4"),
        ({"filter_length": 0}, r"filter_length=0 is not allowed: it must be a whole number ≥ 1"),
        ({"num_filters": 0}, r"num_filters=0 is not allowed: it must be a whole number ≥ 1"),
        ({"embedding_dim": -1}, r"embedding_dim=-1 is not allowed: it must be a whole number ≥ 1"),
        ({"relation_dim": 0}, r"relation_dim=0 is not allowed: it must be a whole number ≥ 1"),
        ({"input_dropout": 1.0}, r"input_dropout=1\.0 is not allowed: it must be a finite number in \[0, 1\)"),
        ({"feature_map_dropout": -0.1}, r"feature_map_dropout=-0\.1 is not allowed"),
        ({"hidden_dropout": float("nan")}, r"hidden_dropout=nan is not allowed"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        HypERInteraction(**{**SMALL, **options})


@pytest.mark.parametrize("options", [{"filter_length": 1}, {"filter_length": 4}, {"num_filters": 1}])
def test_limits_of_the_options(options):
    interaction = HypERInteraction(**{**SMALL, **options})
    assert interaction.score_t(torch.randn(3, 4), torch.randn(3, 3), torch.randn(7, 4)).shape == (3, 7)


def expected_score(interaction, h, r, t):
    """Compute the score of a triple by loops, from the layers' parameters."""
    state = {key: value.numpy() for key, value in interaction.state_dict().items()}
    h, r, t = (x.detach().numpy().astype(float) for x in (h, r, t))

    def norm(x, layer, channel):
        mean, variance = state[f"{layer}.running_mean"][channel], state[f"{layer}.running_var"][channel]
        return (x - mean) / np.sqrt(variance + 1e-5) * state[f"{layer}.weight"][channel] + state[f"{layer}.bias"][
            channel
        ]

    if interaction.hypernetwork is not None:
        r = state["hypernetwork.weight"] @ r + state["hypernetwork.bias"]
    num_filters, length = interaction.num_filters, interaction.filter_length
    x = norm(h, "input_norm", 0)
    maps = [
        norm(sum(r[f * length + j] * x[i + j] for j in range(length)), "feature_map_norm", f)
        for f in range(num_filters)
        for i in range(len(x) - length + 1)
    ]
    hidden = state["projection.weight"] @ np.array(maps) + state["projection.bias"]
    query = [max(0.0, norm(value, "hidden_norm", k)) for k, value in enumerate(hidden)]
    return query, t


class HypERInteractionTests(cases.InteractionTestCase):
    """PyKEEN's tests."""

    cls = HypERInteraction
    kwargs = {**SMALL, "tail_bias": True}
    shape_kwargs = {"d": 4, "e": 3}
    atol = 1e-6

    def _exp_score(self, h, r, t):
        query, tail = expected_score(self.instance, h, r, t[0])
        return torch.as_tensor(query @ tail, dtype=torch.float) + t[1]


class NoHypernetworkInteractionTests(cases.InteractionTestCase):
    """PyKEEN's tests with the other options."""

    cls = HypERInteraction
    kwargs = {**SMALL, "hypernetwork": False, "similarity": "squared_distance", "relation_scale": True}
    shape_kwargs = {"d": 4, "e": 6}
    atol = 1e-6

    def _exp_score(self, h, r, t):
        r, scale = r
        query, tail = expected_score(self.instance, h, r, t)
        # for a distance, the query starts as long as entities are
        query = np.sqrt(0.64 / 4) * np.array(query)
        return -torch.log1p(scale.exp()) * float(np.square(query - tail).sum())
