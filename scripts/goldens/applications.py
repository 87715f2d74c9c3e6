"""The networks of keras.applications: name, class, output shape and number of weights of each layer."""

import keras

A = keras.applications


def described(function, **options):
    keras.backend.clear_session()
    model = getattr(A, function)(weights=None, **options)
    layers = [[l.name, l.__class__.__name__, list(l.output.shape), l.count_params()] for l in model.layers]
    return {"function": function, "options": options, "name": model.name, "layers": layers}


def cases():
    return [
        described("ResNet50"),
        described("ResNet50", include_top=False, pooling="avg", input_shape=(64, 96, 3)),
        described("ResNet50", include_top=False),
        described("VGG16", input_shape=(32, 32, 3), classes=7, classifier_activation=None),
        described("VGG19", include_top=False, pooling="max", input_shape=(32, 32, 3)),
        described("MobileNetV2", alpha=0.35, input_shape=(96, 96, 3)),
        described("MobileNetV2", alpha=1.4, input_shape=(65, 97, 3), classes=5),
        described("MobileNetV2", alpha=0.5, include_top=False, pooling="avg"),
    ]
