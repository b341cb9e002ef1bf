"""The packaged figures are the papers'."""

import json

import pytest
from pykeen.pipeline import pipeline_from_config

from pykeen_conj_hale.defaults.rates import WARMUP
from pykeen_conj_hale.defaults.rule import LEARNING_RATE
from pykeen_conj_hale.defaults.table import KINDS
from pykeen_conj_hale.reproduce.papers import HALE, PAPERS
from pykeen_conj_hale.reproduce.plan import Budget
from pykeen_conj_hale.reproduce.selection import select

CONJUGATE, HYPER, HYPERBOLIC = PAPERS["conjugate"], PAPERS["hyper"], PAPERS["hyperbolic"]
FOLDERS = {
    "FB15k-237": "fb15k237",
    "WN18RR": "wn18rr",
    "CoDEx-S": "codex_s",
    "CoDEx-M": "codex_m",
    "CoDEx-L": "codex_l",
    "FB15k": "fb15k",
    "WN18": "wn18",
    "YAGO3-10": "yago310",
}
KEYS = {"table2": "table2_dim32", "table3": "table3_dim256", "table5": "table5_ablation_dim32_RotL"}


def read(shared, paper):
    return json.loads((shared / "paper_tables.json").read_text())[paper]


def test_figures_are_those_of_the_shared_copy(shared):
    hale = read(shared, "hale")
    for dataset in HALE.datasets:
        budget = HALE.budget(dataset, "RotL", "HaLE", 32)
        assert budget == Budget(hale["time_budget_seconds"][FOLDERS[dataset]])
    for name, key in KEYS.items():
        table = HALE.tables[name]
        for dataset in table.datasets:
            for model in table.models:
                for strategy in table.strategies:
                    rows = hale[key][FOLDERS[dataset]]
                    row = rows[HALE.strategies[strategy].paper_row or strategy]
                    mrr, hits_at_10, hits_at_1 = (row if name == "table5" else row[model])[:3]
                    expected = {"mrr": mrr, "hits@10": hits_at_10, "hits@1": hits_at_1}
                    assert HALE.figures(name, dataset, strategy, model) == expected


def test_what_the_paper_does_not_say():
    assert HALE.figures("figure2-strategies", "WN18RR", "HaLE", "RotL") == {}
    assert HALE.figures("table5", "WN18RR", "HaLE", "TransE") == {}
    assert HALE.figures("table5", "CoDEx-S", "HaLE", "RotL") == {}
    assert HYPER.figures("no-hypernetwork", "WN18RR", "1-N-no-hypernetwork", "HypER").keys() == {"mrr", "hits@10"}


def test_hyper(shared):
    hyper = read(shared, "hyper")
    for dataset, folder in FOLDERS.items():
        if folder in hyper["results"]:
            named = dict(zip(hyper["columns"], hyper["results"][folder], strict=True))
            expected = {metric: named[metric] for metric in ("mrr", "hits@10", "hits@1")}
            assert HYPER.figures("results", dataset, "1-N", "HypER") == expected
    for folder, figures in hyper["no_hypernetwork"].items():
        (dataset,) = [name for name, other in FOLDERS.items() if other == folder]
        assert HYPER.figures("no-hypernetwork", dataset, "1-N-no-hypernetwork", "HypER") == figures
    for strategy in HYPER.tables["filter-length"].strategies:
        length = HYPER.settings(strategy, dataset="WN18RR", model="HypER", embedding_dim=200)["model_kwargs"].get(
            "filter_length", 9
        )
        ours = [
            HYPER.figures("filter-length", dataset, strategy, "HypER")[metric]
            for dataset in ("WN18RR", "FB15k-237")
            for metric in ("mrr", "hits@1")
        ]
        assert ours == hyper["filter_size"][f"1x{length}"]


def test_hyper_is_trained_as_its_authors_say(shared):
    for folder, expected in read(shared, "hyper")["hyper_parameters"].items():
        (dataset,) = [name for name, other in FOLDERS.items() if other == folder]
        ours = HYPER.settings("1-N", dataset=dataset, model="HypER", embedding_dim=200)
        assert ours["optimizer_kwargs"]["lr"] == expected["lr"]
        assert ours.get("lr_scheduler_kwargs", {}).get("gamma", 1.0) == expected["lr_decay"]
        assert ours["training_kwargs"] == dict(batch_size=128, label_smoothing=expected["label_smoothing"])
        model_kwargs = {**HYPER.models["HypER"].kwargs, **ours["model_kwargs"]}
        for name in ("input_dropout", "feature_map_dropout", "hidden_dropout"):
            assert model_kwargs[name] == expected[name]


def test_conjugate_sharing_is_trained_as_its_authors_say(shared):
    parameters = read(shared, "conjugation")["hyper_parameters"]
    for model in ("FiveStarE", "ConjFiveStarE"):
        for folder, (epochs, rank, batch_size, weight, _, lr) in parameters[model].items():
            (dataset,) = [name for name, other in FOLDERS.items() if other == folder]
            ours = CONJUGATE.settings("N3-full", dataset=dataset, model=model, embedding_dim=rank)
            assert CONJUGATE.tables["full500"].embedding_dim == rank
            assert ours["training_kwargs"] == dict(num_epochs=epochs, batch_size=batch_size)
            assert ours["regularizer_kwargs"]["weight"] == weight
            assert (ours["optimizer"], ours["optimizer_kwargs"]) == ("Adagrad", dict(lr=lr))


def test_a_pair_differs_in_the_model_alone():
    for name in ("rank26", "rank50", "sampled26", "sampled50", "sampled500", "relations"):
        table = CONJUGATE.tables[name]
        (strategy,) = table.strategies
        for dataset in table.datasets:
            for model in table.models:
                twin = CONJUGATE.models[model].twin or model
                both = [
                    CONJUGATE.settings(strategy, dataset=dataset, model=which, embedding_dim=table.embedding_dim)
                    for which in (model, twin)
                ]
                assert both[0] == both[1]


@pytest.mark.parametrize("dataset", ["WN18RR", "FB15k-237"])
def test_sampled_tables_train_as_a_named_model_is(dataset):
    """But for the size, and the rule about own entities, which comparisons with papers do without."""
    kind = {"WN18RR": "sparse", "FB15k-237": "dense"}[dataset]
    (recipe,) = [candidate.dot for candidate in KINDS if candidate.name == kind]
    ours = CONJUGATE.settings("N3-sampled", dataset=dataset, model="ComplEx", embedding_dim=26)
    assert ours["loss_kwargs"]["candidates"] == recipe.hale["candidates"]
    assert ours["training_kwargs"] == dict(num_epochs=recipe.num_epochs, batch_size=recipe.batch_size)
    assert ours["regularizer_kwargs"]["weight"] == recipe.n3
    assert ours["optimizer_kwargs"]["lr"] == recipe.rate_factor * LEARNING_RATE
    assert ours["lr_scheduler_kwargs"]["warmup"] == WARMUP


def test_hyperbolic_figures_are_those_that_hale_quotes(shared):
    quoted = read(shared, "hale")["table2_dim32"]
    for dataset in HYPERBOLIC.datasets:
        assert HYPERBOLIC.budget(dataset, "RotH", "logistic", 32) == HALE.budget(dataset, "RotL", "HaLE", 32)
        for model in ("RefH", "RotH", "AttH"):
            mrr, hits_at_10, hits_at_1, _ = quoted[FOLDERS[dataset]]["fully_trained"][model]
            expected = {"mrr": mrr, "hits@10": hits_at_10, "hits@1": hits_at_1}
            assert HYPERBOLIC.figures("low-dimensional", dataset, "logistic", model) == expected


@pytest.mark.parametrize("name", HYPERBOLIC.models)
def test_hyperbolic_configurations_train_some_steps(name):
    """At a small size, by PyKEEN's own reader of configurations."""
    (cell,) = select(datasets=["WN18RR"], models=[name], paper="hyperbolic", epochs=4)
    configuration = cell.configuration()
    settings = configuration["pipeline"]
    settings.update(dataset="nations", stopper=None, stopper_kwargs=None)
    settings["model_kwargs"]["embedding_dim"] = 4
    settings["training_kwargs"].update(batch_size=256, use_tqdm=False)
    settings["optimizer_kwargs"].update(lr=0.02)
    result = pipeline_from_config(configuration)
    assert result.losses[-1] < 0.99 * result.losses[0]
    assert [x.shape for x in result.model.entity_representations] == [(4,), (), ()]
    sampler = result.configuration["negative_sampler_kwargs"]
    assert sampler["num_negs_per_pos"] == 50
