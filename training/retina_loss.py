"""What the network is taught: an ordinal grade whose most probable value is right, and evidence that lies in lesions."""
import torch
import torch.nn.functional as F

# Cells with a lesion are rare, those with a microaneurysm rarest.
RARITY = torch.tensor([8.0, 4.0, 4.0, 4.0, 2.0]).view(1, 5, 1, 1)


def losses(maps, score, lesion, y, m, known, a, share=None):
    """y: grades, -1 where there is none. m: lesion masks; known: which kinds were looked for in each picture."""
    k = torch.arange(5.0, device=score.device)
    graded = (y >= 0).float()
    n = graded.sum().clamp(min=1)
    logp = score.log_softmax(1)
    # Neighbours share the target, so that one grade off is not as wrong as four.
    target = torch.exp(-((k[None] - y[:, None]) ** 2) / (2 * a.soft**2)) + 0.01
    grade = -((target / target.sum(1, keepdim=True)) * logp).sum(1)
    # The sum over probabilities of squared distance: it draws the mode, not only the mean, to the true grade.
    distance = (logp.exp() * (k[None] - y[:, None]) ** 2).sum(1)
    binary = 0.0
    for at, weight in ((1, 1.0), (2, 1.0), (3, 0.5), (4, 0.5)):
        odds = torch.logsumexp(score[:, at:], 1) - torch.logsumexp(score[:, :at], 1)
        binary = binary + weight * F.binary_cross_entropy_with_logits(odds, (y >= at).float(), reduction="none")
    if share is not None:  # of the first pictures only: each grade's part of the guided response
        some = len(share)
        part = -((target[:some] / target[:some].sum(1, keepdim=True)) * (share + 1e-3).log()).sum(1)
        grade = grade + a.share * F.pad(part, (0, len(grade) - some)) * len(grade) / some
    total = ((grade + a.binary * binary + a.distance * distance) * graded).sum() / n
    looked = known.float()[:, :, None, None]
    spots = F.binary_cross_entropy_with_logits(lesion, m, pos_weight=RARITY.to(lesion.device), reduction="none") * looked
    total = total + a.spots * spots.sum() / (looked.sum() * m[0, 0].numel()).clamp(min=1)
    # Evidence for the referable grades should lie in known lesions (not the disc), its strongest cell too.
    cells = F.max_pool2d((m * looked)[:, :4].amax(1), m.shape[-1] // maps.shape[-1]).flatten(1)
    evidence = maps[:, 2:].sum(1).flatten(1)
    outside = (evidence * (1 - cells)).sum(1) / evidence.sum(1).clamp(min=1e-3)
    inside = (evidence.log_softmax(1) + torch.log(cells + 1e-4)).logsumexp(1)
    use = ((y >= 2) & (cells.sum(1) > 0)).float()
    return total + ((a.focus * outside - a.peak * inside) * use).sum() / use.sum().clamp(min=1)
