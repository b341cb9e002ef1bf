"""Headers, duplicates and triples of two splits: refused, left out, or kept, and said in each case."""

import unicodedata

import pytest

from pykeen_conj_hale.datasets import FileDataset, FolderDataset

CLEAN = {"train": ["a r b", "b r c", "c r a"], "valid": ["a r c"], "test": ["b r a"]}


@pytest.fixture
def read(tmp_path):
    def read(splits, **kwargs):
        for stem, lines in {**CLEAN, **splits}.items():
            (tmp_path / f"{stem}.txt").write_text("\n".join(lines).replace(" ", "\t") + "\n", encoding="utf-8")
        dataset = FolderDataset(tmp_path, eager=True, **kwargs)
        factories = (dataset.training, dataset.validation, dataset.testing)
        return [[" ".join(map(str, t)) for t in f.label_triples(f.mapped_triples).tolist()] for f in factories]

    return read


def test_nothing_is_said_of_a_clean_dataset(read, caplog):
    assert read({}) == list(CLEAN.values())
    assert caplog.text == ""


LEAKING = {"valid": ["a r b", "a r c", "b r a"], "test": ["b r a", "c r a", "b r c", "c r c"]}


def test_a_leak_is_counted_and_said(read, caplog):
    assert read(LEAKING) == [CLEAN["train"], LEAKING["valid"], LEAKING["test"]]
    assert "valid.txt: 1 of 3 triples of validation are in training, too; the first, in line 1, is ['a', 'r', 'b']" in (
        caplog.text
    )
    assert "valid.txt: 1 of 3 triples of validation are in testing, too; the first, in line 3" in caplog.text
    assert "test.txt: 2 of 4 triples of testing are in training, too; the first, in line 2" in caplog.text
    assert caplog.text.count("see leakage='drop'") == 3


def test_a_leak_is_left_out(read, caplog):
    assert read(LEAKING, leakage="drop") == [CLEAN["train"], ["a r c"], ["b r a", "c r c"]]
    assert caplog.text.count("they are left out of ") == 3


def test_a_leak_is_refused(read):
    with pytest.raises(
        ValueError, match=r"1 of 3 triples of validation are in training.*FolderDataset\(leakage='drop'\)"
    ):
        read(LEAKING, leakage="error")


def test_an_empty_split_is_refused(read):
    with pytest.raises(ValueError, match=r"test\.txt: no triple of testing is left"):
        read({"test": ["a r b"]}, leakage="drop")


DUPLICATES = {"train": ["a r b", "b r c", "a r b", "c r a", "b r c"]}


def test_duplicates(read, caplog):
    with pytest.raises(ValueError, match=r"lines 1 and 3: .* \(and 1 more duplicates\).*duplicates='drop'"):
        read(DUPLICATES)
    assert read(DUPLICATES, duplicates="keep")[0] == DUPLICATES["train"]
    assert "all are kept" in caplog.text
    assert read(DUPLICATES, duplicates="drop")[0] == ["a r b", "b r c", "c r a"]
    assert "each is kept once" in caplog.text


def with_header(header):
    return {stem: [header, *lines] for stem, lines in CLEAN.items()}


def test_header(read, caplog):
    splits = with_header("head relation tail")
    with pytest.raises(
        ValueError, match=r"train\.txt, line 1: a header, \['head', 'relation', 'tail'\].*header='drop'"
    ):
        read(splits)
    assert read(splits, header="drop") == list(CLEAN.values())
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3
    assert caplog.text.count("it is left out") == 3
    assert read(splits, header="keep") == list(splits.values())
    assert caplog.text.count("it is read as a triple") == 3


@pytest.mark.parametrize("policy", ["error", "drop", "keep"])
@pytest.mark.parametrize(("line", "label"), [("x r y", "r"), ("e1 x y", "e1"), ("y x e1", "e1"), ("x y e2", "e2")])
def test_a_triple_that_looks_like_a_header(read, caplog, policy, line, label):
    """Names of columns are labels where other lines have them in the same place, in heads or tails of entities."""
    train = ["e1 r e2", "b q c", line]
    assert read({"train": train}, header=policy)[0] == train
    assert f"train.txt, line 1: {'a header, ' if policy == 'keep' else ''}['e1', 'r', 'e2']" in caplog.text
    assert (f"as {label!r} is in another line" in caplog.text) == (policy != "keep")


@pytest.mark.parametrize("line", ["x e1 y", "r x y", "x y r"])
def test_a_name_of_a_column_in_another_place_is_none(read, line):
    train = ["e1 r e2", "b q c", line]
    assert read({"train": train}, header="drop")[0] == train[1:]


def test_the_lines_after_a_header_keep_their_numbers(read):
    with pytest.raises(ValueError, match=r"lines 2 and 4: the same triple twice: \['a', 'r', 'b'\]"):
        read({"train": ["h r t", "a r b", "b r c", "a r b"]}, header="drop")
    with pytest.raises(ValueError, match=r"nothing but a header"):
        read({"train": ["h r t"]}, header="drop")


def test_a_header_of_names_that_are_not_usual(tmp_path, caplog):
    ring = [f"e{i},r,e{(i + step) % 12}\n" for i in range(12) for step in (1, 2, 3)]
    strange = "line 1: ['country', 'lies_in', 'region'] is read as a triple, and no other line has one of its labels"
    for name, first, is_strange in (
        ("names", "country,lies_in,region\n", True),
        ("relation", "country,r,region\n", False),
        ("tail", "country,lies_in,e0\n", False),
        ("behind", "head,relation,tail\ncountry,lies_in,region\n", False),
    ):
        caplog.clear()
        (tmp_path / f"{name}.csv").write_text("".join([first, *ring]))
        FileDataset(tmp_path / f"{name}.csv", eager=True)
        assert (f"{name}.csv, {strange}" in caplog.text) == is_strange


def test_a_label_in_two_forms(read, caplog):
    other = unicodedata.normalize("NFD", "São")
    read({"train": ["São r b", f"{other} r c", "c r a"]})
    assert "Labels of entities (1 pair) are the same text in two forms" in caplog.text
    assert r"'S\xe3o' and 'Sa\u0303o'" in caplog.text
    assert "white space" not in caplog.text


def test_white_space_around_labels(tmp_path, caplog):
    """As of a table that was typed with a space after each comma: no tail is a head then."""
    (tmp_path / "t.csv").write_text(
        "head, relation, tail\n" + "".join(f"e{i}, r, e{j}\n" for i in range(8) for j in range(7))
    )
    FileDataset(tmp_path / "t.csv", eager=True)
    assert "Labels of entities (7 pairs) are the same text but for white space around it" in caplog.text
    assert "'e0' and ' e0', 'e1' and ' e1'" in caplog.text
    assert "Labels of relations" not in caplog.text


@pytest.mark.parametrize("name", ["header", "duplicates", "leakage"])
def test_unknown_policies(tmp_path, name):
    with pytest.raises(ValueError, match=rf"{name}='ignore' is unknown; choose one of \['error', 'drop', 'keep'\]"):
        FolderDataset(tmp_path, **{name: "ignore"})
