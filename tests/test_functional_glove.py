"""GloVe's formulas against numpy in double precision, and gradients."""

import numpy as np
import pytest
import torch

from pykeen_conj_hale.functional.glove import glove_residual, glove_weight


def test_weights_of_the_paper():
    counts = torch.tensor([0.0, 1.0, 50.0, 100.0, 1e6], dtype=torch.float64)
    expected = [0.0, 0.01**0.75, 0.5**0.75, 1.0, 1.0]
    assert glove_weight(counts).tolist() == pytest.approx(expected, rel=1e-12)
    assert glove_weight(counts, x_max=10.0, exponent=0.5)[1].item() == pytest.approx(0.1**0.5, rel=1e-12)


def test_residual_is_the_formula():
    rng = np.random.default_rng(0)
    w, c = rng.normal(size=(2, 7, 5))
    b, b_context, log_x = rng.normal(size=(3, 7))
    expected = np.einsum("nd,nd->n", w, c) + b + b_context - log_x
    assert glove_residual(*map(torch.from_numpy, (w, c, b, b_context, log_x))).numpy() == pytest.approx(
        expected, rel=1e-12
    )


def test_gradcheck():
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((4, 3), (4, 3), 4, 4, 4)]
    assert torch.autograd.gradcheck(glove_residual, inputs)
