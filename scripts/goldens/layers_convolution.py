"""Convolution layers, with default and other options."""

import keras
import numpy as np
import tensorflow as tf

from .layer_case import case, flags, normal

K = keras.layers
L1 = keras.regularizers.L1L2(l1=0.01)
L2 = keras.regularizers.L2(0.02)
# Outputs whose last axis is as long as that of the channels are left out: Keras on TensorFlow adds the
# bias along the wrong one there (`ops.add` takes it for channels last).
FIRST = "channels_first"


def compiled(layer):
    """TensorFlow has no kernels for channels first on processors; XLA has."""
    object.__setattr__(layer, "call", tf.function(layer.call, jit_compile=True))
    return layer


def convs(rng):
    x1, x2, x3 = normal(rng, 2, 7, 3), normal(rng, 2, 5, 6, 2), normal(rng, 1, 3, 4, 4, 2)
    wide1, wide2 = normal(rng, 2, 5, 4), normal(rng, 1, 4, 5, 4)
    return [
        case("default", K.Conv1D(4, 3), x1, rng),
        case("same, strides", K.Conv1D(4, 4, strides=2, padding="same"), x1, rng),
        case("causal", K.Conv1D(2, 3, padding="causal", activation="relu"), x1, rng),
        case("causal, dilated", K.Conv1D(2, 2, padding="causal", dilation_rate=3), x1, rng),
        case("causal, strides", K.Conv1D(2, 3, strides=3, padding="causal"), x1, rng),
        case("dilated", K.Conv1D(2, 3, dilation_rate=2), x1, rng),
        case("same, dilated", K.Conv1D(2, 4, dilation_rate=2, padding="same"), x1, rng),
        case("groups", K.Conv1D(6, 2, groups=2), wide1, rng),
        case("channels first", compiled(K.Conv1D(4, 3, data_format=FIRST)), normal(rng, 2, 3, 7), rng),
        case(
            "channels first, causal",
            compiled(K.Conv1D(4, 3, data_format=FIRST, padding="causal")),
            normal(rng, 2, 3, 7),
            rng,
        ),
        case("mask", K.Conv1D(4, 3, padding="same"), x1, rng, [flags(rng, 2, 7)]),
        case("default", K.Conv2D(3, 3), x2, rng),
        case("same", K.Conv2D(3, 3, padding="same", activation="relu"), x2, rng),
        case("same, even kernel, strides", K.Conv2D(3, (2, 4), strides=(2, 3), padding="SAME"), x2, rng),
        case("strides past the kernel", K.Conv2D(3, 1, strides=2), x2, rng),
        case("dilated", K.Conv2D(3, (2, 3), dilation_rate=(3, 2)), x2, rng),
        case("same, dilated", K.Conv2D(3, 3, dilation_rate=2, padding="same"), x2, rng),
        case("groups", K.Conv2D(6, 3, groups=2, padding="same", activation="tanh"), wide2, rng),
        case("depthwise by groups", K.Conv2D(8, 2, groups=4, use_bias=False), wide2, rng),
        case("sigmoid", K.Conv2D(1, 3, activation="sigmoid"), x2, rng),
        case("softmax", K.Conv2D(4, 1, activation="softmax"), x2, rng),
        case("relu6", K.Conv2D(4, 1, activation="relu6"), 20 * x2, rng),
        case("channels first", compiled(K.Conv2D(3, 3, data_format=FIRST)), normal(rng, 2, 2, 4, 6), rng),
        case(
            "channels first, softmax",
            compiled(K.Conv2D(3, 3, data_format=FIRST, padding="same", activation="softmax")),
            normal(rng, 2, 2, 4, 5),
            rng,
        ),
        case(
            "options",
            K.Conv2D(
                3,
                [2, 3],
                activation="elu",
                kernel_initializer="he_normal",
                bias_initializer="ones",
                kernel_regularizer="l2",
                bias_regularizer=L1,
                activity_regularizer="l2",
                kernel_constraint="max_norm",
                bias_constraint="non_neg",
            ),
            x2,
            rng,
        ),
        case("frozen", K.Conv2D(3, 3, trainable=False), x2, rng),
        case("default", K.Conv3D(3, 2), x3, rng),
        case("same, strides", K.Conv3D(2, (1, 3, 2), strides=(1, 2, 1), padding="same"), x3, rng),
        case("dilated", K.Conv3D(2, 2, dilation_rate=(1, 2, 3), activation="relu"), x3, rng),
        case("channels first", compiled(K.Conv3D(2, 2, data_format=FIRST)), normal(rng, 1, 2, 3, 3, 2), rng),
    ]


def transposed(rng):
    x1, x2, x3 = normal(rng, 2, 4, 3), normal(rng, 2, 3, 4, 2), normal(rng, 1, 2, 3, 2, 2)
    return [
        case("default", K.Conv1DTranspose(4, 3), x1, rng),
        case("same, strides", K.Conv1DTranspose(2, 3, strides=2, padding="same"), x1, rng),
        case("strides past the kernel", K.Conv1DTranspose(2, 2, strides=3), x1, rng),
        case("output padding", K.Conv1DTranspose(2, 3, strides=3, output_padding=2), x1, rng),
        case("channels first", compiled(K.Conv1DTranspose(2, 3, 2, data_format=FIRST)), normal(rng, 2, 3, 4), rng),
        case("channels first", compiled(K.Conv2DTranspose(2, 3, 2, "same", data_format=FIRST)), normal(rng, 1, 2, 3, 4), rng),
        case("default", K.Conv2DTranspose(3, 3), x2, rng),
        case("same", K.Conv2DTranspose(3, 3, padding="same", activation="relu"), x2, rng),
        case("same, strides", K.Conv2DTranspose(3, 4, strides=2, padding="same"), x2, rng),
        case("same, strides past the kernel", K.Conv2DTranspose(3, 2, strides=3, padding="same"), x2, rng),
        case(
            "same, output padding",
            K.Conv2DTranspose(2, (3, 4), strides=2, padding="same", output_padding=(0, 1)),
            x2,
            rng,
        ),
        case(
            "output padding",
            K.Conv2DTranspose(2, 3, strides=(2, 3), output_padding=(0, 2), use_bias=False),
            x2,
            rng,
        ),
        case(
            "options",
            K.Conv2DTranspose(
                3,
                2,
                strides=2,
                activation="tanh",
                kernel_initializer="he_normal",
                bias_initializer="ones",
                kernel_regularizer=L1,
                bias_regularizer="l2",
                activity_regularizer=L1,
                kernel_constraint="non_neg",
                bias_constraint="non_neg",
            ),
            x2,
            rng,
        ),
        case("default", K.Conv3DTranspose(2, 2), x3, rng),
        case("same, strides", K.Conv3DTranspose(2, 3, strides=(1, 2, 2), padding="same"), x3, rng),
        case(
            "output padding",
            K.Conv3DTranspose(2, 2, strides=2, padding="same", output_padding=1, activation="relu"),
            x3,
            rng,
        ),
    ]


def depthwise(rng):
    x1, x2 = normal(rng, 2, 7, 3), normal(rng, 2, 5, 6, 3)
    return [
        case("default", K.DepthwiseConv1D(3), x1, rng),
        case("multiplier, strides", K.DepthwiseConv1D(3, 2, "same", depth_multiplier=2), x1, rng),
        case("dilated", K.DepthwiseConv1D(2, dilation_rate=3, activation="relu"), x1, rng),
        case("dilated, strides", K.DepthwiseConv1D(2, 2, "same", dilation_rate=2), x1, rng),
        case("channels first", K.DepthwiseConv1D(3, data_format=FIRST), normal(rng, 2, 3, 6), rng),
        case("default", K.DepthwiseConv2D(3), x2, rng),
        case("same, strides", K.DepthwiseConv2D((3, 2), 2, "same", activation="relu6"), x2, rng),
        case("multiplier", K.DepthwiseConv2D(2, depth_multiplier=3, activation="tanh"), x2, rng),
        case("dilated", K.DepthwiseConv2D(3, dilation_rate=2, padding="same"), x2, rng),
        case("dilated, strides", K.DepthwiseConv2D(2, 2, dilation_rate=3), x2, rng),
        case("channels first", K.DepthwiseConv2D(2, data_format=FIRST), normal(rng, 2, 3, 4, 3), rng),
        case(
            "options",
            K.DepthwiseConv2D(
                2,
                depth_multiplier=2,
                depthwise_initializer="he_normal",
                bias_initializer="ones",
                depthwise_regularizer=L1,
                bias_regularizer="l2",
                activity_regularizer=L1,
                depthwise_constraint="non_neg",
                bias_constraint="non_neg",
            ),
            x2,
            rng,
        ),
        case("no bias", K.DepthwiseConv2D(2, use_bias=False), x2, rng),
    ]


def separable(rng):
    x1, x2 = normal(rng, 2, 7, 3), normal(rng, 2, 5, 4, 2)
    return [
        case("default", K.SeparableConv1D(4, 3), x1, rng),
        case("same, strides", K.SeparableConv1D(4, 3, 2, "same", depth_multiplier=2), x1, rng),
        case("dilated", K.SeparableConv1D(4, 2, dilation_rate=3, activation="relu"), x1, rng),
        case("channels first", K.SeparableConv1D(4, 3, data_format=FIRST), normal(rng, 2, 3, 5), rng),
        case("default", K.SeparableConv2D(3, 3), x2, rng),
        case("same, strides", K.SeparableConv2D(3, (3, 2), 2, "same", activation="tanh"), x2, rng),
        case("dilated", K.SeparableConv2D(3, 2, dilation_rate=(3, 2), use_bias=False), x2, rng),
        case("channels first", K.SeparableConv2D(3, 2, data_format=FIRST), normal(rng, 2, 2, 4, 3), rng),
        case(
            "options",
            K.SeparableConv2D(
                3,
                2,
                depth_multiplier=2,
                activation="sigmoid",
                depthwise_initializer="he_normal",
                pointwise_initializer="orthogonal",
                bias_initializer="ones",
                depthwise_regularizer=L1,
                pointwise_regularizer="l2",
                bias_regularizer=L2,
                activity_regularizer=L1,
                depthwise_constraint="non_neg",
                pointwise_constraint="max_norm",
                bias_constraint="non_neg",
            ),
            x2,
            rng,
        ),
    ]


def wrapped(rng):
    x = normal(rng, 2, 3, 4, 4, 2)
    return [
        case("conv", K.TimeDistributed(K.Conv2D(3, 2, activation="relu")), x, rng),
        case("conv, mask", K.TimeDistributed(K.Conv2D(3, 3, strides=2)), x, rng, [flags(rng, 2, 3)]),
        case("separable", K.TimeDistributed(K.SeparableConv2D(3, 3, padding="same")), x, rng),
        case(
            "conv",
            K.SpectralNormalization(K.Conv2D(3, 2, use_bias=False)),
            normal(rng, 2, 4, 4, 2),
            rng,
        ),
    ]


def cases():
    rng = np.random.default_rng(41)
    return convs(rng) + transposed(rng) + depthwise(rng) + separable(rng) + wrapped(rng)
