"""One call of a layer with given weights, inputs and masks: outputs, masks, losses, gradients of
sum(y * c), shapes, names of weights, and the config."""

import numpy as np
import tensorflow as tf
from keras.src import backend

from .encode import array, config


def optional(value):
    return None if value is None else array(value)


def case(label, layer, x, rng, masks=None, mask=None, training=False):
    """`x` is an array or a list of them, `masks` what is attached to them, `mask` a call argument."""
    several = isinstance(x, list)
    xs = x if several else [x]
    out = {"label": label, **config(layer), "several": several, "xs": [array(v) for v in xs]}
    shapes = [(None, *v.shape[1:]) for v in xs]
    layer.build([v.shape for v in xs] if several else xs[0].shape)
    weights = [rng.normal(0, 0.5, w.shape).astype("float32") for w in layer.get_weights()]
    layer.set_weights(weights)
    tensors = [tf.constant(v) for v in xs]
    for t, m in zip(tensors, masks or []):
        if m is not None:
            backend.set_keras_mask(t, tf.constant(m))
    with tf.GradientTape() as tape:
        for t in tensors:
            tape.watch(t)
        # Dense has `training` for its quantized forms only.
        options = {"training": training} if layer._call_has_training_arg else {}
        if mask is not None:
            options["mask"] = tf.constant(mask)
        y = layer(tensors if several else tensors[0], **options)
        c = rng.uniform(0.5, 1.5, y.shape).astype("float32")
        total = tf.reduce_sum(tf.cast(y, "float32") * c)
    floats = [t for t, v in zip(tensors, xs) if v.dtype == np.float32]
    gradients = tape.gradient(total, [w.value for w in layer.trainable_variables] + floats)
    out["weights"] = [array(w) for w in weights]
    out["weight_names"] = [w.name for w in layer.weights]
    out["weight_paths"] = [w.path for w in layer.weights]
    out["count_params"] = int(layer.count_params())
    out["supports_masking"] = bool(layer.supports_masking)
    shape = layer.compute_output_shape(shapes if several else shapes[0])
    # EinsumDense gets the order of several axes under "..." wrong, and only there.
    wrong = any(a not in (None, b) for a, b in zip(shape, y.shape))
    out["output_shape"] = list(y.shape if wrong else shape)
    out.update(y=array(y), c=array(c))
    out["gradients"] = [None if g is None else array(tf.convert_to_tensor(g)) for g in gradients]
    if masks is not None:
        out["masks"] = [optional(m) for m in masks]
    if mask is not None:
        out["mask"] = array(mask)
    out["output_mask"] = optional(backend.get_keras_mask(y))
    if layer.losses:
        out["losses"] = [float(loss) for loss in layer.losses]
    return out


def normal(rng, *shape):
    return rng.normal(0, 1, shape).astype("float32")


def flags(rng, *shape):
    return rng.uniform(0, 1, shape) < 0.6
