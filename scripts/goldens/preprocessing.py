"""Preprocessing layers: what they compute of numbers and strings, given or after adapt(), their configs
and vocabularies; and the hashes of strings of every length that FarmHash treats differently."""

import keras
import numpy as np
import tensorflow as tf

from .encode import array, config

K = keras.layers


def plain(values):
    """Strings or numbers as nested lists."""
    if isinstance(values, (list, tuple)):
        return [plain(v) for v in values]
    if hasattr(values, "numpy"):
        values = values.numpy()
    out = np.asarray(values).tolist()

    def text(v):
        return [text(w) for w in v] if isinstance(v, list) else (v.decode() if isinstance(v, bytes) else v)

    return text(out)


def output(y):
    y = y.numpy() if hasattr(y, "numpy") else np.asarray(y)
    return {"strings": plain(y)} if y.dtype.kind in "OS" else {"y": array(y)}


def case(label, make, x, adapt=None, batches=None, weights=None):
    """A layer, what it was adapted to (whole, or in batches), and what it gives for x."""
    layer = make()
    out = {"label": label, **config(layer), "x": plain(x)}
    if adapt is not None:
        out["adapt"] = plain(adapt)
        layer.adapt(adapt)
    if batches is not None:
        out["batches"] = [plain(b) for b in batches]
        layer.adapt(iter(batches))
    if weights is not None:
        out["count_weights"] = plain(weights)
        out.update(output(layer(x, count_weights=weights)))
    else:
        out.update(output(layer(x)))
    if isinstance(layer, (K.StringLookup, K.IntegerLookup)):
        out["vocabulary"] = plain(layer.get_vocabulary())
        out["vocabulary_size"] = int(layer.vocabulary_size())
    out["used_config"] = layer.get_config()
    if isinstance(layer, K.Normalization):
        out["weights"] = [array(w) for w in layer.get_weights()]
        out["weight_names"] = [w.name for w in layer.weights]
    return out


def normalization_cases(rng):
    x = rng.normal(3, 2, (6, 4)).astype("float32")
    y = rng.normal(1, 2, (2, 4)).astype("float32")
    x3 = rng.normal(0, 1, (3, 2, 4)).astype("float32")
    constant = np.array([[1, 2], [1, 5]], "float32")
    n = iter(range(100))

    def make(*args, **kwargs):
        name = f"norm_{next(n)}"
        return lambda: K.Normalization(*args, name=name, **kwargs)

    return [
        case("default", make(), y, adapt=x),
        case("axis None", make(axis=None), y, adapt=x),
        case("axis 1", make(axis=1), x3, adapt=x3),
        case("two axes", make(axis=[2, 1]), x3, adapt=x3),
        case("invert", make(invert=True), y, adapt=x),
        case("no variance", make(), constant, adapt=constant),
        case("batches", make(), y, batches=[x[:1], x[1:4], x[4:]]),
        case("given", make(mean=3.0, variance=2.0), y),
        case("given for each", make(mean=[1.0, 2, 3, 4], variance=[1.0, 4, 9, 0]), y),
        case("given, inverted", make(mean=3.0, variance=2.0, invert=True), y),
        case("given, two axes", make(axis=[1, 2], mean=[1.0, 2, 3, 4], variance=[1.0, 2, 2, 1]), x3),
    ]


def discretization_cases(rng):
    x = np.array([[-1.5, 1.0, 3.4, 0.5], [0.0, 3.0, 1.3, 0.0]], "float32")
    data = rng.normal(0, 1, 500).astype("float32")
    n = iter(range(100))

    def make(*args, **kwargs):
        name = f"bins_{next(n)}"
        return lambda: K.Discretization(*args, name=name, **kwargs)

    bins = [0.0, 1.0, 2.0]
    return [
        case("int", make(bins), x),
        case("one_hot", make(bins, output_mode="one_hot"), x),
        case("one_hot, one column", make(bins, output_mode="one_hot"), x[:, :1]),
        case("multi_hot", make(bins, output_mode="multi_hot"), x),
        case("count", make(bins, output_mode="count"), x),
        case("count, rank 1", make(bins, output_mode="count"), x[0]),
        case("rank 3", make(bins, output_mode="count"), x.reshape(2, 2, 2)),
        case("few", make(num_bins=4), x, adapt=x),
        case("many", make(num_bins=5, epsilon=0.01), x, adapt=data),
        case("coarse", make(num_bins=7, epsilon=0.1), x, adapt=data),
        case("batches", make(num_bins=10, epsilon=0.02), x, batches=[data[:150], data[150:170], data[170:]]),
    ]


def category_cases():
    n = iter(range(100))

    def make(*args, **kwargs):
        name = f"category_{next(n)}"
        return lambda: K.CategoryEncoding(*args, name=name, **kwargs)

    x = np.array([[0, 1], [0, 0], [1, 2], [3, 1]])
    w = np.array([[0.1, 0.2], [0.1, 0.1], [0.2, 0.3], [0.4, 0.2]], "float32")
    return [
        case("default", make(num_tokens=4), x),
        case("one_hot", make(4, output_mode="one_hot"), np.array([3, 2, 0, 1])),
        case("one_hot, one column", make(4, output_mode="one_hot"), x[:, :1]),
        case("one_hot, rank 2", make(4, output_mode="one_hot"), x),
        case("count", make(4, output_mode="count"), x),
        case("weights", make(4, output_mode="count"), x, weights=w),
        case("rank 1", make(4), x[2]),
        case("rank 3", make(4, output_mode="count"), x.reshape(2, 2, 2)),
        case("too large", make(3, output_mode="one_hot"), np.array([0, 2, 3, 7])),
    ]


def hashing_cases():
    n = iter(range(100))

    def make(*args, **kwargs):
        name = f"hashing_{next(n)}"
        return lambda: K.Hashing(*args, name=name, **kwargs)

    letters = [["A"], ["B"], ["C"], ["D"], ["E"]]
    text = "the quick brown fox jumps over the lazy dog and goes on, for the hash has many cases. " * 4
    lengths = [text[:i] for i in [*range(0, 70), 95, 96, 97, 127, 128, 129, 191, 192, 193, 250]]
    ints = np.array([[0, 1, -1], [2147483647, -2147483648, 12345]])
    return [
        case("letters", make(3), letters),
        case("lengths", make(2**31 - 1), lengths),
        case("lengths, salt", make(2**31 - 1, salt=133), lengths),
        case("accents", make(1000), ["é", "日本語", "😀", ""]),
        case("mask", make(3, mask_value=""), [["A"], ["B"], [""], ["C"], ["D"]]),
        case("two salts", make(3, salt=[133, 137]), letters),
        case("integers", make(1000), ints),
        case("integers, mask", make(50, mask_value=0), ints),
        case("integers, salt", make(1000, salt=[7, 2**40]), ints),
        case("one_hot", make(3, output_mode="one_hot"), letters),
        case("multi_hot", make(4, output_mode="multi_hot"), [["A", "B"], ["C", "C"]]),
        case("count", make(4, output_mode="count"), [["A", "B"], ["C", "C"]]),
        case("one bin, mask", make(1, mask_value="A"), letters),
    ]


def string_cases():
    n = iter(range(100))

    def make(*args, **kwargs):
        name = f"strings_{next(n)}"
        return lambda: K.StringLookup(*args, name=name, **kwargs)

    vocabulary = ["a", "b", "c", "d"]
    x = [["a", "c", "d", "d"], ["d", "z", "b", "z"]]
    data = [["a", "b", "b"], ["c", "b", "d"], ["d", "a", "ä"]]
    idf = [0.25, 0.75, 0.6, 0.4]
    return [
        case("int", make(vocabulary=vocabulary), x),
        case("rank 0", make(vocabulary=vocabulary), "b"),
        case("mask", make(vocabulary=vocabulary, mask_token="z"), x),
        case("mask in front", make(vocabulary=["", "[UNK]", "a"], mask_token=""), [["", "a", "b"]]),
        case("special first", make(vocabulary=["[UNK]", *vocabulary]), x),
        case("own oov", make(vocabulary=["a", "oov"], oov_token="oov"), [["oov", "a", "q"]]),
        case("3 oov", make(vocabulary=vocabulary, num_oov_indices=3), [["a", "x", "y", "z", "w"]]),
        case("3 oov, salt", make(vocabulary=vocabulary, num_oov_indices=3, salt=5), [["a", "x", "y", "z", "w"]]),
        case("no oov", make(vocabulary=vocabulary, num_oov_indices=0), [["a", "d"]]),
        case("one_hot", make(vocabulary=vocabulary, output_mode="one_hot"), x),
        case("one_hot, column", make(vocabulary=vocabulary, output_mode="one_hot"), [["a"], ["z"]]),
        case("multi_hot", make(vocabulary=vocabulary, output_mode="multi_hot"), x),
        case("multi_hot, mask", make(vocabulary=vocabulary, output_mode="multi_hot", mask_token="z"), x),
        case("count", make(vocabulary=vocabulary, output_mode="count"), x),
        case(
            "count, padded",
            make(8, vocabulary=vocabulary, output_mode="count", pad_to_max_tokens=True),
            x,
        ),
        case("tf_idf", make(vocabulary=vocabulary, output_mode="tf_idf", idf_weights=idf), x),
        case(
            "tf_idf, special",
            make(vocabulary=["[UNK]", *vocabulary], output_mode="tf_idf", idf_weights=[0.9, *idf]),
            x,
        ),
        case(
            "tf_idf, padded",
            make(7, vocabulary=vocabulary, output_mode="tf_idf", idf_weights=idf, pad_to_max_tokens=True),
            x,
        ),
        case("invert", make(vocabulary=vocabulary, invert=True), [[1, 3, 4], [4, 0, 9]]),
        case("invert, mask", make(vocabulary=vocabulary, invert=True, mask_token="m"), [[1, 0, 2], [4, 5, 6]]),
        case("adapted", make(), x, adapt=data),
        case("adapted, 4 tokens", make(4), x, adapt=data),
        case("adapted, mask", make(mask_token="b"), x, adapt=data),
        case("adapted, rank 1", make(output_mode="tf_idf"), [["b", "z"]], adapt=["b", "a", "b"]),
        case("adapted, tf_idf", make(output_mode="tf_idf"), x, adapt=data),
        case("adapted, tf_idf, padded", make(9, output_mode="tf_idf", pad_to_max_tokens=True), x, adapt=data),
        case(
            "adapted in batches",
            make(output_mode="tf_idf"),
            x,
            batches=[tf.constant(data[:2]), tf.constant(data[2:]), tf.constant(["a", "q"])],
        ),
        case("adapted, invert", make(invert=True), [[0, 1, 2]], adapt=data),
    ]


def integer_cases():
    n = iter(range(100))

    def make(*args, **kwargs):
        name = f"integers_{next(n)}"
        return lambda: K.IntegerLookup(*args, name=name, **kwargs)

    vocabulary = [12, 36, 1138, 42, -5]
    x = np.array([[12, 1138, 42, 42], [42, 1000, 36, -5]])
    data = np.array([[12, 1138, 42], [42, 1000, 36]])
    idf = [0.25, 0.75, 0.6, 0.4, 1.5]
    return [
        case("int", make(vocabulary=vocabulary), x),
        case("mask", make(vocabulary=vocabulary, mask_token=0), np.array([[0, 12], [7, 36]])),
        case("2 oov", make(vocabulary=vocabulary, num_oov_indices=2), np.array([[12, 37, 1000, -3]])),
        case(
            "farmhash",
            make(vocabulary=[10, 20, 30], num_oov_indices=4, oov_method="farmhash"),
            np.array([100, 300, 700, 1100, 1700, 2000]),
        ),
        case(
            "farmhash, salt",
            make(vocabulary=[10, 20, 30], num_oov_indices=4, oov_method="farmhash", salt=[3, 4]),
            np.array([100, 300, 10, 1100, 1700, 2000]),
        ),
        case("no oov", make(vocabulary=vocabulary, num_oov_indices=0), x[:1]),
        case("one_hot", make(vocabulary=vocabulary, output_mode="one_hot"), x[:, :1]),
        case("multi_hot", make(vocabulary=vocabulary, output_mode="multi_hot"), x),
        case("count, mask", make(vocabulary=vocabulary, output_mode="count", mask_token=1000), x),
        case("rank 3", make(vocabulary=vocabulary, output_mode="multi_hot"), x.reshape(2, 2, 2)),
        case("tf_idf", make(vocabulary=vocabulary, output_mode="tf_idf", idf_weights=idf), x),
        case("invert", make(vocabulary=vocabulary, invert=True), np.array([[1, 3, 4], [4, 0, 9]])),
        case("invert, mask", make(vocabulary=vocabulary, invert=True, mask_token=0), np.array([[1, 0, 2, 3]])),
        case("adapted", make(), x, adapt=data),
        case("adapted, 3 tokens", make(3, output_mode="count"), x, adapt=data),
        case("special first", make(vocabulary=[-1, 7, 8]), np.array([[-1, 8, 9]])),
    ]


def cases():
    rng = np.random.default_rng(41)
    return [
        *normalization_cases(rng),
        *discretization_cases(rng),
        *category_cases(),
        *hashing_cases(),
        *string_cases(),
        *integer_cases(),
    ]
