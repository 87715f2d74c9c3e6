"""Layers that change the size of images: borders, upsampling, resizing, crops."""

import keras
import numpy as np

from .layer_case import case, flags, normal

K = keras.layers


def first(x):
    return np.ascontiguousarray(np.moveaxis(x, -1, 1))


def borders(rng):
    x1, x2, x3 = normal(rng, 2, 5, 3), normal(rng, 2, 4, 5, 2), normal(rng, 1, 4, 3, 4, 2)
    pixels = rng.integers(0, 256, (2, 3, 4, 1)).astype("uint8")
    return [
        case("plain", K.ZeroPadding1D(), x1, rng),
        case("uneven", K.ZeroPadding1D((2, 0)), x1, rng),
        case("channels first", K.ZeroPadding1D((1, 2), data_format="channels_first"), x1, rng),
        case("mask", K.ZeroPadding1D(2), x1, rng, [flags(rng, 2, 5)]),
        case("plain", K.ZeroPadding2D(), x2, rng),
        case("by axis", K.ZeroPadding2D((2, 0)), x2, rng),
        case("uneven", K.ZeroPadding2D(((1, 0), (0, 2))), x2, rng),
        case("channels first", K.ZeroPadding2D(((1, 0), (0, 2)), data_format="channels_first"), x2, rng),
        case("bytes", K.ZeroPadding2D(1), pixels, rng),
        case("plain", K.ZeroPadding3D(), x3, rng),
        case("uneven", K.ZeroPadding3D(((1, 0), (0, 2), (1, 1))), x3, rng),
        case("channels first", K.ZeroPadding3D((1, 0, 2), data_format="channels_first"), x3, rng),
        case("plain", K.Cropping1D(), x1, rng),
        case("uneven", K.Cropping1D((0, 3)), x1, rng),
        case("plain", K.Cropping2D(), x2, rng),
        case("by axis", K.Cropping2D((1, 2)), x2, rng),
        case("uneven", K.Cropping2D(((1, 0), (0, 2))), x2, rng),
        case("channels first", K.Cropping2D(((1, 0), (0, 1)), data_format="channels_first"), x2, rng),
        case("bytes", K.Cropping2D(1), pixels, rng),
        case("plain", K.Cropping3D(), x3, rng),
        case("uneven", K.Cropping3D(((1, 0), (0, 2), (1, 1))), x3, rng),
        case("channels first", K.Cropping3D((0, 1, 0), data_format="channels_first"), x3, rng),
    ]


def upsampling(rng):
    x1, x2, x3 = normal(rng, 2, 3, 2), normal(rng, 2, 3, 4, 2), normal(rng, 1, 2, 3, 2, 2)
    pixels = rng.integers(0, 256, (1, 2, 3, 1)).astype("uint8")
    out = [
        case("plain", K.UpSampling1D(), x1, rng),
        case("three", K.UpSampling1D(3), x1, rng),
        case("plain", K.UpSampling2D(), x2, rng),
        case("by axis", K.UpSampling2D((1, 3)), x2, rng),
        case("channels first", K.UpSampling2D((3, 2), data_format="channels_first"), x2, rng),
        case("bytes", K.UpSampling2D(2), pixels, rng),
        case("plain", K.UpSampling3D(), x3, rng),
        case("by axis", K.UpSampling3D((1, 3, 2)), x3, rng),
        case("channels first", K.UpSampling3D((1, 2, 1), data_format="channels_first"), x3, rng),
    ]
    for how in ["bilinear", "bicubic"]:
        out += [
            case(how, K.UpSampling2D((2, 3), interpolation=how), x2, rng),
            case(f"{how}, channels first", K.UpSampling2D(2, "channels_first", interpolation=how), x2, rng),
        ]
    for how in ["lanczos3", "lanczos5"]:
        out.append(case(how, K.UpSampling2D((2, 3), interpolation=how), x2, rng))
    return out


def resizing(rng):
    x = normal(rng, 2, 7, 5, 2)
    pixels = rng.integers(0, 256, (1, 7, 6, 3)).astype("uint8")
    out = []
    for how in ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"]:
        for h, w in [(3, 4), (11, 8), (7, 9), (4, 5), (7, 5)]:
            out.append(case(f"{how} {h} by {w}", K.Resizing(h, w, interpolation=how), x, rng))
        out.append(case(f"{how}, antialias", K.Resizing(3, 2, interpolation=how, antialias=True), x, rng))
        out.append(case(f"{how}, antialias, larger", K.Resizing(9, 3, interpolation=how, antialias=True), x, rng))
        out.append(case(f"{how}, bytes", K.Resizing(4, 9, interpolation=how), pixels, rng))
    for h, w in [(4, 4), (3, 8), (9, 3), (10, 14)]:
        out += [
            case(f"cut {h} by {w}", K.Resizing(h, w, crop_to_aspect_ratio=True), x, rng),
            case(f"padded {h} by {w}", K.Resizing(h, w, pad_to_aspect_ratio=True, fill_value=0.5), x, rng),
        ]
    out += [
        case("channels first", K.Resizing(4, 3, data_format="channels_first"), first(x), rng),
        case("padded, bytes", K.Resizing(4, 9, pad_to_aspect_ratio=True, fill_value=7), pixels, rng),
        case("of one pixel", K.Resizing(2, 3), normal(rng, 1, 1, 1, 2), rng),
        case("to one pixel", K.Resizing(1, 1, antialias=True), x, rng),
        case("large", K.Resizing(17, 29), normal(rng, 1, 23, 19, 1), rng),
        case("large, nearest", K.Resizing(17, 29, "nearest"), normal(rng, 1, 23, 19, 1), rng),
        case("plain", K.CenterCrop(4, 3), x, rng),
        case("odd rest", K.CenterCrop(4, 2), x, rng),
        case("channels first", K.CenterCrop(3, 3, data_format="channels_first"), first(x), rng),
        case("too small", K.CenterCrop(9, 8), x, rng),
        case("too narrow", K.CenterCrop(3, 8), x, rng),
        case("bytes", K.CenterCrop(2, 5), pixels, rng),
        case("one image", K.CenterCrop(2, 3), x[0], rng),
        case("one image", K.Resizing(2, 3), x[0], rng),
    ]
    # TensorFlow has no gradient of it, and bytes need none.
    for h, w in [(3, 4), (11, 8), (4, 9), (1, 1)]:
        out.append(case(f"area {h} by {w}, bytes", K.Resizing(h, w, interpolation="area"), pixels, rng))
    out.append(case("area, antialias, bytes", K.Resizing(3, 2, interpolation="area", antialias=True), pixels, rng))
    return out


def unchanged(rng):
    """Layers that have nothing to do drop masks all the same."""
    x1, x2 = normal(rng, 2, 3, 2), normal(rng, 2, 3, 4, 2)
    masks = [flags(rng, 2, 3)]
    return [
        case(f"nothing to do, {type(layer).__name__}", layer, x, rng, masks)
        for layer, x in [
            (K.ZeroPadding1D(0), x1),
            (K.Cropping2D(0), x2),
            (K.UpSampling1D(1), x1),
            (K.UpSampling2D(1, interpolation="bilinear"), x2),
            (K.Resizing(3, 4), x2),
            (K.CenterCrop(3, 4), x2),
        ]
    ]


def cases():
    rng = np.random.default_rng(32)
    return borders(rng) + upsampling(rng) + resizing(rng) + unchanged(rng)
