"""The packaged figures are the paper's."""

import json

from pykeen_conj_hale.reproduce.paper import paper_figures, paper_seconds
from pykeen_conj_hale.reproduce.strategies import paper_row
from pykeen_conj_hale.reproduce.tables import DATASETS, TABLES

FOLDERS = {
    "FB15k-237": "fb15k237",
    "WN18RR": "wn18rr",
    "CoDEx-S": "codex_s",
    "CoDEx-M": "codex_m",
    "CoDEx-L": "codex_l",
}
KEYS = {"table2": "table2_dim32", "table3": "table3_dim256", "table5": "table5_ablation_dim32_RotL"}


def test_figures_are_those_of_the_shared_copy(shared):
    hale = json.loads((shared / "paper_tables.json").read_text())["hale"]
    assert FOLDERS.keys() == DATASETS.keys()
    for dataset, folder in FOLDERS.items():
        assert paper_seconds(dataset) == hale["time_budget_seconds"][folder]
    for name, key in KEYS.items():
        table = TABLES[name]
        for dataset in table.datasets:
            for model in table.models:
                for strategy in table.strategies:
                    row = hale[key][FOLDERS[dataset]][paper_row(strategy)]
                    mrr, hits_at_10, hits_at_1 = (row if name == "table5" else row[model])[:3]
                    expected = {"mrr": mrr, "hits@10": hits_at_10, "hits@1": hits_at_1}
                    assert paper_figures(name, dataset, paper_row(strategy), model) == expected


def test_what_the_paper_does_not_say():
    assert paper_figures("figure2-strategies", "WN18RR", "HaLE", "RotL") is None
    assert paper_figures("table5", "WN18RR", "HaLE", "TransE") is None
    assert paper_figures("table5", "CoDEx-S", "HaLE", "RotL") is None
