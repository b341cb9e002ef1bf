"""Every loop gives the losses and parameters which it gave before: same seed, same numbers."""

import json
import shutil

import golden_runs
import pytest

KNOWN = json.loads(golden_runs.RUNS.read_text())


#: Without dropout the batch norm of the hidden layer takes constants away. So these have no gradient but for rounding,
#: which Adam makes as large as any other
WITHOUT_GRADIENT = {
    "HypER-no-dropout": {
        "interaction.feature_map_norm.bias",
        "interaction.projection.bias",
        "interaction.hidden_norm.running_mean",
    }
}


def compare(found, known, ignored=frozenset()):
    # other processors add up in another order
    assert found["losses"] == pytest.approx(known["losses"], rel=1e-4)
    assert found["norms"].keys() == known["norms"].keys()
    norms = [{name: x for name, x in side["norms"].items() if name not in ignored} for side in (found, known)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-3)


def test_all_runs_are_known():
    assert set(KNOWN) == {*golden_runs.NAMES, "resumed"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", golden_runs.NAMES)
def test_run_is_as_before(name):
    compare(golden_runs.run(name), KNOWN[name], WITHOUT_GRADIENT.get(name, frozenset()))


@pytest.mark.parametrize("name", ["RotL", "RotL-candidates", "RotL-candidates-both-directions", "FiveStarE-N3"])
def test_resumed_run_is_the_uninterrupted_one(tmp_path, name):
    golden_runs.run_interrupted(tmp_path / "checkpoint.pt", name)
    compare(golden_runs.resume(tmp_path / "checkpoint.pt", name), KNOWN[name])


def test_checkpoint_of_the_first_release_is_still_read(tmp_path):
    shutil.copy(golden_runs.CHECKPOINT, tmp_path)
    compare(golden_runs.resume(tmp_path / golden_runs.CHECKPOINT.name), KNOWN["RotL"])
