"""Is a photograph fit to be graded? Two logistic regressions on the program's own measures, against EyeQ's labels, by patients.

    cargo run --release --example quality -- EYEPACS/images > full.csv
    cargo run --release --example quality -- --longest 400 EYEPACS/images > small.csv
    python3 training/quality.py EYEPACS/labels.csv full.csv small.csv [--unseen NAME CSV]... [--discs IDRID/lesions.csv CSV]

Every file of measures counts, so that a picture's size matters little; all pictures of a patient are in one fold whatever
their size. Prints figures, and the tables `measures`, `reject`, `good` and `reasons` for a card's `[quality]`.
"""
import argparse
import csv

import numpy as np

RIDGE, FOLDS, FOLDINGS = 0.01, 5, 5
# From which probability on a picture is called reject. Chosen once, looking at an unseen clinic too: at 0.5 many of those called so there could be graded.
LEAST = 0.65
LIMIT = float(np.log(LEAST / (1 - LEAST)))
# What is said, which measure it is read from, on which side of the good pictures' worst hundredth it lies.
REASONS = (("too dark", "brightness", "below"), ("too bright", "brightness", "above"), ("out of focus", "laplacian", "below"), ("glare", "glare-share", "above"),
           ("uneven light", "left-right", "above"), ("uneven light", "top-bottom", "above"), ("parts in the dark", "dark-share", "above"),
           ("parts without detail", "weakest-detail", "below"), ("optic disc not found", "disc-likeness", "below"))


# What is said of the whole picture in place of what is said of its parts.
WHOLE = {"parts in the dark": "too dark"}


def read(path):
    """Names of the measures; per picture its name, its measures, and where the optic disc was found (fractions)."""
    head, *rows = csv.reader(open(path))
    rows = [row for row in rows if len(row) == len(head)]
    values = np.array([[float(v) for v in row[1:]] for row in rows])
    return head[1:-2], [row[0] for row in rows], values[:, :-2], values[:, -2:]


def auc(scores, truth):
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    for v in np.unique(scores):
        ranks[scores == v] = ranks[scores == v].mean()
    n = truth.sum()
    return (ranks[truth].sum() - n * (n + 1) / 2) / (n * (~truth).sum())


def fit(x, y, decay=RIDGE):
    """Logistic regression by Newton's method; returns weights and bias for standardised inputs."""
    a, w = np.column_stack([x, np.ones(len(x))]), np.zeros(x.shape[1] + 1)
    ridge = np.diag([decay * len(x)] * x.shape[1] + [0.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-a @ w))
        w -= np.linalg.solve((a * (p * (1 - p))[:, None]).T @ a + ridge + 1e-9 * np.eye(len(w)), a.T @ (p - y) + ridge @ w)
    return w


def folded(x, y, group, seed):
    """Scores of every picture by a fit on the other patients."""
    names, out = np.random.default_rng(seed).permutation(np.unique(group)), np.zeros(len(y))
    for part in np.array_split(names, FOLDS):
        test = np.isin(group, part)
        mean, spread = x[~test].mean(0), x[~test].std(0) + 1e-6
        w = fit((x[~test] - mean) / spread, y[~test])
        out[test] = ((x[test] - mean) / spread) @ w[:-1] + w[-1]
    return out


def interval(figure, group):
    """95 % over patients of a figure of picture numbers."""
    rng, members = np.random.default_rng(0), [np.where(group == g)[0] for g in np.unique(group)]
    drawn = [figure(np.concatenate([members[j] for j in rng.integers(0, len(members), len(members))])) for _ in range(1000)]
    return np.percentile(drawn, [2.5, 97.5]).round(3)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("labels"), ap.add_argument("measures", nargs="+")
    ap.add_argument("--unseen", nargs=2, action="append", default=[]), ap.add_argument("--discs", nargs=2)
    a = ap.parse_args()
    labels = {row["image"]: row["quality"] for row in csv.DictReader(open(a.labels))}
    files = [read(path) for path in a.measures]
    names = files[0][0]
    size = np.concatenate([[i] * len(f[1]) for i, f in enumerate(files)])
    image, x = np.concatenate([f[1] for f in files]), np.concatenate([f[2] for f in files])
    known = np.array([labels.get(i, "") != "" for i in image])
    size, image, x = size[known], image[known], x[known]
    q, group = np.array([int(labels[i]) for i in image]), np.array([i.split("_")[0] for i in image])
    reject, good = q == 2, q == 0
    runs = [(folded(x, reject.astype(float), group, seed), folded(x, good.astype(float), group, seed)) for seed in range(FOLDINGS)]
    for i, path in enumerate(a.measures):
        at = np.where(size == i)[0]
        r, g = runs[0][0][at], runs[0][1][at]
        figure = lambda s, t: lambda rows: auc(s[rows], t[at][rows]) if 0 < t[at][rows].sum() < len(rows) else 0.5
        print(f"{path}: {len(at)} pictures, {good[at].sum()} good, {(q[at] == 1).sum()} usable, {reject[at].sum()} reject")
        for title, s, t, of in (("reject against the rest", r, reject, 0), ("good against the rest", g, good, 1)):
            all_runs = [auc(run[of][at], t[at]) for run in runs]
            print(f"  {title}: AUC {np.mean(all_runs):.3f} over {FOLDINGS} foldings, 95 % over patients {interval(figure(s, t), group[at])}")
        called = r > LIMIT
        share = lambda kept: lambda rows: (called[rows] & kept[rows]).sum() / max(kept[rows].sum(), 1)
        for title, kept in (("sensitivity (reject called so)", reject[at]), ("gradable called reject", ~reject[at]), ("usable called reject", q[at] == 1)):
            print(f"  {title}: {np.mean([(run[0][at] > LIMIT)[kept].mean() for run in runs]):.3f}, 95 % {interval(share(kept), group[at])}")
        print(f"  good called good {np.mean([(run[1][at] > 0)[good[at]].mean() for run in runs]):.3f}, others {np.mean([(run[1][at] > 0)[~good[at]].mean() for run in runs]):.3f}")
    mean, spread = x.mean(0), x.std(0) + 1e-6
    w_reject, w_good = fit((x - mean) / spread, reject.astype(float)), fit((x - mean) / spread, good.astype(float))
    column = {n: i for i, n in enumerate(names)}
    limits = [(says, measure, side, float(np.percentile(x[good][:, column[measure]], 1 if side == "below" else 99))) for says, measure, side in REASONS]
    limits = [(s, m, side, max(v, 0.01) if m.endswith("share") else v) for s, m, side, v in limits]

    def reasons(v):
        found = {s for s, m, side, limit in limits if (v[column[m]] < limit if side == "below" else v[column[m]] > limit)}
        return {s for s in found if WHOLE.get(s) not in found}

    for title, kept in (("reject", reject), ("usable", q == 1), ("good", good)):
        found = [reasons(v) for v in x[kept]]
        print(f"{title}: without a reason {np.mean([not f for f in found]):.3f}; " + ", ".join(f"{s} {np.mean([s in f for f in found]):.2f}" for s in dict.fromkeys(r[0] for r in REASONS)))
    for title, path in a.unseen:
        _, image, v, _ = read(path)
        score = ((v - mean) / spread) @ w_reject[:-1] + w_reject[-1]
        grade = ((v - mean) / spread) @ w_good[:-1] + w_good[-1]
        found = [reasons(row) for row in v[score > LIMIT]]
        print(f"{title}: {len(v)} pictures, reject {(score > LIMIT).sum()} ({(score > LIMIT).mean():.4f}), good {((score <= LIMIT) & (grade > 0)).mean():.3f}; of those rejected " + ", ".join(f"{s} {np.mean([s in f for f in found]):.2f}" for s in dict.fromkeys(r[0] for r in REASONS)))
        open(f"{path}.rejected", "w").write("\n".join(image[i] for i in np.argsort(-score)[: (score > LIMIT).sum()]))
    if a.discs:
        boxes = {row["image"]: [float(row[k]) for k in ("x_min", "y_min", "x_max", "y_max")] for row in csv.DictReader(open(a.discs[0])) if "disc" in row["lesion"]}
        _, image, v, place = read(a.discs[1])
        at = [(b[0] <= x <= b[2] and b[1] <= y <= b[3], s) for i, (x, y), s in zip(image, place, v[:, column["disc-likeness"]]) if (b := boxes.get(i))]
        hit, like = np.array([h for h, _ in at]), np.array([s for _, s in at])
        limit = dict((s, v) for s, _, _, v in limits)["optic disc not found"]
        print(f"optic disc: {hit.sum()} of {len(hit)} in its box; said not to be found in {(like < limit).sum()}")
    number = lambda v: f"{v:.4f}"
    print(f"\n[quality]\nreject = {{ bias = {number(w_reject[-1])}, least = {LEAST} }}\ngood = {{ bias = {number(w_good[-1])}, least = 0.5 }}\nmeasures = [")
    for n, m, s, r, g in zip(names, mean, spread, w_reject, w_good):
        print(f'  {{ name = "{n}", mean = {number(m)}, spread = {number(s)}, reject = {number(r)}, good = {number(g)} }},')
    print("]\nreasons = [")
    for says, measure, side, limit in limits:
        print(f'  {{ says = "{says}", measure = "{measure}", {side} = {number(limit)}{f', unless = "{WHOLE[says]}"' if says in WHOLE else ""} }},')
    print("]")
