"""HypER as a PyKEEN model."""

import json
import math

import pytest
import torch
from click.testing import CliRunner
from pykeen.datasets import Nations
from pykeen.losses import BCEWithLogitsLoss
from pykeen.models import model_resolver
from pykeen.models.cli.builders import build_cli_from_cls
from pykeen.pipeline import pipeline
from pykeen.training import LCWATrainingLoop
from pykeen.triples import KGInfo
from torch.optim import Adam

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import HypER
from pykeen_conj_hale.training import QuerySamplingTrainingLoop

cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

SMALL = dict(embedding_dim=8, relation_dim=4, num_filters=4, filter_length=3)


@pytest.fixture
def nations():
    return Nations(create_inverse_triples=True)


def make(nations, **options):
    return HypER(triples_factory=nations.training, **{"random_seed": 0, **SMALL, **options})


def in_millions(*parameters):
    return f"{sum(p.numel() for p in parameters) / 1e6:.1f}M"


def test_parameter_counts_of_the_paper(shared):
    table = json.loads((shared / "paper_tables.json").read_text())["hyper"]["parameters_fb15k237"]
    info = KGInfo(num_entities=14_541, num_relations=237, create_inverse_triples=True)
    model = HypER(triples_factory=info, random_seed=0)
    counts = {
        "total": in_millions(*model.parameters()),
        "entities": in_millions(*model.entity_representations.parameters()),
        "relations": in_millions(*model.relation_representations.parameters()),
        "filters": in_millions(*model.interaction.hypernetwork.parameters()),
        "W": in_millions(*model.interaction.projection.parameters()),
    }
    assert counts == table


def test_defaults(nations):
    model = make(nations)
    assert isinstance(model.loss, BCEWithLogitsLoss)
    assert model.interaction.tail_bias
    bias = model.entity_representations[1](None)
    assert bias.shape == (14,)
    assert not bias.any()
    layers = model.interaction
    dropouts = [layer.p for layer in (layers.input_dropout, layers.feature_map_dropout, layers.hidden_dropout)]
    assert dropouts == [0.2, 0.2, 0.3]


def test_embeddings_start_xavier_normal():
    info = KGInfo(num_entities=3_000, num_relations=500, create_inverse_triples=False)
    model = HypER(triples_factory=info, random_seed=0)
    for representation, size in ((model.entity_representations[0], 3_000), (model.relation_representations[0], 500)):
        assert representation(None).std().item() == pytest.approx(math.sqrt(2 / (size + 200)), rel=0.02)


def test_without_hypernetwork_relations_are_the_filters(nations):
    model = make(nations, hypernetwork=False)
    assert model.relation_representations[0].shape == (12,)
    assert model.interaction.hypernetwork is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filter_length": 9}, "filter_length=9 is not allowed: it must be at most embedding_dim=8"),
        ({"num_filters": 0, "hypernetwork": False}, "num_filters=0 is not allowed"),
        ({"filter_length": -1, "hypernetwork": False}, "filter_length=-1 is not allowed"),
        ({"hidden_dropout": 1.5}, "hidden_dropout=1.5 is not allowed"),
    ],
)
def test_options_out_of_range(nations, options, message):
    with pytest.raises(ValueError, match=message):
        make(nations, **options)


def test_missing_inverse_triples_are_named(nations, caplog):
    make(nations)
    assert "create_inverse_triples" not in caplog.text
    HypER(triples_factory=KGInfo(num_entities=14, num_relations=55, create_inverse_triples=False), **SMALL)
    assert "create_inverse_triples=True" in caplog.text


def test_batches_of_one_name_what_would_do(nations):
    model = make(nations)
    with pytest.raises(ValueError, match="batch_size of at least 2"):
        model.score_t(nations.training.mapped_triples[:1, :2])


def test_double_precision(nations):
    model = make(nations).double().eval()
    batch = nations.training.mapped_triples[:5]
    scores = model.score_t(batch[:, :2])
    assert scores.dtype is torch.float64
    torch.testing.assert_close(model.float().score_t(batch[:, :2]).double(), scores, rtol=1e-4, atol=1e-5)


def test_meta_device(nations):
    model = make(nations).to("meta")
    assert model.score_t(torch.empty(5, 2, dtype=torch.long, device="meta")).shape == (5, 14)


def test_compiled_scores(nations):
    model = make(nations).eval()
    batch = nations.training.mapped_triples[:5, :2]
    compiled = torch.compile(model.score_t, backend="eager")
    torch.testing.assert_close(compiled(batch), model.score_t(batch))


def test_state_dict_round_trip(nations):
    model, other = make(nations), make(nations, random_seed=1)
    model.score_t(nations.training.mapped_triples[:32, :2])  # moves the running statistics
    other.load_state_dict(model.state_dict())
    batch = nations.training.mapped_triples[:5, :2]
    assert torch.equal(model.eval().score_t(batch), other.eval().score_t(batch))


@pytest.mark.parametrize(
    ("loop", "loss", "options"),
    [
        (LCWATrainingLoop, BCEWithLogitsLoss, {}),
        (LCWATrainingLoop, BCEWithLogitsLoss, {"hypernetwork": False}),
        (QuerySamplingTrainingLoop, HaLELoss, {}),
        (QuerySamplingTrainingLoop, HaLELoss, {"similarity": "squared_distance", "relation_scale": True}),
    ],
)
def test_training_lowers_the_loss(nations, loop, loss, options):
    model = make(nations, loss=loss(), **options)
    training = loop(model=model, triples_factory=nations.training, optimizer=Adam(model.get_grad_params(), lr=0.01))
    losses = training.train(nations.training, num_epochs=10, batch_size=128, use_tqdm=False)
    assert losses[-1] < 0.95 * losses[0]


def test_pipeline_by_name():
    result = pipeline(
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model="hyper",
        model_kwargs=SMALL,
        loss="BCEWithLogits",
        training_loop="LCWA",
        optimizer_kwargs=dict(lr=0.01),
        training_kwargs=dict(num_epochs=10, batch_size=64, label_smoothing=0.1, use_tqdm=False),
        evaluation_kwargs=dict(batch_size=32, use_tqdm=False),
        random_seed=0,
        device="cpu",
    )
    assert isinstance(result.model, HypER)
    # the MRR adjusted for chance; six seeds: .20 to .29; after one epoch: -.04 to .07
    assert result.get_metric("adjusted_inverse_harmonic_mean_rank") > 0.12


def test_command_line():
    """The name has a command, whose options reach the model; PyKEEN itself fixes the defaults of two dimensions."""
    command = build_cli_from_cls(model_resolver.lookup("HypER"))
    options = {name: p.default for p in command.params for name in p.opts}
    assert (options["--embedding-dim"], options["--relation-dim"]) == (50, 50)
    assert (options["--num-filters"], options["--filter-length"]) == (32, 9)
    assert "--tail-bias" in options  # without a default: the model's own, or what the graph decides
    assert (options["--input-dropout"], options["--feature-map-dropout"], options["--hidden-dropout"]) == (
        0.2,
        0.2,
        0.3,
    )
    arguments = "--dataset nations --training-loop lcwa -n 1 -b 64 --embedding-dim 8 --relation-dim 4 --num-filters 2"
    more = "--hypernetwork false --hidden-dropout 0 --similarity distance -I --silent"
    result = CliRunner().invoke(command, f"{arguments} {more}".split())
    assert result.exit_code != 0  # 9-long filters do not fit
    assert "filter_length=9" in str(result.exception)
    result = CliRunner().invoke(command, f"{arguments} --filter-length 3 {more}".split())
    assert result.exit_code == 0, result.output


class HypERTests(cases.ModelTestCase):
    """PyKEEN's tests."""

    cls = HypER
    embedding_dim = 4
    kwargs = {"relation_dim": 3, "num_filters": 2, "filter_length": 3}
    # weight and bias of three batch normalizations, and the tail bias
    num_constant_init = 7


class ReciprocalDistanceTests(cases.ModelTestCase):
    """PyKEEN's tests with the other options and inverse relations."""

    cls = HypER
    embedding_dim = 4
    create_inverse_triples = True
    kwargs = {
        "num_filters": 2,
        "filter_length": 3,
        "hypernetwork": False,
        "similarity": "distance",
        "relation_scale": True,
        "tail_bias": False,
    }
    num_constant_init = 7
