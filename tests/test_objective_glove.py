"""GloVe's objective: values against numpy in double precision, unbiased draws, gradients, planted similarities."""

import logging

import numpy as np
import pytest
import scipy.sparse
import torch
from torch.nn import functional

from pykeen_conj_hale.text import Cooccurrence, GloVe

NUM_ENTITIES, NUM_WORDS, DIM = 4, 6, 3
#: Ids in another order than the tokens; the entity e1 is in the text only, and x in the graph only
ENTITY_TO_ID = {"e2": 0, "x": 1, "e0": 2, "e3": 3}
IDS = [2, None, 0, 3]


@pytest.fixture
def text():
    rng = np.random.default_rng(0)
    counts = rng.pareto(1.0, (NUM_ENTITIES + NUM_WORDS,) * 2) * 20 * (rng.random((10, 10)) < 0.5)
    counts[:, :2] = 0  # two entities are nobody's context
    entities, words = [f"e{i}" for i in range(NUM_ENTITIES)], [f"w{i}" for i in range(NUM_WORDS)]
    return Cooccurrence(entities, words, np.arange(1, 11), scipy.sparse.csr_array(counts))


@pytest.fixture
def table():
    return torch.randn(len(ENTITY_TO_ID), DIM, dtype=torch.float64, requires_grad=True)


def make(text, **options):
    glove = GloVe(text, ENTITY_TO_ID, DIM, **{"absent_weight": 0.0, **options}).double()
    with torch.no_grad():
        for parameter in glove.parameters():
            parameter.normal_()
    return glove


def lookup_in(table):
    return lambda ids: functional.embedding(ids, table)


def token_vectors(glove, table):
    """List vector and bias of each token as a row, and as a context."""
    words, contexts, biases, context_biases = (
        x.detach().numpy() for x in (glove.words, glove.contexts, glove.word_biases, glove.context_biases)
    )
    rows = np.concatenate([table.detach().numpy()[glove.entity_ids.numpy()][: glove.num_tied], words])
    w, b = np.empty_like(rows), np.empty_like(biases)
    w[glove.row_tokens], b[glove.row_tokens] = rows, biases
    c, d = np.full_like(w, np.nan), np.full_like(b, np.nan)
    c[glove.context_tokens], d[glove.context_tokens] = contexts, context_biases
    return w, b, c, d


def expected_loss(glove, text, table, x_max=10.0, exponent=0.75):
    w, b, c, d = token_vectors(glove, table)
    total = normalizer = 0.0
    for i, j in np.argwhere(text.matrix.toarray() > 0):
        x = float(text.matrix[i, j])
        f = min(1.0, (x / x_max) ** exponent)
        total += f * (w[i] @ c[j] + b[i] + d[j] - np.log(x)) ** 2
        normalizer += f
    return total / normalizer


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("options", [{}, {"x_max": 7.0, "exponent": 0.5}])
def test_value_is_the_formula(text, table, tied, options):
    glove = make(text, tied=tied, alignment_weight=0.0, **options)
    expected = expected_loss(glove, text, table, **options)
    assert glove.exact(lookup_in(table)).item() == pytest.approx(expected, rel=1e-6)  # logarithms are in float32


@pytest.mark.parametrize(
    ("alignment", "difference"),
    [
        ("squared_distance", lambda x, y: ((x - y) ** 2).sum(-1)),
        ("cosine", lambda x, y: 1 - (x * y).sum(-1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)),
    ],
)
def test_untied_pairs_are_aligned(text, table, alignment, difference):
    glove = make(text, tied=False, alignment=alignment, alignment_weight=2.0)
    w, *_ = token_vectors(glove, table)
    matched = [(i, entity) for i, entity in enumerate(IDS) if entity is not None]
    penalty = np.mean([difference(w[i], table.detach().numpy()[entity]) for i, entity in matched])
    expected = expected_loss(glove, text, table) + 2.0 * penalty
    assert glove.exact(lookup_in(table)).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("tied", [True, False])
def test_draws_are_unbiased(text, table, tied):
    glove = make(text, tied=tied, batch_size=50)
    lookup = lookup_in(table)
    draws = torch.stack([glove(lookup).detach() for _ in range(2000)])
    error = draws.std() / len(draws) ** 0.5
    assert (draws.mean() - glove.exact(lookup)).abs() < 4 * error


def test_absent_pairs(text, table):
    glove = make(text, absent_weight=3.0, absent_count=0.5, batch_size=200)
    w, b, c, d = token_vectors(glove, table)
    p = np.where(np.isnan(d), 0.0, text.counts**0.75)
    squares = (w @ np.nan_to_num(c).T + b[:, None] + np.nan_to_num(d) - np.log(0.5)) ** 2
    matched = [i for i, entity in enumerate(IDS) if entity is not None]
    expected = glove.exact(lookup_in(table)).item() + 3.0 * (squares[matched] @ p / p.sum()).mean()
    draws = torch.stack([glove(lookup_in(table)).detach() for _ in range(2000)])
    assert abs(draws.mean().item() - expected) < 4 * draws.std().item() / len(draws) ** 0.5


@pytest.mark.parametrize("tied", [True, False])
def test_gradcheck(text, table, tied):
    glove = make(text, tied=tied)
    names, parameters = zip(*glove.named_parameters(), strict=True)

    def value(table, *parameters):
        def run(module):
            return module.exact(lookup_in(table))

        with torch.nn.utils.stateless._reparametrize_module(glove, dict(zip(names, parameters, strict=True))):
            return run(glove)

    assert torch.autograd.gradcheck(value, (table, *parameters))


def test_gradients_reach_what_is_drawn(text, table):
    glove = make(text, absent_weight=1.0)
    glove(lookup_in(table)).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in glove.parameters())
    assert table.grad[[0, 2, 3]].abs().sum(-1).min() > 0
    assert not table.grad[1].any()  # has no text


def test_own_vectors(text):
    assert make(text).words.shape == (7, DIM)  # words, and the entity which the graph lacks
    assert make(text, tied=False).words.shape == (10, DIM)
    assert make(text).contexts.shape == (8, DIM)


def test_planted_similarities():
    """Words of a topic occur together, and so their vectors are close; one of each topic is an entity."""
    rng = np.random.default_rng(0)
    topics = [[f"{topic}{i}" for i in range(8)] for topic in "abc"]
    documents = [" ".join(rng.choice([*topics[n % 3], "the", "of"], size=12)) for n in range(600)]
    entities = {f"E{topic[0]}": topic[0] for topic in topics}  # Ea0 is mentioned as a0
    text = Cooccurrence.from_documents(documents, entities, min_count=1, use_tqdm=False)
    table = torch.nn.Parameter(0.1 * torch.randn(3, 8))
    glove = GloVe(text, {label: i for i, label in enumerate(text.entities)}, 8, absent_weight=0.0, batch_size=512)
    optimizer = torch.optim.Adam([table, *glove.parameters()], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        glove(lookup_in(table)).backward()
        optimizer.step()
    with torch.no_grad():
        vectors = functional.normalize(torch.cat([table, glove.words]), dim=-1)
    topic_of = [text.tokens[i].removeprefix("E")[0] for i in glove.row_tokens]
    chosen = [i for i, topic in enumerate(topic_of) if topic in "abc"]  # not "the" and "of"
    similarity = (vectors @ vectors.T)[chosen][:, chosen].numpy()
    topic = np.array(topic_of)[chosen]
    same = topic[:, None] == topic
    assert len(topic) == 3 * 8
    assert similarity[same].min() > similarity[~same].max()


def test_missing_entities_are_counted_and_listed(text, caplog):
    with caplog.at_level(logging.INFO, logger="pykeen_conj_hale"):
        make(text)
    assert (
        "1 of 4 entities of the co-occurrences are not in the knowledge graph, and count as words: ['e1']"
        in caplog.text
    )
    assert "1 of 4 entities have no text: ['x']" in caplog.text


def test_no_matched_entity_is_an_error(text):
    with pytest.raises(
        ValueError, match=r"None of the 4 entities .* \['e0', 'e1', 'e2', 'e3'\] … against \['brazil'\]"
    ):
        GloVe(text, {"brazil": 0}, DIM)


@pytest.mark.parametrize(
    "options",
    [
        {"x_max": 0.0},
        {"exponent": -1.0},
        {"batch_size": 0},
        {"alignment": "dot"},
        {"alignment_weight": -0.5},
        {"absent_weight": -1},
        {"absent_count": 0.0},
    ],
)
def test_bad_input(text, options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=f"{name}={value!r}"):
        make(text, **options)


def test_another_text_shows_in_the_checksum(text):
    other = Cooccurrence(text.entities, text.words, text.counts, 2 * text.matrix)
    assert str(make(text)) != str(make(other))
