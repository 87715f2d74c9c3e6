"""What initializers draw from: fans, limits and standard deviations, and the statistics of one of
Keras's own draws. Draws themselves differ between libraries."""

import keras
import numpy as np
from keras.src.initializers.random_initializers import compute_fans

from .encode import array, config, number

I = keras.initializers
WINDOWS = ["boxcar", "hann", "hamming", "blackman", "nuttall", "blackmanharris", "flattop", "bartlett"]
SHAPES = [(784, 512), (3, 3, 16, 32), (10,)]


def statistics(values):
    a = np.asarray(values, "float64")
    return {"mean": number(a.mean()), "std": number(a.std()), "min": number(a.min()), "max": number(a.max())}


def exact(initializer, shape):
    head = config(initializer)
    if getattr(initializer, "gain", 1) != 1:
        head["config"] = {"gain": initializer.gain}  # Keras forgets it, but takes it
    return {**head, "shape": list(shape), "dtype": "float32", "values": array(np.asarray(initializer(shape)).ravel())}


def case(initializer, shape):
    values = initializer(shape)
    out = {**config(initializer), "shape": list(shape), "dtype": "float32"}
    if isinstance(initializer, (I.Zeros, I.Ones, I.Constant)):
        return {**out, "values": array(np.asarray(values).ravel()[:3])}
    out["sample"] = statistics(values)
    if isinstance(initializer, I.VarianceScaling):
        fan_in, fan_out = compute_fans(shape, initializer.input_axes, initializer.output_axes)
        out["fans"] = [int(fan_in), int(fan_out)]
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[initializer.mode]
        std = float(np.sqrt(initializer.scale / max(1.0, fan)))
        if initializer.distribution == "uniform":
            limit = float(np.sqrt(3.0) * std)
            return {**out, "std": std, "mean": 0.0, "low": -limit, "high": limit}
        if initializer.distribution == "untruncated_normal":
            return {**out, "std": std, "mean": 0.0}
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
        lambda: I.VarianceScaling(scale=3.0, mode="fan_out", distribution="untruncated_normal", seed=15),
    ]
    out = [case(make(), shape) for make in makers for shape in SHAPES]
    axes = {"input_axes": [0], "output_axes": [1, 2]}
    for initializer in [
        I.VarianceScaling(mode="fan_out", seed=16, **axes),
        I.GlorotUniform(seed=17, **axes),
        I.HeNormal(seed=18, **axes),
    ]:
        out.append(case(initializer, (64, 8, 32)))
    for shape in [(3, 3), (2, 4), (4, 2), (0, 2)]:
        out += [exact(I.Identity(), shape), exact(I.Identity(gain=-0.5), shape)]
    for initializer, shape in [
        (I.STFT(), (8, 1, 5)),
        (I.STFT("imag", "hamming", "spectrum"), (8, 1, 5)),
        (I.STFT("imag", None, None), (6, 1, 9)),
        (I.STFT("real", "blackman", None, periodic=True), (7, 1, 5)),
        (I.STFT("real", [1.0, 2.0, 3.0, 2.0], "density"), (4, 1, 3)),
        (I.STFT(window="boxcar"), (1, 1, 3)),
        *[(I.STFT(window=w, periodic=p), (9, 1, 3)) for w in WINDOWS for p in [False, True]],
    ]:
        out.append(exact(initializer, shape))
    return out
