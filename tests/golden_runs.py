"""Short trainings by every loop, whose losses and parameters must not change.

``python tests/golden_runs.py --compare`` compares them, bit by bit, with ``tests/golden/runs.json``. ``--write`` writes
that file, and a checkpoint of the middle of an epoch beside it: only after a change that is meant to change results,
which its commit says.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

import torch
from pykeen.datasets import Nations
from pykeen.losses import loss_resolver
from pykeen.models import model_resolver
from pykeen.training import training_loop_resolver
from pykeen.training.callbacks import TrainingCallback
from pykeen.utils import set_random_seed

FOLDER = Path(__file__).resolve().parent / "golden"
RUNS, CHECKPOINT = FOLDER / "runs.json", FOLDER / "checkpoint.pt"
#: The step before which the checkpoint's training is interrupted, in the second of its epochs
INTERRUPTED_BEFORE = 9

# said in full, as a loss without arguments is chosen from the graph
HALE = {"loss": "HaLE", "activation": "hanon"}
DISTANCE = {"similarity": "squared_distance"}
#: Name: loop, model, its arguments, and whether there are inverse triples
CASES: dict[str, tuple[str, str, dict, bool]] = {
    "RotL": ("QuerySampling", "RotL", HALE, True),
    "RotL-exponential": ("QuerySampling", "RotL", {**HALE, "similarity": "exponential_distance"}, True),
    "RotL-both-directions": ("QuerySampling", "RotL", HALE, False),
    "RotL-candidates": ("QuerySampling", "RotL", {**HALE, "alpha": 1.0, "candidates": 5}, True),
    "RotL-candidates-both-directions": ("QuerySampling", "RotL", {**HALE, "alpha": 0.5, "candidates": 0.5}, False),
    "RotE-AllNeg": ("QuerySampling", "RotE", {"loss": "AllNeg", "tail_bias": True}, True),
    "RotE-NonNeg": ("QuerySampling", "RotE", {"loss": "NonNeg", "relation_scale": False}, True),
    "ConjComplEx-N3": ("QuerySampling", "ConjComplEx", {**HALE, "regularizer": "N3"}, True),
    "ConjFiveStarE": ("QuerySampling", "ConjFiveStarE", {**HALE, **DISTANCE, "variant": "vertical"}, True),
    "FiveStarE-N3": ("QuerySampling", "FiveStarE", {"loss": "AllNeg", "regularizer": "N3"}, True),
    "FiveStarE-cross-entropy": ("QuerySampling", "FiveStarE", {"loss": "crossentropy", "normalization": "exact"}, True),
    "HypER-BCE": (
        "QuerySampling",
        "HypER",
        {"loss": "bcewithlogits", "num_filters": 4, "filter_length": 3, "relation_dim": 8},
        True,
    ),
    "HypER-no-hypernetwork": (
        "QuerySampling",
        "HypER",
        {**HALE, "num_filters": 4, "filter_length": 3, "hypernetwork": False},
        True,
    ),
    "HypER-no-dropout": (
        "QuerySampling",
        "HypER",
        {
            **HALE,
            "num_filters": 4,
            "filter_length": 3,
            **dict.fromkeys(("input_dropout", "feature_map_dropout", "hidden_dropout"), 0.0),
        },
        True,
    ),
    "RotH": ("QuerySampling", "RotH", HALE, True),
    "AttH-candidates": ("QuerySampling", "AttH", {**HALE, "alpha": 1.0, "candidates": 5}, True),
    "Rot2L": ("QuerySampling", "Rot2L", HALE, True),
    "QueryCP-DURA": ("QuerySampling", "QueryCP", {"loss": "AllNeg", "regularizer": "DURA"}, True),
    "QueryTransE": ("QuerySampling", "QueryTransE", HALE, True),
    "QueryDistMult": ("QuerySampling", "QueryDistMult", HALE, True),
    "QueryRotatE-N3": ("QuerySampling", "QueryRotatE", {**HALE, "regularizer": "N3"}, True),
    "ComplEx": ("QuerySampling", "ComplEx", HALE, True),
    "ComplEx-NonNeg": ("QuerySampling", "ComplEx", {"loss": "NonNeg"}, False),
    "DistMult-cross-entropy": ("QuerySampling", "DistMult", {"loss": "crossentropy"}, False),
    "LCWA": ("BudgetedLCWA", "RotE", HALE, True),
    "SLCWA": ("BudgetedSLCWA", "RotE", HALE, True),
    "SLCWA-SamNeg": ("BudgetedSLCWA", "RotE", {"loss": "SamNeg", "activation": "hanon"}, True),
    "SLCWA-AdvNeg": ("BudgetedSLCWA", "RotE", {"loss": "AdvNeg", "activation": "hanon"}, False),
    "SymmetricLCWA": ("BudgetedSymmetricLCWA", "QueryTransE", HALE, False),
}


class Interruption(TrainingCallback):
    """Interrupts a training before one of its steps."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.left = step

    def pre_batch(self, **kwargs) -> None:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def prepare(name: str, epochs: int = 3, device: str = "cpu", **loop_kwargs):
    """Make the training loop of a case, and what it trains on."""
    loop, model, kwargs, inverse = CASES[name]
    kwargs = dict(kwargs)
    factory = Nations(create_inverse_triples=inverse).training
    set_random_seed(0)
    loss_kwargs = {name: kwargs.pop(name) for name in ("activation", "alpha", "candidates") if name in kwargs}
    loss = loss_resolver.make(kwargs.pop("loss"), loss_kwargs)
    model = model_resolver.make(model, triples_factory=factory, embedding_dim=8, loss=loss, random_seed=0, **kwargs)
    model = model.to(device)
    optimizer = torch.optim.Adam(model.get_grad_params(), lr=0.01)
    loop = training_loop_resolver.make(
        loop,
        triples_factory=factory,
        model=model,
        optimizer=optimizer,
        automatic_memory_optimization=False,
        **loop_kwargs,
    )
    return loop, {"triples_factory": factory, "num_epochs": epochs, "batch_size": 512, "use_tqdm": False}


def describe(losses: list[float], model: torch.nn.Module) -> dict:
    """Describe what a training came to."""
    state = {name: value for name, value in sorted(model.state_dict().items()) if value.dtype != torch.long}
    digest = hashlib.sha256(b"".join(value.cpu().numpy().tobytes() for value in state.values()))
    return {
        "losses": losses,
        "norms": {name: float(value.to(torch.cdouble).abs().square().sum().sqrt()) for name, value in state.items()},
        "bits": digest.hexdigest()[:16],
    }


def run(name: str) -> dict:
    """Run a case."""
    if name == "lightning":
        return run_lightning()
    if name == "joint":
        return run_joint()
    loop, arguments = prepare(name)
    return describe(loop.train(**arguments), loop.model)


def run_lightning() -> dict:
    """Run query sampling under Lightning."""
    import pytorch_lightning
    from pykeen.contrib.lightning import lit_module_resolver

    set_random_seed(0)
    module = lit_module_resolver.make(
        "QuerySampling",
        dataset="nations",
        dataset_kwargs=dict(create_inverse_triples=True),
        model="RotL",
        model_kwargs=dict(embedding_dim=8, loss="HaLE", loss_kwargs=dict(activation="hanon")),
        batch_size=512,
        learning_rate=0.01,
        random_seed=0,
    )
    losses: list[float] = []

    class Losses(pytorch_lightning.Callback):
        def on_train_epoch_end(self, trainer, pl_module) -> None:
            losses.append(float(trainer.callback_metrics["train_loss"]))

    quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    pytorch_lightning.Trainer(max_epochs=3, accelerator="cpu", callbacks=[Losses()], **quiet).fit(module)
    return describe(losses, module.model)


def make_joint(factory):
    """Make a model with GloVe's objective beside the graph's."""
    from pykeen_conj_hale.text import Cooccurrence, JointGloVe

    text = ["brazil and cuba trade sugar", "china and the ussr trade steel with poland", "cuba exports sugar to china"]
    mentions = {label: [label] for label in factory.entity_to_id}
    counted = Cooccurrence.from_documents(text, mentions, min_count=1, use_tqdm=False)
    set_random_seed(0)
    return JointGloVe(
        triples_factory=factory,
        base="RotL",
        embedding_dim=8,
        loss=loss_resolver.make("HaLE", activation="hanon"),
        random_seed=0,
        cooccurrence=counted,
    )


def run_joint() -> dict:
    """Run joint training with text."""
    factory = Nations(create_inverse_triples=True).training
    model = make_joint(factory)
    optimizer = torch.optim.Adam(model.get_grad_params(), lr=0.01)
    loop = training_loop_resolver.make("QuerySampling", triples_factory=factory, model=model, optimizer=optimizer)
    return describe(loop.train(factory, num_epochs=3, batch_size=512, use_tqdm=False), model)


def run_interrupted(path: Path, name: str = "RotL") -> None:
    """Interrupt a training in the middle of an epoch; what it leaves is a checkpoint."""
    loop, arguments = prepare(name)
    try:
        loop.train(**arguments, checkpoint=path, checkpoint_seconds=1e-9, callbacks=Interruption(INTERRUPTED_BEFORE))
    except KeyboardInterrupt:
        return
    raise RuntimeError("The training was not interrupted.")


def resume(path: Path, name: str = "RotL") -> dict:
    """Go on from a checkpoint of :func:`run_interrupted`."""
    loop, arguments = prepare(name)
    return describe(loop.train(**arguments, checkpoint=path), loop.model)


NAMES = (*CASES, "lightning", "joint")


def main() -> None:
    """Print or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {RUNS.name} and {CHECKPOINT.name}")
    parser.add_argument("--compare", action="store_true", help="compare with the file, bit by bit")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = {name: run(name) for name in NAMES}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / CHECKPOINT.name
        run_interrupted(path)
        if options.write:
            CHECKPOINT.write_bytes(path.read_bytes())
        found["resumed"] = resume(path)
    if options.write:
        RUNS.write_text(json.dumps(found, indent=1) + "\n")
    elif options.compare:
        known = json.loads(RUNS.read_text())
        for name, result in found.items():
            same = result["bits"] == known[name]["bits"] and result["losses"] == known[name]["losses"]
            print(f"{name}: {'the same bits' if same else 'ANOTHER RESULT'}")
    else:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
