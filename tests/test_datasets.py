"""Datasets with ids over all three splits: formats, errors, PyKEEN's cache, and the literature's counts."""

import csv
import gzip
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest.mock
import zipfile

import pykeen.datasets.base
import pykeen.datasets.utils
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pykeen.datasets.base import Dataset, LazyDataset, PathDataset
from pykeen.triples import TriplesFactory

from pykeen_conj_hale import datasets
from pykeen_conj_hale.datasets import DATASETS_VARIABLE, CoDExSmallAll, FB15k237All, FolderDataset, WN18RRAll

SHARED = pathlib.Path(__file__).parents[1].parent / "shared" / "datasets"
LITERATURE = [
    datasets.WN18RRAll,
    datasets.WN18All,
    datasets.FB15k237All,
    datasets.FB15kAll,
    datasets.YAGO310All,
    datasets.CoDExSmallAll,
    datasets.CoDExMediumAll,
    datasets.CoDExLargeAll,
]
with_shared = pytest.mark.parametrize(
    "cls",
    [
        pytest.param(
            cls,
            marks=pytest.mark.skipif(
                not SHARED.joinpath(cls.folder).is_dir(), reason=f"there is no {SHARED.joinpath(cls.folder)}"
            ),
        )
        for cls in LITERATURE
    ],
)

# d, e and s are unseen in training
TRIPLES = {
    "training": [("b", "r", "a"), ("a", "r", "c"), ("c", "q", "b"), ("a", "q", "a")],
    "validation": [("a", "r", "d"), ("e", "q", "d")],
    "testing": [("d", "s", "a"), ("a", "r", "b")],
}
STEMS = {"training": "train", "validation": "valid", "testing": "test"}


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path_factory):
    """Keep the user's cache, environment and network out of the tests."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setattr(pykeen.datasets.base, "PYKEEN_DATASETS", home)
    monkeypatch.setattr(pykeen.datasets.utils, "PYKEEN_DATASETS", home)
    monkeypatch.delenv(DATASETS_VARIABLE, raising=False)
    monkeypatch.setattr("requests.get", unittest.mock.Mock(side_effect=OSError("no network")))
    monkeypatch.setattr("pystow.utils.download", unittest.mock.Mock(side_effect=OSError("no network")))
    for module in ("pykeen.datasets.base", "pykeen_conj_hale.datasets.remote"):
        monkeypatch.setattr(f"{module}.download", unittest.mock.Mock(side_effect=OSError("no network")))
    return home


def encode(triples, newline="\n", end=True):
    return (newline.join("\t".join(t) for t in triples) + (newline if end else "")).encode()


def write(folder, names=STEMS, ending=".txt", triples=TRIPLES, **kwargs):
    folder.mkdir(parents=True, exist_ok=True)
    for split, stem in names.items():
        data = encode(triples[split], **kwargs)
        folder.joinpath(stem + ending).write_bytes(gzip.compress(data) if ending.endswith(".gz") else data)
    return folder


def labels(factory):
    return [tuple(map(str, t)) for t in factory.label_triples(factory.mapped_triples).tolist()]


def assert_same(dataset: Dataset, triples=TRIPLES):
    entities = sorted({x for split in triples.values() for h, _, t in split for x in (h, t)})
    relations = sorted({r for split in triples.values() for _, r, _ in split})
    assert set(dataset.factory_dict) == set(triples)
    for split, factory in dataset.factory_dict.items():
        assert labels(factory) == triples[split]
        assert list(factory.entity_to_id.items()) == [(e, i) for i, e in enumerate(entities)]
        assert list(factory.relation_to_id.items()) == [(r, i) for i, r in enumerate(relations)]
        assert factory.num_entities == len(entities)
        assert factory.real_num_relations == len(relations)


# --- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".txt", ".tsv", ".txt.gz", ".tsv.gz"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", [True, False])
def test_formats(tmp_path, ending, newline, end):
    assert_same(FolderDataset(write(tmp_path, ending=ending, newline=newline, end=end)))


@pytest.mark.parametrize("stem", ["valid", "validation", "dev"])
def test_names(tmp_path, stem):
    names = {"training": "training", "validation": stem, "testing": "testing"}
    folder = write(tmp_path, names)
    folder.joinpath("glosses.tsv.gz").write_bytes(b"not a split")
    assert_same(FolderDataset(str(folder)))


def test_mixed_endings_and_byte_order_mark(tmp_path):
    write(tmp_path, {"training": "train"}, ".tsv.gz", newline="\r\n")
    write(tmp_path, {"validation": "dev"}, ".tsv")
    tmp_path.joinpath("test.txt").write_bytes(b"\xef\xbb\xbf" + encode(TRIPLES["testing"]))
    assert_same(FolderDataset(tmp_path))


AWKWARD = [
    "nan",
    "NA",
    "",
    " ",
    "a b",
    '"',
    '""x',
    "#",
    "0012",
    "1.0",
    "x\u2028y",
    "\x1c\x85",
    "None",
    "é",
    "r_inverse",
]


def awkward_triples():
    names = [name for name in AWKWARD if name]
    triples = [(a, b, c) for a, b, c in zip(names, names[1:], names[2:], strict=False)]
    return {"training": triples, "validation": triples[:3], "testing": triples[3:]}


def test_labels_stay_as_they_are(tmp_path):
    assert_same(FolderDataset(write(tmp_path, triples=awkward_triples())), awkward_triples())


# all but what separates or is refused, and the byte order mark, which is a label's character only inside a file
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r\0\ufeff"), min_size=1, max_size=8)
SPLIT = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=12, unique=True)


@settings(max_examples=60, deadline=None)
@given(
    triples=st.fixed_dictionaries(dict.fromkeys(STEMS, SPLIT)),
    ending=st.sampled_from([".txt", ".tsv.gz"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    end=st.booleans(),
)
def test_any_text_round_trips(triples, ending, newline, end):
    with tempfile.TemporaryDirectory() as name:
        folder = write(pathlib.Path(name), ending=ending, triples=triples, newline=newline, end=end)
        # the same triple may be drawn for two splits, and a label may be the name of a column
        assert_same(FolderDataset(folder, eager=True, header="keep"), triples)


@pytest.mark.parametrize("inverse", [True, False])
def test_create_inverse_triples(tmp_path, inverse):
    dataset = FolderDataset(write(tmp_path), create_inverse_triples=inverse)
    assert dataset.create_inverse_triples is inverse
    assert dataset.training.num_relations == (6 if inverse else 3)
    assert not dataset.testing.create_inverse_triples
    assert not dataset.validation.create_inverse_triples
    assert dataset.testing.num_relations == dataset.validation.num_relations == 3
    assert_same(dataset)


# --- errors -----------------------------------------------------------------------------------------------------------


def check_error(exception, folder, *parts):
    """Reading fails with a message that has all parts, and leaves nothing half loaded."""
    with pytest.raises(exception) as info:
        FolderDataset(folder, eager=True)
    for part in parts:
        assert part in str(info.value)


def test_no_folder(tmp_path):
    check_error(NotADirectoryError, tmp_path / "nowhere", "nowhere", "does not exist", "train.txt")
    file = tmp_path / "train.txt"
    file.write_bytes(b"")
    check_error(NotADirectoryError, file, "train.txt", "is a file", "give a folder")


@pytest.mark.parametrize("split", STEMS)
def test_missing_split(tmp_path, split):
    write(tmp_path, {k: v for k, v in STEMS.items() if k != split})
    tmp_path.joinpath("notes.md").touch()
    with pytest.raises(
        FileNotFoundError, match=f"no {split} file: looked for {STEMS[split]} or .*the folder has notes"
    ):
        FolderDataset(tmp_path)


def test_missing_split_of_empty_and_full_folder(tmp_path):
    check_error(FileNotFoundError, tmp_path, "the folder has no file;")
    for i in range(12):
        tmp_path.joinpath(f"x{i:02}").touch()
    check_error(FileNotFoundError, tmp_path, "x00, x01,", "x09 and 2 more")


@pytest.mark.parametrize("other", ["train.tsv.gz", "training.txt"])
def test_two_files_for_a_split(tmp_path, other):
    write(tmp_path).joinpath(other).touch()
    both = ", ".join(sorted(["train.txt", other]))
    with pytest.raises(ValueError, match=f"several training files: {both}; leave only one"):
        FolderDataset(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("split", STEMS)
def test_empty_file(tmp_path, split, content):
    write(tmp_path).joinpath(f"{STEMS[split]}.txt").write_bytes(content)
    check_error(ValueError, tmp_path, f"{STEMS[split]}.txt", "is empty")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"", "a blank line"),
        (b"  ", "a blank line"),
        (b"a\tr", "found 2"),
        (b"a r b", "found 1"),
        (b"a\tr\tb\tc", "found 4"),
        (b"a\t\tb", "3 columns, 1 of them empty"),
        (b"\tr\tb", "3 columns, 1 of them empty"),
        (b"a\tr\t", "3 columns, 1 of them empty"),
        (b"a\tr\tb\t", "4 columns, 1 of them empty"),
        (b"a\tr\tb\rc", "a carriage return or a NUL inside the line"),
        (b"a\tr\tb\0", "a carriage return or a NUL inside the line"),
    ],
)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_malformed_line(tmp_path, line, found, newline, number):
    lines = [b"x\tr\ty", b"y\tr\tz"]
    lines.insert(number - 1, line)
    write(tmp_path).joinpath("valid.txt").write_bytes(newline.join(lines) + newline)
    check_error(ValueError, tmp_path, "valid.txt", f"line {number}:", found, "mend or remove")


def test_malformed_lines_that_add_up(tmp_path):
    """Two and four columns are as many separators as three and three."""
    write(tmp_path).joinpath("test.txt").write_bytes(b"a\tr\tb\na\tr\nb\tr\tc\td\n")
    check_error(ValueError, tmp_path, "test.txt", "line 2:", "found 2", "'a\\tr'")


def test_long_line_is_cut(tmp_path):
    write(tmp_path).joinpath("test.txt").write_bytes(b"x" * 10_000)
    with pytest.raises(ValueError, match=r"line 1: .*'x{80}'…") as info:
        FolderDataset(tmp_path, eager=True)
    assert len(str(info.value)) < 500


def test_duplicate(tmp_path):
    triples = [("b", "r", "c"), ("a", "r", "b"), ("b", "r", "a"), ("a", "r", "b"), ("b", "r", "c"), ("a", "r", "b")]
    write(tmp_path).joinpath("train.txt").write_bytes(encode(triples))
    check_error(ValueError, tmp_path, "train.txt, lines 2 and 4:", "2 more", "['a', 'r', 'b']", "remove one")
    tmp_path.joinpath("train.txt").write_bytes(encode(triples[:4]))
    check_error(ValueError, tmp_path, "train.txt, lines 2 and 4: the same triple twice: ")


def test_not_utf8(tmp_path):
    write(tmp_path).joinpath("train.txt").write_bytes(b"a\tr\tb\r\na\tr\t\xe9\r\n")
    check_error(ValueError, tmp_path, "train.txt, line 2", "byte offset 11", "save the file as UTF-8")
    tmp_path.joinpath("train.txt").write_bytes("a\tr\tb\n".encode("utf-16"))
    check_error(ValueError, tmp_path, "line 1: not UTF-8 at byte offset 0")


def test_broken_gzip(tmp_path):
    write(tmp_path, ending=".txt.gz")
    file = tmp_path / "test.txt.gz"
    good = file.read_bytes()
    flipped = good[:10] + bytes([good[10] ^ 0xFF]) + good[11:]
    for data in (b"a\tr\tb\n", good[:-9], flipped, good + b"x"):
        file.write_bytes(data)
        check_error(ValueError, tmp_path, "test.txt.gz", "broken gzip", "pack the file anew")


def test_a_failed_load_leaves_nothing(tmp_path):
    write(tmp_path).joinpath("test.txt").write_bytes(b"")
    dataset = FolderDataset(tmp_path)
    with pytest.raises(ValueError, match="empty"):
        _ = dataset.training
    assert not dataset._loaded
    write(tmp_path)
    assert_same(dataset)


# --- the literature's datasets: where they come from ------------------------------------------------------------------


@pytest.mark.parametrize("cls", LITERATURE)
def test_path_and_environment_variable(tmp_path, monkeypatch, cls):
    other = {**TRIPLES, "testing": [("z", "z", "z")]}
    write(tmp_path / "root" / cls.folder)
    write(tmp_path / "other", triples=other)
    monkeypatch.setenv(DATASETS_VARIABLE, str(tmp_path / "root"))
    assert_same(cls())
    assert_same(cls(path=tmp_path / "other"), other)


def test_environment_variable_errors(tmp_path, monkeypatch):
    monkeypatch.setenv(DATASETS_VARIABLE, str(tmp_path / "root"))
    with pytest.raises(NotADirectoryError, match=f"{DATASETS_VARIABLE}=.*root.* wn18rr"):
        WN18RRAll()
    write(tmp_path / "root" / "wn18rr").joinpath("test.txt").unlink()
    with pytest.raises(FileNotFoundError, match="no testing file"):
        WN18RRAll()


@pytest.mark.parametrize("value", ["", None])
@pytest.mark.parametrize("cls", LITERATURE)
def test_failed_download(tmp_path, monkeypatch, cls, value):
    """With no local folder, PyKEEN's address is asked; without a network, the error says what to do."""
    monkeypatch.setenv(DATASETS_VARIABLE, str(tmp_path) if value is None else value)
    dataset = cls(cache_root=tmp_path)
    assert isinstance(dataset, LazyDataset)
    with pytest.raises(
        OSError, match=rf"{cls.__name__}: .*no network.*path=FOLDER.*{DATASETS_VARIABLE}.*{cls.folder};?$"
    ):
        _ = dataset.training


def tar(names, triples=TRIPLES):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for split, name in names.items():
            data = encode(triples[split])
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def relative_names(cls, root):
    original = cls.original(cache_root=root)
    return {s: getattr(original, f"_relative_{s}_path").as_posix() for s in STEMS}, original.cache_root


@pytest.mark.parametrize("cls", [datasets.WN18RRAll, datasets.WN18All, datasets.FB15kAll, datasets.YAGO310All])
def test_download_tar(tmp_path, monkeypatch, cls):
    names, _ = relative_names(cls, tmp_path)
    get = unittest.mock.Mock(return_value=unittest.mock.Mock(content=tar(names)))
    monkeypatch.setattr("requests.get", get)
    dataset = cls(cache_root=tmp_path)
    get.assert_not_called()
    assert_same(dataset)
    assert_same(cls(cache_root=str(tmp_path), eager=True))
    get.assert_called_once()
    assert get.call_args.kwargs["url"].startswith("http")


@pytest.mark.parametrize("part", [0, 0.1, 0.5, 0.9])
def test_download_of_a_broken_tar(tmp_path, monkeypatch, part):
    """A failed extraction leaves no file that the next use would take for a whole one."""
    many = {s: [(f"{s}{i * i}", "r", f"{i}") for i in range(2_000)] for s in STEMS}
    names, root = relative_names(WN18RRAll, tmp_path)
    content = tar(names, many)
    response = unittest.mock.Mock(content=content[: int(part * len(content))])
    monkeypatch.setattr("requests.get", unittest.mock.Mock(return_value=response))
    with pytest.raises(OSError, match="WN18RRAll: downloading failed"):
        WN18RRAll(cache_root=tmp_path, eager=True)
    assert not [p for p in root.rglob("*") if p.is_file()]
    response.content = tar(names)
    assert_same(WN18RRAll(cache_root=tmp_path))


def test_download_zip(tmp_path):
    original = FB15k237All.original(cache_root=tmp_path)
    with zipfile.ZipFile(original.path, mode="w") as archive:
        for split, stem in STEMS.items():
            archive.writestr(f"Release/{stem}.txt", encode(TRIPLES[split]))
    assert_same(FB15k237All(cache_root=tmp_path))


def test_broken_zip(tmp_path):
    path = FB15k237All.original(cache_root=tmp_path).path
    path.write_bytes(b"<html>")
    with pytest.raises(ValueError, match=f"{path.name}, member Release/train.txt: broken zip"):
        FB15k237All(cache_root=tmp_path, eager=True)
    with zipfile.ZipFile(path, mode="w") as archive:
        archive.writestr("Release/train.txt", encode(TRIPLES["training"]))
    with pytest.raises(ValueError, match=r"member Release/valid.txt: broken zip archive \(.*no item"):
        FB15k237All(cache_root=tmp_path, eager=True)


@pytest.mark.parametrize("cls", [datasets.CoDExSmallAll, datasets.CoDExMediumAll, datasets.CoDExLargeAll])
def test_download_unpacked(tmp_path, monkeypatch, cls):
    folder = write(tmp_path / cls.original.__name__.lower())
    assert_same(cls(cache_root=tmp_path))
    folder.joinpath("test.txt").unlink()

    def fake(url, path, **kwargs):
        path.write_bytes(encode(TRIPLES["testing"]))

    download = unittest.mock.Mock(side_effect=fake)
    monkeypatch.setattr("pykeen.datasets.base.download", download)
    assert_same(cls(cache_root=tmp_path))
    download.assert_called_once()


def test_default_cache_is_pykeens(apart):
    write(apart / "codexsmall")
    assert_same(CoDExSmallAll())


# --- PyKEEN: names, cache, pipeline -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("wn18rr-all", datasets.WN18RRAll),
        ("WN18All", datasets.WN18All),
        ("fb15k-237-all", datasets.FB15k237All),
        ("fb15k_all", datasets.FB15kAll),
        ("yago3-10-all", datasets.YAGO310All),
        ("codex-s-all", datasets.CoDExSmallAll),
        ("codexmediumall", datasets.CoDExMediumAll),
        ("codex-l-all", datasets.CoDExLargeAll),
    ],
)
def test_names_in_pykeen(name, cls):
    assert pykeen.datasets.dataset_resolver.lookup(name) is cls


@pytest.mark.parametrize("first", ["pykeen_conj_hale.datasets", "pykeen.datasets"])
def test_import_order(first):
    """Whichever is imported first, the names are there and no model is imported."""
    code = (
        f"import sys, {first}, pykeen.datasets as d; assert 'pykeen.models' not in sys.modules;"
        "assert d.has_dataset('wn18rr-all')"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)


def test_cache_keeps_labels(tmp_path):
    """PyKEEN's cache gives back the labels that were read: no numbers, no missing values."""
    folder = write(tmp_path, triples=awkward_triples())
    for inverse in (False, True):
        dataset = pykeen.datasets.get_dataset(
            dataset="wn18rr-all", dataset_kwargs={"path": str(folder), "create_inverse_triples": inverse}
        )
        assert isinstance(dataset, WN18RRAll) is not inverse, "the second comes from the cache"
        assert dataset.create_inverse_triples is inverse
        assert_same(dataset, awkward_triples())


def test_pipeline(tmp_path):
    from pykeen.pipeline import pipeline

    result = pipeline(
        dataset="wn18rr-all",
        dataset_kwargs={"create_inverse_triples": True, "path": str(write(tmp_path))},
        model="DistMult",
        model_kwargs={"embedding_dim": 2},
        training_kwargs={"num_epochs": 1, "use_tqdm": False},
        evaluation_kwargs={"use_tqdm": False},
        random_seed=0,
        device="cpu",
    )
    assert result.model.num_entities == 5
    assert result.model.num_relations == 6
    assert 0 < result.get_metric("both.realistic.inverse_harmonic_mean_rank") <= 1
    assert result.metric_results.to_df().query("Metric == 'count' and Side == 'both'")["Value"].eq(4).all()


@pytest.mark.parametrize("cls", LITERATURE)
def test_docdata(cls):
    """The documentation has what PyKEEN's own has, and only differs by the triples that PyKEEN drops."""
    own, other = cls.docdata(), cls.original.docdata()
    assert set(own) == set(other) == {"name", "statistics", "citation"}
    assert {"author", "year", "link"} <= set(own["citation"])
    statistics = own["statistics"]
    assert statistics["triples"] == sum(statistics[split] for split in STEMS)
    assert statistics["training"] == other["statistics"]["training"]
    assert statistics["relations"] == other["statistics"]["relations"]
    assert all(statistics[key] >= other["statistics"][key] for key in statistics)
    assert "---" not in cls.__doc__


# --- the real data ----------------------------------------------------------------------------------------------------


@with_shared
def test_statistics(cls):
    """The files, the dataset and the documentation have the same counts."""
    files = {}
    for split, stem in STEMS.items():
        with gzip.open(SHARED / cls.folder / f"{stem}.txt.gz", "rt", encoding="utf-8", newline="\n") as file:
            files[split] = [tuple(row) for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    dataset = cls(path=SHARED / cls.folder)
    statistics = cls.docdata("statistics")
    assert {split: len(rows) for split, rows in files.items()} == {split: statistics[split] for split in STEMS}
    assert len({e for rows in files.values() for h, _, t in rows for e in (h, t)}) == statistics["entities"]
    assert {s: f.num_triples for s, f in dataset.factory_dict.items()} == {s: statistics[s] for s in STEMS}
    assert (dataset.num_entities, dataset.num_relations) == (statistics["entities"], statistics["relations"])
    for split in ("validation", "testing"):
        assert labels(dataset.factory_dict[split]) == files[split]


@with_shared
def test_pykeens_own_case(cls):
    cases = pytest.importorskip("tests.cases", reason="PyKEEN's test mixins are fetched by `make test`")

    class Case(cases.DatasetTestCase):
        autoloaded_validation = True
        dataset_cls = cls
        exp_num_entities = cls.docdata("statistics", "entities")
        exp_num_relations = cls.docdata("statistics", "relations")
        exp_num_triples = cls.docdata("statistics", "triples")

        def setUp(self):
            self.dataset = cls(path=SHARED / cls.folder)

    Case("test_dataset").debug()


@pytest.mark.parametrize(("folder", "dropped"), [("wn18rr", {"validation": 210, "testing": 210}), ("codex_s", {})])
def test_pykeens_reading(folder, dropped):
    """The triples are PyKEEN's, and those that PyKEEN drops."""
    folder = SHARED / folder
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    own = FolderDataset(folder)
    other = PathDataset(*(folder / f"{stem}.txt.gz" for stem in ("train", "test", "valid")))
    assert isinstance(other.training, TriplesFactory)
    for split, factory in other.factory_dict.items():
        expected = [t for t in labels(own.factory_dict[split]) if {t[0], t[2]} <= other.training.entity_to_id.keys()]
        assert len(expected) == own.factory_dict[split].num_triples - dropped.get(split, 0)
        assert sorted(expected) == sorted(labels(factory))
