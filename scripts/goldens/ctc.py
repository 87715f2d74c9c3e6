"""CTC: losses with their gradients, and decoding, greedily and by a search."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array


def logits(rng, shape, scale=1.5):
    return (scale * rng.standard_normal(shape)).astype("float32")


def loss(label, y, x, lengths=None, frames=None, **options):
    v = tf.Variable(x)
    with tf.GradientTape() as tape:
        if lengths is None:
            value = keras.losses.CTC(reduction=None)(y, v)
        else:
            value = keras.ops.ctc_loss(y, v, np.int32(lengths), np.int32(frames), **options)
    out = {"kind": "loss", "label": label, "options": options, "labels": array(y), "logits": array(x)}
    if lengths is not None:
        out |= {"lengths": lengths, "frames": frames}
    return {**out, "value": array(value), "gradient": array(tape.gradient(value, v))}


def decode(label, x, frames, **options):
    labels, scores = keras.ops.ctc_decode(x, np.int32(frames), **options)
    out = {"kind": "decode", "label": label, "options": options, "logits": array(x), "frames": frames}
    return {**out, "paths": array(labels), "scores": array(scores)}


def cases():
    rng = np.random.default_rng(0)
    y = np.int32([[1, 2, 0], [1, 1, 0], [2, 1, 2], [0, 0, 0], [3, 2, 1]])
    x = logits(rng, (5, 6, 4))
    long = np.int32(rng.integers(1, 6, (2, 12)))
    z = logits(rng, (3, 7, 5))
    peaks = logits(rng, (2, 30, 6), 4)
    search = {"strategy": "beam_search"}
    return [
        loss("padded labels", y, x),
        loss("labels that need every frame", np.int32([[1, 1, 1], [1, 2, 3]]), logits(rng, (2, 5, 4))),
        loss("labels that do not fit", np.int32([[1, 1, 1], [3, 3, 1]]), logits(rng, (2, 4, 4))),
        loss("one label", np.int32([[2], [1]]), logits(rng, (2, 3, 3))),
        loss("one frame", np.int32([[2], [0]]), logits(rng, (2, 1, 3))),
        loss("many frames", long, logits(rng, (2, 60, 6))),
        loss("sure logits", y, 30 * x),
        loss("lengths", y, x, [2, 2, 1, 0, 3], [6, 3, 1, 4, 5]),
        loss("another mask", np.int32([[0, 1, 2]] * 5), x, [2, 2, 1, 0, 3], [6, 3, 2, 4, 5], mask_index=3),
        loss("a mask in the midst", np.int32([[0, 1, 3]] * 5), x, [2, 2, 1, 0, 3], [6, 3, 2, 4, 5], mask_index=2),
        loss("the last as mask", np.int32([[0, 1, 2]] * 5), x, [2, 2, 1, 0, 3], [6, 3, 2, 4, 5], mask_index=-1),
        decode("greedy", z, [7, 4, 0]),
        decode("greedy, many frames", peaks, [30, 21]),
        decode("greedy without merging", peaks, [30, 21], merge_repeated=False),
        decode("greedy, a mask in the midst", peaks, [30, 21], mask_index=2),
        decode("greedy, the last as mask", peaks, [30, 21], mask_index=-1),
        decode("greedy, no mask", peaks, [30, 21], mask_index=None),
        decode("search", z, [7, 4, 2], **search),
        decode("search, three paths", z, [7, 4, 2], top_paths=3, **search),
        decode("search, narrow", peaks, [30, 21], beam_width=4, top_paths=2, **search),
        decode("search, one beam", peaks, [30, 21], beam_width=1, **search),
        decode("search, even logits", logits(rng, (2, 12, 5), 0.3), [12, 9], beam_width=6, top_paths=4, **search),
        decode("search, wide", logits(rng, (2, 10, 5), 0.5), [10, 9], top_paths=5, **search),
        decode("search, a mask in the midst", z, [7, 4, 2], top_paths=2, mask_index=2, **search),
        decode("search, no mask", z, [7, 4, 2], top_paths=2, mask_index=None, **search),
    ]
