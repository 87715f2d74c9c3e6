"""Keras on TensorFlow, `model.fit`: `keras_contestant.py THREADS default|manySteps|noJit`. `default` lets
Keras decide on XLA; `manySteps` runs 32 steps per call into TensorFlow; `noJit` does without XLA."""

import os
import sys
import tempfile
import time

from serve import serve, synthetic_data

THREADS, VARIANT = int(sys.argv[1]), sys.argv[2]
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf  # noqa: E402

tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(THREADS)

import keras  # noqa: E402


def made(layer):
    kind, layers = layer["type"], keras.layers
    if kind == "conv":
        return layers.Conv2D(
            layer["filters"],
            layer["kernel"],
            layer["stride"],
            layer["padding"],
            use_bias=layer["bias"],
            activation=layer.get("activation"),
        )
    if kind == "depthwise":
        return layers.DepthwiseConv2D(
            layer["kernel"], layer["stride"], layer["padding"], use_bias=False
        )
    if kind == "maxPool":
        return layers.MaxPooling2D(layer["size"], layer["stride"], layer["padding"])
    simple = {
        "rescale": lambda: layers.Rescaling(layer["scale"]),
        "dense": lambda: layers.Dense(layer["units"], activation=layer.get("activation")),
        "dropout": lambda: layers.Dropout(layer["rate"]),
        "activation": lambda: layers.Activation(layer["name"]),
        "flatten": layers.Flatten,
        "batchNorm": layers.BatchNormalization,
        "globalAverage": layers.GlobalAveragePooling2D,
    }
    return simple[kind]()


def passed(layers, x):
    for layer in layers:
        if layer["type"] == "residual":
            x = keras.layers.Add()([passed(layer["body"], x), passed(layer["shortcut"], x)])
        else:
            x = made(layer)(x)
    return x


def network(workload):
    inputs = keras.Input(workload["input"], dtype=workload["dtype"])
    model = keras.Model(inputs, passed(workload["layers"], inputs))
    adam = workload["optimizer"] == "adam"
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3) if adam else keras.optimizers.SGD(1e-3, 0.9),
        loss=workload["loss"],
        jit_compile=False if VARIANT == "noJit" else "auto",
        steps_per_execution=32 if VARIANT == "manySteps" else 1,
    )
    return model


def create(workload):
    x, y = synthetic_data(workload)
    model = network(workload)
    batch = workload["batchSize"]
    if workload["mode"] == "train":
        return lambda count: model.fit(x, y, batch_size=batch, epochs=count, verbose=0)

    def epochs(count):
        for _ in range(count):
            model.predict(x, batch_size=batch, verbose=0)

    return epochs


def timed(action):
    start = time.perf_counter()
    action()
    return {"seconds": time.perf_counter() - start}


large = {}


def files(request):
    """Saves a large model and loads it again, in seconds; the model is made once."""
    if "model" not in large:
        large["model"] = network(request["workload"])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        save = timed(lambda: large["model"].save(path))
        return {"save": save, "load": timed(lambda: keras.models.load_model(path))}


serve(create, {"files": files})
