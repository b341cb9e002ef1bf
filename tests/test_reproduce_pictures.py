"""Pictures of results: which are drawn, of what, and what is left out."""

import itertools
import logging
import math
import re
import sys

import numpy as np
import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import ComplEx, DistMult

from pykeen_conj_hale.embeddings import export_embeddings, load_embeddings
from pykeen_conj_hale.streaming.activations import Halin, Hanon, HardnessActivation, activation_resolver

figures = pytest.importorskip("matplotlib.figure")
pytest.importorskip("sklearn")
pytest.importorskip("safetensors")

from pykeen_conj_hale.reproduce.pictures import draw  # noqa: E402
from pykeen_conj_hale.reproduce.pictures.activations import describe  # noqa: E402
from pykeen_conj_hale.reproduce.pictures.curves import make_series  # noqa: E402
from pykeen_conj_hale.reproduce.pictures.entities import clusters, project, sample_labels, uniformity  # noqa: E402
from pykeen_conj_hale.reproduce.pictures.run_groups import RunGroup, group_runs, picture_names  # noqa: E402
from pykeen_conj_hale.reproduce.pictures.style import looks, read_description  # noqa: E402
from pykeen_conj_hale.reproduce.pictures.tsne import make_panels  # noqa: E402
from pykeen_conj_hale.reproduce.plan import Budget, Strategy  # noqa: E402
from pykeen_conj_hale.reproduce.strategies import STRATEGIES, labels  # noqa: E402

CURVE = [[1.0, 0.1, 0.2], [2.0, 0.2, 0.4], [4.0, 0.3, 0.5]]
NAME = "Nations_ComplEx_8"


@pytest.fixture(autouse=True)
def _log(caplog):
    caplog.set_level(logging.INFO, logger="pykeen_conj_hale")


def line(strategy, **changes):
    values = {"status": "finished", "dataset": "Nations", "model": "ComplEx", "strategy": strategy, "embedding_dim": 8}
    values.update({"seconds": 4.0, "seed": 0, "curve": CURVE}, **changes)
    return {"key": f"{strategy}-{values['seed']}", **values}


@pytest.fixture
def axes(monkeypatch):
    """Collect the axes of each picture by its file's name."""
    found = {}
    savefig = figures.Figure.savefig

    def record(figure, file, **kwargs):
        found[re.sub(r"\.[0-9a-f]{8}\.part$", "", file.name.rpartition("/")[2])] = figure.axes
        return savefig(figure, file, **kwargs)

    monkeypatch.setattr(figures.Figure, "savefig", record)
    return found


@pytest.fixture(scope="module")
def embeddings(tmp_path_factory):
    """Write embeddings of runs; AdvNeg's are not finite, AllNeg's are missing, and NonNeg's are damaged."""
    folder, training = tmp_path_factory.mktemp("embeddings"), Nations().training
    files = {}
    for seed, (strategy, cls) in enumerate({"HaLE": ComplEx, "SamNeg": DistMult, "AdvNeg": DistMult}.items()):
        model = cls(triples_factory=training, embedding_dim=8, random_seed=seed)
        if strategy == "AdvNeg":
            model.entity_representations[0]._embeddings.weight.data[3] = math.nan
        export_embeddings(folder / strategy, model, training)
        files[f"{strategy}-0"] = folder / strategy
    files["AllNeg-0"] = folder / "missing"
    files["NonNeg-0"] = folder / "damaged"
    (folder / "damaged").write_text("this is no file of embeddings")
    return files


def test_files(tmp_path, embeddings, axes, caplog):
    """All kinds at once; whatever is returned is a picture, and there is nothing else."""
    lines = [
        line(strategy) for strategy in ("sAMNEG", "AdvNeg", "AllNeg", "NonNeg", "HaLE", "HaLE-2x", "HaLE-no-square")
    ]
    lines[0]["key"] = "SamNeg-0"
    paths = draw(lines, tmp_path / "new", embeddings)
    names = ["activations", f"hits_at_10_{NAME}_strategies", f"hits_at_10_{NAME}_activations", f"tsne_{NAME}"]
    assert [path.name for path in paths] == [f"{name}.png" for name in names]
    assert sorted((tmp_path / "new").iterdir()) == sorted(paths)
    for path in paths:
        assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    names = [curve.get_label() for curve in axes[paths[1].name][0].lines]
    assert names == ["HaLE", "SamNeg", "AdvNeg", "AllNeg", "NonNeg"]
    assert [curve.get_label() for curve in axes[paths[2].name][0].lines] == ["Hanon", "2 x"]
    titles = [panel.get_title() for panel in axes[paths[3].name]]
    assert [title.partition("\n")[0] for title in titles] == ["HaLE", "SamNeg"]
    assert "AdvNeg: entity.0 has values that are not finite" in caplog.text
    assert "damaged' is no file of safetensors" in caplog.text


def test_a_strategy_has_one_colour():
    for comparison in ("strategies", "activations"):
        shown = looks(comparison)
        colors, markers = ({getattr(look, name) for look in shown.values()} for name in ("color", "marker"))
        assert len(colors) == len(markers) == len(shown)
    assert looks("strategies")["HaLE"].color == looks("activations")["HaLE"].color


def test_strategies_of_the_pictures():
    """The paper's Fig. 2, and the two strategies with HaLE's activation."""
    papers = ["HaLE", "SamNeg", "AdvNeg", "AllNeg", "NonNeg", "HA + SamNeg", "HA + AllNeg"]
    assert list(labels("strategies").values())[: len(papers)] == papers
    papers = ["Hanon", "Halin", "2 x", "x exp(x)", "2 artanh(x)", "none: x"]
    assert list(labels("activations").values())[: len(papers)] == papers


def test_a_strategy_that_is_added_is_drawn(tmp_path, axes, embeddings, monkeypatch):
    added = [Strategy(f"New{i}", STRATEGIES["AllNeg"].settings) for i in range(20)]
    monkeypatch.setattr("pykeen_conj_hale.reproduce.strategies._STRATEGIES", (*STRATEGIES.values(), *added))
    files = {"New0-0": embeddings["HaLE-0"]}
    draw([line("HaLE"), *(line(strategy.name) for strategy in added)], tmp_path, files)
    curves = axes[f"hits_at_10_{NAME}_strategies.png"][0].lines
    assert [curve.get_label() for curve in curves] == ["HaLE", *(strategy.name for strategy in added)]
    assert len({(curve.get_color(), curve.get_marker()) for curve in curves}) == 21
    assert axes[f"tsne_{NAME}.png"][0].get_title().startswith("New0\n")


def test_without_results(tmp_path):
    assert [path.name for path in draw([], tmp_path, {})] == ["activations.png"]


# Fig. 1


def test_activations(tmp_path, axes):
    """All that there are, an activation registered later included; infinite values are a gap."""

    class Steep(HardnessActivation):
        def unit(self, y):
            return 1 / (1 - y)

        def unit_derivative(self, y, value):
            return value**2

    activation_resolver.register(Steep)
    try:
        draw([], tmp_path, {})
        count = len(list(activation_resolver))
    finally:
        del activation_resolver.lookup_dict[activation_resolver.normalize("Steep")]
    lines = {curve.get_label(): curve for curve in axes["activations.png"][0].lines}
    assert len(lines) == count
    bounded = {"Hanon (γ = 10, β = 3)": Hanon(gamma=10.0), "Halin (γ = 10, β = 10)": Halin(gamma=10.0)}  # the paper's
    for label, activation in bounded.items():
        x, h = lines[label].get_data()
        assert (x[0], x[-1]) == (0.0, 2.0)
        np.testing.assert_array_equal(h, activation(torch.as_tensor(x)))
    x, h = lines["Steep"].get_data()
    assert x[np.isnan(h)].tolist() == [1.0]


def test_describe():
    assert describe(Hanon(gamma=2.5, beta=4), "H") == "H (γ = 2.5, β = 4)"


# Fig. 2


def test_series_of_one_seed():
    curve = np.array([[1.0, 0.2], [3.0, 0.1]])
    series = make_series([curve, np.empty((0, 2))])
    for values in series[1:4]:
        np.testing.assert_array_equal(np.column_stack([series.seconds, values]), curve)
    assert series.seeds == 1


def test_series_of_three_seeds():
    """From the last beginning, 1, to the first end, 3; at 2 the first has gone half, the second three quarters."""
    curves = [[[1, 0.2], [3, 0.4]], [[0.5, 0.0], [2.5, 0.8], [3.5, 0.2]], [[1, 0.1], [2, 0.9], [3, 0.1]]]
    series = make_series(map(np.array, curves))
    assert series.seconds.tolist() == [1, 2, 2.5, 3]
    np.testing.assert_allclose(series.low, [0.1, 0.3, 0.35, 0.1])
    np.testing.assert_allclose(series.median, [0.2, 0.6, 0.5, 0.4])
    np.testing.assert_allclose(series.high, [0.2, 0.9, 0.8, 0.5])
    assert series.seeds == 3


def test_no_series():
    assert make_series([]) is None
    assert make_series([np.empty((0, 2))]) is None
    assert make_series([np.array([[1.0, 0.5]]), np.array([[2.0, 0.5]])]) is None


def test_curves_are_those_given(tmp_path, axes):
    other = [[seconds, 0.0, 0.1 + value] for seconds, _, value in CURVE]
    draw([line("HaLE"), line("HaLE", seed=1, curve=other), line("SamNeg")], tmp_path, {})
    (picture,) = axes[f"hits_at_10_{NAME}_strategies.png"]
    hale, samneg = picture.lines
    np.testing.assert_allclose(samneg.get_xydata(), [[1, 0.2], [2, 0.4], [4, 0.5]])
    np.testing.assert_allclose(hale.get_xydata(), [[1, 0.25], [2, 0.45], [4, 0.55]])
    assert hale.get_label() == "HaLE (2 seeds)"
    assert hale.get_color() == looks("strategies")["HaLE"].color
    (band,) = picture.collections
    corners = {tuple(point) for point in band.get_paths()[0].vertices.round(9)}
    assert corners == {(x, y) for x, _, low in CURVE for y in (low, round(low + 0.1, 9))}


def test_groups(tmp_path, caplog):
    """Runs are compared where dataset, model, dimension and budget agree, and where there are two."""
    pairs = [{}, {"dataset": "../a b"}, {"model": "RotL"}, {"embedding_dim": 4}, {"seconds": 2.5}, {"seconds": 3.0}]
    lines = [line(strategy, **changes) for changes in pairs for strategy in ("HaLE", "AllNeg")]
    lines += [line("HaLE", seconds=60), line("HaLE-2x", dataset="alone"), line("AllNeg", dataset="alone")]
    names = {path.name for path in draw(lines, tmp_path, {})} - {"activations.png"}
    stems = [NAME, ".._a_b_ComplEx_8", "Nations_RotL_8", "Nations_ComplEx_4", f"{NAME}_2.5s", f"{NAME}_3s"]
    assert names == {f"hits_at_10_{stem}_strategies.png" for stem in stems}
    assert "No curves of strategies for ComplEx on alone, d = 8, 4 s: fewer than two lines" in caplog.text


def test_picture_names():
    groups = [RunGroup("D", "M", 8, seconds) for seconds in map(Budget, (60.0, 600.0))]
    assert list(picture_names(groups, "x_{}.png").values()) == ["x_D_M_8_60s.png", "x_D_M_8.png"]


def test_last_of_equal_runs_counts():
    lines = [line("HaLE", key="old"), line("hale", key="new"), line("HaLE", key="other", seed=1)]
    ((_, strategies),) = group_runs(lines).items()
    assert [run.key for run in strategies["HaLE"].values()] == ["new", "other"]


def test_curves_are_by_time():
    curve = [[3.0, 0.1, 0.5], [1.0, 0.1, 0.2]]
    ((_, strategies),) = group_runs([line("HaLE", curve=curve), line("SamNeg", curve=[])]).items()
    assert strategies["HaLE"][0].curve.tolist() == [[1.0, 0.2], [3.0, 0.5]]
    assert strategies["SamNeg"][0].curve.shape == (0, 2)


# Fig. 3


def test_panels_show_the_same_entities(embeddings, tmp_path):
    """They are matched by label, whatever the order of the rows, and however many there are elsewhere."""
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(embeddings["SamNeg-0"], framework="pt") as file:
        metadata, tensor = file.metadata(), file.get_tensor("entity.0")
    labels = load_embeddings(embeddings["SamNeg-0"]).labels["entity"]
    order = torch.randperm(len(labels))[:-2].tolist()
    mixed = [labels[i] for i in order]
    save_file(
        {"entity.0": tensor[order]}, tmp_path / "mixed", metadata | {"entity_labels": str(mixed).replace("'", '"')}
    )
    hale, samneg, again = make_panels(
        {"HaLE": embeddings["HaLE-0"], "SamNeg": embeddings["SamNeg-0"], "AllNeg": tmp_path / "mixed"}
    )
    assert hale.vectors.shape == (len(mixed), 16)  # complex numbers are pairs
    np.testing.assert_array_equal(samneg.vectors, again.vectors)
    rows = load_embeddings(embeddings["HaLE-0"]).rows("entity.0", sample_labels([mixed], 100))
    np.testing.assert_array_equal(hale.vectors[:, ::2], rows.real.double())


def test_sample():
    numbers = [str(i) for i in range(100)]
    sample = sample_labels([numbers, numbers[::-1], numbers[:50]], 20)
    assert len(set(sample)) == 20
    assert set(sample) <= set(numbers[:50])
    assert sample == sample_labels([numbers[:50][::-1]], 20)
    assert sorted(sample_labels([["b", "a"]], 20)) == ["a", "b"]


def test_uniformity():
    x = np.random.default_rng(0).normal(size=(7, 3)) * 5
    u = [row / math.sqrt(sum(value**2 for value in row)) for row in x]
    terms = [math.exp(-2 * sum((one - two) ** 2)) for one, two in itertools.combinations(u, 2)]
    assert uniformity(x) == pytest.approx(math.log(sum(terms) / len(terms)))
    assert uniformity(np.array([[1.0, 0.0], [-3.0, 0.0]])) == pytest.approx(-8)
    assert uniformity(np.zeros((3, 2))) == 0


def test_clusters():
    centres = np.repeat([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]], [5, 20, 10], axis=0)
    found = clusters(centres + np.random.default_rng(0).normal(size=centres.shape), 3)
    assert found.tolist() == [2] * 5 + [0] * 20 + [1] * 10
    assert clusters(centres, 8).tolist() == found.tolist()  # three different vectors


@pytest.mark.parametrize("shape", [(4, 2), (40, 1)])
def test_project(shape):
    x = np.random.default_rng(0).normal(size=shape)
    places = project(x)
    assert places.shape == (shape[0], 2)
    assert np.isfinite(places).all()
    assert places.std() > 0.1
    np.testing.assert_array_equal(places, project(x))


@pytest.mark.parametrize("value", [0.0, 1e6 / 3])
def test_project_collapsed(value):
    """scikit-learn 1.9's t-SNE crashes the process if it is given such embeddings."""
    assert not project(np.full((50, 8), value)).any()


def test_tsne_is_drawn_anew_for_new_embeddings_only(tmp_path, embeddings, axes):
    name = f"tsne_{NAME}.png"
    draw([line("HaLE")], tmp_path, embeddings)
    assert read_description(tmp_path / name).startswith("HaLE: HaLE ")
    axes.clear()
    assert tmp_path / name in draw([line("HaLE")], tmp_path, embeddings)
    assert name not in axes
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:30])  # a damaged picture shows nothing
    for lines in ([line("HaLE")], [line("HaLE"), line("SamNeg")]):
        draw(lines, tmp_path, embeddings)
        assert len(axes.pop(name)) == len(lines)


def test_tsne_of_too_few_entities(tmp_path, embeddings, monkeypatch, caplog):
    monkeypatch.setattr("pykeen_conj_hale.reproduce.pictures.tsne.MIN_ENTITIES", 15)
    assert [path.name for path in draw([line("HaLE")], tmp_path, embeddings)] == ["activations.png"]
    assert "No t-SNE of ComplEx on Nations, d = 8, 4 s: there are no 15 entities that all have" in caplog.text


# What is not installed


def test_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pykeen-conj-hale\[plot\]"):
        draw([], tmp_path, {})
    assert not list(tmp_path.iterdir())


def test_without_sklearn(tmp_path, embeddings, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    paths = draw([line("HaLE"), line("SamNeg")], tmp_path, embeddings)
    assert [path.name for path in paths] == ["activations.png", f"hits_at_10_{NAME}_strategies.png"]
    assert [text for text in caplog.messages if "scikit-learn" in text] == [
        "No t-SNE, as there is no scikit-learn: pip install 'pykeen-conj-hale[reproduce]'"
    ]


def test_a_picture_that_cannot_be_finished_is_not_there(tmp_path, monkeypatch):
    def interrupt(figure, file, **kwargs):
        file.write(b"half")
        raise KeyboardInterrupt

    (tmp_path / "activations.png").write_text("before")
    monkeypatch.setattr(figures.Figure, "savefig", interrupt)
    with pytest.raises(KeyboardInterrupt):
        draw([], tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["activations.png"]
    assert (tmp_path / "activations.png").read_text() == "before"
