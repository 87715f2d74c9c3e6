"""Layers of several inputs, with broadcasting and masks."""

import keras
import numpy as np

from .layer_case import case, flags, normal

K = keras.layers
ELEMENTWISE = [K.Add, K.Subtract, K.Multiply, K.Average, K.Maximum, K.Minimum]


def elementwise(rng):
    out = []
    a, b, c = (normal(rng, 2, 3, 2) for _ in range(3))
    tied = np.where(flags(rng, 2, 3, 2), a, b)
    for cls in ELEMENTWISE:
        two, three = ([flags(rng, 2, 3) for _ in range(n)] for n in [2, 3])
        for mask in two + three:
            mask[0, 1] = False  # a step that counts nowhere
        out += [
            case("two", cls(), [a, b], rng),
            case("ties", cls(), [a, tied], rng),
            case("broadcast", cls(), [a, b[:, :1]], rng),
            case("broadcast both", cls(), [a[:, :1], b[:, :, :1]], rng),
            case("ranks", cls(), [a, b[:, 0]], rng),
            case("ranks, first lower", cls(), [a[:, 0, 0], b], rng),
            case("masks", cls(), [a, b], rng, two),
            case("one mask", cls(), [a, b], rng, [two[0], None]),
            case("the other mask", cls(), [a, b], rng, [None, two[1]]),
            case("ranks, one mask", cls(), [a, b[:, 0]], rng, [two[0], None]),
            case("ranks, the lower one's mask", cls(), [a, b[:, 0]], rng, [None, np.array([True, False])]),
        ]
        if cls is not K.Subtract:
            out += [
                case("one", cls(), [a], rng),
                case("three", cls(), [a, b, c], rng),
                case("three masks", cls(), [a, b, c], rng, three),
                case("all but the second mask", cls(), [a, b, c], rng, [three[0], None, three[2]]),
                case("all but the first mask", cls(), [a, b, c], rng, [None, *three[1:]]),
            ]
    i, j = (rng.integers(-5, 5, (2, 3)).astype("int32") for _ in range(2))
    out += [case("integers", cls(), [i, j], rng) for cls in ELEMENTWISE]
    out.append(case("integer and float", K.Add(), [i, normal(rng, 2, 3)], rng))
    return out


def joined(rng):
    a, b = normal(rng, 2, 3, 4), normal(rng, 2, 3, 2)
    long = normal(rng, 2, 2, 4)
    m3, m3b, m2 = flags(rng, 2, 3), flags(rng, 2, 3), flags(rng, 2, 2)
    i = rng.integers(-5, 5, (2, 3, 4)).astype("int32")
    return [
        case("last", K.Concatenate(), [a, b], rng),
        case("axis 1", K.Concatenate(axis=1), [a, long], rng),
        case("axis −2", K.Concatenate(axis=-2), [a, long, a], rng),
        case("one", K.Concatenate(), [a], rng),
        case("integers", K.Concatenate(), [i, i], rng),
        case("integer and float", K.Concatenate(axis=1), [i, a], rng),
        case("masks, last", K.Concatenate(), [a, b], rng, [m3, m3b]),
        case("masks, axis 1", K.Concatenate(axis=1), [a, long], rng, [m3, m2]),
        case("one mask, last", K.Concatenate(), [a, b], rng, [m3, None]),
        case("one mask, axis 1", K.Concatenate(axis=1), [a, long], rng, [None, m2]),
        case("masks of all axes", K.Concatenate(axis=1), [a[:, :, 0], b[:, :, 0]], rng, [m3, m3b]),
    ]


def products(rng):
    a, b = normal(rng, 3, 4), normal(rng, 3, 4)
    a3, b3 = normal(rng, 2, 3, 5), normal(rng, 2, 4, 3)
    a4, b4 = normal(rng, 2, 3, 2, 4), normal(rng, 2, 5, 4, 2)
    zero = b.copy()
    zero[1] = 1e-9
    mask = [flags(rng, 2, 3), flags(rng, 2, 4)]
    out = []
    for normalize in [False, True]:
        out += [
            case("vectors", K.Dot(1, normalize=normalize), [a, b], rng),
            case("vectors, −1", K.Dot(-1, normalize=normalize), [a, b], rng),
            case("matrices", K.Dot((1, 2), normalize=normalize), [a3, b3], rng),
            case("matrices, negative", K.Dot((-2, -1), normalize=normalize), [a3, b3], rng),
            case("one axis", K.Dot(2, normalize=normalize), [a3, normal(rng, 2, 4, 5)], rng),
            case("vector and matrix", K.Dot((1, 1), normalize=normalize), [normal(rng, 2, 4), b3], rng),
            case("matrix and vector", K.Dot((2, 1), normalize=normalize), [a3, normal(rng, 2, 5)], rng),
            case("rank 4", K.Dot((3, 2), normalize=normalize), [a4, b4], rng),
            case("rank 4, inner", K.Dot((1, 1), normalize=normalize), [a4, normal(rng, 2, 3, 2)], rng),
        ]
    out.append(case("short", K.Dot(1, normalize=True), [a, zero], rng))
    out.append(case("masks", K.Dot((1, 2)), [a3, b3], rng, mask))
    return out


def cases():
    return elementwise(np.random.default_rng(22))


def joining_cases():
    rng = np.random.default_rng(24)
    return joined(rng) + products(rng)
