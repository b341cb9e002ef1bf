"""The usual benchmark datasets with all of their triples.

PyKEEN's own classes take the ids from the training split and drop the other splits' triples with an entity unseen
there, e.g. 210 of WN18RR's 3,134 test triples. The literature keeps them, and ranks against all entities.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import ClassVar

from docdata import parse_docdata

# from the modules, since the package is only half imported while PyKEEN loads its plugins
from pykeen.datasets.base import LazyDataset
from pykeen.datasets.codex import CoDExLarge, CoDExMedium, CoDExSmall
from pykeen.datasets.freebase import FB15k, FB15k237
from pykeen.datasets.wordnet import WN18, WN18RR
from pykeen.datasets.yago import YAGO310

from .remote import LiteratureDataset

__all__ = [
    "CoDExLargeAll",
    "CoDExMediumAll",
    "CoDExSmallAll",
    "FB15k237All",
    "FB15kAll",
    "WN18All",
    "WN18RRAll",
    "YAGO310All",
]


@parse_docdata
class WN18RRAll(LiteratureDataset):
    """WN18RR, with ids over all three splits.

    ---
    name: WN18RR-all
    statistics:
        entities: 40943
        relations: 11
        training: 86835
        testing: 3134
        validation: 3034
        triples: 93003
    citation:
        author: Dettmers
        year: 2018
        link: https://arxiv.org/abs/1707.01476
    """

    folder: ClassVar[str] = "wn18rr"
    original: ClassVar[Callable[..., LazyDataset]] = WN18RR


@parse_docdata
class WN18All(LiteratureDataset):
    """WN18, with ids over all three splits.

    .. warning:: Most test triples are a training triple with an inverse relation. Use :class:`WN18RRAll` instead.

    ---
    name: WN18-all
    statistics:
        entities: 40943
        relations: 18
        training: 141442
        testing: 5000
        validation: 5000
        triples: 151442
    citation:
        author: Bordes
        year: 2013
        link: http://papers.nips.cc/paper/5071-translating-embeddings-for-modeling-multi-relational-data.pdf
    """

    folder: ClassVar[str] = "wn18"
    original: ClassVar[Callable[..., LazyDataset]] = WN18


@parse_docdata
class FB15k237All(LiteratureDataset):
    """FB15k-237, with ids over all three splits.

    ---
    name: FB15k237-all
    statistics:
        entities: 14541
        relations: 237
        training: 272115
        testing: 20466
        validation: 17535
        triples: 310116
    citation:
        author: Toutanova
        year: 2015
        link: https://www.aclweb.org/anthology/W15-4007/
    """

    folder: ClassVar[str] = "fb15k237"
    original: ClassVar[Callable[..., LazyDataset]] = FB15k237


@parse_docdata
class FB15kAll(LiteratureDataset):
    """FB15k, with ids over all three splits.

    .. warning:: Most test triples are a training triple with an inverse relation. Use :class:`FB15k237All` instead.

    ---
    name: FB15k-all
    statistics:
        entities: 14951
        relations: 1345
        training: 483142
        testing: 59071
        validation: 50000
        triples: 592213
    citation:
        author: Bordes
        year: 2013
        link: http://papers.nips.cc/paper/5071-translating-embeddings-for-modeling-multi-relational-data.pdf
    """

    folder: ClassVar[str] = "fb15k"
    original: ClassVar[Callable[..., LazyDataset]] = FB15k


@parse_docdata
class YAGO310All(LiteratureDataset):
    """YAGO3-10, with ids over all three splits.

    ---
    name: YAGO310-all
    statistics:
        entities: 123182
        relations: 37
        training: 1079040
        testing: 5000
        validation: 5000
        triples: 1089040
    citation:
        author: Mahdisoltani
        year: 2015
        link: http://service.tsi.telecom-paristech.fr/cgi-bin//valipub_download.cgi?dId=284
    """

    folder: ClassVar[str] = "yago310"
    original: ClassVar[Callable[..., LazyDataset]] = YAGO310


@parse_docdata
class CoDExSmallAll(LiteratureDataset):
    """CoDEx-S, with ids over all three splits.

    ---
    name: CoDEx-small-all
    statistics:
        entities: 2034
        relations: 42
        training: 32888
        testing: 1828
        validation: 1827
        triples: 36543
    citation:
        author: Safavi
        year: 2020
        link: https://arxiv.org/abs/2009.07810
        github: tsafavi/codex
    """

    synonyms: ClassVar[Set[str]] = {"codex-s-all"}
    folder: ClassVar[str] = "codex_s"
    original: ClassVar[Callable[..., LazyDataset]] = CoDExSmall


@parse_docdata
class CoDExMediumAll(LiteratureDataset):
    """CoDEx-M, with ids over all three splits.

    ---
    name: CoDEx-medium-all
    statistics:
        entities: 17050
        relations: 51
        training: 185584
        testing: 10311
        validation: 10310
        triples: 206205
    citation:
        author: Safavi
        year: 2020
        link: https://arxiv.org/abs/2009.07810
        github: tsafavi/codex
    """

    synonyms: ClassVar[Set[str]] = {"codex-m-all"}
    folder: ClassVar[str] = "codex_m"
    original: ClassVar[Callable[..., LazyDataset]] = CoDExMedium


@parse_docdata
class CoDExLargeAll(LiteratureDataset):
    """CoDEx-L, with ids over all three splits.

    ---
    name: CoDEx-large-all
    statistics:
        entities: 77951
        relations: 69
        training: 551193
        testing: 30622
        validation: 30622
        triples: 612437
    citation:
        author: Safavi
        year: 2020
        link: https://arxiv.org/abs/2009.07810
        github: tsafavi/codex
    """

    synonyms: ClassVar[Set[str]] = {"codex-l-all"}
    folder: ClassVar[str] = "codex_l"
    original: ClassVar[Callable[..., LazyDataset]] = CoDExLarge
