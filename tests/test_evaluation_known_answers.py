"""The index of known answers against a search through all triples."""

import pytest
import torch

from pykeen_conj_hale.evaluation.known_answers import KnownAnswers


@pytest.mark.parametrize(("target", "column"), [("head", 0), ("tail", 2)])
def test_known_answers_are_those_of_all_known_triples(target, column):
    generator = torch.Generator().manual_seed(0)
    known = torch.stack([torch.randint(high, (200,), generator=generator) for high in (7, 3, 7)], dim=1)
    triples = known[::9]
    found = KnownAnswers.of(triples, [known[:50], known[50:]], target)
    for start, stop in ((0, 5), (5, len(triples))):
        batch = found.batch(start, stop)
        for row, triple in enumerate(triples[start:stop].tolist()):
            expected = {
                other[column]
                for other in known.tolist()
                if other[1] == triple[1] and other[2 - column] == triple[2 - column]
            }
            answers = batch.answers[batch.rows == row].tolist()
            assert sorted(answers) == sorted(expected)  # each of them once
            assert triple[column] in answers


def test_queries_without_known_answers():
    known = torch.tensor([[0, 0, 1], [0, 0, 2]])
    found = KnownAnswers.of(torch.tensor([[1, 0, 0], [0, 0, 1]]), [known], "tail")
    batch = found.batch(0, 2)
    assert (batch.rows.tolist(), batch.answers.tolist()) == ([1, 1], [1, 2])


def test_more_possible_triples_than_numbers(monkeypatch):
    """Of ids as large as these, no product of all three has a place in 64 bits."""
    monkeypatch.setattr("pykeen_conj_hale.evaluation.known_answers._BLOCK_ROWS", 3)
    n, r = 2**31 - 1, 2**20
    known = torch.tensor([[n - i, r - j, n - k] for i in range(3) for j in range(2) for k in range(4) if i != k])
    triples = known[[0, 5, 11]]
    for target, column in (("head", 0), ("tail", 2)):
        batch = KnownAnswers.of(triples, [known], target).batch(0, 3)
        for row, triple in enumerate(triples):
            is_same = (known[:, 1] == triple[1]) & (known[:, 2 - column] == triple[2 - column])
            assert batch.answers[batch.rows == row].tolist() == known[is_same, column].sort().values.tolist()
