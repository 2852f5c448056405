"""What tests/node_soak.sh does, step by step."""

import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

FOVEA, STUDIES, KILLS, ORTHANC = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
PORT = int(os.environ.get("SOAK_PORT", "20311"))
NODE, MONITOR, ARCHIVE, HTTP = PORT, PORT + 1, PORT + 2, PORT + 3
ROOT = "1.2.826.0.1.3680043.9999"
SECRETS = ["Soakname", "SOAKID", "SOAKACC", "Soakdoctor", ROOT]
# So many studies go over one association.
BATCH = 10
work = pathlib.Path(tempfile.mkdtemp(prefix="fovea-soak-", dir=os.environ.get("SOAK_DIR")))
(work / "in").mkdir()
log = open(work / "node.log", "ab")
chance = random.Random(16)


def study(number):
    """A small picture of a stroke, of a patient of its own."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"{ROOT}.1.{number}"
    data.StudyInstanceUID, data.SeriesInstanceUID = f"{ROOT}.2.{number}", f"{ROOT}.3.{number}"
    data.PatientName, data.PatientID = f"Soakname{number}^Invented", f"SOAKID{number:06d}"
    data.AccessionNumber, data.ReferringPhysicianName = f"SOAKACC{number:05d}", "Soakdoctor^Ref"
    data.PatientBirthDate, data.PatientSex, data.StudyDate, data.StudyTime = "19500101", "O", "20240101", "120000"
    data.StudyID, data.SeriesNumber, data.InstanceNumber, data.Modality, data.ConversionType = "1", 1, 1, "OT", "WSD"
    pixels = np.zeros((64, 64), np.uint8)
    column = 20 + number % 24
    pixels[14:50, column : column + 4] = 255
    pixels[0, :2] = number % 256, number // 256
    data.Rows = data.Columns = 64
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    data.PixelData = pixels.tobytes()
    path = work / "in" / f"{number}.dcm"
    data.save_as(path, enforce_file_format=True)
    return path


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def until(what, is_so, longest_s=3600, each_s=0.2):
    began = time.time()
    while True:
        try:
            if is_so():
                return
        except (OSError, ValueError):
            pass
        if time.time() - began > longest_s:
            sys.exit(f"FAILED: {what} did not come; see {work}")
        time.sleep(each_s)


class Archive:
    def __init__(self):
        settings = {
            "StorageDirectory": str(work / "orthanc"), "DicomAet": "ORTHANC", "DicomPort": ARCHIVE, "HttpPort": HTTP,
            "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomAlwaysAllowStore": True,
            "OverwriteInstances": False, "Plugins": [], "StorageCompression": False,
        }
        (work / "orthanc.json").write_text(json.dumps(settings))
        self.log = open(work / "orthanc.log", "ab")
        self.process = None

    def start(self):
        self.process = subprocess.Popen([ORTHANC, str(work / "orthanc.json")], stdout=self.log, stderr=self.log)
        until("Orthanc", lambda: get(f"http://127.0.0.1:{HTTP}/system"), 60)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Node:
    def __init__(self):
        self.process, self.last = None, []

    def start(self):
        arguments = ["node", "--aet", "FOVEA", "--port", NODE, "--listen", "127.0.0.1", "--from", "SENDER", "--model",
                     "mnist", "--device", "cpu", "--folder", work / "node", "--monitor", f"127.0.0.1:{MONITOR}",
                     "--to", f"127.0.0.1:{ARCHIVE}:ORTHANC"]
        environment = {**os.environ, "FOVEA_LOG": "info"}
        self.process = subprocess.Popen(
            [FOVEA, *map(str, arguments)], stdout=log, stderr=log, env=environment
        )
        until("the node", self.status, 60, 0.05)

    def status(self):
        return get(f"http://127.0.0.1:{MONITOR}/status")

    def kill(self):
        self.process.kill()
        self.process.wait()


def send(paths):
    """As a modality does: again and again until each was answered with success."""
    left = list(paths)
    while left:
        command = ["storescu", "-v", "-R", "-aet", "SENDER", "-aec", "FOVEA", "-to", "5", "-ta", "20", "-td", "20",
                   "127.0.0.1", str(NODE), *map(str, left)]
        said = subprocess.run(command, capture_output=True, text=True, errors="replace")
        answers = re.findall(r"Received Store Response \((.*?)\)", said.stdout + said.stderr)
        good = 0
        for answer in answers:
            if answer != "Success":
                break
            good += 1
        left = left[good:]
        if left:
            time.sleep(0.3)


def break_off(path):
    """Half an association: the request, then the first part of what storescu would say, then silence."""
    sender = ["storescu", "-aet", "SENDER", "-aec", "FOVEA", "127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as between:
        port = between.getsockname()[1]
        caller = subprocess.Popen([*sender, str(port), str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        between.settimeout(10)
        try:
            inside, _ = between.accept()
            with inside, socket.create_connection(("127.0.0.1", NODE), 5) as outside:
                outside.settimeout(5), inside.settimeout(5)
                outside.sendall(inside.recv(65536))
                inside.sendall(outside.recv(65536))
                most, passed = chance.randrange(20, 4000), 0
                while passed < most:
                    part = inside.recv(min(512, most - passed))
                    if not part:
                        break
                    outside.sendall(part)
                    passed += len(part)
        except OSError:
            pass
        caller.kill()
        caller.wait()
    return 1


def main():
    began = time.time()
    paths = [study(number) for number in range(STUDIES)]
    halves = [study(number) for number in range(STUDIES, STUDIES + 3)]
    archive, node = Archive(), Node()
    archive.start()
    node.start()
    sent, is_last, broken = threading.Event(), threading.Event(), [0]

    def senders():
        batches = [paths[at : at + BATCH] for at in range(0, STUDIES, BATCH)]
        lock = threading.Lock()

        def one():
            while True:
                with lock:
                    if not batches:
                        return
                    batch = batches.pop(0)
                send(batch)
                # No faster than it answers: a queue of all of them would prove less.
                until("room", lambda: node.status()["queue"]["waiting"] < 60)

        threads = [threading.Thread(target=one) for _ in range(2)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        sent.set()

    def breakers():
        while not sent.is_set():
            broken[0] += break_off(chance.choice(halves))
            time.sleep(chance.uniform(0.5, 3))

    def watchers():
        while not sent.is_set():
            try:
                status = node.status()
                # Once it has warmed up.
                if is_last.is_set() and status["up_s"] >= 5:
                    node.last.append(status["resident_bytes"])
            except (OSError, ValueError, KeyError):
                pass
            time.sleep(0.5)

    threads = [threading.Thread(target=job) for job in (senders, breakers, watchers)]
    [thread.start() for thread in threads]
    kills = away = 0
    goal = KILLS
    done = lambda: node.status()["queue"]["totals"].get("outcome:explained", 0)
    for round in range(goal):
        # A kill about each so many answers, at any moment of them; the last two fifths go undisturbed, to see its memory.
        target = (round + 0.5) * 0.6 * STUDIES / goal
        until("progress", lambda: done() >= target)
        time.sleep(chance.uniform(0, 2))
        node.kill()
        kills += 1
        if round % 5 == 2:
            archive.stop()
            away += 1
        node.start()
        if round % 5 == 3:
            archive.start()
    if KILLS % 5 == 3:
        archive.start()
    is_last.set()
    [thread.join() for thread in threads]
    waits = lambda: (lambda queue: queue["waiting"] + queue["answered"])(node.status()["queue"])
    until("the last answer", lambda: waits() == 0)
    status = node.status()
    figures = urllib.request.urlopen(f"http://127.0.0.1:{MONITOR}/metrics").read().decode()
    node.process.send_signal(signal.SIGTERM)
    ended = node.process.wait()
    faults = judge(archive, status, figures)
    archive.stop()
    log.close()
    if ended != 0:
        faults.append(f"the node ended with {ended}")
    report(node, status, kills, away, broken[0], time.time() - began)
    for fault in faults:
        print("FAILED:", fault)
    if faults:
        sys.exit(f"all of it is kept in {work}")
    shutil.rmtree(work)


def judge(archive, status, figures):
    faults = []
    shapes, copies = collections.Counter(), 0
    classes = {}
    for found in get(f"http://127.0.0.1:{HTTP}/studies?expand"):
        uid = found["MainDicomTags"]["StudyInstanceUID"]
        kinds = collections.Counter()
        for instance in get(f"http://127.0.0.1:{HTTP}/studies/{found['ID']}/instances"):
            series = instance["ParentSeries"]
            if series not in classes:
                classes[series] = get(f"http://127.0.0.1:{HTTP}/series/{series}")["MainDicomTags"].get("Modality")
            kinds[classes[series]] += 1
        shapes[json.dumps(kinds, sort_keys=True)] += 1
        if not uid.startswith(f"{ROOT}.2."):
            faults.append("a study that nobody sent")
    print("answers in Orthanc, by modality:", dict(shapes))
    if len(shapes) != 1 or sum(shapes.values()) != STUDIES:
        faults.append(f"{sum(shapes.values())} studies of {STUDIES} in {len(shapes)} shapes")
    lines = [json.loads(line) for line in (work / "node" / "audit.jsonl").read_text().splitlines()]
    outcomes = collections.Counter(line["outcome"] for line in lines)
    print("audit:", len(lines), "lines,", len({line["sha256"] for line in lines}), "pictures,", dict(outcomes))
    if outcomes != {"explained": STUDIES} or len({line["sha256"] for line in lines}) != STUDIES:
        faults.append("the audit has not one line for each picture")
    hits = 0
    for path in [*(work / "node").rglob("*"), work / "node.log"]:
        text = str(path.relative_to(work)).encode() + (path.read_bytes() if path.is_file() else b"")
        hits += sum(secret.encode() in text for secret in SECRETS)
    hits += sum(secret in figures + json.dumps(status) for secret in SECRETS)
    print("invented names found:", hits)
    if hits:
        faults.append("names in logs or files")
    return faults


def report(node, status, kills, away, broken, took_s):
    queue = status["queue"]
    print(f"{STUDIES} studies, {kills} kills, Orthanc away {away} times, {broken} associations broken off, {took_s:.0f} s")
    print("totals:", json.dumps(queue["totals"]))
    if node.last:
        quarter = max(len(node.last) // 4, 1)
        mean = lambda part: sum(part) / len(part) / 1e6
        print(f"resident memory of the last {2 * STUDIES // 5} studies, one process: first quarter "
              f"{mean(node.last[:quarter]):.1f} MB, last {mean(node.last[-quarter:]):.1f} MB, most "
              f"{max(node.last) / 1e6:.1f} MB, of {len(node.last)} measurements")


main()
