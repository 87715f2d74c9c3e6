"""PyTorch: `torch_contestant.py THREADS eager|compile`. Data in memory, shuffled indices, the fused
optimizers; `compile` passes model and loss through torch.compile."""

import sys

from serve import serve, synthetic_data

THREADS, VARIANT = int(sys.argv[1]), sys.argv[2]

import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(THREADS)


def same(size, kernel, stride):
    """TensorFlow's padding, before and after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Residual(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Builder:
    """Modules from layers as data; `shape` is that of a sample on the way, channels first."""

    def __init__(self, shape):
        self.shape = shape

    def sequence(self, layers):
        return nn.Sequential(*(module for layer in layers for module in self.modules(layer)))

    def windows(self, kernel, stride, padding):
        """Zero padding as a module, where it isn't symmetric, or as an argument."""
        channels, *sizes = self.shape
        pads = [same(n, kernel, stride) if padding == "same" else (0, 0) for n in sizes]
        self.shape = [channels, *((n + sum(pad) - kernel) // stride + 1 for n, pad in zip(sizes, pads))]
        (top, bottom), (left, right) = pads
        if top == bottom and left == right:
            return [], (top, left)
        return [(left, right, top, bottom)], 0

    def modules(self, layer):
        kind = layer["type"]
        if kind in ("conv", "depthwise"):
            pads, padding = self.windows(layer["kernel"], layer["stride"], layer["padding"])
            fan_in = self.shape[0]
            self.shape[0] = layer.get("filters", fan_in)
            conv = nn.Conv2d(
                fan_in,
                self.shape[0],
                layer["kernel"],
                layer["stride"],
                padding,
                groups=1 if kind == "conv" else fan_in,
                bias=layer.get("bias", False),
            )
            relu = [nn.ReLU()] if layer.get("activation") == "relu" else []
            return [*map(nn.ZeroPad2d, pads), conv, *relu]
        if kind == "maxPool":
            pads, padding = self.windows(layer["size"], layer["stride"], layer["padding"])
            inside = [nn.ConstantPad2d(pad, float("-inf")) for pad in pads]
            return [*inside, nn.MaxPool2d(layer["size"], layer["stride"], padding)]
        if kind == "dense":
            fan_in, self.shape = self.shape[-1], [layer["units"]]
            relu = [nn.ReLU()] if layer.get("activation") == "relu" else []
            return [nn.Linear(fan_in, layer["units"]), *relu]
        if kind == "residual":
            before = list(self.shape)
            body, after = self.sequence(layer["body"]), self.shape
            self.shape = before
            shortcut = self.sequence(layer["shortcut"])
            self.shape = after
            return [Residual(body, shortcut)]
        if kind in ("flatten", "globalAverage"):
            size = 1
            for n in self.shape if kind == "flatten" else self.shape[:1]:
                size *= n
            self.shape = [size]
            return [nn.Flatten()] if kind == "flatten" else [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        if kind == "activation":
            return [{"relu": nn.ReLU, "relu6": nn.ReLU6, "softmax": lambda: nn.Softmax(-1)}[layer["name"]]()]
        if kind == "batchNorm":
            return [nn.BatchNorm2d(self.shape[0], 1e-3, 0.01)]
        if kind == "dropout":
            return [nn.Dropout(layer["rate"])]
        raise ValueError(f"no {kind} here")


def network(workload, logits):
    layers = [layer for layer in workload["layers"] if layer["type"] != "rescale"]
    if logits and layers[-1] == {"type": "activation", "name": "softmax"}:
        layers = layers[:-1]
    *sizes, channels = workload["input"]
    model = Builder([channels, *sizes]).sequence(layers)
    return model.to(memory_format=torch.channels_last) if sizes else model


def features(workload):
    """Samples as torch has them: images in memory as channels last, with the axes of channels first."""
    x = torch.from_numpy(synthetic_data(workload)[0])
    return x.permute(0, 3, 1, 2) if len(workload["input"]) == 3 else x


def training(workload):
    x, y = features(workload), torch.from_numpy(synthetic_data(workload)[1])
    y = y if workload["loss"] == "mse" else y.long()
    model = network(workload, logits=True)
    criterion = nn.MSELoss() if workload["loss"] == "mse" else nn.CrossEntropyLoss()
    optimizer = (
        torch.optim.Adam(model.parameters(), 1e-3, fused=True)
        if workload["optimizer"] == "adam"
        else torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9, fused=True)
    )
    scale = workload["dtype"] == "uint8"

    def loss_of(x, y):
        return criterion(model(x.float() / 255 if scale else x), y)

    if VARIANT == "compile":
        loss_of = torch.compile(loss_of)

    def epochs(count):
        for _ in range(count):
            for rows in torch.randperm(len(x)).split(workload["batchSize"]):
                optimizer.zero_grad(set_to_none=True)
                loss_of(x.index_select(0, rows), y.index_select(0, rows)).backward()
                optimizer.step()

    return epochs


def prediction(workload):
    x = features(workload)
    model = network(workload, logits=False).eval()
    if VARIANT == "compile":
        model = torch.compile(model)

    def epochs(count):
        with torch.inference_mode():
            for _ in range(count):
                for batch in x.split(workload["batchSize"]):
                    model(batch)

    return epochs


serve(lambda workload: (training if workload["mode"] == "train" else prediction)(workload))
