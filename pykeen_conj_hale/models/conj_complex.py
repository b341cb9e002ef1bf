"""ConjComplEx: ComplEx whose relations share parameters by conjugation."""

from torch import Tensor

from ..functional.conjugate import conjugate_shared_product
from ..nn import QueryModel, Relation, init_phases


class ConjComplEx(QueryModel):
    r"""ComplEx with conjugate-shared relations: half the relation memory (Feng et al., 2022).

    .. math::
        f(h, r, t) = \mathrm{Re}\langle h \odot [r', \overline{r'}], \bar t\rangle, \qquad
        h, t \in \mathbb{C}^d,\ r' \in \mathbb{C}^{d/2}

    An entity has 2d real parameters, a relation d. With tied weights it equals :class:`pykeen.models.ComplEx`. The
    paper trains it with cross entropy over all entities, and reciprocal relations (``create_inverse_triples=True``).

    ---
    name: ConjComplEx
    citation:
        author: Feng
        year: 2022
        arxiv: 2404.11809
        link: https://arxiv.org/abs/2404.11809
    """

    is_complex = True
    is_diagonal = True
    even_dimension = "half of a relation is the conjugate of the other half"
    relation = Relation(init_phases, shape="e", size=lambda embedding_dim: embedding_dim // 2)

    @staticmethod
    def transform(h: Tensor, relation: Tensor) -> Tensor:
        r"""Build the query :math:`h \odot [r', \overline{r'}]`."""
        return conjugate_shared_product(h, relation)

    @staticmethod
    def relation_factors(relation: Tensor) -> list[Tensor]:
        r"""List both halves of the full relation, :math:`r'` and :math:`\overline{r'}`."""
        return [relation, relation.conj()]
