"""Pure JAX: `jax_contestant.py THREADS step|epoch`. `step` jits one training step, batch gathering
included, and calls it in a Python loop; `epoch` jits a scan over all steps of an epoch. The state is
donated in both. Masks come from the default threefry: rbg was 20 % slower at batch 128."""

import os
import sys
from functools import partial

from serve import serve, synthetic_data

THREADS, VARIANT = int(sys.argv[1]), sys.argv[2]
os.environ["NPROC"] = str(THREADS)  # the size of XLA's pool
if THREADS == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402


def initial_parameters(workload):
    """Kernel and bias of each layer that has them, and nothing for the others."""
    generator = np.random.default_rng(1)
    shape, parameters = tuple(workload["input"]), []

    def weights(shape, fans):
        limit = (6 / fans) ** 0.5
        kernel = generator.uniform(-limit, limit, shape).astype(np.float32)
        return jnp.asarray(kernel), jnp.zeros(shape[-1], jnp.float32)

    for layer in workload["layers"]:
        own = ()
        if layer["type"] == "dense":
            own = weights((shape[-1], layer["units"]), shape[-1] + layer["units"])
        if layer["type"] == "conv":
            size, depth, filters = layer["kernel"], shape[-1], layer["filters"]
            own = weights((size, size, depth, filters), size * size * (depth + filters))
        shape = jax.eval_shape(lambda x: passed(layer, own, x), jnp.zeros((1, *shape))).shape[1:]
        parameters.append(own)
    return parameters


def activated(layer, x):
    return jax.nn.relu(x) if layer.get("activation") == "relu" else x


def passed(layer, parameters, x, key=None):
    kind = layer["type"]
    if kind == "rescale":
        return x.astype(jnp.float32) * layer["scale"]
    if kind == "dense":
        return activated(layer, x @ parameters[0] + parameters[1])
    if kind == "conv":
        strides = (layer["stride"],) * 2
        y = jax.lax.conv_general_dilated(
            x,
            parameters[0],
            strides,
            layer["padding"].upper(),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        return activated(layer, y + parameters[1])
    if kind == "maxPool":
        window, strides = ((1, layer[name], layer[name], 1) for name in ("size", "stride"))
        padding = layer["padding"].upper()
        return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, strides, padding)
    if kind == "flatten":
        return x.reshape(len(x), -1)
    if kind == "activation":
        return {"relu": jax.nn.relu, "softmax": jax.nn.softmax}[layer["name"]](x)
    if kind == "dropout":
        if key is None:
            return x
        keep = jax.random.bernoulli(key, 1 - layer["rate"], x.shape)
        return jnp.where(keep, x / (1 - layer["rate"]), 0)
    raise ValueError(f"no {kind} here")


def forward(layers, parameters, x, key=None):
    for index, (layer, own) in enumerate(zip(layers, parameters)):
        x = passed(layer, own, x, None if key is None else jax.random.fold_in(key, index))
    return x


def without_softmax(layers):
    return layers[:-1] if layers[-1] == {"type": "activation", "name": "softmax"} else layers


def loss_of(workload, parameters, x, y, key):
    outputs = forward(without_softmax(workload["layers"]), parameters, x, key)
    if workload["loss"] == "mse":
        return jnp.mean((outputs - y) ** 2)
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], 1))


def adam(parameters, slots, gradients, step):
    t = step.astype(jnp.float32) + 1
    rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    m = jax.tree.map(lambda m, g: m + 0.1 * (g - m), slots[0], gradients)
    v = jax.tree.map(lambda v, g: v + 0.001 * (g * g - v), slots[1], gradients)
    update = lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7)  # noqa: E731
    return jax.tree.map(update, parameters, m, v), (m, v)


def momentum(parameters, slots, gradients, _step):
    m = jax.tree.map(lambda m, g: 0.9 * m - 1e-3 * g, slots[0], gradients)
    return jax.tree.map(jnp.add, parameters, m), (m,)


def initial_state(workload):
    parameters = initial_parameters(workload)
    count = 2 if workload["optimizer"] == "adam" else 1
    slots = tuple(jax.tree.map(jnp.zeros_like, parameters) for _ in range(count))
    return parameters, slots, jnp.zeros((), jnp.int32), jax.random.key(0)


def train_step(workload, state, x, y):
    parameters, slots, step, key = state
    loss = partial(loss_of, workload)
    value, gradients = jax.value_and_grad(loss)(parameters, x, y, jax.random.fold_in(key, step))
    optimizer = adam if workload["optimizer"] == "adam" else momentum
    parameters, slots = optimizer(parameters, slots, gradients, step)
    return (parameters, slots, step + 1, key), value


def training(workload):
    x, y = map(jnp.asarray, synthetic_data(workload))
    batch = workload["batchSize"]
    steps = workload["rows"] // batch
    shuffler = np.random.default_rng(2)
    state = initial_state(workload)

    @partial(jax.jit, donate_argnums=0)
    def one_step(state, x, y, order):
        rows = jax.lax.dynamic_index_in_dim(order, state[2] % steps, keepdims=False)
        return train_step(workload, state, x[rows], y[rows])

    @partial(jax.jit, donate_argnums=0)
    def one_epoch(state, x, y, order):
        return jax.lax.scan(lambda s, rows: train_step(workload, s, x[rows], y[rows]), state, order)

    def epochs(count):
        nonlocal state
        for _ in range(count):
            order = shuffler.permutation(steps * batch).astype(np.int32).reshape(steps, batch)
            order = jnp.asarray(order)
            if VARIANT == "epoch":
                state, _ = one_epoch(state, x, y, order)
            else:
                for _ in range(steps):
                    state, _ = one_step(state, x, y, order)
        jax.block_until_ready(state[0])

    return epochs


def prediction(workload):
    x, _ = synthetic_data(workload)
    batch = workload["batchSize"]
    batches = [jnp.asarray(x[at : at + batch]) for at in range(0, len(x), batch)]
    parameters = initial_parameters(workload)
    predict = jax.jit(lambda parameters, x: forward(workload["layers"], parameters, x))

    def epochs(count):
        for _ in range(count):
            outputs = [predict(parameters, x) for x in batches]
            jax.block_until_ready(outputs)

    return epochs


serve(lambda workload: (training if workload["mode"] == "train" else prediction)(workload))
