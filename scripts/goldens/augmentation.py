"""Augmentation: layers whose ranges have no width, so that nothing is random in what they do; layers given
their random choices; and the functions of keras.ops.image beneath. Their gradients by TensorFlow are
approximations, and are not taken."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array, config

K = keras.layers
I = keras.ops.image
FILLS = ["reflect", "wrap", "constant", "nearest"]


def certain(label, layer, x, training=True):
    y = layer(tf.constant(x), training=training)
    return {"label": label, "kind": "certain", "training": training, **config(layer), "x": array(x), "y": array(y)}


def chosen(label, layer, x, **transformation):
    """What `transform_images` makes of given choices."""
    given = {k: tf.constant(v) for k, v in transformation.items()}
    y = layer.transform_images(tf.constant(x), given, training=True)
    head = {"label": label, "kind": "chosen", **config(layer), "x": array(x), "y": array(y)}
    return {**head, "chosen": {k: array(v) for k, v in transformation.items()}}


def function(label, name, x, *args, **options):
    y = getattr(I, name)(x, *args, **options)
    given = [array(a) for a in args]
    return {"label": label, "kind": "function", "name": name, "x": array(x), "args": given, "options": options, "y": array(y)}


def pixels(rng, *shape):
    return (rng.uniform(0, 1, shape) * 255).astype("float32")


def first(x):
    return np.ascontiguousarray(np.moveaxis(x, -1, 1))


def places(rng):
    x = pixels(rng, 3, 6, 5, 2)
    out = []
    for fill in FILLS:
        for how in ["bilinear", "nearest"]:
            o = {"fill_mode": fill, "interpolation": how, "fill_value": 7.0}
            out += [
                certain(f"{fill}, {how}", K.RandomRotation((0.1, 0.1), **o), x),
                certain(f"{fill}, {how}", K.RandomTranslation((0.21, 0.21), (-0.47, -0.47), **o), x),
                certain(f"{fill}, {how}", K.RandomZoom((0.32, 0.32), (-0.27, -0.27), **o), x),
            ]
    shear = np.array([[0.2, 0.0], [-0.31, -0.13], [0.47, 0.4]], "float32")
    out += [
        certain("half a turn", K.RandomRotation((0.5, 0.5)), x),
        certain("a quarter", K.RandomRotation((-0.25, -0.25)), pixels(rng, 2, 4, 4, 1)),
        certain("beyond the image", K.RandomRotation((0.37, 0.37), fill_mode="constant"), pixels(rng, 1, 9, 3, 1)),
        certain("channels first", K.RandomRotation((0.1, 0.1), data_format="channels_first"), first(x)),
        certain("whole pixels", K.RandomTranslation((0.5, 0.5), (0.2, 0.2), fill_mode="wrap"), x),
        certain("whole pixels", K.RandomTranslation((-0.5, -0.5), (-0.4, -0.4)), x),
        certain("channels first", K.RandomTranslation((0.2, 0.2), (0.1, 0.1), data_format="channels_first"), first(x)),
        certain("one image", K.RandomTranslation((0.2, 0.2), (0.1, 0.1)), x[0]),
        certain("proportions stay", K.RandomZoom((0.4, 0.4)), x),
        certain("far", K.RandomZoom((1.0, 1.0), fill_mode="constant"), x),
        certain("very near", K.RandomZoom((-0.9, -0.9)), x),
        certain("nothing", K.RandomShear(), x),
    ]
    for fill in FILLS:
        layer = K.RandomShear(0.5, 0.5, fill_mode=fill, fill_value=3.0)
        out.append(chosen(fill, layer, x, shear_factor=shear))
    t = np.array([[0.9, 0.2, -1.3, -0.1, 1.2, 0.6, 0.01, -0.02], [1.1, 0, 2, 0.3, 1, -9, 0, 0], [2, 0, 1, 0, -1, 20, 0, 0]], "float32")
    # Weights that are exact, so that what is cut off towards zero doesn't hang on rounding.
    quarters = np.array([1, 0.25, -0.5, 0.5, 1, -1.25, 0, 0], "float32")
    for fill in FILLS:
        for how in ["bilinear", "nearest"]:
            o = {"fill_mode": fill, "interpolation": how, "fill_value": 2.0}
            out.append(function(f"{fill}, {how}", "affine_transform", x, t, **o))
    out += [
        function("one for all", "affine_transform", x, t[0]),
        function("one image", "affine_transform", x[0], t[1]),
        function("channels first", "affine_transform", first(x), t, data_format="channels_first"),
        function("bytes", "affine_transform", x.astype("uint8"), t, interpolation="nearest"),
        *[function(f"bytes, {fill}", "affine_transform", x.astype("uint8"), quarters, fill_mode=fill, fill_value=2) for fill in FILLS],
        function("whole numbers", "affine_transform", x.astype("int32") - 128, quarters, fill_value=-2),
        function("one pixel", "affine_transform", x[:, :1, :1], t, fill_mode="reflect"),
        function("one row", "affine_transform", x[:, :1], t, fill_mode="wrap"),
    ]
    return out


def sizes(rng):
    """Whole numbers in another size: at the edges kernels overshoot, and by sixteens nothing is rounded from a half
    that is inexact."""
    x = (rng.integers(0, 16, (2, 7, 6, 3)) * 16).astype("uint8")
    x[0, :, :3], x[0, :, 3:] = 0, 240
    out = []
    for how in ["nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5"]:
        for antialias in [False, True]:
            label = f"bytes, {how}{', antialias' if antialias else ''}"
            out.append(function(label, "resize", x, size=[4, 11], interpolation=how, antialias=antialias))
    whole = rng.integers(-(2**20), 2**20, (1, 4, 5, 2)).astype("int32")
    return [
        *out,
        function("whole numbers", "resize", whole, size=[3, 8], interpolation="bicubic"),
        function("halves", "resize", np.array([0, 1, 2, 3], "uint8").reshape(1, 1, 4, 1), size=[1, 2]),
        function("as it is", "resize", x, size=[7, 6]),
        function("padded", "resize", x, size=[4, 9], pad_to_aspect_ratio=True, fill_value=7),
        function("cut", "resize", x[0], size=[4, 9], crop_to_aspect_ratio=True),
    ]


def crops(rng):
    x = pixels(rng, 2, 7, 6, 2)
    return [
        certain("as large", K.RandomCrop(7, 6), x),
        certain("of one height", K.RandomCrop(7, 3), x),
        certain("too small", K.RandomCrop(9, 8), x),
        certain("too narrow", K.RandomCrop(4, 9), x),
        certain("inference", K.RandomCrop(3, 4), x, training=False),
        certain("channels first", K.RandomCrop(9, 5, data_format="channels_first"), first(x)),
    ]


def light(rng):
    x, unit = pixels(rng, 3, 4, 5, 3), rng.uniform(0, 1, (2, 4, 5, 3)).astype("float32")
    whole = rng.integers(0, 256, (2, 5, 4, 3)).astype("float32")
    flat = x.copy()
    flat[0, :, :, 1] = 40
    small = rng.integers(0, 4, (2, 3, 4, 2)).astype("float32") * 60
    out = [
        certain("more", K.RandomContrast((0.0, 0.0)), x),
        chosen("each", K.RandomContrast(0.5), x, contrast_factor=np.array([0.5, 1.5, 1], "float32").reshape(3, 1, 1, 1)),
        chosen("each, of 1", K.RandomContrast(0.5, value_range=(0, 1)), unit, contrast_factor=np.array([0.2, 1.8], "float32").reshape(2, 1, 1, 1)),
        certain("more", K.RandomBrightness((0.3, 0.3)), x),
        certain("less, of 1", K.RandomBrightness((-0.4, -0.4), value_range=(0.0, 1.0)), unit),
        certain("all", K.RandomInvert((1.0, 1.0)), x),
        certain("none", K.RandomInvert((0.0, 0.0)), x),
        certain("all, of 1", K.RandomInvert((1.0, 1.0), value_range=(0, 1)), unit),
        certain("training", K.AutoContrast(), flat),
        certain("inference", K.AutoContrast(), flat, training=False),
        certain("of 1", K.AutoContrast(value_range=(0, 1)), unit),
        certain("one value", K.AutoContrast(), np.full((2, 2, 2, 1), 9, "float32")),
        certain("whole", K.Equalization(), whole),
        certain("few values", K.Equalization(), small),
        certain("of 1", K.Equalization(value_range=(0, 1)), unit),
        certain("bins", K.Equalization(bins=16), whole),
        certain("one value", K.Equalization(), np.full((2, 2, 2, 1), 9, "float32")),
        certain("channels first", K.Equalization(data_format="channels_first"), first(whole)),
        certain("inference", K.Equalization(), whole, training=False),
        certain("3 bits", K.RandomPosterization((3, 3)), x),
        certain("1 bit, of 1", K.RandomPosterization((1, 1), value_range=(0, 1)), unit),
        certain("8 bits", K.RandomPosterization((8, 8)), x),
        certain("all", K.Solarization(), x),
        certain("all, of 1", K.Solarization(value_range=(0, 1)), unit),
    ]
    solar = {"additions": [0.0, 30.0, 100.0], "thresholds": [128.0, 60.0, 255.0]}
    given = {k: np.array(v, "float32").reshape(3, 1, 1, 1) for k, v in solar.items()}
    out.append(chosen("each", K.Solarization(0.5, 0.9), x, **given))
    for f in [0.0, 0.2, 0.5, 1.0]:
        out.append(certain(f"factor {f}", K.RandomSharpness((f, f)), x))
    out += [
        certain("channels first", K.RandomSharpness((0.3, 0.3), data_format="channels_first"), first(x)),
        certain("all", K.RandomGaussianBlur((1.0, 1.0), 3, (0.7, 0.7)), x),
        certain("wide", K.RandomGaussianBlur((1.0, 1.0), 5, (1.0, 1.0)), x),
        certain("none", K.RandomGaussianBlur((0.0, 0.0)), x),
        function("plain", "gaussian_blur", x),
        function("two widths", "gaussian_blur", x, kernel_size=(3, 3), sigma=(0.4, 2.0)),
        function("one image", "gaussian_blur", x[0], kernel_size=(5, 5), sigma=(1.0, 1.5)),
    ]
    return out


def color(rng):
    x, unit = pixels(rng, 3, 4, 5, 3), rng.uniform(0, 1, (2, 4, 5, 3)).astype("float32")
    x[0, 0, 0], x[0, 0, 1], x[0, 1, 0] = 0, 200, [10, 10, 90]
    turns = np.array([0.3, -0.45, 0.02], "float32")
    return [
        chosen("each", K.RandomHue(0.5), x, factor=turns),
        chosen("each, of 1", K.RandomHue(0.5, value_range=(0, 1)), unit, factor=turns[:2]),
        certain("none", K.RandomHue((0.0, 0.0)), x),
        certain("paler", K.RandomSaturation((0.2, 0.2)), x),
        certain("stronger, of 1", K.RandomSaturation((0.7, 0.7), value_range=(0, 1)), unit),
        certain("grey", K.RandomSaturation((0.0, 0.0)), x),
        certain("half", K.RandomColorDegeneration((0.5, 0.5)), x),
        certain("all", K.RandomColorDegeneration((1.0, 1.0)), x),
        certain("all", K.RandomGrayscale(1.0), x),
        certain("none", K.RandomGrayscale(0.0), x),
        certain("channels first", K.RandomGrayscale(1.0, data_format="channels_first"), first(x)),
        certain("light", K.RandomColorJitter(brightness_factor=(0.2, 0.2), saturation_factor=(0.3, 0.3)), x),
        certain("nothing", K.RandomColorJitter(), x),
        function("plain", "rgb_to_hsv", x),
        function("of 1", "rgb_to_hsv", unit),
        function("plain", "hsv_to_rgb", unit),
        function("channels first", "hsv_to_rgb", first(unit), data_format="channels_first"),
        function("plain", "rgb_to_grayscale", x),
        function("bytes", "rgb_to_grayscale", x.astype("uint8")),
        function("one channel", "rgb_to_grayscale", x[..., :1]),
    ]


def mixing(rng):
    x = pixels(rng, 3, 4, 4, 2)
    order, weight = np.array([2, 0, 1], "int32"), np.array([0.9, 0.25, 0.5], "float32")
    out = [
        chosen("each", K.MixUp(), x, permutation_order=order, mix_weight=weight),
        certain("alone", K.CutMix(), x[:1]),
        certain("everything", K.RandomErasing((1.0, 1.0), (1.0, 1.0), fill_value=9.0), x),
        certain("nothing", K.RandomErasing((0.0, 0.0), fill_value=9.0), x),
        certain("inference", K.RandomErasing(), x, training=False),
    ]
    labels = np.eye(3, dtype="float32")
    given = {"permutation_order": tf.constant(order), "mix_weight": tf.constant(weight)}
    out[0]["labels"] = array(labels)
    out[0]["mixed"] = array(K.MixUp().transform_labels(tf.constant(labels), given))
    return out


def cases():
    keras.utils.set_random_seed(33)  # Keras writes the seeds that it draws for itself into configs
    rng = np.random.default_rng(33)
    return places(rng) + crops(rng) + light(rng) + color(rng) + mixing(rng) + sizes(rng)
