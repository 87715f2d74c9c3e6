"""Pooling layers: by windows, over everything, and to a given size."""

import keras
import numpy as np

from .layer_case import case, flags, normal

K = keras.layers

SHAPES = {1: (2, 7, 3), 2: (2, 5, 6, 3), 3: (1, 4, 5, 3, 2)}


def named(kind, n):
    return getattr(K, f"{kind}{n}D")


def first(x):
    return np.ascontiguousarray(np.moveaxis(x, -1, 1))


def windows(rng, n):
    x = normal(rng, *SHAPES[n])
    ties = np.round(x * 2).clip(-1, 1).astype("float32")
    out = []
    for kind in ["MaxPooling", "AveragePooling"]:
        layer = named(kind, n)
        out += [
            case("plain", layer(2), x, rng),
            case("overlapping", layer(3, strides=1), x, rng),
            case("same", layer(3, strides=2, padding="same"), x, rng),
            case("same, even", layer(2, padding="same"), x, rng),
            case("gaps", layer(1, strides=2), x, rng),
            case("channels first", layer(2, padding="same", data_format="channels_first"), first(x), rng),
        ]
    if n < 3:  # over volumes, TensorFlow has another one of equal elements take the gradient
        out.append(case("equal elements", named("MaxPooling", n)(2, strides=1), ties, rng))
    if n > 1:
        sizes, strides = (2, 3, 1)[:n], (1, 2, 2)[:n]
        for kind in ["MaxPooling", "AveragePooling"]:
            out.append(case("by axis", named(kind, n)(sizes, strides=strides, padding="same"), x, rng))
    if n == 2:
        pixels = rng.integers(0, 256, SHAPES[2]).astype("uint8")
        out += [
            case("bytes", K.MaxPooling2D(), pixels, rng),
            case("integers", K.MaxPooling2D(3, strides=2), rng.integers(-9, 9, SHAPES[2]).astype("int32"), rng),
            case("large images", K.MaxPooling2D(3, strides=2, padding="same"), normal(rng, 2, 9, 8, 20), rng),
            case("large images", K.AveragePooling2D(3, strides=2, padding="same"), normal(rng, 2, 9, 8, 20), rng),
        ]
    return out


def everything(rng, n):
    x = normal(rng, *SHAPES[n])
    out = []
    for kind in ["GlobalMaxPooling", "GlobalAveragePooling"]:
        layer = named(kind, n)
        out += [
            case("plain", layer(), x, rng),
            case("kept", layer(keepdims=True), x, rng),
            case("channels first", layer(data_format="channels_first"), first(x), rng),
            case("channels first, kept", layer(data_format="channels_first", keepdims=True), first(x), rng),
            case("bytes", layer(), rng.integers(0, 256, SHAPES[n]).astype("uint8"), rng),
        ]
    out.append(case("equal elements", named("GlobalMaxPooling", n)(), np.round(x).astype("float32"), rng))
    if n == 1:
        mask = flags(rng, 2, 7)
        layer = K.GlobalAveragePooling1D
        out += [
            case("mask", layer(), x, rng, [mask]),
            case("mask given", layer(keepdims=True), x, rng, mask=mask),
            case("mask, channels first", layer(data_format="channels_first"), first(x), rng, mask=mask),
            case("mask", K.GlobalMaxPooling1D(), x, rng, [mask]),
        ]
    return out


def adaptive(rng, n):
    x = normal(rng, *SHAPES[n])
    out = []
    for kind in ["AdaptiveAveragePooling", "AdaptiveMaxPooling"]:
        layer = named(kind, n)
        out += [
            case("two", layer(2), x, rng),
            case("uneven", layer((3, 4, 2)[:n]), x, rng),
            case("as large", layer(SHAPES[n][1:-1]), x, rng),
            case("channels first", layer(3, data_format="channels_first"), first(x), rng),
        ]
    # To a size of one Keras has windows larger than the input besides, and so NaN for a gradient.
    out.append(case("one", named("AdaptiveAveragePooling", n)(1), x, rng))
    if n < 3:
        ties = np.round(x).astype("float32")
        out.append(case("equal elements", named("AdaptiveMaxPooling", n)(3), ties, rng))
    return out


def cases():
    rng = np.random.default_rng(31)
    return [c for n in (1, 2, 3) for c in windows(rng, n) + everything(rng, n) + adaptive(rng, n)]
