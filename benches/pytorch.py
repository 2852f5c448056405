"""The same work as `speed.rs` in PyTorch: forward pass and CLEAR of all classes of retina-dr, in milliseconds.

    python3 benches/pytorch.py models/retina-dr/weights.safetensors
"""
import statistics, sys, time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

w = load_file(sys.argv[1])
indices = sorted({int(k.split(".")[1]) for k in w})
layers = []
for i in range(indices[-1] + 1):
    if i not in indices:
        layers.append(None)
        continue
    weight = w[f"layers.{i}.weight"]
    if f"layers.{i}.norm.weight" in w:
        g, b, m, v = (w[f"layers.{i}.norm.{p}"] for p in ("weight", "bias", "running_mean", "running_var"))
        scale = g / torch.sqrt(v + 1e-5)
        layers.append((weight * scale[:, None, None, None], b - m * scale, 2 if i == 0 else 1))
    else:
        layers.append((weight, w[f"layers.{i}.bias"], 1))


@torch.inference_mode()
def forward(x):
    traces = []
    for layer in layers[:-1]:
        size = x.shape[-2:]
        if layer is None:
            x, kept = F.max_pool2d(x, 2, return_indices=True)
        else:
            x = F.relu(F.conv2d(x, layer[0], layer[1], layer[2], 1))
            kept = x
        traces.append((kept, size))
    maps = F.relu(F.conv2d(x, layers[-1][0]))
    return maps, traces


@torch.inference_mode()
def clear(maps, traces, rule):
    x = F.conv_transpose2d(torch.diag_embed(maps[0].permute(1, 2, 0)).permute(2, 3, 0, 1).contiguous(), layers[-1][0])
    for n in range(len(layers) - 2, -1, -1):
        kept, size = traces[n]
        if layers[n] is None:
            x = F.max_unpool2d(x, kept.expand(x.shape[0], -1, -1, -1), 2, output_size=size)
            continue
        if rule in ("deconvnet", "guided"):
            x = F.relu(x)
        if rule in ("gated", "guided"):
            x = x * (kept > 0)
        weight, _, stride = layers[n]
        weight = weight.sum(1, keepdim=True) if n == 0 else weight
        x = F.conv_transpose2d(x, weight, stride=stride, padding=1, output_padding=stride - 1)
    return x


def median_ms(work, rounds=15):
    times = []
    for i in range(rounds + 2):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times[2:])


x = torch.randn(1, 3, 512, 512)
maps, traces = forward(x)
print("forward", median_ms(lambda: forward(x)))
for rule in ("linear", "deconvnet", "gated", "guided"):
    print(rule, median_ms(lambda: clear(maps, traces, rule)))
print(f"(PyTorch {torch.__version__}, {torch.get_num_threads()} threads)")
