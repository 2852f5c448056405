"""The cache of `retina_data.py` as one file of some 30 MB, for a machine with a GPU, and back.

    python3 training/retina_pack.py pack CACHE PACK.npz
    python3 training/retina_pack.py unpack PACK.npz CACHE

A square is kept at the size that its clinic's pictures have in truth (APTOS 224, EyePACS 448, IDRiD 512) as WebP: what
is lost is less than what the random views take away. Only training reads it; `retina_judge.py` reads the cache itself.
"""
import io, sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from retina_data import SIDE_PX, cached

SIDES = dict(idrid=(512, 90), aptos=(224, 87), eyepacs=(448, 87))  # pixels, and WebP's quality


def small(pixels, clinic):
    side, quality = SIDES[clinic]
    store = io.BytesIO()
    picture = Image.fromarray(pixels)
    (picture.resize((side, side), Image.LANCZOS) if side < SIDE_PX else picture).save(store, "WEBP", quality=quality, method=4)
    return store.getvalue()


def large(stored):
    return np.asarray(Image.open(io.BytesIO(stored)).convert("RGB").resize((SIDE_PX, SIDE_PX), Image.BILINEAR))


def pack(cache, file, every=1):
    squares, _, meta = cached(cache)
    rows = np.arange(0, len(squares), every)
    with ThreadPoolExecutor(2) as pool:
        stored = list(pool.map(lambda i: small(np.asarray(squares[i]), meta["clinic"][i]), rows))
    masks = np.packbits(meta["masks"][rows].astype(bool), axis=-1)
    np.savez_compressed(file, masks=masks, pictures=np.frombuffer(b"".join(stored), np.uint8), ends=np.cumsum([len(s) for s in stored]),
                        **{k: meta[k][rows] for k in ("clinic", "grade", "group", "known", "quality")})


def write(part):
    file, first, stored = part
    images = np.lib.format.open_memmap(file, "r+")
    for i, s in enumerate(stored, first):
        images[i] = large(s)


def unpack(file, cache):
    cache = Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    meta = dict(np.load(file))
    meta["masks"] = np.unpackbits(meta["masks"], axis=-1)
    stored = [s.tobytes() for s in np.split(meta.pop("pictures"), meta.pop("ends")[:-1])]
    np.lib.format.open_memmap(cache / "images.npy", "w+", np.uint8, (len(stored), SIDE_PX, SIDE_PX, 3))
    with ProcessPoolExecutor() as pool:
        some = np.array_split(np.arange(len(stored)), 64)
        list(pool.map(write, [(cache / "images.npy", i[0], [stored[j] for j in i]) for i in some if len(i)]))
    np.savez(cache / "meta.npz", **meta)


if __name__ == "__main__":
    if sys.argv[1] == "pack":
        pack(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    else:
        unpack(*sys.argv[2:4])
