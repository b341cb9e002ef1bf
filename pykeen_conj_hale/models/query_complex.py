"""ComplEx as a query: a complex scaling of each dimension."""

from torch import Tensor

from ..nn import QueryModel, Relation, init_phases


class QueryComplEx(QueryModel):
    r"""ComplEx (Trouillon et al., 2016), the unshared twin of :class:`~pykeen_conj_hale.models.ConjComplEx`.

    .. math::
        f(h, r, t) = \mathrm{Re}\langle h \odot r, \bar t\rangle, \qquad h, r, t \in \mathbb{C}^d

    It is :class:`pykeen.models.ComplEx` with the options of query models, and with the initializers of ConjComplEx, so
    that the two differ in nothing but their relations: 2d real parameters here, d there.

    ---
    name: QueryComplEx
    citation:
        author: Trouillon
        year: 2016
        arxiv: 1606.06357
        link: https://arxiv.org/abs/1606.06357
    """

    is_complex = True
    is_diagonal = True
    relation = Relation(init_phases)

    @staticmethod
    def transform(h: Tensor, relation: Tensor) -> Tensor:
        r"""Build the query :math:`h \odot r`."""
        return h * relation
