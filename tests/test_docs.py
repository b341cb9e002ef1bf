"""The code of the documentation runs."""

import ast
import re
from pathlib import Path

import pytest
from pykeen.datasets import Kinships
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import TransE, model_resolver

from pykeen_conj_hale.text import Cooccurrence
from pykeen_conj_hale.text.joint_run import read_configuration

DOCS = Path(__file__).resolve().parents[1] / "docs"


def python_blocks(page):
    """List the Python blocks of a page."""
    return re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), flags=re.DOTALL | re.MULTILINE)


def run_code(page):
    """Run the Python blocks of a page one after the other, and return what they defined."""
    namespace = {"__name__": "docs"}
    for block in python_blocks(page):
        exec(compile(block, page, "exec"), namespace)
    return namespace


@pytest.fixture
def registered(monkeypatch):
    """Forget what is registered in a test."""
    model_resolver.lookup("TransE")  # registers this package's models first
    monkeypatch.setattr(model_resolver, "lookup_dict", dict(model_resolver.lookup_dict))


@pytest.mark.usefixtures("registered")
def test_your_own_transform():
    defined = run_code("your_own_transform.md")
    defined["test_refe"]()
    result, dataset = defined["result"], Kinships(create_inverse_triples=True)
    assert type(result.model) is defined["RefE"]
    assert repr(result.model.interaction.similarity) == "ExponentialDistance()"
    untrained = defined["RefE"](triples_factory=dataset.training, random_seed=0)
    chance = RankBasedEvaluator().evaluate(
        untrained,
        dataset.testing.mapped_triples,
        additional_filter_triples=[dataset.training.mapped_triples, dataset.validation.mapped_triples],
        batch_size=256,
        use_tqdm=False,
    )
    assert result.get_metric("mrr") > 3 * chance.get_metric("mrr")


def test_your_own_transform_is_one_file_through_one_door():
    file = python_blocks("your_own_transform.md")[0]
    assert len(file.splitlines()) <= 40
    modules = [node.module for node in ast.walk(ast.parse(file)) if isinstance(node, ast.ImportFrom)]
    assert modules == ["torch", "pykeen_conj_hale.nn"]
    assert ast.get_docstring(ast.parse(file).body[-1])


def test_lightning():
    defined = run_code("lightning.md")
    assert defined["result"].get_metric("mrr") > 0.15
    assert defined["module"].global_step == 10 * len(defined["module"].trainer.train_dataloader)


def test_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    defined = run_code("text.md")
    assert Cooccurrence.load(tmp_path / "cooc.npz").entities == ["brazil", "china", "cuba", "poland", "ussr"]
    assert isinstance(defined["result"].model, TransE)
    assert {"cuba", "sugar", "uk"} <= {*defined["vectors"].entities, *defined["vectors"].words}
    configuration = re.search(r"^```json\n(.*?)^```", (DOCS / "text.md").read_text(), flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "config.json").write_text(configuration[1])
    assert read_configuration(tmp_path / "config.json")["pipeline"]["model"] == "JointGloVe"
