"""The network as a GPU trains it: every block learns, blocks are gone past at random, and the way back is written out.

`retina_net.Sequencer.shares` asks autograd for the derivative of a derivative. That has two faults that this file has not:
of a convolution with one kernel a channel it is a loop over channels, thousands of launches on a GPU; and what it gives
the weights on the way forward goes by the guided rule too, so that it is not the term's own slope. Values are equal.
"""
import torch
import torch.nn.functional as F

from retina_net import BLOCKS, GRADES, Sequencer


def fixed(part, x):
    """Convolution and norm, by what the norm has learned, before the ReLU."""
    n = part.norm
    return F.batch_norm(part.conv(x), n.running_mean, n.running_var, n.weight, n.bias, False, 0.0, n.eps)


def back(part, signal, kept=None):
    """The guided way back through `fixed` and, where `kept` says what was above 0, its ReLU. Of a stride of 1."""
    if kept is not None:
        signal = F.relu(signal) * kept
    n, c = part.norm, part.conv
    signal = signal * (n.weight * (n.running_var + n.eps).rsqrt()).to(signal.dtype)[:, None, None]
    if c.groups > 1:
        return F.conv2d(signal, c.weight.flip(2, 3), padding=c.padding, groups=c.groups)
    return F.conv2d(signal, c.weight.transpose(0, 1))


def every_grade(kept):
    return kept.repeat_interleave(GRADES, 0)


class Followed(Sequencer):
    """The same weights by the same names. The stem stays, its norm's means apart."""

    FIXED = 0
    FOLLOWED = 8  # from this block on the way back is followed: the last three
    drop = 0.0  # how often a picture goes past the deepest block, others in proportion

    def past(self, n, block, x):
        """A block's output; in training some pictures go past it (Huang et al. 2016)."""
        y = block(x)
        if not (block.skips and self.drop and self.training):
            return y
        p = self.drop * n / (len(BLOCKS) - 1)
        return x + (y - x) * (torch.rand(len(x), 1, 1, 1, device=x.device) >= p).to(x.dtype) / (1 - p)

    def low(self, x, rule=None):
        if rule:
            return super().low(x, rule)
        with torch.no_grad():
            x = self.stem(x)
        for n, block in enumerate(self.blocks[: self.CUT]):
            x = self.past(n, block, x)
        return x

    def high(self, f, rule=None):
        if rule:
            return super().high(f, rule)
        for n, block in enumerate(self.blocks[self.CUT :], self.CUT):
            if n == self.FOLLOWED:
                self.deep = f
            f = self.past(n, block, f)
        return F.conv2d(self.head(f), self.kernels())

    def shares(self, some):
        """Each grade's part of the guided response that reaches block `FOLLOWED` (N×5) of the batch's first pictures."""
        f, trail, kernels = self.deep[:some], [], self.kernels()
        for block in self.blocks[self.FOLLOWED :]:
            e = fixed(block.expand, f)
            d = fixed(block.depth, F.relu(e))
            h = fixed(block.project, F.relu(d))
            trail.append((block, every_grade(e > 0), every_grade(d > 0)))
            f = h + f if block.skips else h
        h = fixed(self.head, f)
        maps = F.relu(F.conv2d(F.relu(h), kernels))
        # All grades at once, as pictures of one batch.
        signal = back(self.head, (maps[:, :, None] * kernels.to(maps.dtype)[None]).flatten(0, 1), every_grade(h > 0))
        for block, e, d in reversed(trail):
            own = back(block.expand, back(block.depth, back(block.project, signal), d), e)
            signal = signal + own if block.skips else own
        t = signal.float().abs().sum((1, 2, 3)).view(-1, GRADES)
        return t / t.sum(1, keepdim=True).clamp(min=1e-6)
