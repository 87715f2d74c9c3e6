"""Networks of convolutions trained for 20 steps by Keras: a classifier of images, a residual block with
normalization, a separable encoder and decoder, and causal convolution over time."""

import keras
import numpy as np

from .encode import array, measured, precision

L = keras.layers


def classifier():
    """The usual network for MNIST, with fewer filters."""
    x = h = keras.Input((12, 12, 1), name="x")
    h = L.Conv2D(4, 3, activation="relu", name="conv1")(h)
    h = L.MaxPooling2D(2, name="pool1")(h)
    h = L.Conv2D(6, 3, padding="same", activation="relu", name="conv2")(h)
    h = L.MaxPooling2D(2, name="pool2")(h)
    h = L.Flatten(name="flat")(h)
    return keras.Model(x, L.Dense(5, activation="softmax", name="out")(h), name="classifier")


def residual():
    """A block of ResNet: convolution, normalization and relu twice, and a shortcut of stride 2."""
    x = keras.Input((8, 8, 3), name="x")
    h = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="conv1")(x)
    h = L.BatchNormalization(momentum=0.9, name="norm1")(h)
    h = L.Activation("relu", name="relu1")(h)
    h = L.Conv2D(4, 3, padding="same", use_bias=False, kernel_regularizer="l2", name="conv2")(h)
    h = L.BatchNormalization(momentum=0.9, name="norm2")(h)
    shortcut = L.Conv2D(4, 1, strides=2, name="shortcut")(x)
    h = L.Activation("relu", name="relu2")(L.Add(name="add")([h, shortcut]))
    h = L.GlobalAveragePooling2D(name="mean")(h)
    return keras.Model(x, L.Dense(5, activation="softmax", name="out")(h), name="residual")


def autoencoder():
    x = h = keras.Input((8, 6, 2), name="x")
    h = L.SeparableConv2D(4, 3, strides=2, padding="same", activation="tanh", name="separable")(h)
    h = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="relu6", name="depthwise")(h)
    h = L.Conv2D(6, 1, groups=2, name="mix")(h)
    return keras.Model(x, L.Conv2DTranspose(2, 3, strides=2, padding="same", name="out")(h), name="autoencoder")


def causal():
    x = h = keras.Input((9, 2), name="x")
    h = L.Conv1D(4, 2, padding="causal", activation="relu", name="conv1")(h)
    h = L.Conv1D(4, 2, padding="causal", dilation_rate=2, activation="relu", name="conv2")(h)
    return keras.Model(x, L.Conv1D(1, 1, name="out")(h), name="causal")


CROSS_ENTROPY = "sparse_categorical_crossentropy"
CASES = [
    (classifier, lambda: keras.optimizers.SGD(0.1, momentum=0.9), CROSS_ENTROPY),
    (residual, lambda: keras.optimizers.Adam(0.01), CROSS_ENTROPY),
    (autoencoder, lambda: keras.optimizers.SGD(0.05, momentum=0.9), "mse"),
    (causal, lambda: keras.optimizers.Adam(0.01), "mse"),
]
ROWS, BATCH, EPOCHS = 32, 8, 5


def run(make, optimizer, loss, start, x, y):
    keras.utils.clear_session()
    model = make()
    real = keras.config.floatx()
    if start is not None:
        model.set_weights([w.astype(real) for w in start])
    initial = model.get_weights()
    model.compile(optimizer=optimizer(), loss=loss)
    y = y.astype(real) if y.dtype.kind == "f" else y
    history = model.fit(x.astype(real), y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0)
    return initial, history.history, model, model.predict(x.astype(real), verbose=0)


def cases():
    rng = np.random.default_rng(43)
    out = []
    for make, optimizer, loss in CASES:
        keras.utils.set_random_seed(9)
        model = make()
        x = rng.normal(0, 1, (ROWS, *model.inputs[0].shape[1:])).astype("float32")
        if loss == "mse":
            y = rng.normal(0, 1, (ROWS, *model.outputs[0].shape[1:])).astype("float32")
        else:
            y = rng.integers(0, 5, ROWS).astype("int32")
        initial, history, trained, predictions = run(make, optimizer, loss, None, x, y)
        precision("float64")
        _, history64, trained64, predictions64 = run(make, optimizer, loss, initial, x, y)
        precision("float32")
        chosen = optimizer()
        out.append(
            {
                "label": model.name,
                "config": model.get_config(),
                "optimizer": {"class_name": type(chosen).__name__, "config": chosen.get_config()},
                "loss": loss,
                "x": array(x),
                "y": array(y),
                "initial": [array(w) for w in initial],
                "history": {k: measured(v, history64[k]) for k, v in history.items()},
                "final": [measured(a, b) for a, b in zip(trained.get_weights(), trained64.get_weights())],
                "predictions": measured(predictions, predictions64),
            }
        )
    return out
