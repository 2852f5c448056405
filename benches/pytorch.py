"""The same work as `speed.rs` in PyTorch: forward pass and CLEAR of all classes of retina-dr, in milliseconds.

    python3 benches/pytorch.py models/retina-dr/weights.safetensors
"""
import statistics, sys, time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

w = load_file(sys.argv[1])
STRIDES = {"stem": 2, "blocks.1.depth": 2, "blocks.3.depth": 2, "blocks.5.depth": 2}
blocks = sorted({int(k.split(".")[1]) for k in w if k.startswith("blocks.")})


def folded(name):
    """Weight with its normalisation folded in, bias, stride, padding and groups."""
    weight = w[f"{name}.conv.weight"]
    g, b, m, v = (w[f"{name}.norm.{p}"] for p in ("weight", "bias", "running_mean", "running_var"))
    scale = g / torch.sqrt(v + 1e-3)
    groups = weight.shape[0] if ".depth" in name else 1
    return weight * scale[:, None, None, None], b - m * scale, STRIDES.get(name, 1), weight.shape[-1] // 2, groups


names = ["stem", *(f"blocks.{n}.{part}" for n in blocks for part in ("expand", "depth", "project") if f"blocks.{n}.{part}.conv.weight" in w), "head"]
layers = {name: folded(name) for name in names}
last = w["classes.weight"]


@torch.inference_mode()
def forward(x):
    traces, skip = {}, None
    for name in names:
        weight, bias, stride, padding, groups = layers[name]
        before = x
        if ".expand" in name or name == "blocks.0.depth":
            skip = x
        x = F.conv2d(x, weight, bias, stride, padding, groups=groups)
        if ".project" not in name:
            x = F.relu(x)
        adds = ".project" in name and skip.shape == x.shape
        traces[name] = (x if ".project" not in name else None, before.shape[-2:], adds)
        if adds:
            x = x + skip
    return F.relu(F.conv2d(x, last, w["classes.bias"])), traces


@torch.inference_mode()
def clear(maps, traces, rule):
    x = F.conv_transpose2d(torch.diag_embed(maps[0].permute(1, 2, 0)).permute(2, 3, 0, 1).contiguous(), last)
    skip = None
    for name in reversed(names):
        kept, size, adds = traces[name]
        if ".project" in name:
            skip = x if adds else None
        elif rule in ("deconvnet", "guided"):
            x = F.relu(x)
        if kept is not None and rule in ("gated", "guided"):
            x = x * (kept > 0)
        weight, _, stride, padding, groups = layers[name]
        weight = weight.sum(1, keepdim=True) if name == "stem" else weight
        lost = [s - ((h - 1) * stride - 2 * padding + weight.shape[-1]) for s, h in zip(size, x.shape[-2:])]
        x = F.conv_transpose2d(x, weight, stride=stride, padding=padding, output_padding=lost, groups=groups)
        if skip is not None and (".expand" in name or name == "blocks.0.depth"):
            x, skip = x + skip, None
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
