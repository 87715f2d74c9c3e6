"""Files that NumPy writes, as base64: every type, order and version, and archives."""

import base64
import io

import numpy as np

from .encode import array

KINDS = {"f": "float32", "u": "int32", "i": "int32", "b": "bool"}


def case(label, values, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, values, version=version)
    dtype = "uint8" if values.dtype == np.uint8 else KINDS[values.dtype.kind]
    return {
        "label": label,
        "file": base64.b64encode(out.getvalue()).decode(),
        # As numpy.save writes it of that type: what ours is held against.
        "same": values.dtype.str in ("<f4", "<i4", "|u1", "|b1") and version is None and values.flags.c_contiguous,
        "y": array(values.astype(dtype)),
    }


def archive(save, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return {
        "label": save.__name__,
        "archive": base64.b64encode(out.getvalue()).decode(),
        "arrays": {name: array(values) for name, values in arrays.items()},
    }


def cases():
    rng = np.random.RandomState(3)
    values = rng.randint(0, 100, (2, 3, 4))
    out = []
    for code in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]:
        for order in "<>" if code[1] != "1" else "|":
            out.append(case(order + code, values.astype(order + code)))
    special = np.array([0.1, -0.0, 6e-8, 65504, np.inf, -np.inf, np.nan, 6.1e-5])
    out += [case(f"special {code}", special.astype(code)) for code in ["f2", "f4", "f8"]]
    out.append(case("least and most", np.array([-(2**31), 2**31 - 1], "int64")))
    out.append(case("Fortran", np.asfortranarray(values.astype("float32"))))
    out.append(case("Fortran int64", np.asfortranarray(values)))
    out += [case(f"version {v}", values.astype("int32"), (v, 0)) for v in [1, 2, 3]]
    out.append(case("scalar", np.float32(3)[...]))
    out.append(case("vector", np.arange(5, dtype="int32")))
    out.append(case("empty", np.zeros((3, 0, 2), "float32")))
    arrays = {"x": rng.normal(0, 1, (3, 5)).astype("float32"), "labels": np.arange(4, dtype="int32")}
    return [*out, archive(np.savez, **arrays), archive(np.savez_compressed, **arrays)]
