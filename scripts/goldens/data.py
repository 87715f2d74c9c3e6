"""What keras.utils does to arrays: to_categorical, normalize, split_dataset and timeseries windows."""

import keras
import numpy as np

from .encode import array


def categorical(values, classes=None):
    return {"kind": "categorical", "x": array(values), "classes": classes, "y": array(keras.utils.to_categorical(values, classes))}


def normalized(values, **options):
    options = {"axis": -1, "order": 2, **options}
    given = {**options, "order": "inf" if np.isinf(options["order"]) else options["order"]}
    return {"kind": "normalize", "x": array(values), "options": given, "y": array(keras.utils.normalize(values, **options))}


def split(count, **options):
    left, right = keras.utils.split_dataset(np.arange(count, dtype="int32"), **options)
    parts = [[int(v) for v in part] for part in (left, right)]
    return {"kind": "split", "count": count, "options": options, "parts": parts}


def series(targets=True, **options):
    x = np.stack([np.arange(30), -np.arange(30)], 1).astype("float32")
    y = np.arange(100, 130).astype("int32") if targets else None
    batches = [b if targets else (b,) for b in keras.utils.timeseries_dataset_from_array(x, y, **options)]
    out = [[array(part.numpy()) for part in batch] for batch in batches]
    return {"kind": "series", "x": array(x), "targets": array(y) if targets else None, "options": options, "batches": out}


def cases():
    x = np.random.RandomState(2).normal(0, 2, (3, 4, 2)).astype("float32")
    x[1, :, 1] = 0
    return [
        categorical(np.array([0, 2, 1])),
        categorical(np.array([[0], [3]]), 5),
        categorical(np.array([[0, 1], [2, 2]])),
        *(normalized(x, axis=axis) for axis in [-1, 1]),
        *(normalized(x[0], order=order) for order in [1, 3, np.inf]),
        split(10, left_size=0.8),
        split(5, left_size=0.5),
        split(7, right_size=0.5),
        split(9, left_size=2, right_size=0.25),
        split(9, right_size=4),
        series(sequence_length=4),
        series(sequence_length=3, sequence_stride=2, sampling_rate=3, batch_size=5),
        series(sequence_length=5, start_index=4, end_index=20, batch_size=7, targets=False),
        series(sequence_length=5, start_index=4, end_index=20, batch_size=7, sequence_stride=3),
    ]
