"""Query sampling under PyTorch Lightning: the loss, any number of processes, bf16, limits, checkpoints, bad input."""

import logging
import math
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import pytorch_lightning
import torch
from lightning_runs import RUNS, make, save_each_step, train, trainer
from pykeen.contrib.lightning import lit_module_resolver, lit_pipeline
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.losses import UnsupportedLabelSmoothingError, loss_resolver
from pykeen.models import model_resolver
from pykeen.training.training_loop import NonFiniteLossError

import pykeen_conj_hale.models
from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.training import CheckpointError, QuerySamplingTrainingLoop, Stopwatch
from pykeen_conj_hale.training.lightning import QuerySamplingLitModule
from pykeen_conj_hale.training.lightning.batch_share import BatchShare

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")

ROOT = Path(__file__).resolve().parents[1]
# by address: the name of the machine need not resolve
TORCHRUN = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--standalone",
    "--local-addr=127.0.0.1",
    "--nproc-per-node=2",
]
LOOPBACK = {"GLOO_SOCKET_IFNAME": "lo"} if sys.platform == "linux" else {}
MODELS = [model.__name__ for model in pykeen_conj_hale.models.MODELS]


def small(model):
    """Choose a model's sizes."""
    return dict(embedding_dim=8, **({"filter_length": 3} if model == "HypER" else {}))


def torchrun(*arguments):
    command = [*TORCHRUN, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | LOOPBACK)
    assert done.returncode == 0, done.stderr
    return done


def share_of(module, size, rank=0, world_size=1):
    """Take a share of the first triples of the training."""
    factory = module.dataset.training
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)[:size]
    own = triples[rank::world_size]
    return BatchShare(own if len(own) else triples[:1], size, rank, world_size)


def value_and_gradients(module, shares):
    """Average losses and gradients over processes, as DDP does."""
    losses = [sum(module.share_terms(share).values()).sum() for share in shares]
    parameters = [p for p in module.parameters() if p.requires_grad]
    loss = sum(losses) / len(losses)
    return loss, torch.autograd.grad(loss, parameters)


# --- the loss


def test_its_name():
    assert lit_module_resolver.lookup("QuerySampling") is QuerySamplingLitModule


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize(("size", "world_size"), [(64, 2), (61, 4), (5, 8)])
def test_the_mean_over_processes_is_the_global_loss(name, size, world_size):
    module = make(**RUNS[name]).double()
    expected, gradients = value_and_gradients(module, [share_of(module, size)])
    shares = [share_of(module, size, rank, world_size) for rank in range(world_size)]
    loss, shared = value_and_gradients(module, shares)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(shared, gradients)


@pytest.mark.parametrize("name", ["RotE", "scale, bias, N3"])
def test_the_loss_is_the_formula(name):
    """Alignment of all triples, uniformity of the first ones, plainly; regularization is the formula of N3's tests."""
    module = make(**RUNS[name])
    batch = share_of(module, 61)
    terms = module.share_terms(batch)
    loss, model = module.loss, module.model
    rows = batch.triples[: round(0.1 * 61), :2]
    torch.testing.assert_close(terms["alignment"], loss.alignment(model.score_hrt(batch.triples)))
    torch.testing.assert_close(terms["uniformity"], loss.uniformity(model.score_t(rows)))


@pytest.mark.parametrize(
    "cls", sorted((cls for cls in loss_resolver if not issubclass(cls, HaLELoss)), key=lambda cls: cls.__name__)
)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_any_loss_of_pykeen(cls, reduction):
    """Each is a mean, or a sum, over the rows of one-hot labels."""
    try:
        module = make(model="QueryDistMult", model_kwargs=dict(embedding_dim=4, loss=cls(reduction=reduction))).double()
        expected, gradients = value_and_gradients(module, [share_of(module, 13)])
    except (TypeError, NotImplementedError, ValueError) as error:
        pytest.skip(f"not for rows of scores: {error!r}")
    loss, shared = value_and_gradients(module, [share_of(module, 13, rank, 3) for rank in range(3)])
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(shared, gradients)


@pytest.mark.parametrize("model", MODELS)
def test_every_parameter_has_a_dense_gradient(model):
    """As DDP needs it, without looking for unused parameters; also where a process has neither triple nor query."""
    module = make(model=model, model_kwargs=small(model))
    for share in (share_of(module, 40), share_of(module, 2, rank=2, world_size=3)):
        if model == "HypER" and len(share.triples) == 1:
            continue  # refused: batch normalization needs two
        module.zero_grad()
        sum(module.share_terms(share).values()).sum().backward()
        for name, parameter in module.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.layout is torch.strided, name
        if not share.num_own(share.num_triples):
            assert all(not parameter.grad.any() for parameter in module.parameters())


def test_validation_sees_both_directions():
    """Cross entropy of the tails, and of the heads as tails of the inverse relation."""
    loss_kwargs = dict(activation="none", alpha=1.0, square=False)
    module = make(model="RotE", model_kwargs=dict(embedding_dim=8, loss_kwargs=loss_kwargs), batch_size=64)
    (metrics,) = trainer().validate(module, verbose=False)
    h, r, t = module.dataset.validation.mapped_triples.T
    scores = torch.cat([module.model.score_t(torch.stack(pair, -1)) for pair in ((h, 2 * r), (t, 2 * r + 1))])
    assert metrics["val_loss"] == pytest.approx(
        torch.nn.functional.cross_entropy(scores, torch.cat([t, h])).item(), rel=1e-5
    )


# --- training


def test_training_is_that_of_a_plain_loop():
    """Batches in the order of the module's seed, the loss by plain scores, Adam."""
    run = RUNS["RotE"]
    trained, reference = make(**run), make(**run)
    trainer().fit(trained)
    factory, model, loss = reference.dataset.training, reference.model, reference.loss
    triples = factory._add_inverse_triples_if_necessary(factory.mapped_triples)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(2):
        order = torch.randperm(len(triples), generator=torch.Generator().manual_seed(7 + epoch))
        for batch in triples[order].split(run["batch_size"]):
            rows = batch[: max(1, round(0.1 * len(batch))), :2]
            optimizer.zero_grad()
            (loss.alignment(model.score_hrt(batch)) + loss.uniformity(model.score_t(rows))).backward()
            optimizer.step()
    torch.testing.assert_close(trained.model.state_dict(), model.state_dict(), rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ddp")
    torchrun(ROOT / "tests/lightning_runs.py", folder)
    return folder, torch.load(folder / "results.pt", weights_only=True)


@pytest.mark.parametrize("name", RUNS)
def test_two_processes_train_as_one(two_processes, name):
    _, results = two_processes
    one = train(name)
    torch.testing.assert_close(results[name], one, rtol=0, atol=1e-5)
    assert one["losses"][1]["train_loss"] < one["losses"][0]["train_loss"]


def test_a_run_is_resumed_by_as_many_processes_or_others(two_processes):
    """In the middle of the second epoch; no step is done twice or left out."""
    folder, results = two_processes
    expected = results["RotE"]["parameters"]
    torch.testing.assert_close(results["resumed"]["parameters"], expected, rtol=0, atol=0)
    one = train("RotE", ckpt_path=folder / "step=2.ckpt")
    torch.testing.assert_close(one["parameters"], expected, rtol=0, atol=1e-5)


def test_pykeens_pipeline_and_evaluation():
    module = make(model="ConjComplEx", model_kwargs=dict(embedding_dim=32), batch_size=256)
    filters = [Nations().training.mapped_triples, Nations().validation.mapped_triples]

    def mrr():
        result = RankBasedEvaluator().evaluate(
            module.model,
            module.dataset.testing.mapped_triples,
            batch_size=64,
            additional_filter_triples=filters,
            use_tqdm=False,
        )
        return result.get_metric("mrr")

    before = mrr()
    silent = dict(logger=False, enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False)
    lit_pipeline(training_loop=module, trainer_kwargs=dict(**silent, accelerator="cpu", max_epochs=30))
    assert mrr() > before + 0.1
    metrics = module.trainer.callback_metrics
    assert 0 < metrics["seconds"].item() == pytest.approx(module.seconds)
    assert metrics["triples_per_second"].item() > 0


def test_by_name_alone(monkeypatch):
    trained = []
    monkeypatch.setattr(QuerySamplingLitModule, "on_train_epoch_end", lambda module: trained.append(module))
    lit_pipeline(
        training_loop="QuerySampling",
        training_loop_kwargs=dict(
            dataset="nations", model="RotE", model_kwargs=dict(embedding_dim=4, loss="HaLE"), batch_size=512
        ),
        trainer_kwargs=dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, max_epochs=1),
    )
    (module,) = trained
    assert type(module.model) is pykeen_conj_hale.models.RotE
    assert module.global_step == 4  # 1,592 triples, 512 per step


@pytest.mark.parametrize("model", ["TransE", "RotE"])
def test_a_loss_without_arguments_is_that_of_the_loop(model):
    """Chosen from the graph, whoever trains."""
    model_kwargs = dict(embedding_dim=8, loss="HaLE", loss_kwargs=None)
    module = make(model=model, model_kwargs=model_kwargs)
    factory = Nations(create_inverse_triples=True).training
    like = model_resolver.make(model, dict(embedding_dim=8, loss="HaLE", triples_factory=factory))
    loop = QuerySamplingTrainingLoop(model=like, triples_factory=factory, optimizer="adam")
    assert module.loss is module.model.loss is module.terms.loss
    assert not module.loss.is_open
    assert repr(module.loss) == repr(loop.model.loss)
    assert repr(module.loss) != repr(HaLELoss())


@pytest.fixture
def clock(monkeypatch):
    """Let a training step take 1 second, one of validation 100, and the writing of a checkpoint 1,000."""
    now = [0.0]
    seconds = {"training_step": 1, "validation_step": 100, "on_save_checkpoint": 1000}

    def slow(name):
        plain = getattr(QuerySamplingLitModule, name)

        def method(self, *args, **kwargs):
            result = plain(self, *args, **kwargs)
            now[0] += seconds[name]
            return result

        monkeypatch.setattr(QuerySamplingLitModule, name, method)

    for name in seconds:
        slow(name)
    monkeypatch.setattr("pykeen_conj_hale.training.lightning.speed.Stopwatch", lambda: Stopwatch(lambda: now[0]))


@pytest.mark.usefixtures("clock")
def test_seconds_are_those_of_training():
    module = make(**RUNS["RotE"])
    trainer(val_check_interval=2).fit(module)
    assert module.seconds == 8
    assert module.trainer.callback_metrics["seconds"].item() == 8
    assert module.trainer.callback_metrics["triples_per_second"].item() == 3184 / 4


@pytest.mark.parametrize("model", MODELS)
def test_bf16(model):
    """What autocast rounds to 8 bits (HypER's layers; transforms and stream stay in float32) is within its error."""
    module = make(model=model, model_kwargs=small(model))
    batch = share_of(module, 128)
    results = []
    for enabled in (False, True):
        torch.manual_seed(0)  # dropout
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            loss, gradients = value_and_gradients(module, [batch])
        assert {x.dtype for x in (loss, *gradients)} == {torch.float32}
        results.append((loss, torch.cat([x.flatten() for x in gradients])))
    (expected, gradient), (loss, rounded) = results
    torch.testing.assert_close(loss, expected, rtol=2**-7, atol=0)
    assert (rounded - gradient).norm() <= 2**-4 * gradient.norm()


def test_bf16_mixed_training():
    """With a loss of rows of scores, which autocast rounds; parameters and their updates stay in float32."""
    run = dict(model="QueryTransE", model_kwargs=dict(embedding_dim=8, loss="CrossEntropy"), batch_size=1000)
    exact, rounded = make(**run), make(**run)
    trainer().fit(exact)
    trainer(precision="bf16-mixed").fit(rounded)
    for metric in ("train_loss", "val_loss"):
        value = rounded.trainer.callback_metrics[metric].item()
        assert value != exact.trainer.callback_metrics[metric].item()
        assert value == pytest.approx(exact.trainer.callback_metrics[metric].item(), rel=2**-7)


def test_max_time():
    module = make(**RUNS["RotE"])
    trainer(max_epochs=-1, max_time={"seconds": 1}).fit(module)
    assert module.trainer.should_stop
    assert module.global_step > 0


def test_max_time_of_all_runs_together(tmp_path, caplog):
    """Lightning counts the seconds before a checkpoint, too: what is spent is said, what is left is used."""
    stopped = trainer(max_epochs=-1, max_time={"seconds": 1})
    stopped.fit(make(**RUNS["RotE"]))
    stopped.save_checkpoint(tmp_path / "last.ckpt")
    files = dict(ckpt_path=tmp_path / "last.ckpt", weights_only=True)
    again = make(**RUNS["RotE"])
    trainer(max_epochs=-1, max_time={"seconds": 1}).fit(again, **files)
    assert again.global_step <= stopped.global_step + 1
    assert "max_time is spent: it is one of all runs together, and 1." in caplog.text
    caplog.clear()
    more = make(**RUNS["RotE"])
    trainer(max_epochs=-1, max_time={"seconds": 2}).fit(more, **files)
    assert more.global_step > stopped.global_step + 1
    assert "max_time is spent" not in caplog.text


def test_a_model_with_constraints_keeps_them():
    """PyKEEN's own module leaves the last step unconstrained."""
    module = make(
        model="TransE", model_kwargs=dict(embedding_dim=8), batch_size=1000, optimizer="SGD", learning_rate=1.0
    )
    trainer().fit(module)
    norms = module.model.entity_representations[0]().norm(dim=-1)
    torch.testing.assert_close(norms, torch.ones_like(norms))


def test_gradients_of_several_batches_per_step():
    """The model is told after each batch, once: CompGCN keeps what it has computed until then."""
    module = make(**RUNS["PyKEEN's model"])
    calls, update = [], module.model.post_parameter_update
    module.model.post_parameter_update = lambda: calls.append(update())
    trainer(max_epochs=1, accumulate_grad_batches=2, limit_val_batches=0).fit(module)
    assert (module.global_step, len(calls)) == (2, 4)


def test_validation_before_the_first_step_and_within_an_epoch():
    """CompGCN would train what validation has computed, without gradients."""
    module = make(
        dataset_kwargs=dict(create_inverse_triples=True),
        model="CompGCN",
        model_kwargs=dict(
            embedding_dim=8, encoder_kwargs=dict(num_layers=1, layer_kwargs=dict(use_bias=True)), loss="CrossEntropy"
        ),
        batch_size=1061,
    )
    trainer(max_epochs=1, num_sanity_val_steps=1, val_check_interval=2).fit(module)
    # with batch normalization the last batch, of a single triple, is dropped
    assert module.global_step == 3


@pytest.mark.slow
def test_the_example(tmp_path, monkeypatch, capsys):
    """In two processes, as documented; then resumed by one, and refused where it would overwrite."""
    example = [ROOT / "examples/lightning_ddp.py", "--dataset", "nations", "--dim", "8", "--accelerator", "cpu"]
    example += ["--out", tmp_path, "--max-time", "00:00:10:00"]
    assert torchrun(*example, "--max-epochs", "2").stdout.count("'mrr'") == 1
    arguments = [*map(str, example), "--max-epochs", "3"]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit, match="go on with --resume"):
        runpy.run_path(arguments[0], run_name="__main__")
    arguments.append("--resume")
    runpy.run_path(arguments[0], run_name="__main__")
    assert "'mrr'" in capsys.readouterr().out
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["epoch"] == 2


# --- checkpoints


@pytest.fixture
def checkpoints(tmp_path):
    """Train for 3 epochs of 4 steps with a checkpoint after each step and after each validation."""
    module = make(**RUNS["RotE"])
    after_validation = pytorch_lightning.callbacks.ModelCheckpoint(
        tmp_path, "best={step}", auto_insert_metric_name=False, save_top_k=-1, monitor="val_loss"
    )
    callbacks = [save_each_step(tmp_path), after_validation]
    trainer(max_epochs=3, callbacks=callbacks, enable_checkpointing=True).fit(module)
    return module, tmp_path


def test_resuming_is_going_on(checkpoints):
    """Bit for bit: in the middle of an epoch, at its end, after the validation; with the run's own seed."""
    whole, folder = checkpoints
    names = sorted(path.stem for path in folder.iterdir())
    assert names == sorted([*(f"step={step}" for step in range(1, 13)), *(f"best={step}" for step in (4, 8, 12))])
    for name in names:
        module = make(**{**RUNS["RotE"], "random_seed": None})
        trainer(max_epochs=3).fit(module, ckpt_path=folder / f"{name}.ckpt", weights_only=True)
        assert module.global_step == 12, name
        for key, value in module.state_dict().items():
            assert torch.equal(value, whole.state_dict()[key]), (name, key)
        assert module.random_seed == 7


def test_resuming_a_model_with_constraints(tmp_path):
    """A checkpoint in the middle of an epoch has the constrained parameters; it is written within the step's batch."""
    run = RUNS["PyKEEN's model"]
    whole = make(**run)
    trainer(callbacks=[save_each_step(tmp_path)], enable_checkpointing=True).fit(whole)
    for step in (2, 4, 7):
        module = make(**run)
        trainer().fit(module, ckpt_path=tmp_path / f"step={step}.ckpt", weights_only=True)
        for key, value in module.state_dict().items():
            assert torch.equal(value, whole.state_dict()[key]), (step, key)


@pytest.mark.usefixtures("clock")
def test_seconds_go_on(tmp_path):
    whole, resumed = make(**RUNS["RotE"]), make(**RUNS["RotE"])
    trainer(callbacks=[save_each_step(tmp_path)], enable_checkpointing=True).fit(whole)
    assert whole.seconds == 8
    trainer().fit(resumed, ckpt_path=tmp_path / "step=6.ckpt", weights_only=True)
    assert resumed.seconds == 8
    # the last two steps: a batch of 1,061 triples and one of a single triple
    assert resumed.trainer.callback_metrics["triples_per_second"].item() == 1062 / 2


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (dict(model="RotL"), "model is 'RotE' in the checkpoint, but 'RotL'"),
        (dict(model_kwargs=dict(embedding_dim=8, loss_kwargs=dict(alpha=0.2))), "loss is .*alpha=0.1.* alpha=0.2"),
        (dict(dataset="kinships"), "training_triples is '[0-9a-f]*' in the checkpoint"),
        (dict(batch_size=1000), "batch_size is 1061 in the checkpoint, but 1000"),
        (dict(learning_rate=0.02), "train.learning_rate is 0.01 there, 0.02 here"),
        (dict(optimizer_kwargs=dict(weight_decay=0.1)), "train.optimizer_kwargs is 0 entries there, 1 entries here"),
        (dict(optimizer="sgd"), "train.optimizer is 'adam' there, 'sgd' here"),
        (
            dict(model_kwargs=dict(embedding_dim=8, loss_kwargs=dict(gamma=10))),
            "loss is .*gamma=5.*gamma=10",
        ),
        (dict(model_kwargs=dict(embedding_dim=8, tail_bias=True)), "model.interaction.tail_bias is False there, True"),
    ],
)
def test_a_checkpoint_of_another_run(checkpoints, other, message):
    _, folder = checkpoints
    written = (folder / "step=3.ckpt").read_bytes()
    with pytest.raises(CheckpointError, match=message):
        trainer().fit(make(**{**RUNS["RotE"], **other}), ckpt_path=folder / "step=3.ckpt", weights_only=True)
    assert (folder / "step=3.ckpt").read_bytes() == written


@pytest.mark.parametrize("optimizer", ["Adam", torch.optim.Adam])
def test_a_checkpoint_of_the_same_optimizer_by_another_name(checkpoints, optimizer):
    _, folder = checkpoints
    module = make(**{**RUNS["RotE"], "optimizer": optimizer})
    trainer().fit(module, ckpt_path=folder / "step=3.ckpt", weights_only=True)
    assert module.global_step == 8


def test_a_checkpoint_of_another_module(tmp_path):
    other = lit_module_resolver.make("LCWA", dict(model="RotE", model_kwargs=dict(embedding_dim=8)))
    stopped = trainer(max_steps=1)
    stopped.fit(other)
    stopped.save_checkpoint(tmp_path / "last.ckpt")
    with pytest.raises(CheckpointError, match="was not written by QuerySamplingLitModule"):
        trainer().fit(make(**RUNS["RotE"]), ckpt_path=tmp_path / "last.ckpt", weights_only=True)


# --- bad input


def test_label_smoothing():
    with pytest.raises(UnsupportedLabelSmoothingError):
        make(**RUNS["RotE"], label_smoothing=0.1)
    module = make(model="RotE", model_kwargs=dict(embedding_dim=8, loss="CrossEntropy"), label_smoothing=0.1)
    assert torch.isfinite(module.share_terms(share_of(module, 8))["tail prediction"])


@pytest.mark.parametrize(("argument", "value"), [("batch_size", 0), ("chunk_size", 0)])
def test_bad_arguments(argument, value):
    with pytest.raises(ValueError, match=f"{argument}={value} is not allowed: it must be a whole number ≥ 1"):
        make(**{**RUNS["RotE"], argument: value})


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("random_seed", 0.5, "must be a whole number"),
        ("random_seed", "3", "must be a whole number"),
        ("random_seed", 2**70, "must be a whole number"),
        ("drop_last", "no", "must be True or False"),
    ],
)
def test_bad_seeds_and_bools(argument, value, message):
    with pytest.raises(ValueError, match=f"{argument}={value!r} is not allowed: it {message}"):
        make(**{**RUNS["RotE"], argument: value})


def test_a_negative_seed():
    assert make(**{**RUNS["RotE"], "random_seed": -1}).random_seed == -1


class World(pytorch_lightning.strategies.SingleDeviceStrategy):
    """One process of several, without the others."""

    world_size = 4
    others = None

    def broadcast(self, obj, src=0):
        return obj if self.others is None else self.others


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(pytorch_lightning.Trainer, "world_size", 4)
    return World(device="cpu")


def test_a_batch_smaller_than_the_number_of_processes(world):
    with pytest.raises(ValueError, match=r"batch_size=3 .* at least their number, 4"):
        trainer(strategy=world).fit(make(model="RotE", model_kwargs=dict(embedding_dim=8), batch_size=3))


def test_a_batch_too_small_for_batch_normalization(world):
    module = make(model="HypER", model_kwargs=small("HypER"), batch_size=7)
    with pytest.raises(ValueError, match=r"batch_size=7 leaves less than two triples for each of 4 processes"):
        trainer(strategy=world).fit(module)


def test_batch_normalization_is_told(world, caplog):
    module = make(model="HypER", model_kwargs=small("HypER"), batch_size=64)
    assert module.drop_last
    with caplog.at_level(logging.WARNING):
        trainer(strategy=world, max_steps=1).fit(module)
    assert caplog.text.count("sync_batchnorm=True") == 1


def test_a_regularizer_that_is_a_sum(world):
    module = make(model="TransH", model_kwargs=dict(embedding_dim=8), batch_size=64)
    with pytest.raises(ValueError, match=r"4 processes cannot give sums .*: NormLimitRegularizer, Orthogonality"):
        trainer(strategy=world).fit(module)


def test_other_triples_in_other_processes(world):
    world.others = (3, "another digest")
    with pytest.raises(ValueError, match="training triples of process 0 are not those of process 0"):
        trainer(strategy=world).fit(make(**RUNS["RotE"]))


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("step", [1, 4, 8])
def test_a_loss_that_is_not_finite(monkeypatch, is_late, step):
    """Found before its optimizer step, or before the next one, as on a GPU; of 2 epochs of 4 steps the last, too."""
    monkeypatch.setattr("pykeen_conj_hale.training.late_loss.reads_late", lambda loss: is_late)
    module = make(**RUNS["RotE"])
    alignment = module.loss.alignment
    module.loss.alignment = lambda scores: alignment(scores) * (math.nan if module.global_step == step - 1 else 1.0)
    with pytest.raises(NonFiniteLossError, match=rf"not finite at step {step}: alignment is not"):
        trainer(num_sanity_val_steps=0).fit(module)
    assert module.global_step == step - 1 + is_late
