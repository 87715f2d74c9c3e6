"""Learning rates of the schedules at many steps, at their boundaries above all."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array, config

S = keras.optimizers.schedules
STEPS = sorted({*range(0, 33), 39, 40, 41, 49, 50, 51, 63, 64, 69, 70, 71, 99, 100, 101, 149, 150, 151, 127, 255, 310, 364, 511, 1000, 1023, 2047, 4095, 8191, 65535, 123457})


def makers():
    return [
        S.ExponentialDecay(0.1, 10, 0.9),
        S.ExponentialDecay(0.5, 7, 0.96, staircase=True),
        S.ExponentialDecay(0.01, decay_steps=3, decay_rate=1.05, name="grow"),
        S.InverseTimeDecay(0.1, 10, 0.5),
        S.InverseTimeDecay(0.2, 7.5, 2.0, staircase=True),
        S.PolynomialDecay(0.1, 40),
        S.PolynomialDecay(0.1, 40, 0.01, power=0.5),
        S.PolynomialDecay(0.5, 10, 0.05, power=2.0, cycle=True),
        S.PolynomialDecay(0.5, 7, 0.0, power=1.5, cycle=True),
        S.PiecewiseConstantDecay([10, 30], [0.5, 0.1, 0.02]),
        S.PiecewiseConstantDecay([5.7, 20.2, 99.9, 150.0], [1.0, 0.5, 0.25, 0.125, 0.1], name="pieces"),
        S.CosineDecay(0.1, 50),
        S.CosineDecay(0.1, 30, alpha=0.2),
        S.CosineDecay(0.0, 50, warmup_target=0.1, warmup_steps=10),
        S.CosineDecay(0.05, 40, 0.1, warmup_target=0.2, warmup_steps=25),
        S.CosineDecay(0.05, 40, 0.1, warmup_target=0.2, warmup_steps=0),
        S.CosineDecayRestarts(0.1, 10),
        S.CosineDecayRestarts(0.1, 10, t_mul=1.0),
        S.CosineDecayRestarts(0.1, 7, t_mul=1.0, m_mul=0.8, alpha=0.1),
        S.CosineDecayRestarts(0.1, 10, t_mul=1.5, m_mul=0.9),
        S.CosineDecayRestarts(0.3, 8, t_mul=3.0, m_mul=0.5, alpha=0.05, name="again"),
        S.CosineDecayRestarts(0.3, 6.5, t_mul=0.9),
        S.CosineDecayRestarts(0.1, 10, t_mul=1.1, m_mul=0.7),
        S.CosineDecayRestarts(0.1, 1, t_mul=2.0),
        S.CosineDecayRestarts(0.1, 1, t_mul=3.0),
    ]


def cases():
    out = []
    for schedule in makers():
        rates = [float(schedule(tf.constant(step, "int32"))) for step in STEPS]
        out.append({**config(schedule), "steps": STEPS, "rates": array(np.array(rates, "float32"))})
    return out
