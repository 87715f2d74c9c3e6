"""PyTorch: `torch_contestant.py THREADS eager|compile`. Data in memory, shuffled indices, the fused
optimizers; `compile` passes model and loss through torch.compile."""

import sys

from serve import serve, synthetic_data

THREADS, VARIANT = int(sys.argv[1]), sys.argv[2]

import torch  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(THREADS)


def perceptron(workload):
    widths = [workload["features"], *workload["hidden"]]
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
        if workload["dropout"] > 0:
            layers.append(nn.Dropout(workload["dropout"]))
    return nn.Sequential(*layers, nn.Linear(widths[-1], workload["outputs"]))


def training(workload):
    x, y = map(torch.from_numpy, synthetic_data(workload))
    y = y if workload["loss"] == "mse" else y.long()
    model = perceptron(workload)
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
    x = torch.from_numpy(synthetic_data(workload)[0])
    model = nn.Sequential(perceptron(workload), nn.Softmax(-1)).eval()
    if VARIANT == "compile":
        model = torch.compile(model)

    def epochs(count):
        with torch.inference_mode():
            for _ in range(count):
                for batch in x.split(workload["batchSize"]):
                    model(batch)

    return epochs


serve(lambda workload: (training if workload["mode"] == "train" else prediction)(workload))
