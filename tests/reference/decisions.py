"""Writes `tests/fixtures/decisions.json`: what scikit-learn says of two models' decisions, five grades and three findings.

    pip install numpy scikit-learn && python3 tests/reference/decisions.py

Probabilities are multiples of 1/64, so that single and double precision agree and ties are ties.
"""
import json
from pathlib import Path

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import (accuracy_score, brier_score_loss, cohen_kappa_score, confusion_matrix, precision_score,
                             recall_score, roc_auc_score, roc_curve)


def binary(truth, score, threshold):
    """Figures of a question of yes and no."""
    says = score >= threshold
    observed, predicted = calibration_curve(truth, score, n_bins=10)
    which = np.clip(np.ceil(score * 10).astype(int) - 1, 0, 9)
    counts = [int((which == b).sum()) for b in range(10) if (which == b).any()]
    rates, found, _ = roc_curve(truth, score, drop_intermediate=False)
    return {
        "auc": roc_auc_score(truth, score),
        "brier": brier_score_loss(truth, score),
        "threshold": threshold,
        "sensitivity": recall_score(truth, says),
        "specificity": recall_score(~truth, ~says),
        "ppv": precision_score(truth, says),
        "npv": precision_score(~truth, ~says),
        "observed": observed.tolist(),
        "predicted": predicted.tolist(),
        "ece": float(np.dot(counts, np.abs(observed - predicted)) / sum(counts)),
        "roc": [[float(x), float(y)] for x, y in zip(rates, found)],
    }


def grades(rng, n=160, classes=5):
    truth = rng.choice(classes, n, p=[0.45, 0.15, 0.2, 0.1, 0.1])
    near = np.exp(-0.5 * (np.arange(classes) - truth[:, None] - rng.normal(0, 1.1, n)[:, None]) ** 2)
    parts = np.floor(64 * near / near.sum(1, keepdims=True)).astype(int)
    parts[np.arange(n), parts.argmax(1)] += 64 - parts.sum(1)
    p = parts / 64
    decided = p.argmax(1)
    onehot = np.eye(classes)[truth]
    confidence = p.max(1)
    right = decided == truth
    which = np.clip(np.ceil(confidence * 10).astype(int) - 1, 0, 9)
    off = [abs(confidence[which == b].sum() - right[which == b].sum()) for b in range(10)]
    return {
        "truth": truth.tolist(),
        "parts": parts.tolist(),
        "confusion": confusion_matrix(truth, decided, labels=range(classes)).tolist(),
        "accuracy": accuracy_score(truth, decided),
        "kappa": cohen_kappa_score(truth, decided, weights="quadratic"),
        "plain_kappa": cohen_kappa_score(truth, decided),
        "brier": brier_score_loss(truth, p, labels=range(classes), scale_by_half=False),
        "ece": float(sum(off) / n),
        "class_auc": [roc_auc_score(onehot[:, c], p[:, c]) for c in range(classes)],
        "mean_auc": roc_auc_score(truth, p, multi_class="ovr"),
        "any": binary(truth >= 1, p[:, 1:].sum(1), 0.25),
        "referable": binary(truth >= 2, p[:, 2:].sum(1), 0.5),
    }


def findings(rng, n=120, kinds=3):
    truth = rng.random((n, kinds)) < [0.1, 0.3, 0.6]
    known = rng.random((n, kinds)) < 0.8
    parts = np.clip(np.rint(64 * (0.35 + 0.3 * truth + rng.normal(0, 0.2, (n, kinds)))), 0, 64).astype(int)
    points = [0.5, 0.4375, 0.5625]
    p = parts / 64
    each = [binary(truth[known[:, k], k], p[known[:, k], k], points[k]) for k in range(kinds)]
    says = p >= points
    return {
        "truth": [[bool(t) if k else None for t, k in zip(*row)] for row in zip(truth, known)],
        "parts": parts.tolist(),
        "points": points,
        "accuracy": float((says == truth)[known].mean()),
        "brier": float(((p - truth) ** 2)[known].mean()),
        "findings": each,
    }


if __name__ == "__main__":
    rng = np.random.default_rng(15)
    found = {"grades": grades(rng), "findings": findings(rng)}
    path = Path(__file__).parents[1] / "fixtures/decisions.json"
    path.write_text(json.dumps(found, separators=(",", ":"), default=float) + "\n")
    print(found["grades"]["accuracy"], found["grades"]["kappa"], found["findings"]["accuracy"])
