"""Writes the network of a workload (JSON in the first argument) to an ONNX file (the second), channels
first, as ONNX has it."""

import json
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Writer:
    """Nodes and weights; `shape` is that of a sample on the way."""

    def __init__(self, shape):
        self.shape = shape
        self.nodes, self.weights = [], []
        self.generator = np.random.default_rng(1)

    def weight(self, shape, limit=1.0):
        name = f"w{len(self.weights)}"
        values = self.generator.uniform(-limit, limit, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def node(self, kind, inputs, **attributes):
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def sequence(self, layers, x):
        for layer in layers:
            x = self.layer(layer, x)
        return x

    def activated(self, layer, x):
        return self.node("Relu", [x]) if layer.get("activation") == "relu" else x

    def windows(self, kernel, layer):
        stride, sizes = layer["stride"], self.shape[1:]
        same = layer["padding"] == "same"
        self.shape = [self.shape[0], *(-(-(n if same else n - kernel + 1) // stride) for n in sizes)]
        return {
            "kernel_shape": [kernel, kernel],
            "strides": [stride, stride],
            "auto_pad": "SAME_UPPER" if same else "VALID",
        }

    def layer(self, layer, x):
        kind = layer["type"]
        if kind in ("conv", "depthwise"):
            kernel, fan_in = layer["kernel"], self.shape[0]
            attributes = self.windows(kernel, layer)
            filters = self.shape[0] = layer.get("filters", fan_in)
            groups = 1 if kind == "conv" else fan_in
            depth = fan_in // groups * kernel**2
            w = self.weight((filters, fan_in // groups, kernel, kernel), (6 / depth) ** 0.5)
            bias = [self.weight((filters,))] if layer.get("bias") else []
            return self.activated(layer, self.node("Conv", [x, w, *bias], group=groups, **attributes))
        if kind == "maxPool":
            return self.node("MaxPool", [x], **self.windows(layer["size"], layer))
        if kind == "dense":
            fan_in, self.shape = self.shape[-1], [layer["units"]]
            w = self.weight((fan_in, layer["units"]), (6 / (fan_in + layer["units"])) ** 0.5)
            return self.activated(layer, self.node("Gemm", [x, w, self.weight((layer["units"],))]))
        if kind == "residual":
            before = list(self.shape)
            body = self.sequence(layer["body"], x)
            self.shape = before
            return self.node("Add", [body, self.sequence(layer["shortcut"], x)])
        if kind == "batchNorm":
            shape = (self.shape[0],)
            moments = [self.weight(shape, 0.1), numpy_helper.from_array(np.ones(shape, np.float32))]
            moments[1].name = f"w{len(self.weights)}"
            self.weights.append(moments[1])
            affine = [self.weight(shape), self.weight(shape)]
            names = [x, *affine, moments[0], moments[1].name]
            return self.node("BatchNormalization", names, epsilon=1e-3)
        if kind == "globalAverage":
            self.shape = self.shape[:1]
            return self.node("Flatten", [self.node("GlobalAveragePool", [x])])
        if kind == "flatten":
            self.shape = [int(np.prod(self.shape))]
            return self.node("Flatten", [x])
        if kind == "activation" and layer["name"] == "relu6":
            return self.node("Clip", [x, *self.limits()])
        if kind == "activation":
            return self.node({"relu": "Relu", "softmax": "Softmax"}[layer["name"]], [x])
        if kind == "dropout":
            return x
        raise ValueError(f"no {kind} here")

    def limits(self):
        for name, value in (("zero", 0), ("six", 6)):
            if all(weight.name != name for weight in self.weights):
                self.weights.append(numpy_helper.from_array(np.float32(value), name))
        return "zero", "six"


workload, path = json.loads(sys.argv[1]), sys.argv[2]
*sizes, channels = workload["input"]
shape = [channels, *sizes]
writer = Writer(list(shape))
writer.nodes.append(helper.make_node("Identity", [writer.sequence(workload["layers"], "x")], ["y"]))
inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", *shape])]
outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", workload["outputs"]])]
graph = helper.make_graph(writer.nodes, "network", inputs, outputs, writer.weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
onnx.checker.check_model(model)
onnx.save(model, path)
