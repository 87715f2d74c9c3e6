"""Writes test/goldens/files: models that Keras saved, and what it predicts and how it trains on with them.

    VENV/bin/python scripts/goldens/files.py             files of Keras 3
    VENV2/bin/python scripts/goldens/files.py            files of Keras 2, in a VENV2 with tf_keras

Each run writes its own files and `<name>.json` beside them; Keras 2's change with its version only.
"""

import json
import os
import pathlib

os.environ.update(
    KERAS_BACKEND="tensorflow",
    TF_CPP_MIN_LOG_LEVEL="3",
    TF_ENABLE_ONEDNN_OPTS="0",
    CUDA_VISIBLE_DEVICES="-1",
)

import h5py  # noqa: E402
import numpy as np  # noqa: E402

try:
    import tf_keras as keras  # noqa: E402

    NAME = "keras2"
except ImportError:
    import keras  # noqa: E402

    NAME = "keras3"

layers = keras.layers
FOLDER = pathlib.Path(__file__).resolve().parent.parent.parent / "test" / "goldens" / "files"


def data(features, classes):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(64, features)).astype("float32")
    return x, rng.integers(0, classes, 64).astype("int32")


def classifier():
    """Trained for three epochs; without dropout, so that it can be compared as it trains on."""
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            layers.InputLayer((2, 3)) if NAME == "keras2" else layers.Input((2, 3)),
            layers.Flatten(),
            layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(0.01)),
            layers.Dropout(0.0),
            layers.Dense(3, activation="softmax"),
        ],
        name="classifier",
    )


def optimizers():
    yield "adam", lambda: keras.optimizers.Adam(0.01)
    yield "sgd", lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    if NAME == "keras2":
        yield "old", lambda: keras.optimizers.legacy.Adam(0.01)


def save(name, make):
    x, y = data(6, 3)
    x = x.reshape(-1, 2, 3)
    model = classifier()
    model.compile(make(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0)
    files = [f"{NAME}-{name}.keras", f"{NAME}-{name}.h5", f"{NAME}-{name}.weights.h5"]
    if name == "old":
        files = [files[1]]
    for file in files:
        (model.save_weights if file.endswith(".weights.h5") else model.save)(FOLDER / file)
    predictions = model.predict(x[:5], verbose=0).tolist()
    history = model.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0)
    losses = history.history["loss"]
    return {"files": files, "predictions": predictions, "losses": losses, "after": model.predict(x[:5], verbose=0).tolist()}


def hostile():
    """Files of weights for one Dense(2) of two features, each wrong in a way that no library writes by itself."""

    def weights(name):
        file = h5py.File(FOLDER / f"hostile-{name}.weights.h5", "w")
        return file, file.create_group("layers/dense/vars")

    file, group = weights("external")
    with file:
        group.create_dataset("0", (2, 2), "float32", external=[("/etc/passwd", 0, 16)])
    file, group = weights("link")
    with file:
        group["0"] = h5py.ExternalLink("/etc/passwd", "/x")
    file, group = weights("virtual")
    with file:
        layout = h5py.VirtualLayout((2, 2), "float32")
        layout[:] = h5py.VirtualSource("keras3-adam.h5", "/x", (2, 2))
        group.create_virtual_dataset("0", layout)
    file, group = weights("cycle")
    with file:
        for name in "abcdefgh":
            group[name] = file["layers"]
    file, group = weights("shape")
    with file:
        # Chunks that were never written take no room in the file.
        group.create_dataset("0", (1 << 40, 2), "float32", chunks=(1024, 2), compression="gzip")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    x, y = data(6, 3)
    cases = {name: save(name, make) for name, make in optimizers()}
    golden = {"version": keras.__version__, "x": x.tolist(), "y": y.tolist(), "cases": cases}
    (FOLDER / f"{NAME}.json").write_text(json.dumps(golden) + "\n")
    if NAME == "keras3":
        hostile()
    for path in sorted(FOLDER.glob("*")):
        print(path.name, path.stat().st_size)


main()
