"""Writes test/goldens/*.json: what Keras 3 on TensorFlow computes, for the tests to hold neurone to.

    python -m venv VENV && VENV/bin/pip install -r scripts/goldens/requirements.txt
    VENV/bin/python scripts/goldens.py [family ...]

Deterministic: fixed numpy seeds, one thread, TensorFlow's deterministic ops. Run it from a clean
checkout, and `git diff test/goldens` is empty unless Keras changed its mind.
"""

import os
import pathlib
import sys

os.environ.update(
    KERAS_BACKEND="tensorflow",
    TF_CPP_MIN_LOG_LEVEL="3",
    TF_ENABLE_ONEDNN_OPTS="0",
    CUDA_VISIBLE_DEVICES="-1",
)

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

tf.get_logger().setLevel("ERROR")
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()

from goldens import (  # noqa: E402
    activations,
    applications,
    augmentation,
    byte_images,
    callbacks,
    convolution_runs,
    ctc,
    data,
    functional,
    images,
    initializers,
    layer_names,
    layers,
    layers_convolution,
    layers_image,
    layers_merging,
    layers_pooling,
    layers_simple,
    layers_weights,
    loss_catalogue,
    losses,
    metric_catalogue,
    metrics,
    names,
    normalization,
    npy,
    operations,
    optimizer_runs,
    optimizers,
    penalties,
    preprocessing,
    schedules,
    training,
)
from goldens.encode import write  # noqa: E402

FAMILIES = {
    "activations": activations.cases,
    "applications": applications.cases,
    "augmentation": augmentation.cases,
    "byte_images": byte_images.cases,
    "callbacks": callbacks.cases,
    "data": data.cases,
    "losses": losses.cases,
    "loss_catalogue": loss_catalogue.cases,
    "metrics": metrics.cases,
    "metric_means": metric_catalogue.means,
    "metric_confusion": metric_catalogue.confusion,
    "metric_areas": metric_catalogue.areas_and_unions,
    "operations": operations.cases,
    "optimizers": optimizers.cases,
    "penalties": penalties.cases,
    "ctc": ctc.cases,
    "schedules": schedules.cases,
    "optimizer_runs": optimizer_runs.cases,
    "images": images.cases,
    "initializers": initializers.cases,
    "layers": layers.cases,
    "layer_names": layer_names.cases,
    "layers_image": layers_image.cases,
    "layers_pooling": layers_pooling.cases,
    "layers_simple": layers_simple.cases,
    "layers_merging": layers_merging.cases,
    "layers_joining": layers_merging.joining_cases,
    "layers_weights": layers_weights.cases,
    "layers_convolution": layers_convolution.cases,
    "convolution_runs": convolution_runs.cases,
    "training": training.cases,
    "functional": functional.cases,
    "names": names.cases,
    "normalization": normalization.cases,
    "npy": npy.cases,
    "preprocessing": preprocessing.cases,
}


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "test" / "goldens"
    folder.mkdir(parents=True, exist_ok=True)
    for family in sys.argv[1:] or FAMILIES:
        keras.utils.clear_session()  # so that automatic names do not depend on the families before
        path = folder / f"{family}.json"
        count = write(path, FAMILIES[family]())
        print(f"{path.name}: {count} cases, {path.stat().st_size} bytes")


main()
