"""Prints what TensorBoard's own reader finds in a folder of event files, as JSON.

    .venv/bin/python scripts/read-events.py FOLDER

{run: {tensors: [{tag, plugin, steps, shape, values}], nodes: [{name, op, inputs}], layers: [name]}}; values
are those of the last step, images as [width, height] of each decoded PNG.
"""

import io
import json
import pathlib
import sys

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.graph import keras_util
from tensorboard.util import tensor_util


def values(plugin, array):
    if plugin == "images":
        return [Image.open(io.BytesIO(png)).size for png in array[2:]]
    if plugin == "graph_keras_model":
        return [node.name for node in keras_util.keras_model_to_graph_def(json.loads(array.item())).node]
    return array.ravel().tolist()


def read(folder):
    reader = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    reader.Reload()
    tensors = []
    for tag in sorted(reader.Tags()["tensors"]):
        plugin = reader.SummaryMetadata(tag).plugin_data.plugin_name
        events = reader.Tensors(tag)
        array = tensor_util.make_ndarray(events[-1].tensor_proto)
        steps = [event.step for event in events]
        found = {"tag": tag, "plugin": plugin, "steps": steps, "shape": list(array.shape)}
        tensors.append({**found, "values": values(plugin, array)})
    graph = reader.Graph().node if reader.Tags()["graph"] else []
    nodes = [{"name": node.name, "op": node.op, "inputs": list(node.input)} for node in graph]
    return {"tensors": tensors, "nodes": nodes}


root = pathlib.Path(sys.argv[1])
print(json.dumps({folder.name: read(folder) for folder in sorted(root.iterdir())}))
