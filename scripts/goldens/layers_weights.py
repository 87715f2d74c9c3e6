"""Layers with weights, and wrappers."""

import keras
import numpy as np

from .layer_case import case, flags, normal

K = keras.layers
L1 = keras.regularizers.L1L2(l1=0.01)


def embeddings(rng):
    ids = rng.integers(0, 7, (3, 4)).astype("int32")
    floats = (ids + 0.4).astype("float32")
    return [
        case("default", K.Embedding(7, 3), ids, rng),
        case("mask", K.Embedding(7, 3, mask_zero=True), ids, rng),
        case("mask over a mask", K.Embedding(7, 3, mask_zero=True), ids, rng, [flags(rng, 3, 4)]),
        case("drops a mask", K.Embedding(7, 3), ids, rng, [flags(rng, 3, 4)]),
        case("rank 1", K.Embedding(7, 2), ids[0], rng),
        case("rank 3", K.Embedding(7, 2, mask_zero=True), ids.reshape(3, 2, 2), rng),
        case("bytes", K.Embedding(7, 2), ids.astype("uint8"), rng),
        case("floats", K.Embedding(7, 2), floats, rng),
        case(
            "options",
            K.Embedding(7, 3, "he_normal", "l2", "non_neg", activity_regularizer=L1),
            ids,
            rng,
        ),
    ]


def prelus(rng):
    x2, x4 = normal(rng, 3, 4), normal(rng, 2, 3, 2, 4)
    x2[0, 0] = 0
    return [
        case("default", K.PReLU(), x2, rng),
        case("rank 4", K.PReLU(), x4, rng),
        case("one slope per channel", K.PReLU(shared_axes=[1, 2]), x4, rng),
        case("one shared axis", K.PReLU(shared_axes=3), x4, rng),
        case("negative axis", K.PReLU(shared_axes=[-1]), x4, rng),
        case("mask", K.PReLU(), normal(rng, 2, 3, 4), rng, [flags(rng, 2, 3)]),
        case(
            "options",
            K.PReLU(alpha_initializer="ones", alpha_regularizer=L1, alpha_constraint="non_neg"),
            x2,
            rng,
        ),
    ]


def einsums(rng):
    x2, x3, x4 = normal(rng, 3, 4), normal(rng, 2, 3, 4), normal(rng, 2, 3, 4, 2)
    out = []
    for equation, shape, bias, x in [
        ("ab,bc->ac", 5, None, x2),
        ("ab,bc->ac", 5, "c", x2),
        ("ab,cb->ac", 5, "c", x2),
        ("ab,bcd->acd", (2, 3), "cd", x2),
        ("ab,bcd->adc", (2, 3), "d", x2),
        ("abc,cd->abd", (None, 5), "d", x3),
        ("abc,cd->abd", (3, 5), "bd", x3),
        ("abc,cde->abde", (None, 2, 3), "de", x3),
        ("abc,cde->abde", (None, 2, 3), "d", x3),
        ("abc,bcd->ad", 5, "d", x3),
        ("abc,bd->adc", (5, None), None, x3),
        ("abc,bcd->abd", (3, 5), None, x3),
        ("abcd,cde->abe", (None, 6), "e", x4),
        ("abcd,cd->abcd", (3, 4, 2), "b", x4),
        ("abc,c->ab", None, None, x3),
        ("abc,d->abcd", (None, None, 2), None, x3),
        ("...x,xy->...y", 5, "y", x3),
        ("...x,xy->...y", 5, "y", x4),
        ("...bc,cd->...bd", (3, 5), "bd", x3),
        ("...bc,bcd->...d", 5, None, x4),
        ("...ab,bc->...ac", 5, "c", x2),
        ("ab...,bc->ac...", 5, "c", x4),
        ("abc...,cd->abd...", (3, 5), "bd", x4),
        ("ab...,bc->ac...", 5, "c", x2),
    ]:
        shape = (None,) if shape is None else shape
        label = f"{equation} {shape} {bias} rank {x.ndim}"
        out.append(case(label, K.EinsumDense(equation, shape, bias_axes=bias), x, rng))
    out.append(case("mask", K.EinsumDense("abc,cd->abd", (None, 5)), x3, rng, [flags(rng, 2, 3)]))
    out.append(
        case(
            "options",
            K.EinsumDense(
                "abc,cd->abd",
                (None, 5),
                activation="tanh",
                bias_axes="d",
                kernel_initializer="he_normal",
                bias_initializer="ones",
                kernel_regularizer="l2",
                bias_regularizer=L1,
                activity_regularizer="l2",
                kernel_constraint="non_neg",
            ),
            x3,
            rng,
        )
    )
    return out


def wrapped(rng):
    x3, x4 = normal(rng, 2, 3, 4), normal(rng, 2, 3, 2, 4)
    ids = rng.integers(0, 7, (2, 3, 2)).astype("int32")
    masks = [flags(rng, 2, 3)]
    dense = K.Dense(3, activation="relu", kernel_regularizer="l2", activity_regularizer="l2")
    return [
        case("dense", K.TimeDistributed(K.Dense(5, activation="tanh")), x3, rng),
        case("penalties", K.TimeDistributed(dense), x3, rng),
        case("rank 4", K.TimeDistributed(K.Dense(5)), x4, rng),
        case("mask", K.TimeDistributed(K.Dense(5)), x3, rng, masks),
        case("flatten", K.TimeDistributed(K.Flatten()), x4, rng),
        case("prelu", K.TimeDistributed(K.PReLU()), x3, rng),
        case("embedding", K.TimeDistributed(K.Embedding(7, 2)), ids, rng),
        case("twice", K.TimeDistributed(K.TimeDistributed(K.Dense(3))), x4, rng),
        case("softmax, mask", K.TimeDistributed(K.Softmax()), normal(rng, 2, 3, 2), rng, [flags(rng, 2, 3)]),
    ]


def denses(rng):
    x2, x3 = normal(rng, 3, 4), normal(rng, 2, 3, 4)
    return [
        case("mask", K.Dense(3), x3, rng, [flags(rng, 2, 3)]),
        case(
            "options",
            K.Dense(
                3,
                kernel_regularizer=L1,
                bias_regularizer="l2",
                activity_regularizer=L1,
                kernel_constraint="non_neg",
                bias_constraint="non_neg",
            ),
            x2,
            rng,
        ),
        case("frozen", K.Dense(3, trainable=False), x2, rng),
    ]


def cases():
    rng = np.random.default_rng(23)
    return embeddings(rng) + prelus(rng) + einsums(rng) + wrapped(rng) + denses(rng)
