"""The door for a model's author: what a class declares becomes its interaction, its embeddings and its options."""

import inspect
import io
import pickle
from typing import Optional

import pytest
import torch
from docdata import get_docdata
from pykeen.datasets import Nations
from pykeen.losses import CrossEntropyLoss
from pykeen.models import TransE
from pykeen.models.cli.builders import build_cli_from_cls

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import INTERACTIONS, MODELS, ConjComplEx, ConjFiveStarE, HypER, QueryTransE, RotE, RotL
from pykeen_conj_hale.nn import DistanceQueryModel, QueryInteraction, QueryModel, Relation, normal_entities_


class Scaled(DistanceQueryModel):
    """A scaling and a translation.

    ---
    name: Scaled!
    citation:
        author: Nobody
        year: 2000
        link: https://example.org
    """

    second = Relation(normal_entities_)
    first = Relation(torch.nn.init.ones_, shape="", is_factor=False)

    @staticmethod
    def transform(h, second, first):
        return first.unsqueeze(-1) * h + second


class Weighted(QueryInteraction):
    """An interaction with an option, and a required one."""

    entity_shape = ("d",)
    relation_shape = ("e",)

    def __init__(self, factor: float, offset: int = 3, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.offset = factor, offset

    def transform(self, h, r):
        return self.factor * h + r.sum(-1, keepdim=True) + self.offset


class WeightedModel(QueryModel):
    """Its model."""

    interaction_class = Weighted
    relation = Relation(torch.nn.init.zeros_, shape="e", size=lambda offset, **options: offset + 2)


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


def options(model):
    return inspect.signature(model.__init__).parameters


def test_interaction_is_made_from_the_declarations(triples):
    interaction = Scaled.interaction_class
    assert interaction.__name__ == "ScaledInteraction"
    assert (interaction.entity_shape, interaction.relation_shape) == (("d",), ("d", ""))
    model = Scaled(triples_factory=triples, embedding_dim=3, relation_scale=False, random_seed=0)
    h, r, t = model._get_representations(*triples.mapped_triples[:5].T, mode=None)
    expected = -(r[1].unsqueeze(-1) * h + r[0] - t).square().sum(-1, keepdim=True)
    torch.testing.assert_close(model.score_hrt(triples.mapped_triples[:5]), expected)
    assert [x.shape for x in model.interaction.factors(None, r, None).relation] == [(5, 3)]


def test_options_of_the_interaction_are_options_of_the_model(triples):
    assert [(p.name, p.annotation, p.default) for p in options(WeightedModel).values()][1:4] == [
        ("embedding_dim", Optional[int], None),  # noqa: UP045
        ("factor", float, inspect.Parameter.empty),
        ("offset", int, 3),
    ]
    model = WeightedModel(triples_factory=triples, embedding_dim=4, factor=2.0, offset=5)
    assert (model.interaction.factor, model.interaction.offset) == (2.0, 5)
    assert model.relation_representations[0].shape == (7,)
    with pytest.raises(TypeError, match="factor"):
        WeightedModel(triples_factory=triples)


def test_initializers(triples):
    given = dict(second_initializer="constant", second_initializer_kwargs={"val": 2.0})
    model = Scaled(triples_factory=triples, embedding_dim=3, entity_initializer="ones", **given)
    values = [x(None) for x in (*model.entity_representations, *model.relation_representations[:2])]
    assert [x.unique().tolist() for x in values] == [[1.0], [2.0], [1.0]]


def test_an_initializer_for_several_representations_is_shown_without_default():
    assert options(ConjFiveStarE)["relation_initializer"].default is None
    assert options(QueryTransE)["relation_initializer"].default is normal_entities_


def test_signature_and_command_line():
    names = [*options(Scaled)]
    assert names[:2] == ["self", "embedding_dim"]
    last = ["loss", "similarity", "relation_scale", "tail_bias", "head_bias", "min_reflexive", "kwargs"]
    assert names[-len(last) :] == last
    assert names.index("second_initializer") < names.index("first_initializer")
    # PyKEEN's pipeline hands defaults over as if they had been asked for
    for name in ("embedding_dim", "similarity", "relation_scale", "tail_bias"):
        assert options(Scaled)[name].default is None
    assert list(Scaled.__init__.__annotations__) == names[1:-1]
    shown = {name for parameter in build_cli_from_cls(Scaled).params for name in parameter.opts}
    assert {"--embedding-dim", "--similarity", "--relation-scale", "--tail-bias", "--loss"} <= shown
    assert not shown & {"--kwargs", "--self", "--second-initializer", "--triples-factory"}
    assert "constructor" not in Scaled.__init__.__doc__
    assert "num_filters" in HypER.__init__.__doc__


@pytest.mark.parametrize("model", [Scaled, RotL, HypER])
def test_unknown_option_is_named(model, triples):
    with pytest.raises(TypeError, match="unexpected keyword argument 'rotation_initialiser'"):
        model(triples_factory=triples, rotation_initialiser="ones")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol, triples):
    assert pickle.loads(pickle.dumps(Scaled.interaction_class, protocol)) is Scaled.interaction_class
    model = Scaled(triples_factory=triples, embedding_dim=3, random_seed=0)
    other = pickle.loads(pickle.dumps(model, protocol))
    assert type(other.interaction) is Scaled.interaction_class
    ids = triples.mapped_triples[:5]
    assert torch.equal(other.score_hrt(ids), model.score_hrt(ids))


@pytest.mark.parametrize("model", MODELS)
def test_torch_save(model, triples):
    file = io.BytesIO()
    torch.save(model(triples_factory=triples, embedding_dim=10, random_seed=0), file)
    file.seek(0)
    assert type(torch.load(file, weights_only=False).interaction) is model.interaction_class


def test_docdata():
    citation = {"author": "Nobody", "year": 2000, "link": "https://example.org"}
    assert get_docdata(Scaled) == {"name": "Scaled!", "citation": citation}
    assert get_docdata(Scaled.interaction_class) == {"citation": citation}
    assert Scaled.interaction_class.__doc__ == Scaled.__doc__ == "A scaling and a translation."
    for model, interaction in zip(MODELS, INTERACTIONS, strict=True):
        assert get_docdata(interaction)["citation"] == get_docdata(model)["citation"]
        assert get_docdata(model)["name"]
        assert "---" not in model.__doc__ + interaction.__doc__


def test_collections_hold_each_model_with_its_interaction():
    assert {ConjComplEx, HypER, RotE} < set(MODELS)
    assert not {QueryModel, DistanceQueryModel} & set(MODELS)
    assert tuple(model.interaction_class for model in MODELS) == INTERACTIONS


def test_inheritance(triples):
    """Declarations come before a subclass's own, and what declares nothing keeps the interaction."""

    class Third(Scaled):
        third = Relation(normal_entities_)

        @staticmethod
        def transform(h, second, first, third):
            return Scaled.transform(h, second, first) * third

    class Small(Scaled):
        embedding_dim_default = 5

    assert Third.interaction_class.relation_shape == ("d", "", "d")
    assert issubclass(Third, Scaled)
    assert Small.interaction_class is Scaled.interaction_class
    assert Small(triples_factory=triples).entity_representations[0].shape == (5,)
    assert [x.shape for x in Third(triples_factory=triples).relation_representations] == [(32,), (), (32,), ()]


def test_constructor_written_by_hand(triples):
    class Halved(Scaled):
        def __init__(self, *, half_of: int = 8, **kwargs) -> None:
            super().__init__(embedding_dim=half_of // 2, **kwargs)

    class Derived(Halved):
        pass

    for model in (Halved, Derived):
        assert list(options(model))[1:3] == ["half_of", "embedding_dim"]
        assert list(options(model))[-1] == "kwargs"
        assert model(triples_factory=triples, half_of=6).entity_representations[0].shape == (3,)


def test_defaults_of_the_two_bases(triples):
    assert QueryModel.loss_default is CrossEntropyLoss
    model = Scaled(triples_factory=triples)
    assert type(model.loss) is HaLELoss
    assert repr(model.interaction.similarity) == "SquaredDistance()"
    plain = WeightedModel(triples_factory=triples, factor=1.0)
    assert repr(plain.interaction.similarity) == "Dot()"
    assert not plain.interaction.relation_scale


def test_transform_that_does_not_take_the_declared_names():
    with pytest.raises(TypeError, match=r"takes \['h', 'b', 'a'\].*are \['a', 'b'\].*transform\(h, a, b\)"):

        class Swapped(QueryModel):
            a = Relation(normal_entities_)
            b = Relation(normal_entities_)

            @staticmethod
            def transform(h, b, a):
                return h + a * b


def test_missing_transform(triples):
    with pytest.raises(TypeError, match=r"Missing has no static method transform\(h, a\)"):

        class Missing(QueryModel):
            a = Relation(normal_entities_)

    with pytest.raises(TypeError, match="DistanceQueryModel has neither a transform nor an interaction_class"):
        DistanceQueryModel(triples_factory=triples)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"initializer": "ones", "shape": "e"}, "shape='e' needs size="),
        ({}, "either initializer=… or initializer_for="),
        ({"initializer": "ones", "initializer_for": lambda **_: "ones"}, "either initializer=… or initializer_for="),
    ],
)
def test_declarations_that_do_not_say_all(arguments, message):
    with pytest.raises(ValueError, match=message):
        Relation(**arguments)


@pytest.mark.parametrize("dim", [0, -1, 2.5, True])
def test_dimension_is_a_whole_number(dim, triples):
    with pytest.raises(ValueError, match=f"embedding_dim={dim} is not allowed: it must be a whole number ≥ 1"):
        QueryTransE(triples_factory=triples, embedding_dim=dim)


def test_other_models_are_left_alone():
    assert "similarity" not in inspect.signature(TransE.__init__).parameters
