"""Twelve updates from given weights and gradients: the weights on the way, all state at the end, and what
Keras calls its variables and in which order it keeps them (files hold them by that index).

Weights and gradients are drawn by a generator that the test has too, so no golden needs to hold them.
"""

import contextlib

import keras
import numpy as np

from .encode import array, config, difference, measured, number, precision

O = keras.optimizers
STEPS = 12
SHOWN = (2, 12)
# path → shape; what the names are for: Muon leaves embeddings to Adam, exclusions go by name.
VARIABLES = {
    "dense/kernel": (3, 4),
    "dense/bias": (4,),
    "tall/kernel": (5, 2),
    "embedding/embeddings": (4, 2),
    "conv/kernel": (2, 1, 2, 3),
    "scale": (),
}


def draws(seed):
    """Numbers in (-1, 1), the same in the test: x ← 75x + 74 mod 65537."""
    x = seed
    while True:
        x = (75 * x + 74) % 65537
        yield x / 32768.5 - 1


def tensors(seed, scale):
    source = draws(seed)
    return [
        np.array([scale * next(source) for _ in range(int(np.prod(s)))], "float32").reshape(s)
        for s in VARIABLES.values()
    ]


def gradients(kind):
    """Of each step; step 3 leaves the bias alone, and "tiny" ones make epsilon count."""
    scale = {"plain": 1.0, "tiny": 1e-7, "large": 30.0}[kind]
    steps = [tensors(1000 + step, scale) for step in range(STEPS)]
    steps[2][1] *= 0
    return steps


def made(spec):
    """A variable whose path is what a layer would give it."""
    path, value, constraint = spec
    scope, _, name = path.rpartition("/")
    with keras.name_scope(scope) if scope else contextlib.nullcontext():
        variable = keras.Variable(value, name=name)
    assert variable.path == path
    variable.constraint = constraint
    return variable


def updated(make, kind, constraint, prepare):
    """The optimizer, its rates, and the variables after each step, in Keras's current precision."""
    real = lambda a: a.astype(keras.config.floatx())  # noqa: E731
    optimizer = make()
    start = tensors(7, 1.0)
    variables = [
        made((path, real(w), constraint() if constraint and path == "dense/kernel" else None))
        for path, w in zip(VARIABLES, start)
    ]
    if prepare:
        prepare(optimizer, variables)
    optimizer.build(variables)
    rates, after = [], []
    for step in gradients(kind):
        if not isinstance(optimizer, O.MultiOptimizer):
            rates.append(number(np.asarray(optimizer.learning_rate)))
        optimizer.apply([keras.ops.convert_to_tensor(real(g)) for g in step], variables)
        after.append([v.numpy() for v in variables])
    ended = None
    if getattr(optimizer, "use_ema", False):
        optimizer.finalize_variable_values(variables)
        ended = [v.numpy() for v in variables]
    state = [v.numpy() for v in optimizer.variables]
    return optimizer, rates, after, state, ended


def flat(arrays):
    return np.concatenate([np.ravel(a) for a in arrays])


def whole(singles, doubles):
    """The variables one after the other, and per variable how far float32 moved them."""
    exact = flat(singles).astype("float32")
    return {**array(exact), "differences": [difference(a, b) for a, b in zip(singles, doubles)]}


def case(label, make, gradients="plain", constraint=None, prepare=None):
    keras.utils.clear_session()
    optimizer, rates, after, state, ended = updated(make, gradients, constraint, prepare)
    names = [[v.path, list(v.shape)] for v in optimizer.variables]
    described = config(optimizer)
    precision("float64")
    keras.utils.clear_session()
    _, _, exact, exact_state, exact_ended = updated(make, gradients, constraint, prepare)
    precision("float32")
    serialized = isinstance(optimizer, (O.MultiOptimizer, O.LossScaleOptimizer))
    return {
        "label": label,
        **(
            {"class_name": type(optimizer).__name__, "config": keras.optimizers.serialize(optimizer)["config"]}
            if serialized
            else described
        ),
        "gradients": gradients,
        **({"constraint": config(constraint())} if constraint else {}),
        "learning_rates": array(np.array(rates, "float32")),
        # Adam's 1 - beta2^t loses half its digits in float32: Keras's own error counts as such.
        "after": {str(n): whole(after[n - 1], exact[n - 1]) for n in SHOWN},
        "variables": names,
        "state": whole(state, exact_state),
        **({"ended": whole(ended, exact_ended)} if ended else {}),
    }


def cases():
    decay = lambda rate=0.1: O.schedules.ExponentialDecay(rate, decay_steps=4, decay_rate=0.5)  # noqa: E731
    exclude = lambda **options: lambda optimizer, variables: optimizer.exclude_from_weight_decay(  # noqa: E731
        var_list=[variables[i] for i in options.get("indices", [])], var_names=options.get("names")
    )
    made = [
        ("plain", lambda: O.SGD()),
        ("rate 0.3", lambda: O.SGD(0.3)),
        ("momentum", lambda: O.SGD(0.1, momentum=0.9)),
        ("nesterov", lambda: O.SGD(0.1, momentum=0.9, nesterov=True)),
        ("schedule", lambda: O.SGD(decay(), momentum=0.5)),
        ("weight decay", lambda: O.SGD(0.1, weight_decay=0.3)),
        ("weight decay with momentum", lambda: O.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.3)),
        ("default", lambda: O.RMSprop()),
        ("momentum", lambda: O.RMSprop(0.01, rho=0.8, momentum=0.7, epsilon=1e-4)),
        ("centered", lambda: O.RMSprop(0.01, centered=True, weight_decay=0.1)),
        ("centered with momentum", lambda: O.RMSprop(0.01, rho=0.8, momentum=0.7, centered=True)),
        ("default", lambda: O.Adagrad()),
        ("rate 0.5", lambda: O.Adagrad(0.5, initial_accumulator_value=0.3, epsilon=1e-3, weight_decay=0.1)),
        ("default", lambda: O.Adadelta()),
        ("rate 1", lambda: O.Adadelta(1.0, rho=0.8, epsilon=1e-3, weight_decay=0.1)),
        ("default", lambda: O.Adam()),
        ("betas and epsilon", lambda: O.Adam(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4)),
        ("tiny gradients, where epsilon counts", lambda: O.Adam(0.01), "tiny"),
        ("schedule", lambda: O.Adam(decay())),
        ("amsgrad", lambda: O.Adam(0.02, amsgrad=True, beta_2=0.8)),
        ("weight decay", lambda: O.Adam(0.02, weight_decay=0.1)),
        ("default", lambda: O.AdamW()),
        ("amsgrad", lambda: O.AdamW(0.02, weight_decay=0.2, amsgrad=True, beta_2=0.8)),
        ("no decay by name", lambda: O.AdamW(0.1, 0.2), "plain", None, exclude(names=["bias", "scale"])),
        ("no decay by path", lambda: O.AdamW(0.1, 0.2), "plain", None, exclude(names=["dense", "^em"])),
        ("no decay by variable", lambda: O.AdamW(0.1, 0.2), "plain", None, exclude(indices=[0, 4])),
        ("default", lambda: O.Adamax()),
        ("rate 0.05", lambda: O.Adamax(0.05, beta_1=0.7, beta_2=0.9, epsilon=1e-2, weight_decay=0.1)),
        ("default", lambda: O.Nadam()),
        ("rate 0.05", lambda: O.Nadam(0.05, beta_1=0.7, beta_2=0.9, epsilon=1e-3, weight_decay=0.1)),
        ("default", lambda: O.Ftrl()),
        (
            "penalties",
            lambda: O.Ftrl(
                0.3,
                learning_rate_power=-0.7,
                initial_accumulator_value=0.2,
                l1_regularization_strength=0.4,
                l2_regularization_strength=0.1,
                l2_shrinkage_regularization_strength=0.05,
                beta=0.3,
            ),
        ),
        ("default", lambda: O.Lion()),
        ("rate 0.05", lambda: O.Lion(0.05, beta_1=0.6, beta_2=0.8, weight_decay=0.1)),
        ("default", lambda: O.Lamb()),
        ("rate 0.05", lambda: O.Lamb(0.05, beta_1=0.7, beta_2=0.9, epsilon=1e-3, weight_decay=0.1)),
        ("default", lambda: O.Adafactor()),
        (
            "rate 0.5",
            lambda: O.Adafactor(
                0.5, beta_2_decay=-0.6, epsilon_1=1e-6, epsilon_2=0.1, clip_threshold=0.5, weight_decay=0.01
            ),
        ),
        ("schedule", lambda: O.Adafactor(decay(2.0), relative_step=False)),
        ("default", lambda: O.Muon()),
        (
            "options",
            lambda: O.Muon(
                0.05,
                weight_decay=None,
                adam_weight_decay=0.1,
                adam_lr_ratio=0.5,
                momentum=0.8,
                nesterov=False,
                ns_steps=3,
                rms_rate=None,
                exclude_embeddings=False,
                exclude_layers=["^tall"],
            ),
        ),
        ("default", lambda: O.ScheduleFreeAdamW()),
        (
            "warm-up",
            lambda: O.ScheduleFreeAdamW(
                0.05, beta_1=0.8, beta_2=0.9, epsilon=1e-3, warmup_steps=5, weight_decay=0.1
            ),
        ),
        ("clipnorm", lambda: O.SGD(0.1, momentum=0.9, clipnorm=1.5, weight_decay=0.1)),
        ("global clipnorm", lambda: O.Adam(0.01, global_clipnorm=0.7), "tiny"),
        ("global clipnorm on large gradients", lambda: O.SGD(0.1, global_clipnorm=0.7), "large"),
        ("clipvalue", lambda: O.RMSprop(0.01, clipvalue=0.3)),
        ("loss scale", lambda: O.SGD(0.1, loss_scale_factor=8.0, clipvalue=0.1)),
        ("average", lambda: O.Adam(0.05, use_ema=True, ema_momentum=0.9)),
        ("average that overwrites", lambda: O.SGD(0.1, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=3)),
        ("constraint", lambda: O.SGD(0.3), "plain", lambda: keras.constraints.NonNeg()),
        (
            "constraint and average",
            lambda: O.SGD(0.3, use_ema=True, ema_overwrite_frequency=2, ema_momentum=0.5),
            "plain",
            lambda: keras.constraints.NonNeg(),
        ),
        ("accumulation", lambda: O.SGD(0.1, momentum=0.9, gradient_accumulation_steps=3)),
        (
            "accumulation, schedule, clipping, decay",
            lambda: O.AdamW(decay(), weight_decay=0.2, global_clipnorm=0.5, gradient_accumulation_steps=5),
        ),
        (
            "accumulation and average",
            lambda: O.Nadam(
                0.05,
                use_ema=True,
                ema_momentum=0.8,
                ema_overwrite_frequency=2,
                gradient_accumulation_steps=2,
            ),
            "plain",
            lambda: keras.constraints.NonNeg(),
        ),
        ("accumulation", lambda: O.Muon(0.05, gradient_accumulation_steps=2)),
        ("accumulation", lambda: O.Adafactor(0.05, gradient_accumulation_steps=4)),
        (
            "map",
            lambda: O.MultiOptimizer(
                O.OptimizerMap(
                    O.SGD(0.1),
                    {"dense/.*": O.Adam(0.05), "tall/kernel": O.RMSprop(0.02, clipnorm=0.5)},
                )
            ),
        ),
        ("default", lambda: O.LossScaleOptimizer(O.Adam(0.01), initial_scale=4.0, dynamic_growth_steps=5)),
    ]
    return [case(*row) for row in made]
