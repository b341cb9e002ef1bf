"""The checks of gpu_check.py: each takes a device, raises where it differs from the CPU, and returns what it has found.

Both begin with the same parameters, and draw the same random numbers: those of the CPU's generator.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import golden_runs
import lightning_runs
import pytorch_lightning
import torch
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.pipeline import pipeline
from pykeen.trackers import PythonResultTracker
from pykeen.training.callbacks import TrainingCallback
from pykeen.training.training_loop import NonFiniteLossError
from pykeen.utils import set_random_seed
from torch import Tensor, distributed
from torch.distributed.tensor import DTensor

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.text import TextEntities
from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.lightning.strategy import EntityShardsStrategy

#: How far losses and parameters may be apart, relative to their size, in single precision after three epochs
TOLERANCE = 1e-3
#: The same of losses in bf16, which has 8 bits
TOLERANCE_BF16 = 3e-2
#: What changes no score, as a normalization follows: its gradient is rounding, which Adam makes as large as any other
WITHOUT_GRADIENT = ("kind_weights", "feature_map_norm.bias", "hidden_norm.running_mean", "projection.bias")
#: Cases of the golden runs; those with dropout would draw other numbers on the device
MODELS = (
    "RotL-both-directions",
    "RotL-candidates-both-directions",
    "RotE-NonNeg",
    "ConjFiveStarE",
    "FiveStarE-N3",
    "FiveStarE-cross-entropy",
    "HypER-no-dropout",
    "RotH",
    "AttH-candidates",
    "Rot2L",
    "QueryCP-DURA",
    "QueryTransE",
    "QueryDistMult",
    "QueryRotatE-N3",
    "ComplEx-NonNeg",
    "DistMult-cross-entropy",
)
TEXT = dict(embedding_dim=8, loss="HaLE", loss_kwargs=dict(activation="hanon"), random_seed=0)
MRR = "both.realistic.inverse_harmonic_mean_rank"


class Break(TrainingCallback):
    """Makes the parameters infinite before a step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.left = step

    def pre_batch(self, **kwargs) -> None:
        self.left -= 1
        if not self.left:
            self.model.entity_representations[0]._embeddings.weight.data.fill_(torch.inf)


@contextmanager
def drawing_on_the_cpu() -> Iterator[None]:
    """Draw samples by the CPU's generator, whatever the device."""
    originals = {name: getattr(torch, name) for name in ("randint", "randperm")}

    def on_the_cpu(draw):
        return lambda *args, device=None, **kwargs: draw(*args, **kwargs).to(device or "cpu")

    for name, draw in originals.items():
        setattr(torch, name, on_the_cpu(draw))
    try:
        yield
    finally:
        for name, draw in originals.items():
            setattr(torch, name, draw)


def train(name: str, device, epochs: int = 3, callbacks=(), train_kwargs=None, **loop_kwargs):
    """Train a case of the golden runs on a device, from parameters that were drawn on the CPU."""
    state = golden_runs.prepare(name)[0].model.state_dict()
    loop, arguments = golden_runs.prepare(name, epochs, device=str(device), **loop_kwargs)
    return fit(loop, state, **arguments, **(train_kwargs or {}), callbacks=list(callbacks))


def fit(loop, state: dict[str, Tensor], **arguments):
    """Run a loop; return the losses, and the parameters on the CPU.

    A fresh run resets the model's parameters, for which a device draws other numbers than the CPU, and leaves the CPU's
    generator where it was. So they are set to the given state there, and what is drawn afterwards begins anew.
    """

    def reset():
        loop.model.load_state_dict(state)
        torch.manual_seed(0)
        return loop.model

    loop.model.reset_parameters_ = reset
    with drawing_on_the_cpu():
        losses = loop.train(**arguments)
    return losses, {key: value.detach().cpu() for key, value in loop.model.state_dict().items()}


def compare(ours, expected, tolerance: float = TOLERANCE) -> str:
    """Compare losses and parameters.

    :raises AssertionError: if they are too far apart
    """
    losses, wanted = (torch.tensor(result[0], dtype=torch.float64) for result in (ours, expected))
    apart = {"losses": float(((losses - wanted).abs() / wanted.abs()).max())}
    for key, value in expected[1].items():
        if value.dtype != torch.long and not key.endswith(WITHOUT_GRADIENT):
            apart[key] = float((ours[1][key] - value).norm() / value.norm().clamp(min=1e-6))
    name, worst = max(apart.items(), key=lambda item: item[1])
    if not worst <= tolerance:
        raise AssertionError(f"{name}: {worst:.1e} apart, and {tolerance:g} is allowed")
    return f"{worst:.0e} apart"


def same(name: str, reference=None, tolerance: float = TOLERANCE, **loop_kwargs):
    """Make a check that a case comes to the CPU's result, that with other options of the loop perhaps."""

    def check(device) -> str:
        expected = train(name, "cpu", **(loop_kwargs if reference is None else reference))
        return compare(train(name, device, **loop_kwargs), expected, tolerance)

    return check


def of_words(training):
    """Make a model whose entities are composed of words, without dropout, which a device draws in its own way."""
    texts = {label: f"{label} {label[:1]} state" for label in training.entity_to_id}
    dropout = dict(own=True, own_dropout=0.0, word_dropout=0.0, min_count=1)
    return TextEntities(triples_factory=training, base="RotL", texts=texts, **dropout, **TEXT)


def same_with_text(make):
    """Make a check that a model with text comes to the CPU's result."""

    def run(device):
        training = Nations(create_inverse_triples=True).training
        set_random_seed(0)
        model = make(training)
        state = {key: value.clone() for key, value in model.state_dict().items()}
        model = model.to(device)
        optimizer = torch.optim.Adam(model.get_grad_params(), lr=0.01)
        loop = QuerySamplingTrainingLoop(triples_factory=training, model=model, optimizer=optimizer)
        return fit(loop, state, triples_factory=training, num_epochs=3, batch_size=512, use_tqdm=False)

    return lambda device: compare(run(device), run(torch.device("cpu")))


def on_one(device) -> dict:
    """Tell Lightning to run on one device."""
    return dict(accelerator="gpu" if device.type == "cuda" else "cpu", devices=1)


def refill(module) -> None:
    """Draw the parameters on the CPU, wherever they are; those of a single process are not spread over others."""
    generator = torch.Generator().manual_seed(1)
    for parameter in module.parameters():
        local = parameter.to_local() if isinstance(parameter, DTensor) else parameter
        local.data.copy_(torch.empty(local.shape).normal_(std=0.1, generator=generator))


def check_shards(device) -> str:
    """Compare sharded entities, all of them in a single process, with the CPU's; go on from a checkpoint of theirs."""
    with tempfile.TemporaryDirectory() as folder:
        expected = train_shards(torch.device("cpu"))
        losses = train_shards(device, folder=folder)
        # of two epochs of 7 steps, the last five; the optimizer's state is the checkpoint's
        resumed = train_shards(device, ckpt_path=f"{folder}/step=9.ckpt")
    notes = f"{len(losses)} steps, {compare((losses, {}), (expected, {}))}"
    if len(resumed) != 5:
        raise AssertionError(f"{len(resumed)} steps after a checkpoint, and not 5")
    return f"{notes}; after a checkpoint {compare((resumed, {}), (losses[9:], {}))}"


def train_shards(device, folder=None, ckpt_path=None) -> list[float]:
    """Train sharded entities; return the losses."""
    losses: list[float] = []
    record = pytorch_lightning.callbacks.LambdaCallback(
        on_train_start=lambda trainer, module: refill(module) if ckpt_path is None else None,
        on_train_batch_end=lambda t, m, outputs, *_: losses.append(float(outputs["loss"])),
    )
    callbacks = [record, *([] if folder is None else [lightning_runs.save_each_step(folder)])]
    torch.manual_seed(0)
    module = lightning_runs.make({"embedding_dim": 8}, model="RotL", batch_size=512, shard_entities=True)
    run = dict(strategy=EntityShardsStrategy(), callbacks=callbacks, enable_checkpointing=folder is not None)
    with drawing_on_the_cpu():
        lightning_runs.trainer(**run, **on_one(device)).fit(module, ckpt_path=ckpt_path, weights_only=True)
    distributed.destroy_process_group()
    return losses


def same_models(device) -> str:
    """Compare the models that no other check trains with the CPU's."""
    found = {}
    for name in MODELS:
        try:
            found[name] = same(name)(device)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error
    return ", ".join(f"{name} {note}" for name, note in found.items())


def check_lightning(device) -> str:
    """Compare bf16 under Lightning with single precision on the CPU."""
    accelerator = on_one(device)
    torch.manual_seed(0)
    expected = lightning_runs.train("RotE", max_epochs=3)["losses"]
    torch.manual_seed(0)
    ours = lightning_runs.train("RotE", max_epochs=3, precision="bf16-mixed", **accelerator)["losses"]
    lists = [[epoch["train_loss"] for epoch in losses] for losses in (ours, expected)]
    return compare((lists[0], {}), (lists[1], {}), TOLERANCE_BF16)


def check_evaluation(device) -> str:
    """Compare the ranks on the device with those of PyKEEN's evaluator on the CPU."""
    dataset = Nations(create_inverse_triples=True)
    loop, arguments = golden_runs.prepare("RotL")
    loop.train(**arguments)
    known = dict(additional_filter_triples=[dataset.training.mapped_triples], batch_size=32, use_tqdm=False)
    triples = dataset.testing.mapped_triples
    expected = RankBasedEvaluator().evaluate(loop.model, triples, **known).get_metric(MRR)
    found = IndexedRankBasedEvaluator().evaluate(loop.model.to(device), triples, **known).get_metric(MRR)
    if not abs(found - expected) <= TOLERANCE:
        raise AssertionError(f"MRR {found:.4f}, and {expected:.4f} on the CPU")
    return f"MRR {found:.4f}, on the CPU {expected:.4f}"


def check_resumption(device) -> str:
    """Go on elsewhere, both ways, and compare with a training that was never interrupted."""
    expected = train("RotL", "cpu", epochs=4)
    notes = []
    for first, second in ((device, "cpu"), ("cpu", device)):
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = dict(checkpoint=Path(folder) / "checkpoint.pt")
            train("RotL", first, epochs=2, train_kwargs=checkpoint)
            notes.append(compare(train("RotL", second, epochs=4, train_kwargs=checkpoint), expected))
    return "; ".join(notes)


def check_deferred_loss(device) -> str:
    """A loss that is not finite is noticed at the same step, even where it is read one step late."""
    messages = []
    for where in ("cpu", device):
        try:
            train("RotL", where, callbacks=[Break(5)])
        except NonFiniteLossError as error:
            messages.append(str(error))
        else:
            raise AssertionError(f"no error on {where}")
    steps = [message.split(":")[0] for message in messages]
    if steps[0] != steps[1]:
        raise AssertionError(f"{messages[1]!r}, and on the CPU {messages[0]!r}")
    return steps[1]


def seconds_to_mrr(device, seconds: float) -> str:
    """Train RotL by HaLE on WN18RR, and tell when the validation MRR has passed .40 and .45."""
    tracker = PythonResultTracker()
    pipeline(
        dataset="wn18rrall",
        dataset_kwargs=dict(create_inverse_triples=True),
        model="RotL",
        model_kwargs=dict(embedding_dim=32),
        loss="HaLE",
        training_loop="QuerySampling",
        training_loop_kwargs=dict(time_budget=seconds),
        training_kwargs=dict(use_tqdm=False),
        stopper="Timed",
        stopper_kwargs=dict(seconds=max(1.0, seconds / 100), use_tqdm=False),
        evaluator="IndexedRankBased",
        evaluation_kwargs=dict(use_tqdm=False),
        result_tracker=tracker,
        random_seed=0,
        device=device,
    )
    curve = sorted(
        (metrics["validation.seconds"], metrics[f"validation.{MRR}"])
        for metrics in tracker.metrics.values()
        if "validation.seconds" in metrics
    )
    passed = {target: next((at for at, mrr in curve if mrr >= target), None) for target in (0.40, 0.45)}
    notes = [f"{target:.2f} " + ("not reached" if at is None else f"after {at:.1f} s") for target, at in passed.items()]
    return f"{', '.join(notes)}; {max(mrr for _, mrr in curve):.3f} after {curve[-1][0]:.0f} s of training at most"


CHECKS = {
    "loop: query sampling, HaLE": same("RotL"),
    "loop: query sampling, N3 and complex numbers": same("ConjComplEx-N3"),
    "loop: query sampling, cross entropy over all entities": same("RotE-AllNeg"),
    "loop: query sampling, a model of PyKEEN": same("ComplEx"),
    "loop: LCWA": same("LCWA"),
    "loop: sLCWA": same("SLCWA-SamNeg"),
    "loop: symmetric LCWA": same("SymmetricLCWA"),
    # its distance is so steep that single precision leaves double by 3e-3 on the CPU, too
    "loop: query sampling, RotL's own distance": same("RotL-exponential", tolerance=2e-2),
    "stream: chunks of entities": same("RotL", reference={}, chunk_size=5),
    "stream: compiled passes": same("RotL", reference={}, compile=True),
    "sampled entities": same("RotL-candidates"),
    "models: one interaction after the other": same_models,
    "models: entities composed of words": same_with_text(of_words),
    "models: joint training with text": same_with_text(golden_runs.make_joint),
    "sharded entities": check_shards,
    "lazy Adam": same("RotL-candidates", sparse_updates=True),
    "Lightning in bf16": check_lightning,
    "evaluation": check_evaluation,
    "checkpoint and resumption across devices": check_resumption,
    "deferred losses": check_deferred_loss,
}
