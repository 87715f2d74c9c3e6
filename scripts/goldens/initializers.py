"""What initializers draw from: fans, limits and standard deviations, and the statistics of one of
Keras's own draws. Draws themselves differ between libraries."""

import keras
import numpy as np
from keras.src.initializers.random_initializers import compute_fans

from .encode import array, config, number

I = keras.initializers
SHAPES = [(784, 512), (3, 3, 16, 32), (10,)]


def statistics(values):
    a = np.asarray(values, "float64")
    return {"mean": number(a.mean()), "std": number(a.std()), "min": number(a.min()), "max": number(a.max())}


def case(initializer, shape):
    values = initializer(shape)
    out = {**config(initializer), "shape": list(shape), "dtype": "float32"}
    if isinstance(initializer, (I.Zeros, I.Ones, I.Constant)):
        return {**out, "values": array(np.asarray(values).ravel()[:3])}
    out["sample"] = statistics(values)
    if isinstance(initializer, I.VarianceScaling):
        fan_in, fan_out = compute_fans(shape)
        out["fans"] = [int(fan_in), int(fan_out)]
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[initializer.mode]
        std = float(np.sqrt(initializer.scale / max(1.0, fan)))
        if initializer.distribution == "uniform":
            limit = float(np.sqrt(3.0) * std)
            return {**out, "std": std, "mean": 0.0, "low": -limit, "high": limit}
        # Truncated at two standard deviations of a normal widened so that `std` is what remains.
        limit = 2 * std / 0.87962566103423978
        return {**out, "std": std, "mean": 0.0, "low": -limit, "high": limit}
    if isinstance(initializer, I.RandomUniform):
        low, high = initializer.minval, initializer.maxval
        return {**out, "std": (high - low) / 12**0.5, "mean": (low + high) / 2, "low": low, "high": high}
    mean, std = initializer.mean, initializer.stddev
    if isinstance(initializer, I.TruncatedNormal):
        return {**out, "std": 0.87962566103423978 * std, "mean": mean, "low": mean - 2 * std, "high": mean + 2 * std}
    return {**out, "std": std, "mean": mean}


def cases():
    keras.utils.set_random_seed(5)
    makers = [
        I.Zeros,
        I.Ones,
        lambda: I.Constant(0.25),
        lambda: I.RandomNormal(seed=1),
        lambda: I.RandomNormal(mean=1.0, stddev=2.0, seed=2),
        lambda: I.RandomUniform(seed=3),
        lambda: I.RandomUniform(minval=-1.0, maxval=3.0, seed=4),
        lambda: I.TruncatedNormal(seed=5),
        lambda: I.TruncatedNormal(mean=0.5, stddev=0.1, seed=6),
        lambda: I.GlorotUniform(seed=7),
        lambda: I.GlorotNormal(seed=8),
        lambda: I.HeUniform(seed=9),
        lambda: I.HeNormal(seed=10),
        lambda: I.LecunUniform(seed=11),
        lambda: I.LecunNormal(seed=12),
        lambda: I.VarianceScaling(scale=2.0, mode="fan_out", distribution="uniform", seed=13),
        lambda: I.VarianceScaling(scale=0.5, mode="fan_avg", distribution="truncated_normal", seed=14),
    ]
    return [case(make(), shape) for make in makers for shape in SHAPES]
