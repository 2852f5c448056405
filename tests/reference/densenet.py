"""Writes `densenet.npz`: what torchvision's DenseNets with formula-made weights give in PyTorch.

    pip install torch torchvision numpy && python3 tests/reference/densenet.py

The Rust tests make the same weights by the same formula (`tests/common/formula.rs`) and compare. Nothing of PyTorch is
needed to run them. CLEAR's way back is PyTorch's own differentiation with another backward rule at every activation: a
gradient of Σ M_c·stop(M_c) goes back through batch norm as its scale, through concatenation and pooling as it should.
"""
import copy
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torchvision.models import DenseNet

RULES = ("linear", "deconvnet", "gated", "guided")
TINY = dict(growth_rate=4, block_config=(2, 3), num_init_features=6, bn_size=2, num_classes=3)
DENSENET121 = dict(growth_rate=32, block_config=(6, 12, 24, 16), num_init_features=64, bn_size=4, num_classes=14)
EVERY = 61  # of densenet121's responses


def noise(shape, seed):
    """Uniform in [-1, 1): a hash of 32-bit integers, the same in every language."""
    x = np.arange(int(np.prod(shape)), dtype=np.uint64) * 0x9E3779B1 + (seed + 1) * 0x85EBCA77 & 0xFFFFFFFF
    x ^= x >> np.uint64(15)
    x = x * 0x2C1B3C6D & 0xFFFFFFFF
    x ^= x >> np.uint64(12)
    x = x * 0x297A2D39 & 0xFFFFFFFF
    x ^= x >> np.uint64(15)
    return torch.from_numpy((x.astype(np.float64) / 2**31 - 1).astype(np.float32).reshape(tuple(shape)))


def filled(model):
    """Weights by the place of a tensor's name in the alphabet; some scales of normalisations are negative."""
    state = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    for seed, name in enumerate(sorted(state)):
        shape = state[name].shape
        value = noise(shape, seed)
        if len(shape) >= 2:
            value = value * np.float32(np.sqrt(6 / np.prod(shape[1:])))
        elif name.endswith("running_var"):
            value = 1 + 0.5 * value
        elif name.endswith(("bias", "running_mean")):
            value = 0.2 * value
        else:
            value = 0.6 + 0.8 * value
        state[name] = value
    model.load_state_dict(state, strict=False)
    return model.eval()


class Activated(torch.autograd.Function):
    """An activation whose way back is the rule's: `linear` lets all pass, `deconvnet` the positive part, `gated` multiplies
    with the derivative, `guided` does both."""

    @staticmethod
    def forward(ctx, x, function, rule):
        ctx.function, ctx.rule = function, rule
        ctx.save_for_backward(x)
        return function(x)

    @staticmethod
    def backward(ctx, signal):
        (x,) = ctx.saved_tensors
        if ctx.rule in ("deconvnet", "guided"):
            signal = signal.clamp_min(0)
        if ctx.rule in ("gated", "guided"):
            with torch.enable_grad():
                leaf = x.detach().requires_grad_()
                signal = signal * torch.autograd.grad(ctx.function(leaf).sum(), leaf)[0]
        return signal, None, None


ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.GELU, nn.Sigmoid, nn.Hardsigmoid)


class Rule(nn.Module):
    def __init__(self, function, rule):
        super().__init__()
        self.function, self.rule = function, rule

    def forward(self, x):
        return Activated.apply(x, self.function, self.rule)


def set_rule(module, rule):
    for name, child in module.named_children():
        if isinstance(child, Rule):
            child.rule = rule
        elif isinstance(child, ACTIVATIONS):
            child.inplace = False
            setattr(module, name, Rule(child, rule))
        else:
            set_rule(child, rule)


def responses(model, x, classes, rule):
    """The signed sum over the input channels of what comes back for each class: [classes, H, W]."""
    set_rule(model.features, rule)
    leaf = x.clone().requires_grad_()
    features = Activated.apply(model.features(leaf), torch.relu, rule)
    maps = torch.einsum("kf,fhw->khw", model.classifier.weight, features[0])
    one = lambda c: torch.autograd.grad(maps[c], leaf, maps[c].detach().clamp_min(0), retain_graph=True)[0].sum(1)[0]
    return torch.stack([one(c) for c in classes]), maps.detach()


def reference(mark, settings, size, classes, every, seed):
    model, x = filled(DenseNet(**settings)), noise((1, 3, *size), seed)
    out = {f"{mark}_scores": model(x)[0].detach().numpy()}
    for rule in RULES:
        response, maps = responses(model, x, classes, rule)
        out[f"{mark}_cam"] = maps.numpy()
        # A gate is a step: of a ReLU's input that is 0 but for rounding, f32 cannot say whether it passes. Over 30 seeds
        # PyTorch's own f32 and f64 differed by up to 5 % of the largest response for densenet121. Of 200 seeds the one
        # was taken whose inputs keep farthest from 0, and here f32 and f64 have to agree.
        exact, _ = responses(copy.deepcopy(model).double(), x.double(), classes, rule)
        assert (response - exact).abs().max() < 1e-5 * exact.abs().max(), (mark, rule)
        out[f"{mark}_{rule}"] = response.numpy().reshape(len(classes), -1)[:, ::every]
    # The class map's mean plus bias is the score: the map is what the network decided by.
    scores = maps.mean((1, 2)) + model.classifier.bias.detach()
    assert np.allclose(scores.numpy(), out[f"{mark}_scores"], rtol=1e-4, atol=1e-5)
    return out


if __name__ == "__main__":
    torch.set_num_threads(1)
    out = reference("tiny", TINY, (33, 46), [2, 0], 1, 9999)
    out.update(reference("densenet121", DENSENET121, (224, 224), [6, 13], EVERY, 10071))
    np.savez(Path(__file__).with_suffix(".npz"), **out)
    print({k: (v.shape, float(np.abs(v).max()), float(np.abs(v).mean())) for k, v in out.items()})
