"""What a graph is."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pykeen.datasets import Nations
from pykeen.triples import CoreTriplesFactory

from pykeen_conj_hale.defaults import Graph, describe_graph

TRIPLES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, 4)), max_size=30, unique=True)


def factory(triples, **kwargs):
    """Make a factory with five entities and three relations."""
    mapped = torch.tensor(triples, dtype=torch.long).view(-1, 3)
    return CoreTriplesFactory(mapped, num_entities=5, num_relations=3, **kwargs)


@given(TRIPLES)
def test_the_share_of_symmetric_triples(triples):
    known = set(triples)
    mirrored = [(t, r, h) in known for h, r, t in triples if h != t]
    assert describe_graph(factory(triples)).symmetric == pytest.approx(sum(mirrored) / max(len(mirrored), 1))


def test_many_triples_are_gone_through_in_blocks_and_some_stand_for_all(monkeypatch):
    triples = Nations().training.mapped_triples
    expected = describe_graph(Nations().training).symmetric
    module = "pykeen_conj_hale.defaults.graph"
    monkeypatch.setattr(f"{module}.BLOCK_ROWS", 100)
    assert describe_graph(Nations().training).symmetric == expected
    monkeypatch.setattr(f"{module}.MAX_ASKED", 800)
    asked = [triple for triple in triples[::2].tolist() if triple[0] != triple[2]]
    known = set(map(tuple, triples.tolist()))
    share = sum((t, r, h) in known for h, r, t in asked) / len(asked)
    assert describe_graph(Nations().training).symmetric == pytest.approx(share)
    assert share != expected


@pytest.mark.parametrize("inverse", [False, True])
def test_nations(inverse):
    graph = describe_graph(Nations(create_inverse_triples=inverse).training)
    assert (graph.entities, graph.relations, graph.triples) == (14, 55, 1_592)
    assert graph.create_inverse_triples is inverse
    assert graph.queries == 3_184
    assert graph.triples_per_entity == pytest.approx(1_592 / 14)


def test_a_graph_without_triples():
    graph = describe_graph(factory([]))
    assert (graph.triples_per_entity, graph.symmetric) == (0.0, 0.0)
    assert Graph(0, 0, 0, 0.0, False).triples_per_entity == 0.0
    assert "0 triples" in str(graph)
