"""Repeated triples, against a plain search."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.datasets.repeats import OWNERS, find_repeats

TRIPLES = st.lists(st.tuples(*[st.integers(0, 1)] * 3), min_size=1, max_size=8)


@given(st.fixed_dictionaries(dict.fromkeys(["training", "validation", "testing"], TRIPLES)))
def test_as_a_plain_search(splits):
    found = find_repeats({split: np.array(rows) for split, rows in splits.items()})
    for i, split in enumerate(OWNERS):
        rows = splits[split]
        again = [k for k, row in enumerate(rows) if row in rows[:k]]
        assert found[split].again.tolist() == again
        assert found[split].before.tolist() == [max(j for j in range(k) if rows[j] == rows[k]) for k in again]
        owners = [next(name for name in OWNERS if row in splits[name]) for row in rows]
        for other in OWNERS:
            if other != split:
                expected = [k for k, owner in enumerate(owners) if owner == other]
                assert found[split].elsewhere[other].tolist() == expected
        assert set(found[split].elsewhere) == set(OWNERS) - {OWNERS[i]}


def test_ids_whose_product_overflows():
    large = 2**62
    rows = np.array([[large, 1, large], [large - 1, 1, large], [large, 1, large]])
    found = find_repeats({"training": rows, "validation": rows[1:2], "testing": rows[:1] - 1})
    assert (found["training"].again.tolist(), found["training"].before.tolist()) == ([2], [0])
    assert found["validation"].elsewhere["training"].tolist() == [0]
    assert found["testing"].elsewhere["training"].tolist() == []
