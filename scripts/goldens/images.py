"""Images as Keras reads them: which files a folder has and in which order, the pixels of datasets for every
interpolation and of load_img, and arrays as images. The files themselves are in the cases, as base64.
Keras's datasets decode JPEG by a faster, less accurate way than everybody else; `accurate` is without it."""

import base64
import io
import os
import pathlib
import tempfile

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from .encode import array

INTERPOLATIONS = ["bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"]


def smooth(rng, height, width, channels):
    """An image that JPEG keeps well: a few waves and a little noise."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [
        127 + 90 * np.sin(x / (2.0 + c) + c) * np.cos(y / (3.0 - c / 2)) + rng.uniform(-20, 20, (height, width))
        for c in range(channels)
    ]
    return np.clip(np.stack(planes, -1), 0, 255).astype("uint8")


def encoded(pixels, kind, **options):
    out = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    if kind == "palette":
        image.quantize(16).save(out, "PNG")
    else:
        image.save(out, kind, **options)
    return out.getvalue()


def files():
    """Every kind of file, by a name with its ending."""
    rng = np.random.RandomState(5)
    rgb, rgba, grey = smooth(rng, 13, 17, 3), smooth(rng, 12, 10, 4), smooth(rng, 9, 14, 1)
    deep = io.BytesIO()
    Image.fromarray((grey[..., 0].astype("uint16") * 257 + 90).astype("uint16")).save(deep, "PNG")
    return {
        "rgb.png": encoded(rgb, "PNG"),
        "rgba.png": encoded(rgba, "PNG"),
        "grey.png": encoded(grey, "PNG"),
        "deep.png": deep.getvalue(),
        "palette.png": encoded(rgb, "palette"),
        "rgb.bmp": encoded(rgb, "BMP"),
        "rgb.gif": encoded(rgb, "GIF"),
        "rgb.jpg": encoded(smooth(rng, 40, 56, 3), "JPEG", quality=92),
        "grey.jpeg": encoded(smooth(rng, 24, 31, 1), "JPEG", quality=92),
    }


def pixel_cases(folder, bytes_of):
    """One image through image_dataset_from_directory."""

    def case(name, **options):
        place = folder / f"single-{name}"
        place.mkdir(exist_ok=True)
        (place / name).write_bytes(bytes_of[name])
        options = {"image_size": (8, 11), **options}
        data = keras.utils.image_dataset_from_directory(place, labels=None, shuffle=False, verbose=False, **options)
        (batch,) = list(data)
        out = {"kind": "pixels", "file": name, "options": options, "y": array(batch.numpy())}
        if name.endswith(("jpg", "jpeg")):
            channels = batch.shape[-1]
            pixels = tf.io.decode_jpeg(bytes_of[name], channels, dct_method="INTEGER_ACCURATE")
            out["accurate"] = array(tf.image.resize(pixels, options["image_size"])[None].numpy())
        return out

    for name in bytes_of:
        yield case(name)
    for interpolation in INTERPOLATIONS:
        for size in [(8, 11), (29, 12)]:
            yield case("rgb.png", interpolation=interpolation, image_size=size)
    for size in [(8, 8), (7, 15), (40, 3)]:
        for name in ["crop_to_aspect_ratio", "pad_to_aspect_ratio"]:
            yield case("rgb.png", image_size=size, **{name: True})
            yield case("rgba.png", image_size=size, color_mode="rgba", interpolation="nearest", **{name: True})
    yield case("rgba.png", color_mode="rgba", data_format="channels_first")
    yield case("rgb.png", image_size=(13, 17))
    for name in ["rgb.png", "rgba.png", "grey.png", "palette.png", "rgb.jpg", "grey.jpeg"]:
        yield case(name, color_mode="grayscale")


def load_cases(folder, bytes_of):
    """load_img and img_to_array."""

    def case(name, **options):
        (folder / name).write_bytes(bytes_of[name])
        pixels = keras.utils.img_to_array(keras.utils.load_img(folder / name, **options))
        return {"kind": "load", "file": name, "options": options, "y": array(pixels)}

    for name in bytes_of:
        if name != "deep.png":  # PIL keeps 16 bits in mode I;16, and cuts them to 255 for RGB
            yield case(name)
    for interpolation in ["nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"]:
        yield case("rgb.png", target_size=(7, 9), interpolation=interpolation)
        yield case("rgb.png", target_size=(31, 17), interpolation=interpolation)
    for mode in ["rgba", "grayscale"]:
        yield case("rgba.png", target_size=(7, 6), interpolation="bilinear", color_mode=mode)
        yield case("rgb.png", color_mode=mode)
    yield case("rgb.png", target_size=(5, 12), interpolation="bilinear", keep_aspect_ratio=True)
    yield case("rgb.png", target_size=(12, 5), keep_aspect_ratio=True)


TREE = [
    "b/10.png", "b/9.PNG", "b/sub/1.jpg", "b/sub-a/2.png", "b/note.txt", "a/z.bmp", "a/A.gif", "a/a.jpeg",
    "a/\ue000.png", "a/\U0001f600.png", ".hidden/1.png", "c c/x.png", "c c/.dot.png", "c c/deep/er/y.png", "B/1.png",
    *(f"many/{i}.png" for i in range(20)),
]  # fmt: skip


def listing_cases(folder, png):
    """Files, labels and splits; `files` are what Keras lists, relative to the folder."""
    root = folder / "tree"
    for name in TREE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(png)
    (root / "empty").mkdir()

    def case(**options):
        data = keras.utils.image_dataset_from_directory(root, image_size=(2, 2), verbose=False, **options)
        parts = data if isinstance(data, list) else [data]
        out = {"kind": "listing", "options": options, "class_names": parts[0].class_names}
        out["files"] = [[os.path.relpath(p, root) for p in part.file_paths] for part in parts]
        if not options.get("shuffle", True) and out["class_names"]:
            out["labels"] = [array(np.concatenate([y.numpy() for _, y in part])) for part in parts]
        return out

    yield {"kind": "tree", "files": TREE, "folders": ["empty"]}
    yield case(shuffle=False)
    yield case(shuffle=False, label_mode="categorical")
    yield case(shuffle=False, label_mode="binary", class_names=["b", "a"])
    yield case(shuffle=False, class_names=["many", "c c", "a"])
    yield case(shuffle=False, labels=None)
    yield case(shuffle=False, labels=[i % 3 for i in range(34)], label_mode="categorical")
    yield case(seed=1)
    yield case(seed=2**32 - 1, labels=None)
    for subset in ["training", "validation", "both"]:
        yield case(seed=123, validation_split=0.3, subset=subset)
        yield case(shuffle=False, validation_split=0.11, subset=subset)


def array_cases():
    """array_to_img."""
    rng = np.random.RandomState(11)
    for label, values, options in [
        ("rgb, scaled", rng.uniform(-3, 7, (3, 4, 3)), {}),
        ("grey, scaled", rng.uniform(0, 1, (3, 2, 1)), {}),
        ("constant", np.full((2, 2, 3), 3.0), {}),
        ("not scaled", rng.uniform(0, 255, (3, 3, 4)), {"scale": False}),
        ("channels first", rng.uniform(0, 1, (3, 2, 5)), {"data_format": "channels_first"}),
    ]:
        values = values.astype("float32")
        pixels = np.asarray(keras.utils.array_to_img(values, **options))
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        yield {"kind": "array", "label": label, "options": options, "x": array(values), "y": array(pixels)}


def cases():
    bytes_of = files()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        stored = {key: base64.b64encode(value).decode() for key, value in bytes_of.items()}
        return [
            {"kind": "files", "files": stored},
            *pixel_cases(folder, bytes_of),
            *load_cases(folder, bytes_of),
            *listing_cases(folder, bytes_of["grey.png"]),
            *array_cases(),
        ]
