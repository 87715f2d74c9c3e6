"""Opens files that neurone saved, with real Keras, trains on, and saves them again.

    python scripts/keras-files.py FOLDER

FOLDER has exchange.json: `{ x, y, files }`, or `{ predict: [{ file, x, dtype }] }` for files that are only asked for
predictions and saved again. For each file, a line of JSON on stdout: what Keras predicts, and for
a .keras file its losses as it trains on, the files that it then wrote, and its losses after that.
"""

import json
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
import numpy as np  # noqa: E402


def exchange(folder, file, x, y):
    model = keras.models.load_model(folder / file)
    steps = int(model.optimizer.iterations)
    predictions = model.predict(x, verbose=0)
    opened = {"file": file, "steps": steps, "predictions": predictions.ravel().tolist()}
    # Keras 3.15 cannot train on with its own .h5 files: it builds their optimizer for no variables.
    if file.endswith(".h5"):
        return opened

    def train():
        history = model.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0)
        return history.history

    first = train()
    back = f"back-{file}"
    model.save(folder / back)
    weights = f"back-{file.rsplit('.', 1)[0]}.weights.h5"
    model.save_weights(folder / weights)
    after = model.predict(x, verbose=0)
    return {
        **opened,
        "first": first,
        "back": back,
        "weights": weights,
        "after": after.ravel().tolist(),
        "second": train(),
    }


def predict(folder, file, x, dtype):
    """What Keras predicts with a file, and the file as Keras writes it."""
    model = keras.models.load_model(folder / file)
    predictions = model.predict(np.array(x, dtype), verbose=0)
    back = f"back-{file}"
    model.save(folder / back)
    return {"file": file, "predictions": predictions.ravel().tolist(), "back": back}


def main():
    folder = pathlib.Path(sys.argv[1])
    given = json.loads((folder / "exchange.json").read_text())
    for one in given.get("predict", []):
        print(json.dumps(predict(folder, **one)), flush=True)
    if "files" not in given:
        return
    x = np.array(given["x"], "float32")
    y = np.array(given["y"], "int32")
    for file in given["files"]:
        print(json.dumps(exchange(folder, file, x, y)), flush=True)


main()
