"""Models of images in bytes: their configs, and what Keras predicts. In its graphs some layers keep bytes, and
others compute in float32."""

import keras
import numpy as np

from .encode import array

L = keras.layers
I = keras.ops.image
PARTS = {
    "Resizing": lambda x: L.Resizing(4, 9, "bicubic")(x),
    "UpSampling2D": lambda x: L.UpSampling2D((2, 3), interpolation="bilinear")(x),
    "MaxPooling2D": lambda x: L.MaxPooling2D()(x),
    "resize": lambda x: I.resize(x, [4, 9], interpolation="lanczos3"),
    "resize, padded": lambda x: I.resize(x, [9, 4], interpolation="bicubic", antialias=True, pad_to_aspect_ratio=True, fill_value=9),
    "affine_transform": lambda x: I.affine_transform(x, np.array([1, 0.25, 0.5, 0, 1, 0.25, 0, 0], "float32")),
    "rgb_to_grayscale": lambda x: I.rgb_to_grayscale(x, data_format="channels_last"),
    "resize, then a layer": lambda x: L.Rescaling(1 / 255)(I.resize(x, [3, 3])),
}
STACKS = {
    "Resizing": lambda: [L.Resizing(4, 9, "bicubic")],
    "UpSampling2D": lambda: [L.UpSampling2D((2, 3), interpolation="bilinear")],
    "MaxPooling2D": lambda: [L.MaxPooling2D(), L.Flatten()],
    "Rescaling": lambda: [L.Rescaling(1 / 127.5, offset=-1), L.Resizing(3, 3)],
}


def case(kind, label, model, x):
    before = model.to_json()
    y = model.predict(x, verbose=0)
    return {"kind": kind, "label": label, "config": before, "x": array(x), "y": array(y)}


def functional(label, part, x):
    keras.utils.clear_session()
    given = keras.Input(x.shape[1:], dtype="uint8", name="x")
    return case("functional", label, keras.Model(given, part(given)), x)


def stacked(label, layers, x):
    keras.utils.clear_session()
    return case("sequential", label, keras.Sequential(layers()), x)


def cases():
    # By eights, so that nothing is rounded from a half that is inexact.
    x = (np.random.default_rng(41).integers(0, 32, (2, 6, 5, 3)) * 8).astype("uint8")
    # Edges at which cubic and Lanczos kernels overshoot.
    x[0, :, :2], x[0, :, 2:] = 0, 248
    return [
        *[functional(label, part, x) for label, part in PARTS.items()],
        *[stacked(label, layers, x) for label, layers in STACKS.items()],
    ]
