"""Writes `tests/fixtures/agreement.json`: agreement of two graders by scikit-learn, and intervals of given draws by NumPy.

    pip install numpy scikit-learn && python3 tests/reference/agreement.py
"""
import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, cohen_kappa_score, confusion_matrix

warnings.simplefilter("ignore")


def kappa(a, b, classes, weights=None):
    if len(a) == 0:
        return None
    value = cohen_kappa_score(a, b, labels=list(range(classes)), weights=weights)
    return None if np.isnan(value) else float(value)


def figures(a, b, classes):
    accuracy = float(accuracy_score(a, b)) if len(a) else None
    return [accuracy, kappa(a, b, classes), kappa(a, b, classes, "linear"), kappa(a, b, classes, "quadratic")]


def case(classes, a, b, patients, draws=0, rng=None):
    a, b, patients = (np.asarray(values, int) for values in (a, b, patients))
    names = dict(zip(["accuracy", "kappa", "linear_kappa", "quadratic_kappa"], figures(a, b, classes)))
    counts = confusion_matrix(a, b, labels=range(classes)) if len(a) else np.zeros((classes, classes), int)
    majority = float(np.bincount(a).max() / len(a)) if len(a) else None
    # Patients in the order in which they come.
    order = list(dict.fromkeys(patients.tolist()))
    members = [np.flatnonzero(patients == patient) for patient in order]
    drawn = [rng.integers(0, len(order), len(order)) for _ in range(draws)]
    values = []
    for draw in drawn:
        at = np.concatenate([members[which] for which in draw])
        values.append(figures(a[at], b[at], classes))
    intervals = np.percentile(np.array(values, float), [2.5, 97.5], axis=0).T.tolist() if draws else []
    return {
        "classes": classes,
        "pairs": [[int(x), int(y)] for x, y in zip(a, b)],
        "patients": patients.tolist(),
        "confusion": counts.tolist(),
        "majority_baseline": majority,
        **names,
        "draws": [draw.tolist() for draw in drawn],
        "intervals": intervals,
    }


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    cases = []
    for classes, n, spread in [(5, 120, 0.8), (5, 400, 1.5), (2, 60, 0.5), (3, 17, 1.0), (10, 200, 3.0)]:
        a = rng.integers(0, classes, n)
        b = np.clip(np.rint(a + rng.normal(0, spread, n)), 0, classes - 1)
        # Of the first only: each patient has two pictures.
        cases.append(case(classes, a, b, np.arange(n) // 2, 100 if not cases else 0, rng))
    cases.append(case(5, [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], range(5)))  # all the same
    cases.append(case(5, [0, 1, 2, 3, 4], [4, 3, 2, 1, 0], range(5)))  # all against it
    cases.append(case(5, [2, 2, 2], [2, 2, 2], range(3)))  # one grade only: no kappa
    cases.append(case(5, [2, 2, 2], [2, 3, 2], range(3)))  # one of them knows one grade only
    cases.append(case(4, [0, 0, 3, 3, 3], [0, 3, 3, 3, 0], range(5)))  # grades that nobody gave
    cases.append(case(5, [], [], []))
    path = Path(__file__).parents[1] / "fixtures/agreement.json"
    path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    for found in cases:
        print(len(found["pairs"]), found["accuracy"], found["kappa"], found["linear_kappa"], found["quadratic_kappa"])
