"""The code of the documentation runs."""

import re
from pathlib import Path

import pytest
from pykeen.datasets import Kinships
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import TransE, model_resolver

from pykeen_conj_hale.text import Cooccurrence
from pykeen_conj_hale.text.joint_run import read_configuration

DOCS = Path(__file__).resolve().parents[1] / "docs"


def run_code(page):
    """Run the Python blocks of a page one after the other, and return what they defined."""
    namespace = {"__name__": "docs"}
    for block in re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), flags=re.DOTALL | re.MULTILINE):
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
    dataset = Kinships(create_inverse_triples=True)
    untrained = defined["RefE"](triples_factory=dataset.training, random_seed=0)
    chance = RankBasedEvaluator().evaluate(
        untrained,
        dataset.testing.mapped_triples,
        additional_filter_triples=[dataset.training.mapped_triples, dataset.validation.mapped_triples],
        batch_size=256,
        use_tqdm=False,
    )
    for result in (defined["by_class"], defined["by_name"]):
        assert type(result.model) is defined["RefE"]
        assert result.get_metric("mrr") > 3 * chance.get_metric("mrr")
    assert repr(defined["by_name"].model.interaction.similarity) == "ExponentialDistance()"


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
