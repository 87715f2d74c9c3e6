"""Layers without weights: rectifiers, softmax, reshaping, masking, noise (in inference), identities."""

import keras
import numpy as np

from .layer_case import case, flags, normal

K = keras.layers

# Beside common values, those at which a rectifier has a kink.
KINKS = [-3.0, -1.5, -0.5, 0.0, 0.25, 0.5, 1.0, 2.0, 2.5, 5.5, 6.0, 7.0]


def activations(rng):
    x = np.array(KINKS, "float32").reshape(3, 4)
    x3 = normal(rng, 2, 3, 4)
    out = [case("kinks", K.Activation("relu"), x, rng), case("mask", K.Activation("tanh"), x3, rng, [flags(rng, 2, 3)])]
    for options in [
        {},
        {"max_value": 6},
        {"max_value": 2.0},
        {"max_value": 0.0},
        {"negative_slope": 0.2},
        {"negative_slope": 0.2, "max_value": 6.0},
        {"negative_slope": 0.1, "max_value": 2.5},
        {"threshold": 0.5},
        {"threshold": 0.5, "max_value": 6.0},
        {"threshold": 0.5, "negative_slope": 0.3},
        {"threshold": 1.0, "negative_slope": 0.3, "max_value": 2.0},
    ]:
        out.append(case("kinks", K.ReLU(**options), x, rng))
    out.append(case("mask", K.ReLU(), x3, rng, [flags(rng, 2, 3)]))
    out += [case("kinks", K.LeakyReLU(**o), x, rng) for o in [{}, {"negative_slope": 0.05}, {"negative_slope": 0.0}]]
    out += [case("kinks", K.ELU(**o), x, rng) for o in [{}, {"alpha": 0.5}, {"alpha": 2.0}]]
    wide = normal(rng, 2, 3, 4) * 5
    out += [case("softmax", K.Softmax(**o), wide, rng) for o in [{}, {"axis": 1}, {"axis": [2]}, {"axis": [1, 2]}]]
    out += [
        case("mask of all axes", K.Softmax(), wide, rng, mask=flags(rng, 2, 3, 4)),
        case("mask of the last axis", K.Softmax(), wide, rng, mask=np.array([True, False, True, True])),
        case("mask of a whole row", K.Softmax(), wide, rng, mask=np.zeros((2, 3, 1), bool)),
        case("mask of numbers", K.Softmax(axis=1), wide, rng, mask=rng.uniform(0, 1, (2, 3, 4)).astype("float32")),
        case("mask, axes", K.Softmax(axis=(1, 2)), wide, rng, mask=flags(rng, 1, 3, 4)),
        case("attached mask", K.Softmax(), normal(rng, 3, 4), rng, [flags(rng, 3, 4)]),
    ]
    return out


def reshaping(rng):
    x2, x3, x4 = normal(rng, 3, 4), normal(rng, 2, 3, 4), normal(rng, 2, 3, 4, 5)
    pixels = rng.integers(0, 256, (2, 2, 3, 2)).astype("uint8")
    whole = rng.integers(-9, 9, (2, 6)).astype("int32")
    return [
        case("rank 4", K.Flatten(), x4, rng),
        case("channels first", K.Flatten("channels_first"), x4, rng),
        case("channels first, rank 3", K.Flatten("channels_first"), x3, rng),
        case("channels first, rank 2", K.Flatten("channels_first"), x2, rng),
        case("channels first, rank 1", K.Flatten("channels_first"), x2[:, 0], rng),
        case("channels first, bytes", K.Flatten("channels_first"), pixels, rng),
        case("mask", K.Flatten(), x3, rng, [flags(rng, 2, 3)]),
        case("plain", K.Reshape((4, 3)), x3, rng),
        case("unknown", K.Reshape((-1, 2)), x3, rng),
        case("unknown alone", K.Reshape((-1,)), x4, rng),
        case("to a scalar", K.Reshape(()), normal(rng, 3, 1), rng),
        case("integers", K.Reshape((2, -1)), whole, rng),
        case("mask", K.Reshape((3, 4)), x3, rng, [flags(rng, 2, 3)]),
        case("swap", K.Permute((2, 1)), x3, rng),
        case("same", K.Permute((1, 2)), x3, rng),
        case("rank 4", K.Permute((3, 1, 2)), x4, rng),
        case("rank 2", K.Permute((1,)), x2, rng),
        case("same, mask", K.Permute((1, 2)), x3, rng, [flags(rng, 2, 3)]),
        case("rank 2, mask", K.Flatten(), x2, rng, [flags(rng, 3, 4)]),
        case("mask", K.Permute((2, 1)), x3, rng, [flags(rng, 2, 3)]),
        case("plain", K.RepeatVector(3), x2, rng),
        case("once", K.RepeatVector(1), x2, rng),
        case("mask", K.RepeatVector(2), x2, rng, [flags(rng, 3, 4)]),
    ]


def others(rng):
    x2, x3 = normal(rng, 3, 4), normal(rng, 2, 5, 3)
    gaps = x3.copy()
    gaps[0, 1] = 0
    gaps[1, 3:] = 0
    gaps[1, 0, 0] = 0
    ones = np.where(rng.uniform(0, 1, (2, 5, 2)) < 0.6, 1, 2).astype("float32")
    mask = [flags(rng, 2, 5)]
    x5 = normal(rng, 2, 2, 3, 2, 2)
    out = [
        case("plain", K.Identity(), x2, rng),
        case("mask", K.Identity(), x3, rng, mask),
        case("default", K.Masking(), gaps, rng),
        case("value", K.Masking(1.0), ones, rng),
        case("rank 2", K.Masking(), gaps[0], rng),
        case("integers", K.Masking(2), ones.astype("int32"), rng),
        case("over a mask", K.Masking(), gaps, rng, mask),
        case("mask", K.Rescaling(0.5, offset=1.0), x3, rng, mask),
        case("both", K.ActivityRegularization(0.1, 0.2), x3, rng),
        case("l1, mask", K.ActivityRegularization(l1=0.1), x3, rng, mask),
        case("none", K.ActivityRegularization(), x2, rng),
        case("penalty", K.Activation("tanh", activity_regularizer="l2"), x2, rng),
    ]
    for layer in [
        K.Dropout(0.4),
        K.Dropout(1),
        K.Dropout(0.4, noise_shape=[None, 1, 3], seed=3),
        K.AlphaDropout(0.3),
        K.AlphaDropout(0.3, noise_shape=(None, 1, 3), seed=5),
        K.GaussianDropout(0.3, seed=2),
        K.GaussianNoise(0.3, seed=4),
        K.SpatialDropout1D(0.5),
        K.SpatialDropout1D(0.5, seed=9, name="steps"),
    ]:
        out.append(case("inference", layer, x3, rng, mask))
    for layer in [K.SpatialDropout2D(0.5), K.SpatialDropout2D(0.25, "channels_first", seed=1)]:
        out.append(case("inference", layer, x5[:, 0], rng))
    for layer in [K.SpatialDropout3D(0.5), K.SpatialDropout3D(0.25, data_format="channels_first")]:
        out.append(case("inference", layer, x5, rng))
    for layer in [K.Dropout(0.0), K.AlphaDropout(0), K.GaussianDropout(0), K.GaussianNoise(0), K.Dropout(1.0)]:
        out.append(case("certain", layer, x2, rng, training=True))
    return out


def cases():
    rng = np.random.default_rng(21)
    return activations(rng) + reshaping(rng) + others(rng)
