"""Products with conjugate-shared relations."""

import pytest
import torch

from pykeen_conj_hale.functional.conjugate import conjugate_shared_product


def test_equals_the_product_with_the_full_relation():
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(5, 1, 6, dtype=torch.complex128, generator=generator)
    r = torch.randn(1, 4, 3, dtype=torch.complex128, generator=generator)
    full = torch.cat([r, r.conj()], dim=-1)
    torch.testing.assert_close(conjugate_shared_product(h, r), h * full)


def test_gradients():
    h = torch.randn(3, 4, dtype=torch.complex128, requires_grad=True)
    r = torch.randn(3, 2, dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(conjugate_shared_product, (h, r))


@pytest.mark.parametrize(("d", "e"), [(5, 2), (5, 3), (4, 4)])
def test_dimensions_must_fit(d, e):
    with pytest.raises(ValueError, match=f"h has {d} dimensions and r {e}"):
        conjugate_shared_product(torch.zeros(d, dtype=torch.cfloat), torch.zeros(e, dtype=torch.cfloat))
