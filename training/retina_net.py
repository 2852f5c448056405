"""The network of `retina-dr`: `fovea`'s conv-stack, with a lesion head beside it that is dropped on export."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from retina_data import KINDS

GRADES = 5
LOW = [(3, 24, 2), "pool", (24, 48, 1), (48, 48, 1), "pool", (48, 96, 1), (96, 96, 1), (96, 96, 1)]
HIGH = ["pool", (96, 160, 1), (160, 160, 1), (160, 160, 1)]


def stage(sizes):
    layers = []
    for s in sizes:
        if s == "pool":
            layers.append(nn.MaxPool2d(2))
        else:
            i, o, stride = s
            layers += [nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(True)]
    return nn.Sequential(*layers)


class Sequencer(nn.Module):
    """conv-BN-ReLU stack to 1/16; the last 1×1 convolution has one kernel per grade and a ReLU of its own.

    A grade's score is the mean of its map and nothing else: no bias speaks for a grade of which the picture shows
    nothing. All five kernels have the same length (direction learned per grade, length learned once), so that no grade
    wins by a longer kernel and the maps, and what is projected back from them, can be compared.
    """

    def __init__(self):
        super().__init__()
        self.low, self.high = stage(LOW), stage(HIGH)
        channels = HIGH[-1][1]
        # Features are never negative: a little more plus than minus, so that no grade's map starts empty everywhere.
        self.direction = nn.Parameter(torch.randn(GRADES, channels) + 0.3)
        self.log_scale = nn.Parameter(torch.tensor(2.0).log())
        # Four predictions a cell: lesions at 1/4 from features at 1/8, which see 73 pixels around.
        self.lesion = nn.Conv2d(LOW[-1][1], len(KINDS) * 4, 1)
        nn.init.constant_(self.lesion.bias, -3.0)

    def kernels(self):
        return (self.log_scale.exp() * F.normalize(self.direction, dim=1))[:, :, None, None]

    def forward(self, x):
        """Class maps (N×5×S/16×S/16, at least 0), scores (their means), lesion logits (N×kinds×S/4×S/4)."""
        f = self.low(x)
        maps = F.relu(F.conv2d(self.high(f), self.kernels())).float()
        return maps, maps.mean((2, 3)), F.pixel_shuffle(self.lesion(f), 2).float()


def load(path):
    """A trained network from what `retina_dr.py` saved, and the rest of that file."""
    saved = torch.load(path, weights_only=False)
    net = Sequencer().to(memory_format=torch.channels_last)
    net.load_state_dict(saved["net"])
    return net.eval(), saved
