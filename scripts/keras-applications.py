"""Saves networks of keras.applications with random weights and statistics, and what they predict.

    python scripts/keras-applications.py FOLDER

For each, a line of JSON on stdout: its files, the images, which are small, and the predictions.
"""

import json
import os
import pathlib
import sys

os.environ.update(
    KERAS_BACKEND="tensorflow",
    TF_CPP_MIN_LOG_LEVEL="3",
    TF_ENABLE_ONEDNN_OPTS="0",
    CUDA_VISIBLE_DEVICES="-1",
)

import keras  # noqa: E402
import numpy as np  # noqa: E402


def randomized(model, rng):
    """Weights that keep activations in range, and statistics as training would leave them."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            n = layer.gamma.shape
            moments = [rng.normal(0, 0.2, n), rng.uniform(0.5, 1.5, n)]
            layer.set_weights([rng.uniform(0.6, 1.1, n), rng.normal(0, 0.2, n), *moments])


def main(folder):
    rng = np.random.default_rng(5)
    networks = {
        "ResNet50": {"input_shape": (64, 64, 3), "classes": 20},
        "MobileNetV2": {"input_shape": (64, 64, 3), "alpha": 0.35, "classes": 20},
    }
    for name, options in networks.items():
        model = getattr(keras.applications, name)(weights=None, **options)
        randomized(model, rng)
        images = rng.uniform(-1, 1, (2, 64, 64, 3)).astype("float32")
        files = [f"{name}.keras", f"{name}.weights.h5"]
        model.save(folder / files[0])
        model.save_weights(folder / files[1])
        np.ravel(images).tofile(folder / f"{name}.images")
        predictions = model.predict(images, verbose=0).ravel().tolist()
        print(json.dumps({"name": name, "options": options, "files": files, "predictions": predictions}))


main(pathlib.Path(sys.argv[1]))
