"""Writes a multilayer perceptron of a workload (JSON in the first argument) to an ONNX file (the second)."""

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

workload, path = json.loads(sys.argv[1]), sys.argv[2]
widths = [workload["features"], *workload["hidden"], workload["outputs"]]
generator = np.random.default_rng(1)
nodes, weights, name = [], [], "x"
for layer, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
    limit = (6 / (fan_in + fan_out)) ** 0.5
    kernel = generator.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32)
    weights.append(numpy_helper.from_array(kernel, f"w{layer}"))
    weights.append(numpy_helper.from_array(np.zeros(fan_out, np.float32), f"b{layer}"))
    nodes.append(helper.make_node("Gemm", [name, f"w{layer}", f"b{layer}"], [f"z{layer}"]))
    last = layer == len(widths) - 2
    name = "y" if last else f"a{layer}"
    nodes.append(helper.make_node("Softmax" if last else "Relu", [f"z{layer}"], [name]))
inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", widths[0]])]
outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", widths[-1]])]
graph = helper.make_graph(nodes, "perceptron", inputs, outputs, weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
onnx.checker.check_model(model)
onnx.save(model, path)
