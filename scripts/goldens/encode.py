"""Arrays and configs as JSON: short finite arrays as numbers with float32's shortest digits, the rest
as base64 of little-endian values."""

import base64
import json
import platform

import keras
import numpy as np
import tensorflow as tf

SHORT = 24


def array(values, dtype=None):
    """`{shape, dtype, values | base64}` of anything numpy understands; floats become float32."""
    a = np.asarray(values)
    if dtype is None:
        dtype = {"f": "float32", "u": "uint8", "i": "int32", "b": "bool"}[a.dtype.kind]
    a = a.astype(dtype)
    head = {"shape": list(a.shape), "dtype": dtype}
    finite = dtype != "float32" or bool(np.isfinite(a).all())
    if a.size <= SHORT and finite:
        return {**head, "values": [number(v) for v in a.ravel()]}
    raw = np.ascontiguousarray(a).tobytes()
    return {**head, "base64": base64.b64encode(raw).decode()}


def number(v):
    """The shortest decimal that is this float32, or the integer."""
    if isinstance(v, (np.integer, np.bool_, int)):
        return int(v)
    short = float(str(np.float32(v)))
    return int(short) if short.is_integer() and abs(short) < 1e7 and str(short) != "-0.0" else short


def difference(a, b):
    """The largest absolute difference, to two digits."""
    return float(f"{np.max(np.abs(np.asarray(a, 'float64') - np.asarray(b, 'float64'))):.1e}")


def measured(single, double):
    return {**array(single), "difference": difference(single, double)}


def precision(floatx):
    """Both of Keras's switches: floatx alone leaves layers in the dtype policy made at first use, and a
    loss that must cast yPred no longer finds the logits behind it."""
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)


def config(obj):
    """A Keras object as `{class_name, config}`, the config as its get_config() gives it."""
    return {"class_name": type(obj).__name__, "config": obj.get_config()}


def write(path, cases):
    head = {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    lines = ",\n".join(json.dumps(case, separators=(",", ":"), allow_nan=False) for case in cases)
    fields = "".join(f'"{k}": {json.dumps(v)},\n' for k, v in head.items())
    path.write_text("{\n" + fields + '"cases": [\n' + lines + "\n]}\n")
    return len(cases)
