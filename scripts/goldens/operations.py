"""Operations in functional models: what Keras writes for each, and what it computes.

The keys are those of `test/support/operations.ts`, which makes the same calls here."""

import keras
import numpy as np
from keras import ops

from .encode import array

A = keras.activations


def inputs():
    return keras.Input((3, 4), name="x"), keras.Input((3, 4), name="y"), keras.Input((3,), dtype="int32", name="i")


UNARY = """absolute arctanh ceil cos cosh erf exp exp2 expm1 floor isfinite isinf isnan log log10 log1p log2
    negative reciprocal round rsqrt sign sin sinh sqrt square tan tanh trunc stop_gradient relu relu6 selu sigmoid
    silu softplus softsign hard_sigmoid hard_silu hard_tanh log_sigmoid sparse_plus sparse_sigmoid tanh_shrink""".split()
BINARY = """add divide equal floor_divide greater greater_equal less less_equal logaddexp maximum minimum mod
    multiply not_equal power subtract""".split()



def eighths(*shape):
    """A constant of numbers that JSON keeps exactly."""
    return ops.convert_to_tensor((np.arange(np.prod(shape)) % 7 - 3).astype("float32").reshape(shape) / 8)


def image(x):
    return ops.reshape(x, (-1, 2, 2, 3))


def frames(i, count):
    """`count` for each row."""
    return ops.max(ops.add(ops.multiply(i, 0), count), axis=1)


SPATIAL = {
    "conv": lambda x, y, i: ops.conv(x, eighths(2, 4, 5)),
    "conv with": lambda x, y, i: ops.conv(image(x), eighths(2, 1, 3, 2), strides=1, padding="same", dilation_rate=[1, 2]),
    "conv in steps": lambda x, y, i: ops.conv(x, eighths(2, 4, 2), strides=[2]),
    "conv by": lambda x, y, i: ops.conv(x, ops.reshape(ops.sum(y, axis=0), (3, 4, 1))),
    "conv_transpose": lambda x, y, i: ops.conv_transpose(x, eighths(2, 5, 4), strides=2),
    "conv_transpose with": lambda x, y, i: ops.conv_transpose(x, eighths(3, 2, 4), [2], "same", output_padding=1),
    "depthwise_conv": lambda x, y, i: ops.depthwise_conv(x, eighths(2, 4, 2), padding="same"),
    "separable_conv": lambda x, y, i: ops.separable_conv(x, eighths(2, 4, 2), eighths(1, 8, 3)),
    "max_pool": lambda x, y, i: ops.max_pool(x, 2),
    "max_pool with": lambda x, y, i: ops.max_pool(image(x), [2, 1], strides=1, padding="same"),
    "average_pool": lambda x, y, i: ops.average_pool(image(x), 2),
    "average_pool with": lambda x, y, i: ops.average_pool(x, 2, 1, "same", data_format="channels_first"),
    "adaptive_max_pool": lambda x, y, i: ops.adaptive_max_pool(x, (2,)),
    "adaptive_average_pool": lambda x, y, i: ops.adaptive_average_pool(x, (2,), data_format="channels_first"),
    "resize": lambda x, y, i: ops.image.resize(image(x), [3, 4]),
    "resize with": lambda x, y, i: ops.image.resize(
        image(x), [3, 5], interpolation="bicubic", antialias=True, pad_to_aspect_ratio=True, fill_value=0.5
    ),
    "resize cut": lambda x, y, i: ops.image.resize(image(x), [4, 2], interpolation="nearest", crop_to_aspect_ratio=True),
    "resize bytes": lambda x, y, i: ops.image.resize(ops.cast(ops.multiply(image(x), 255), "uint8"), [3, 5]),
    "affine_transform": lambda x, y, i: ops.image.affine_transform(
        image(x), np.array([1, 0.25, 0.5, 0, 1, 0, 0, 0], "float32"), fill_mode="reflect"
    ),
    "affine_transform by": lambda x, y, i: ops.image.affine_transform(
        image(x), ops.take(ops.reshape(y, (-1, 12)), [0, 1, 2, 3, 4, 5, 6, 7], axis=1), interpolation="nearest", fill_value=2
    ),
    "gaussian_blur": lambda x, y, i: ops.image.gaussian_blur(image(x)),
    "gaussian_blur with": lambda x, y, i: ops.image.gaussian_blur(image(x), [1, 3], [0.5, 0.5]),
    "rgb_to_hsv": lambda x, y, i: ops.image.rgb_to_hsv(image(x)),
    "hsv_to_rgb": lambda x, y, i: ops.image.hsv_to_rgb(image(x)),
    "rgb_to_grayscale": lambda x, y, i: ops.image.rgb_to_grayscale(image(x), data_format="channels_last"),
    "in_top_k": lambda x, y, i: ops.in_top_k(ops.reshape(i, (-1,)), ops.reshape(x, (-1, 4)), 2),
    "ctc_loss": lambda x, y, i: ops.ctc_loss(ops.minimum(i, 2), x, frames(i, 1), frames(i, 3), mask_index=3),
    "ctc_decode": lambda x, y, i: ops.ctc_decode(x, frames(i, 3), merge_repeated=False, mask_index=1),
}

# Keras's own class hands its options on in the wrong order, so a model of it cannot run: the function gives the numbers.
EAGER = {"conv_transpose", "conv_transpose with"}

CASES = {
    **SPATIAL,
    **{name: (lambda f: lambda x, y, i: f(x))(getattr(ops, name)) for name in UNARY},
    **{name: (lambda f: lambda x, y, i: f(x, y))(getattr(ops, name)) for name in BINARY},
    "number": lambda x, y, i: ops.multiply(x, 2.5),
    "whole number": lambda x, y, i: ops.subtract(1, i),
    "array": lambda x, y, i: ops.add(x, np.array([0.5, 1, -2, 3], "float32")),
    "tensor": lambda x, y, i: ops.multiply(ops.convert_to_tensor([[1.0], [2.0], [3.0]]), y),
    "logical_and": lambda x, y, i: ops.logical_and(ops.greater(x, 0.5), ops.less(y, 1.0)),
    "logical_or": lambda x, y, i: ops.logical_or(ops.greater(x, 0.5), ops.less(y, 1.0)),
    "logical_xor": lambda x, y, i: ops.logical_xor(ops.greater(x, 0.5), ops.less(y, 1.0)),
    "logical_not": lambda x, y, i: ops.logical_not(ops.greater(x, 0.5)),
    "where": lambda x, y, i: ops.where(ops.greater(x, y), x, 0.5),
    "matmul": lambda x, y, i: ops.matmul(x, ops.transpose(y, (0, 2, 1))),
    "einsum": lambda x, y, i: ops.einsum("abc,abd->acd", x, y),
    "sum": lambda x, y, i: ops.sum(x, axis=-1),
    "mean": lambda x, y, i: ops.mean(x, axis=[1, 2], keepdims=True),
    "std": lambda x, y, i: ops.std(x, axis=1),
    "variance": lambda x, y, i: ops.var(x, axis=1),
    "max": lambda x, y, i: ops.max(x, axis=1, keepdims=True),
    "min": lambda x, y, i: ops.min(x, axis=2),
    "prod": lambda x, y, i: ops.prod(x, axis=1),
    "any": lambda x, y, i: ops.any(ops.greater(x, 1.0), axis=1),
    "all": lambda x, y, i: ops.all(ops.greater(x, 0.2), axis=1),
    "logsumexp": lambda x, y, i: ops.logsumexp(x, axis=1, keepdims=True),
    "argmax": lambda x, y, i: ops.argmax(x, axis=-1),
    "argmin": lambda x, y, i: ops.argmin(x, axis=1),
    "cumsum": lambda x, y, i: ops.cumsum(x, axis=1),
    "cumprod": lambda x, y, i: ops.cumprod(x, axis=2),
    "sort": lambda x, y, i: ops.sort(x, axis=1),
    "argsort": lambda x, y, i: ops.argsort(x, axis=-1),
    "top_k": lambda x, y, i: ops.top_k(x, 2),
    "clip": lambda x, y, i: ops.clip(x, 0.25, 1.0),
    "reshape": lambda x, y, i: ops.reshape(x, (-1, 12)),
    "expand_dims": lambda x, y, i: ops.expand_dims(x, 1),
    "squeeze": lambda x, y, i: ops.squeeze(ops.sum(x, axis=1, keepdims=True), 1),
    "transpose": lambda x, y, i: ops.transpose(x, (0, 2, 1)),
    "broadcast_to": lambda x, y, i: ops.broadcast_to(ops.sum(x, axis=0, keepdims=True), (2, 3, 4)),
    "concatenate": lambda x, y, i: ops.concatenate([x, y], axis=1),
    "stack": lambda x, y, i: ops.stack([x, y], axis=1),
    "flip": lambda x, y, i: ops.flip(x, axis=2),
    "take": lambda x, y, i: ops.take(x, [2, 0], axis=2),
    "take from": lambda x, y, i: ops.take(np.arange(1, 9, dtype="float32"), i * 2, axis=0),
    "take_along_axis": lambda x, y, i: ops.take_along_axis(x, ops.argsort(x, axis=-1), axis=-1),
    "slice": lambda x, y, i: ops.slice(x, [0, 1, 0], [2, 2, 3]),
    "rows": lambda x, y, i: x[(slice(1, None),)],
    "pad": lambda x, y, i: ops.pad(x, [[0, 0], [1, 0], [0, 2]]),
    "pad with": lambda x, y, i: ops.pad(x, [[0, 0], [1, 0], [0, 2]], constant_values=1.5),
    "one_hot": lambda x, y, i: ops.one_hot(i, 4),
    "cast": lambda x, y, i: ops.cast(i, "float32"),
    "softmax": lambda x, y, i: ops.softmax(x, axis=1),
    "log_softmax": lambda x, y, i: ops.log_softmax(x),
    "sparsemax": lambda x, y, i: ops.sparsemax(x),
    "glu": lambda x, y, i: ops.glu(x, axis=2),
    "gelu": lambda x, y, i: ops.gelu(x, approximate=True),
    "elu": lambda x, y, i: ops.elu(x, alpha=0.7),
    "celu": lambda x, y, i: ops.celu(x, alpha=0.6),
    "leaky_relu": lambda x, y, i: ops.leaky_relu(x, negative_slope=0.3),
    "hard_shrink": lambda x, y, i: ops.hard_shrink(x, threshold=0.4),
    "soft_shrink": lambda x, y, i: ops.soft_shrink(x, threshold=0.4),
    "squareplus": lambda x, y, i: ops.squareplus(x, b=2),
    "threshold": lambda x, y, i: ops.threshold(x, 0.75, 0.25),
    "relu with": lambda x, y, i: A.relu(x, negative_slope=0.1, max_value=1.0, threshold=0.5),
}

# What Python writes, and we only read.
READ = {
    "operators": lambda x, y, i: (1 - x) / y + x * 2 - (-y) ** 2,
    "item": lambda x, y, i: x[:, 0],
    "last": lambda x, y, i: x[..., -1],
    "steps": lambda x, y, i: x[:, ::-2, 1:-1],
    "new axis": lambda x, y, i: x[:, None, 1],
    "null axis": lambda x, y, i: ops.sum(x) + ops.transpose(y),
    "wide": lambda x, y, i: ops.cast(ops.cast(x, "int64"), "float32") + np.float64(1),
}


def data():
    rng = np.random.default_rng(3)
    x, y = (rng.uniform(0.05, 0.95, (3, 3, 4)).astype("float32") for _ in range(2))
    return x, (y * 2).astype("float32"), rng.integers(0, 4, (3, 3)).astype("int32")


def case(name, call, read_only=False):
    keras.utils.clear_session()
    given = inputs()
    model = keras.Model(list(given), call(*given))
    config = model.get_config()
    found = call(*data()) if name in EAGER else model.predict(list(data()), verbose=0, batch_size=3)
    results = [np.asarray(result) for result in keras.tree.flatten(found)]
    return {
        "name": name,
        "readOnly": read_only,
        "layers": [layer for layer in config["layers"] if layer["class_name"] != "InputLayer"],
        "outputLayers": config["output_layers"],
        "outputs": [array(result) for result in results],
    }


def cases():
    x, y, i = data()
    return [
        {"name": "data", "x": array(x), "y": array(y), "i": array(i)},
        *[case(name, call) for name, call in CASES.items()],
        *[case(name, call, read_only=True) for name, call in READ.items()],
    ]
