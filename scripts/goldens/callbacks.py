"""What Keras's callbacks decide over made-up metrics, and what they write."""

import os
import pathlib
import tempfile
import warnings

import keras
import numpy as np

from .encode import array

C = keras.callbacks


class Optimizer:
    """An optimizer as far as callbacks know one."""

    def __init__(self, rate):
        self.rate = np.float32(rate)

    @property
    def learning_rate(self):
        return self.rate

    @learning_rate.setter
    def learning_rate(self, rate):
        self.rate = np.float32(rate)


class Model:
    """A model as far as callbacks know one; its only weight is the epoch that it is from."""

    def __init__(self, rate=0.1):
        self.optimizer = Optimizer(rate)
        self.stop_training = False
        self.weight = None
        self.metrics = []
        self.saved = []

    def get_weights(self):
        return self.weight

    def set_weights(self, weight):
        self.weight = weight

    def save(self, path, overwrite):
        self.saved.append(os.path.basename(path))

    save_weights = save


def encoded(value):
    """JSON has no NaN and infinities."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        return value.astype(float).tolist()
    return float(value) if np.isfinite(value) else repr(float(value))


def early_stopping(label, values, **options):
    model = Model()
    callback = C.EarlyStopping(monitor="score", **options)
    callback.set_model(model)
    callback.set_params({"epochs": len(values)})
    callback.on_train_begin()
    ran = 0
    for epoch, value in enumerate(values):
        model.weight = epoch
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {} if value is None else {"score": value})
        ran = epoch
        if model.stop_training:
            break
    callback.on_train_end()
    return {
        "kind": "EarlyStopping",
        "label": label,
        "options": options,
        "values": [encoded(v) for v in values],
        "last_epoch": ran,
        "stopped_epoch": callback.stopped_epoch,
        "best_epoch": callback.best_epoch,
        "best": encoded(callback.best),
        "weight": model.weight,
    }


def plateau(label, values, rate=0.1, **options):
    model = Model(rate)
    callback = C.ReduceLROnPlateau(monitor="score", **options)
    callback.set_model(model)
    callback.on_train_begin()
    logged, rates = [], []
    for epoch, value in enumerate(values):
        logs = {"loss": 1.0} if value is None else {"loss": 1.0, "score": value}
        callback.on_epoch_end(epoch, logs)
        logged.append(float(logs["learning_rate"]))
        rates.append(float(model.optimizer.learning_rate))
    return {
        "kind": "ReduceLROnPlateau",
        "label": label,
        "options": options,
        "rate": rate,
        "values": [encoded(v) for v in values],
        "logged": logged,
        "rates": rates,
    }


def checkpoint(label, filepath, epochs, steps=0, **options):
    """`epochs`: the logs of each; with `steps`, those of each batch are the epoch's own too."""
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        callback = C.ModelCheckpoint(os.path.join(folder, filepath), monitor="score", **options)
        callback.set_model(model)
        callback.on_train_begin()
        counts = []
        for epoch, logs in enumerate(epochs):
            callback.on_epoch_begin(epoch)
            for step in range(steps):
                callback.on_train_batch_begin(step)
                callback.on_train_batch_end(step, dict(logs))
            callback.on_epoch_end(epoch, dict(logs))
            counts.append(len(model.saved))
    return {
        "kind": "ModelCheckpoint",
        "label": label,
        "filepath": filepath,
        "options": options,
        "epochs": epochs,
        "steps": steps,
        "saved": model.saved,
        "counts": counts,
    }


def csv(label, epochs, before=None, **options):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "log.csv"
        if before is not None:
            path.write_bytes(before.encode())
        callback = C.CSVLogger(str(path), **options)
        callback.set_model(Model())
        callback.on_train_begin()
        for epoch, logs in enumerate(epochs):
            callback.on_epoch_end(epoch, dict(logs))
        callback.on_train_end()
        text = path.read_bytes().decode()
    epochs = [{k: encoded(v) for k, v in logs.items()} for logs in epochs]
    return {"kind": "CSVLogger", "label": label, "options": options, "epochs": epochs, "before": before, "text": text}


def template(spec, value, whole=False):
    values = {"epoch": value} if whole else {"loss": value}
    text = ("{epoch" if whole else "{loss") + (f":{spec}" if spec else "") + "}"
    return {"kind": "format", "label": f"{text} {value!r}", "template": text, "value": encoded(value), "text": text.format(**values)}


def directions():
    """Which way `auto` takes each metric to be better."""
    M = keras.metrics
    made = {
        "accuracy": M.Accuracy(name="m"),
        "top k": M.TopKCategoricalAccuracy(name="m"),
        "auc": M.AUC(name="m"),
        "precision": M.Precision(name="m"),
        "f1": M.F1Score(name="m"),
        "iou": M.MeanIoU(2, name="m"),
        "r2": M.R2Score(name="m"),
        "cosine": M.CosineSimilarity(name="m"),
        "mse": M.MeanSquaredError(name="m"),
        "rmse": M.RootMeanSquaredError(name="m"),
        "kld": M.KLDivergence(name="m"),
        "poisson": M.Poisson(name="m"),
        "crossentropy": M.SparseCategoricalCrossentropy(name="m"),
        "mean": M.Mean(name="m"),
        "sum": M.Sum(name="m"),
        "true positives": M.TruePositives(name="m"),
        "custom": M.MeanMetricWrapper(lambda t, p: t - p, name="m"),
    }
    cases = []
    for label, metric in made.items():
        model = Model()
        model.metrics = [keras.src.trainers.compile_utils.MetricsList([metric], None)]
        callback = C.EarlyStopping(monitor="val_m")
        callback.set_model(model)
        callback.on_train_begin()
        try:
            callback.on_epoch_end(0, {"val_m": 1.0})
            callback.on_epoch_end(1, {"val_m": 2.0})
            direction = "up" if callback.best == 2.0 else "down"
        except ValueError:
            direction = None
        cases.append({"kind": "direction", "label": label, "class_name": type(metric).__name__, "direction": direction})
    return cases


def histogram(label, values):
    from tensorboard.plugins.histogram import summary_v2

    values = np.asarray(values, "float32")
    return {"kind": "histogram", "label": label, "input": array(values), "buckets": array(np.asarray(summary_v2._buckets(values)))}


def events(label, **options):
    """What TensorBoard's own reader finds in the files of a run of Keras."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.layers.Input((3,)), keras.layers.Dense(4, activation="relu", name="a"), keras.layers.Dense(1, name="b")],
        name="net",
    )
    model.compile("sgd", "mse", metrics=["mae"])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(36, 3)).astype("float32"), rng.normal(size=(36, 1)).astype("float32")
    runs = {}
    with tempfile.TemporaryDirectory() as folder:
        callback = C.TensorBoard(folder, **options)
        model.fit(x, y, batch_size=6, epochs=3, validation_split=0.333, verbose=0, callbacks=[callback])
        for run in ("train", "validation"):
            reader = EventAccumulator(os.path.join(folder, run), size_guidance={"tensors": 0})
            reader.Reload()
            runs[run] = [
                {
                    "tag": tag,
                    "plugin": reader.SummaryMetadata(tag).plugin_data.plugin_name,
                    "steps": [event.step for event in reader.Tensors(tag)],
                    "shape": [d.size for d in reader.Tensors(tag)[0].tensor_proto.tensor_shape.dim],
                }
                for tag in sorted(reader.Tags()["tensors"])
            ]
    return {"kind": "TensorBoard", "label": label, "options": options, "runs": runs}


def cases():
    warnings.simplefilter("ignore")
    nan, inf = float("nan"), float("inf")
    falling = [3.0, 2.0, 2.5, 2.4, 1.9, 2.0, 2.1, 2.2, 1.0, 1.5]
    rising = [0.1, 0.3, 0.2, 0.35, 0.34, 0.33, 0.32, 0.5]
    close = [1.0, 1.0 - 2**-25, 1.0 - 2**-24, 1.0 - 2**-23, 1.0 - 2**-23, 1.0]
    logs = [{"loss": 1.5, "score": s} for s in [0.5, 0.4, 0.45, 0.125, 0.3]]
    low = {"mode": "min"}
    high = {"mode": "max"}
    return [
        early_stopping("default patience", falling, **low),
        early_stopping("patience", falling, patience=3, **low),
        early_stopping("patience 4, best weights", falling, patience=4, restore_best_weights=True, **low),
        early_stopping("upwards", rising, patience=2, restore_best_weights=True, **high),
        early_stopping("least change", falling, patience=2, min_delta=0.3, **low),
        early_stopping("least change, negative", falling, patience=2, min_delta=-0.3, **low),
        early_stopping("least change exactly", [1.0, 0.75, 0.5, 0.25], patience=1, min_delta=0.25, **low),
        early_stopping("baseline never met", falling, baseline=0.5, patience=4, restore_best_weights=True, **low),
        early_stopping("baseline met", falling, baseline=2.2, patience=3, **low),
        early_stopping("baseline upwards", rising, baseline=0.34, patience=3, **high),
        early_stopping("start from epoch", rising, start_from_epoch=3, patience=2, **low),
        early_stopping("start from epoch, best weights", falling, start_from_epoch=2, patience=2, restore_best_weights=True, **low),
        early_stopping("worse at once", [1.0, 2.0, 3.0], **low),
        early_stopping("missing values", [3.0, None, None, 4.0, None, 5.0, 6.0], patience=2, **low),
        early_stopping("NaN first", [nan, 2.0, 1.0, 0.5], patience=2, restore_best_weights=True, **low),
        early_stopping("NaN later", [2.0, nan, 1.0, nan, nan, 3.0], patience=2, **low),
        early_stopping("infinity", [inf, 1.0, -inf, 0.0], patience=1, **low),
        early_stopping("changes below float32", close, patience=1, restore_best_weights=True, **low),
        plateau("default", falling + [1.1] * 12, **low),
        plateau("patience", falling, patience=2, **low),
        plateau("factor", falling, patience=1, factor=0.5, **low),
        plateau("upwards", rising, patience=1, factor=0.3, **high),
        plateau("cooldown", [1.0] * 12, patience=2, cooldown=2, factor=0.5, **low),
        plateau("cooldown, patience 0", [1.0] * 8, patience=0, cooldown=3, factor=0.5, **low),
        plateau("least rate", [1.0] * 10, patience=1, factor=0.1, min_lr=0.003, **low),
        plateau("least rate above", [1.0] * 5, rate=0.01, patience=1, min_lr=0.05, **low),
        plateau("least rate in float32", [1.0] * 5, rate=0.1, patience=1, min_lr=0.1, **low),
        plateau("least change", [1.0, 0.9999, 0.9998, 0.9, 0.89991, 0.8998], patience=1, **low),
        plateau("missing values", [1.0, None, 1.0, None, 1.0, 1.0], patience=2, **low),
        plateau("NaN", [nan, 1.0, 1.0], patience=1, **low),
        checkpoint("every epoch", "{epoch:02d}-{score:.2f}.keras", logs, **low),
        checkpoint("one file", "model.keras", logs, save_best_only=True, **low),
        checkpoint("best only", "{epoch}-{score:.3f}.keras", logs, save_best_only=True, **low),
        checkpoint("best only upwards", "{epoch:d}.h5", logs, save_best_only=True, **high),
        checkpoint("threshold", "{epoch:03d}.keras", logs, save_best_only=True, initial_value_threshold=0.42, **low),
        checkpoint("missing", "{epoch:03d}.keras", [{"loss": 1.0}] * 3, save_best_only=True, **low),
        checkpoint("weights", "{epoch:4d}_{loss}.weights.h5", logs, save_weights_only=True, **low),
        checkpoint("by batch", "{epoch:02d}-{batch:03d}.keras", logs, steps=4, save_freq=3, **low),
        checkpoint("by batch, over epochs", "{epoch}-{batch}.keras", logs, steps=3, save_freq=5, **low),
        csv("plain", [{"loss": 0.5, "accuracy": 1.0}, {"loss": 0.25, "accuracy": 0.1}]),
        csv("validated", [{"loss": 0.5, "val_loss": 1e-7}, {"loss": 1e16, "val_loss": 12345678.9}]),
        csv("validated later", [{"loss": 0.5}, {"loss": 0.4, "val_loss": 3.0}, {"loss": 0.3}]),
        csv("more later", [{"loss": 0.5}, {"loss": 0.4, "extra": 3.0}]),
        csv("not finite", [{"loss": nan, "b": inf}, {"loss": -inf, "b": -0.0}]),
        csv("separator", [{"loss": 0.5, "a;b": 1.0}], separator=";"),
        csv("names to quote", [{'a"b': 0.5, "c,d": 1.0}]),
        csv("arrays", [{"loss": 0.5, "f1": np.float32([0.1, 1, 1e-7, 0])}, {"loss": 0.4, "f1": np.float32([1 / 3, 2e20, -16777216, 0.07692304, 1e6, 999999.9, 1e-4, 2e-4])}]),
        csv("an array of one", [{"val_f1": np.float32([0.7])}], separator=";"),
        csv("append to nothing", [{"loss": 0.5, "val_loss": 1.0}], append=True),
        csv("append to an empty file", [{"loss": 0.5, "val_loss": 1.0}], before="", append=True),
        csv("append", [{"loss": 0.5, "val_loss": 1.0}], before="epoch,loss,val_loss\r\n0,1.0,1.0\r\n", append=True),
        csv("overwrite", [{"loss": 0.5, "val_loss": 1.0}], before="something\r\n"),
        *[
            template(spec, value)
            for spec in ["", ".2f", ".0f", "08.3f", "+.1f", " .1f", "<8.2f", "^9.2f", "*>9.2f", ".3e", ".2g", "g", ".3", ".1%", ",.1f", "E"]
            for value in [0.125, 1234567.875, 2.5e-7, 1.0, -0.5]
        ],
        *[template(spec, value) for spec in [".0f", "08.3f", ",.1f"] for value in [1e21, -1.5e25]],
        *[template(spec, value, True) for spec in ["", "d", "02d", "5d", "<4d", "04d", ".1f", ",d", "+d"] for value in [7, 12345]],
        *directions(),
        events("default"),
        events("every batch", update_freq="batch", write_graph=False),
        events("every second batch", update_freq=2, write_steps_per_second=True),
        events("histograms and images", histogram_freq=2, write_images=True),
        histogram("spread", np.linspace(-1, 2, 50)),
        histogram("normal", np.random.default_rng(3).normal(0, 1, 200)),
        histogram("one value", np.full(4, 0.25)),
        histogram("one number", [3.0]),
        histogram("empty", np.zeros((0,))),
    ]
