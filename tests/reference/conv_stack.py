"""Writes `conv_stack.npz`: what a small conv-stack with formula-made weights gives in PyTorch.

    pip install torch numpy && python3 tests/reference/conv_stack.py

The Rust tests make the same weights by the same formula (`tests/common/formula.rs`) and compare. Nothing of PyTorch is
needed to run them.
"""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

CLASSES, INPUT, EPSILON = 4, (3, 45, 38), 1e-5
# kind, channels, kernel, stride, norm: the sizes leave remainders at the strides and at the poolings on purpose
LAYERS = [("conv", 8, 3, 2, True), ("conv", 10, 5, 1, False), ("pool", 2), ("conv", 12, 3, 1, True), ("pool", 2), ("classes", 3)]


def formula(shape, seed):
    """Value i is sin(1.7 i + 3.1 seed) · cos(0.3 i − seed), computed in f64 and rounded to f32."""
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return torch.from_numpy((np.sin(1.7 * i + 3.1 * seed) * np.cos(0.3 * i - seed)).astype(np.float32).reshape(shape))


def weights():
    before, made = INPUT[0], []
    for n, layer in enumerate(LAYERS):
        if layer[0] == "pool":
            made.append(None)
            continue
        channels, kernel = (layer[1], layer[2]) if layer[0] == "conv" else (CLASSES, layer[1])
        w = dict(weight=formula((channels, before, kernel, kernel), 10 * n + 1) * 0.3)
        if layer[0] == "conv" and layer[4]:
            w["norm"] = [formula((channels,), 10 * n + k) for k in (2, 3, 4, 5)]
            w["norm"] = [1 + 0.5 * w["norm"][0], w["norm"][1], w["norm"][2], 1 + 0.5 * w["norm"][3]]
        else:
            w["bias"] = formula((channels,), 10 * n + 2)
        made.append(w)
        before = channels
    return made


def forward(x, made, relu):
    """Scores, class maps without bias, and per layer what the way back needs."""
    traces = []
    for layer, w in zip(LAYERS, made):
        size = x.shape[-2:]
        if layer[0] == "pool":
            x, switches = F.max_pool2d(x, layer[1], return_indices=True)
            traces.append((switches, size))
        elif layer[0] == "conv":
            x = F.conv2d(x, w["weight"], w.get("bias"), layer[3], layer[2] // 2)
            if layer[4]:
                gamma, beta, mean, variance = w["norm"]
                x = F.batch_norm(x, mean, variance, gamma, beta, False, 0.0, EPSILON)
            x = F.relu(x)
            traces.append((x > 0, size))
        else:
            maps = F.conv2d(x, w["weight"], None, 1, layer[1] // 2)
            maps = F.relu(maps) if relu else maps
            return maps.mean((2, 3))[0] + w["bias"], maps, traces


def back(maps, traces, made, rule, evidence="for"):
    """R before its magnitude is taken: G_1 U_1 … G_L^c z_L summed over the input channels, [classes, H, W].

    z_L is what speaks for a class, max(M_c, 0), or against it, min(M_c, 0).
    """
    maps = maps.clamp_min(0) if evidence == "for" else maps.clamp_max(0)
    kernel = LAYERS[-1][1]
    x = F.conv_transpose2d(torch.diag_embed(maps[0].permute(1, 2, 0)).permute(2, 3, 0, 1), made[-1]["weight"], padding=kernel // 2)
    for layer, w, (kept, size) in reversed(list(zip(LAYERS, made, traces))):
        if layer[0] == "pool":
            x = F.max_unpool2d(x, kept.expand(x.shape[0], -1, -1, -1), layer[1], output_size=size)
            continue
        if rule in ("deconvnet", "guided"):
            x = F.relu(x)
        if rule in ("gated", "guided"):
            x = x * kept
        weight = w["weight"]
        if layer[4]:
            weight = weight * (w["norm"][0] / torch.sqrt(w["norm"][3] + EPSILON))[:, None, None, None]
        _, k, s = layer[1:4]
        spare = [size[d] + 2 * (k // 2) - (x.shape[2 + d] - 1) * s - k for d in (0, 1)]
        x = F.conv_transpose2d(x, weight, stride=s, padding=k // 2, output_padding=spare)
    return x.sum(1)


if __name__ == "__main__":
    made, x = weights(), formula((1, *INPUT), 99)
    out = {}
    for relu, mark in ((True, "_relu"), (False, "")):
        scores, maps, traces = forward(x, made, relu)
        out.update({"scores" + mark: scores.numpy(), "cam" + mark: maps[0].numpy()})
        for rule in ("linear", "deconvnet", "gated", "guided"):
            out[rule + mark] = back(maps, traces, made, rule).numpy()
    out["against"] = back(maps, traces, made, "guided", "against").numpy()
    # The gated rule is the derivative of ½ Σ max(z_c, 0)² with respect to the input: a check that shares no code with `back`.
    for c in range(CLASSES):
        leaf = x.clone().requires_grad_()
        (0.5 * forward(leaf, made, False)[1][0, c].clamp_min(0).square().sum()).backward()
        assert np.allclose(leaf.grad.sum(1)[0].numpy(), out["gated"][c], rtol=1e-3, atol=1e-4), c
    np.savez(Path(__file__).with_suffix(".npz"), **out)
    print({k: (v.shape, float(np.abs(v).max())) for k, v in out.items()})
