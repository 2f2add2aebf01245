"""Files damaged at random, by the thousand: one clear error, or what is right; never wrong numbers."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from sklearn.datasets import load_iris

from autograd_lite import nn
from autograd_lite.errors import AutogradLiteError, DomainError, ModelFileError, TableError, UnknownNameError
from autograd_lite.nn.tabular.csv_file import CsvFile
from autograd_lite.nn.tabular.splitting import split_table
from tests.support.forging import sign, unzipped, zipped

BLOCKS = [pytest.param(range(i, i + 5000), marks=pytest.mark.long) for i in range(1000, 101_000, 5000)]


# --- Damage of bytes ------------------------------------------------------------------------------------------------


def flipped(raw, rng):
    place = int(rng.integers(len(raw)))
    return raw[:place] + bytes([raw[place] ^ 1 << int(rng.integers(8))]) + raw[place + 1 :]


def cut_short(raw, rng):
    return raw[: int(rng.integers(len(raw)))]


def cut_out(raw, rng):
    place = int(rng.integers(len(raw)))
    return raw[:place] + raw[place + int(rng.integers(1, 200)) :]


def overwritten(raw, rng):
    place = int(rng.integers(len(raw)))
    return raw[:place] + rng.bytes(8) + raw[place + 8 :]


def inserted(raw, rng):
    place = int(rng.integers(len(raw)))
    return raw[:place] + rng.bytes(int(rng.integers(1, 50))) + raw[place:]


def doubled(raw, rng):
    start, end = sorted(rng.integers(len(raw), size=2).tolist())
    return raw[:end] + raw[start:]


BYTES = (flipped, cut_short, cut_out, overwritten, inserted, doubled)


# --- Model files ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two sound files of the same architecture, and the numbers in the first."""
    files, numbers = [], []
    for seed in (1, 2):
        path = tmp_path_factory.mktemp("sound") / "model.npz"
        model, optimizer = nn.MLP(2, [3, 1], seed=seed), nn.Adam(0.1)
        data = {"X": [[0.0, 1.0], [1.0, 0.5], [0.3, 0.2]], "y": [1.0, 0.0, 0.5], "batch_size": 2}
        history = nn.fit(
            model, **data, loss="mean_squared_error", optimizer=optimizer, epochs=3, seed=seed, metrics=nn.rmse
        )
        nn.save(model, path, optimizer=optimizer, history=history, notes={"seed": seed})
        files.append(path.read_bytes())
        numbers.append(what_is_in(nn.load_checkpoint(path)))
    return *files, numbers[0]


def what_is_in(saved):
    """The weights, what the optimizer remembers, and the series of the history; of these, what there is."""
    memory = {} if saved.optimizer is None else {name: m.tolist() for name, m in saved.optimizer.memory.items()}
    series = {} if saved.history is None else {name: s for name, s in vars(saved.history).items() if type(s) is list}
    return [p.data for p in saved.model.parameters()], memory, series


def spliced(one, other, rng):
    return one[: int(rng.integers(len(one)))] + other[int(rng.integers(len(other))) :]


def members_swapped(one, _, rng):
    members = unzipped(one)
    a, b = rng.choice(sorted(members), size=2, replace=False)
    members[a], members[b] = members[b], members[a]
    return zipped(members.items())


def member_of_the_other(one, other, rng):
    members, others = unzipped(one), unzipped(other)
    name = str(rng.choice(sorted(set(members) & {name for name in others if members.get(name) != others[name]})))
    return zipped({**members, name: others[name]}.items())


def member_lost(one, _, rng):
    members = unzipped(one)
    members.pop(str(rng.choice(sorted(members))))
    return zipped(members.items())


def members_in_another_order(one, _, rng):
    members = list(unzipped(one).items())
    return zipped([members[i] for i in rng.permutation(len(members))])


SCRAP = (None, True, -1, 0, 3, 2**70, 0.5, "", "weights", [], [1], {}, {"a": 1}, [[]])


def manifest_changed(one, _, rng):
    """Something else in a place of the manifest, or nothing; all checksums are right."""
    members = unzipped(one)
    manifest = json.loads(members["manifest.json"])
    place, key = manifest, str(rng.choice(sorted(manifest)))
    while isinstance(place[key], (dict, list)) and len(place[key]) and rng.random() < 0.8:
        place = place[key]
        key = int(rng.integers(len(place))) if isinstance(place, list) else str(rng.choice(sorted(place)))
    if rng.random() < 0.2:
        del place[key]
    else:
        place[key] = SCRAP[int(rng.integers(len(SCRAP)))]
    sign(members, json.dumps(manifest).encode())
    return zipped(members.items())


WHOLE = (spliced, members_swapped, member_of_the_other, member_lost, members_in_another_order, manifest_changed)


def damaged_model(one, other, seed):
    rng = np.random.default_rng(seed)
    if seed % 2:
        return WHOLE[seed // 2 % len(WHOLE)](one, other, rng)
    return BYTES[seed // 2 % len(BYTES)](one, rng)


@pytest.mark.parametrize("seeds", [range(240), *BLOCKS], ids=lambda seeds: f"from {seeds[0]}")
def test_damaged_models(seeds, models, tmp_path):
    one, other, right = models
    path, refused = tmp_path / "model.npz", 0
    for seed in seeds:
        path.write_bytes(damaged_model(one, other, seed))
        try:
            weights, memory, series = what_is_in(nn.load_checkpoint(path))
            nn.describe_model_file(path)
        except ModelFileError:
            refused += 1
        else:
            assert weights == right[0], seed
            assert memory in (right[1], {}), seed
            assert series in (right[2], {}), seed
    assert refused > 0.7 * len(seeds)


# --- Tables ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    """A small table of numbers and texts, and a model of it."""
    data, path = load_iris(), tmp_path_factory.mktemp("sound") / "iris.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["long", "wide", "colour", "species"])
        for i in range(0, 150, 5):
            colour = ("red", "blue, light", 'a "green"')[i % 3]
            writer.writerow([*data.data[i, :2], colour, data.target_names[data.target[i]]])
    return path.read_bytes(), nn.train_on_csv(path, "species", hidden=[], epochs=1)


def scrap_inserted(raw, rng):
    place = int(rng.integers(len(raw)))
    return raw[:place] + bytes(rng.choice(list(b',;"\n\r\t 0.-einf_'), size=3).astype(np.uint8)) + raw[place:]


def lines_swapped(raw, rng):
    lines = raw.splitlines(keepends=True)
    a, b = rng.integers(len(lines), size=2)
    lines[a], lines[b] = lines[b], lines[a]
    return b"".join(lines)


def damaged_table(raw, seed):
    rng = np.random.default_rng(seed)
    kinds = (*BYTES, scrap_inserted, scrap_inserted, lines_swapped)
    for _ in range(int(rng.integers(1, 4))):
        raw = kinds[int(rng.integers(len(kinds)))](raw, rng) or b"a,b"
    return raw


def check_numbers(path, split):
    """What was read, undone, is what Python's own reader finds."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        first = file.readline()
        file.seek(0)
        header, *rows = [row for row in csv.reader(file, delimiter=max(",;\t", key=first.count), strict=True) if row]
    names, place = [name.strip() for name in header], 0
    inputs = np.concatenate([split.inputs, split.held_inputs])
    for column in split.encoding.inputs:
        fields = [row[names.index(column.name)].strip() for row in rows]
        numbers = inputs[:, place : place + column.width]
        if column.kind == "number":
            expected = np.sort([float(text) for text in fields])
            found = np.sort(numbers[:, 0] * column.spread + column.mean)
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
        else:
            assert numbers.sum(axis=0).tolist() == [fields.count(category) for category in column.categories]
        place += column.width


@pytest.mark.parametrize("seeds", [range(180), *BLOCKS], ids=lambda seeds: f"from {seeds[0]}")
def test_damaged_tables(seeds, flowers, tmp_path):
    content, model = flowers
    path, read = tmp_path / "iris.csv", 0
    for seed in seeds:
        path.write_bytes(damaged_table(content, seed))
        try:
            split = split_table(CsvFile(path), "species", seed=seed)
        except (TableError, UnknownNameError, DomainError):
            split = None
        if split is not None:
            check_numbers(path, split)
            read += 1
        if seed % 10 == 0:
            predict_or_refuse(model, path, tmp_path / "out.csv")
    assert read > 0.05 * len(seeds)


def predict_or_refuse(model, path, out):
    try:
        count = nn.predict_csv(model, path, out)
    except AutogradLiteError:
        assert not out.exists()
    else:
        with out.open(newline="", encoding="utf-8") as file:
            assert len([row for row in csv.reader(file) if row]) == count + 1
        out.unlink()
