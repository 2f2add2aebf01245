"""Model files: round trips, resuming, damage of every kind, kill -9, full disks."""

from __future__ import annotations

import errno
import os
import pathlib
import stat
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from autograd_lite import Value, nn
from autograd_lite.errors import ModelFileError, OperandError, OutputError, ShapeError
from tests.support.forging import rewritten

DATA = {"X": [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], "y": [0.0, 1.0, 1.0, 0.0]}
DATA |= {"loss": "binary_cross_entropy_with_logits", "batch_size": 2}


def numbers(model):
    return [p.data for p in model.parameters()]


def files_in(folder):
    return [path.name for path in folder.iterdir()]


class Own(nn.Module):
    def __init__(self, size=2):
        self.w = [Value(i + 0.5) for i in range(size)]

    def __call__(self, x):
        return self.w[0] * x[0] + self.w[1]


# --- Round trips ----------------------------------------------------------------------------------------------------


def test_a_perceptron_comes_back_as_it_was(tmp_path):
    path = tmp_path / "model.npz"
    model = nn.MLP(2, [3, 4, 2], activation="leaky_relu", output_activation="sigmoid", written_out=True, seed=9)
    model.parameters()[0].data = -0.0
    model.parameters()[1].data = 5e-324
    nn.save(model, path, notes={"columns": ["a", "ü"]})
    twin = nn.load(path)
    assert repr(twin) == repr(model)
    assert list(map(repr, numbers(twin))) == list(map(repr, numbers(model)))
    assert [v.data for v in twin([0.1, 0.2])] == [v.data for v in model([0.1, 0.2])]
    assert nn.load_checkpoint(path).notes == {"columns": ["a", "ü"]}
    assert files_in(tmp_path) == ["model.npz"]


def test_the_same_model_is_the_same_bytes(tmp_path):
    for name in "ab":
        nn.save(nn.MLP(2, [3, 1]), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}  # no time of writing


def test_numpy_reads_the_file_too(tmp_path):
    nn.save(nn.MLP(1, [1]), tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as file:
        assert file["weights"].tolist() == numbers(nn.MLP(1, [1]))


def test_a_model_of_ones_own_is_filled(tmp_path):
    path = tmp_path / "own.npz"
    nn.save(Own(), path)
    model = Own()
    model.w[0].data = 7.0
    assert nn.load(path, model) is model
    assert numbers(model) == [0.5, 1.5]
    with pytest.raises(ModelFileError, match="pass it"):
        nn.load(path)
    with pytest.raises(ModelFileError, match="2 weights of a Own; the model given has 3"):
        nn.load(path, Own(3))


def test_a_model_is_filled_from_a_whole_file_or_not_at_all(tmp_path):
    path, model = tmp_path / "own.npz", Own()
    nn.save(Own(), path, history=nn.History(loss=[1.0]))
    path.write_bytes(rewritten(path.read_bytes(), lambda members, manifest: manifest["history"].update(seed=-1)))
    model.w[0].data = 7.0
    with pytest.raises(ModelFileError, match="history"):
        nn.load(path, model)
    assert numbers(model) == [7.0, 1.5]


def test_resuming_from_a_checkpoint_is_the_straight_run(tmp_path):
    def start():
        model = nn.MLP(2, [3, 1], activation="tanh", seed=4)
        return model, nn.Adam(0.05, clip_norm=1.0, weight_decay=1e-3)

    straight, optimizer = start()
    history = nn.fit(straight, **DATA, optimizer=optimizer, epochs=9, seed=3)
    model, optimizer = start()
    checkpoint = nn.Checkpoint(tmp_path / "model.npz", every=2)
    nn.fit(model, **DATA, optimizer=optimizer, epochs=5, seed=3, callbacks=[checkpoint])
    saved = nn.load_checkpoint(tmp_path / "model.npz")
    assert saved.history.epochs == 5
    resumed = nn.fit(saved.model, **DATA, optimizer=saved.optimizer, epochs=9, resume=saved.history)
    assert numbers(saved.model) == numbers(straight)
    assert resumed.loss == history.loss
    assert resumed.gradient_norm == history.gradient_norm


def test_after_an_error_the_file_is_the_last_that_was_saved(tmp_path):
    def fails(training):
        if training.epoch == 3:
            raise LookupError("no disk")

    checkpoint = nn.Checkpoint(tmp_path / "model.npz", every=2)
    with pytest.raises(LookupError):
        nn.fit(nn.MLP(2, [3, 1]), **DATA, epochs=9, callbacks=[checkpoint, fails])
    assert nn.load_checkpoint(tmp_path / "model.npz").history.epochs == 2


def test_only_the_best_is_kept(tmp_path):
    path = tmp_path / "best.npz"
    model = nn.Neuron(1, "linear", seed=0)
    checkpoint = nn.Checkpoint(path, only_best=True)
    history = nn.fit(
        model, [[1.0]], [1.0], loss="mean_squared_error", optimizer=nn.SGD(1.5), epochs=5, callbacks=[checkpoint]
    )
    assert nn.load_checkpoint(path, nn.Neuron(1)).history.epochs == int(np.argmin(history.loss)) + 1 < 5


def test_arrays_in_and_out():
    model = nn.MLP(2, [3, 1])
    arrays = nn.to_numpy(model)
    x = np.array([0.3, -0.7])
    hidden = np.maximum(arrays["layer1.W"] @ x + arrays["layer1.b"], 0.0)
    assert model(x).data == pytest.approx((arrays["layer2.W"] @ hidden + arrays["layer2.b"])[0], rel=1e-14)
    own = Own()
    nn.from_numpy(own, {"w1": 3.0, "w2": 4.0})
    assert numbers(own) == [3.0, 4.0]
    before = numbers(model)
    with pytest.raises(ShapeError, match=r"layer1.W has shape \(2, 3\); the model needs \(3, 2\)"):
        nn.from_numpy(model, {**arrays, "layer2.b": [9.0], "layer1.W": arrays["layer1.W"].T})
    with pytest.raises(ShapeError, match="the model needs layer"):
        nn.from_numpy(model, {"W": 1.0})
    assert numbers(model) == before


# --- What cannot be saved, what cannot be written -------------------------------------------------------------------


def test_what_cannot_be_saved_is_named(tmp_path):
    class Mine(nn.SGD):
        pass

    for bad in ({"optimizer": Mine()}, {"notes": {"x": object()}}):
        with pytest.raises(OperandError):
            nn.save(nn.MLP(1, [1]), tmp_path / "model.npz", **bad)
    with pytest.raises(OutputError, match="No such folder"):
        nn.save(nn.MLP(1, [1]), tmp_path / "nowhere" / "model.npz")
    assert files_in(tmp_path) == []


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    nn.save(nn.MLP(1, [1], seed=1), path)
    old = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        nn.save(nn.MLP(1, [1], seed=2), path)
    assert path.read_bytes() == old
    assert files_in(tmp_path) == ["model.npz"]


def test_the_new_file_takes_the_place_of_the_old_one_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    nn.save(nn.MLP(1, [1], seed=1), path)
    old = path.read_bytes()

    def refuse(self, target):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(pathlib.Path, "replace", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        nn.save(nn.MLP(1, [1], seed=2), path)
    assert path.read_bytes() == old


@pytest.mark.skipif(sys.platform == "win32", reason="folders are synced where they can be opened")
def test_all_bytes_are_on_the_disk_before_the_name_and_then_the_name(tmp_path, monkeypatch):
    """What a power cut would show: bytes still in a buffer when the file is synced, or a name before its bytes."""
    events, sync, replace = [], os.fsync, pathlib.Path.replace

    def synced(descriptor):
        status = os.fstat(descriptor)
        events.append("folder" if stat.S_ISDIR(status.st_mode) else status.st_size)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(pathlib.Path, "replace", lambda self, to: events.append("named") or replace(self, to))
    nn.save(nn.MLP(1, [1]), tmp_path / "model.npz")
    assert events == [(tmp_path / "model.npz").stat().st_size, "named", "folder"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link_and_a_device_a_device(tmp_path):
    (tmp_path / "link.npz").symlink_to(tmp_path / "model.npz")
    nn.save(nn.MLP(1, [1]), tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert numbers(nn.load(tmp_path / "model.npz")) == numbers(nn.MLP(1, [1]))
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "nul\0.npz"):
        with pytest.raises(OutputError, match=r"not a regular file|no file can have this name"):
            nn.save(nn.MLP(1, [1]), path)
        with pytest.raises(OutputError, match=r"not a regular file|no file can have this name"):
            nn.check_writable(path)
    assert sorted(files_in(tmp_path)) == ["link.npz", "model.npz", "pipe"]


@pytest.mark.skipif(sys.platform == "win32", reason="leftovers are swept where processes can be asked for")
def test_leftovers_of_dead_processes_are_swept_and_no_others(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    stays = [f".model.npz.{os.getppid()}.1.tmp", f".other.npz.{dead.pid}.1.tmp", ".model.npz.mine.tmp"]
    for name in (*stays, f".model.npz.{dead.pid}.1.tmp", f".model.npz.{dead.pid}.22.tmp"):
        (tmp_path / name).write_bytes(b"")
    nn.save(nn.MLP(1, [1]), tmp_path / "model.npz")
    assert sorted(files_in(tmp_path)) == sorted([*stays, "model.npz"])


# --- Checksums ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "model.npz"
    model, optimizer = nn.MLP(2, [3, 1], seed=1), nn.Adam(0.1)
    history = nn.fit(model, **DATA, optimizer=optimizer, epochs=2, seed=0)
    nn.save(model, path, optimizer=optimizer, history=history)
    return path.read_bytes()


def test_every_checksum_counts(sound, tmp_path):
    path = tmp_path / "model.npz"

    def other_weights(members, manifest):
        raw = members["weights.npy"]
        members["weights.npy"] = raw[:-8] + b"\0" * 8

    path.write_bytes(rewritten(sound, other_weights, stale=["weights"]))
    with pytest.raises(ModelFileError, match="array weights does not have its checksum"):
        nn.load(path)
    path.write_bytes(rewritten(sound, lambda m, j: j["history"].update(seed=99), stale=["manifest"]))
    with pytest.raises(ModelFileError, match="manifest does not have its checksum"):
        nn.load(path)


def test_compressed_members_are_refused(sound, tmp_path):
    path = tmp_path / "model.npz"
    path.write_bytes(rewritten(sound, lambda m, j: None, zipfile.ZIP_DEFLATED))
    with pytest.raises(ModelFileError, match="compressed"):
        nn.load(path)
