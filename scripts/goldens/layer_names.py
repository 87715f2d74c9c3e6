"""The automatic names of Keras's layers, and of a second one of each class."""

import inspect

import keras
from keras.src.utils import naming


def cases():
    classes = [c for _, c in inspect.getmembers(keras.layers, inspect.isclass)]
    names = sorted({c.__name__ for c in classes if issubclass(c, keras.layers.Layer)})
    return [{"class_name": n, "names": [naming.auto_name(n), naming.auto_name(n)]} for n in names]
