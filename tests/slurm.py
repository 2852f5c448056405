"""What tests/slurm.sh does, step by step."""

import collections
import getpass
import hashlib
import json
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import time
import zipfile
import zlib

import duckdb

FOVEA, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
PICTURES, TASKS, KILLS = (int(word) for word in sys.argv[3:6])
PORT = int(os.environ.get("SLURM_TEST_PORT", "20201"))
BATCH = pathlib.Path(__file__).parent.parent / "deploy/slurm/explain.sbatch"
# Of the pictures, so many are no pictures.
BAD = max(1, PICTURES // 400)
OUT = WORK / "out"
chance = random.Random(17)
os.environ["SLURM_CONF"] = str(WORK / "slurm.conf")
os.environ["FOVEA"] = FOVEA
# Kills are no fault of the tasks: none gives up.
os.environ["FOVEA_RETRIES"] = "100000"
start = time.monotonic()


def say(what):
    print(f"[{time.monotonic() - start:5.0f} s] {what}", flush=True)


def call(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"FAILED: {' '.join(words)}: {done.stderr}")
    return done.stdout


# --- pictures ---


def png(rows):
    """A grey PNG of equally long rows of bytes."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def draw():
    """Strokes, each elsewhere; no two pictures are the same."""
    folder = WORK / "in"
    for number in range(PICTURES):
        rows = [[0] * 56 for _ in range(56)]
        left, lean = 12 + number % 29, number // 29 % 7
        for y in range(10, 46):
            for x in range(left, left + 5):
                rows[y][min(55, x + y * lean // 24)] = 255
        rows[0][:3] = [number % 256, number // 256 % 256, number // 65536]
        # Names come again in other folders.
        path = folder / f"clinic-{number % 7}" / f"{number // 2}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        bytes_ = png(rows)
        path.write_bytes(bytes_ if number >= BAD else bytes_[: len(bytes_) // 2])
    return folder


# --- Slurm ---


def configure():
    for name in ["state", "spool", "log", "munge"]:
        (WORK / name).mkdir(mode=0o755)
    key = WORK / "munge/key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    host, user = socket.gethostname().split(".")[0], getpass.getuser()
    (WORK / "slurm.conf").write_text(
        f"""ClusterName=fovea
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
# A task that is begun again waits for so many seconds.
AuthInfo=socket={WORK}/munge/socket,cred_expire=5
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=1,sched_min_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmctldPort={PORT}
SlurmdPort={PORT + 1}
StateSaveLocation={WORK}/state
SlurmdSpoolDir={WORK}/spool
SlurmctldPidFile={WORK}/slurmctld.pid
SlurmdPidFile={WORK}/slurmd.pid
SlurmctldLogFile={WORK}/log/slurmctld
SlurmdLogFile={WORK}/log/slurmd
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
MinJobAge=86400
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
    )


def daemons():
    """Starts them; the last one started comes first."""
    munge = WORK / "munge"
    lines = [
        ["munged", "--force", "--foreground", f"--key-file={munge}/key", f"--socket={munge}/socket",
         f"--pid-file={munge}/pid", f"--log-file={munge}/log", f"--seed-file={munge}/seed"],
        ["slurmctld", "-D", "-i"],
        ["slurmd", "-D"],
    ]
    begun = []
    for line in lines:
        log = open(WORK / "log" / f"{line[0]}.err", "wb")
        begun.insert(0, subprocess.Popen(line, stdout=log, stderr=log, start_new_session=True))
        time.sleep(1)
    for _ in range(60):
        if "idle" in subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True).stdout:
            return begun
        time.sleep(0.5)
    end(begun)
    raise SystemExit("FAILED: Slurm did not start: " + "".join(p.read_text()[-2000:] for p in (WORK / "log").iterdir()))


def end(begun):
    subprocess.run(["scancel", "--user", getpass.getuser()], capture_output=True)
    for daemon in begun:
        daemon.terminate()
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
    # What still belongs to this cluster: the keepers of its tasks, and the tasks.
    for pid in ours("SLURM_CONF", str(WORK / "slurm.conf")):
        if pid != os.getpid():
            os.kill(pid, signal.SIGKILL)


def ours(variable, value):
    """The processes in whose environment `variable` has `value`."""
    wanted = f"{variable}={value}".encode()
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
        except OSError:
            pass


# --- the array ---


def running():
    """Numbers of the tasks that run."""
    return [line for line in call("squeue", "-h", "-t", "RUNNING", "-o", "%i").split() if "_" in line]


def done():
    lines = 0
    for path in (OUT / "shards").glob("*.jsonl"):
        try:
            lines += path.read_bytes().count(b'"state":')
        except FileNotFoundError:
            pass
    return lines


def kill_the_program(job, task):
    """As a machine does that runs out of memory. Its script has the task begun again."""
    found = [pid for pid in ours("SLURM_ARRAY_TASK_ID", task) if is_fovea(pid)]
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
    return bool(found)


def is_fovea(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe") == FOVEA
    except OSError:
        return False


def requeue(job, task):
    """As an administrator does, or a node that goes down: SIGTERM, and two seconds later SIGKILL."""
    return not subprocess.run(["scontrol", "requeue", f"{job}_{task}"], capture_output=True).returncode


def kill_the_task(job, task):
    """Script and program at once; somebody begins the task again."""
    subprocess.run(["scancel", "--signal=KILL", "--full", f"{job}_{task}"], capture_output=True)
    for _ in range(40):
        if f"{job}_{task}" not in running():
            return requeue(job, task)
        time.sleep(0.1)
    return False


def kill(job, ways):
    """Kills one of the tasks that run, if there is one."""
    tasks = running()
    if not tasks:
        return False
    task = chance.choice(tasks).split("_")[1]
    time.sleep(chance.random() * 0.5)
    way = chance.choice([kill_the_program, requeue, kill_the_task])
    if not way(job, task):
        return False
    ways[way.__name__] += 1
    return True


def work_through(job):
    """Kills at so many random moments of the work, and waits for its end."""
    moments = sorted(chance.randrange(0, PICTURES * 19 // 20) for _ in range(KILLS))
    ways, told, last = collections.Counter(), 0, time.monotonic()
    while True:
        now = done()
        while moments and moments[0] <= now:
            if not kill(job, ways):
                break
            moments.pop(0)
            now = done()
        if now >= told + PICTURES // 8 or time.monotonic() > last + 60:
            told, last = now, time.monotonic()
            say(f"{now} of {PICTURES} pictures, {sum(ways.values())} of {KILLS} kills")
        if not call("squeue", "-h", "-o", "%i").strip():
            break
        if time.monotonic() - start > 7200:
            raise SystemExit("FAILED: no end after two hours")
        time.sleep(0.1)
    if moments:
        raise SystemExit(f"FAILED: the work ended before {len(moments)} of {KILLS} kills")
    return dict(ways)


# --- what came of it ---


def expect(what, found, wanted):
    if found != wanted:
        raise SystemExit(f"FAILED: {what}: {found}, where {wanted} was expected")
    say(f"{what}: {found}")


def check(folder, job):
    shards = OUT / "shards"
    expect("manifests", len(list(shards.glob("*.jsonl"))), TASKS)
    expect("unfinished ledgers and files", len([*shards.glob("*.part.jsonl"), *OUT.glob(".fovea-*")]), 0)
    query = f"""
        SELECT count(*) AS lines, count(DISTINCT file) AS pictures, count(DISTINCT name) AS names,
               count(*) FILTER (state = 'done') AS done, count(*) FILTER (state = 'bad') AS bad
        FROM read_ndjson('{shards}/*.jsonl', union_by_name = true) WHERE state IS NOT NULL"""
    expect("lines, pictures, names, done, bad", duckdb.sql(query).fetchone(), (PICTURES, PICTURES, PICTURES, PICTURES - BAD, BAD))
    rows = duckdb.sql(f"""SELECT file, name, picture_sha256 FROM read_ndjson('{shards}/*.jsonl',
        union_by_name = true) WHERE state = 'done'""").fetchall()
    wrong = 0
    for file, name, sha256 in rows:
        record = json.loads((OUT / f"{name}.json").read_bytes())
        is_right = sha256 == record["picture_sha256"] == hashlib.sha256((folder / file).read_bytes()).hexdigest()
        with zipfile.ZipFile(OUT / f"{name}.npz") as maps:
            is_right = is_right and maps.testzip() is None
        wrong += not (is_right and (OUT / f"{name}.panel.png").read_bytes().endswith(b"IEND\xaeB`\x82"))
    expect("results that are not of their picture, or not whole", wrong, 0)
    expect("records", len(list(OUT.glob("*.json"))), PICTURES - BAD)
    # A picture whose answer was printed is not explained once more.
    answers = collections.Counter()
    for log in WORK.glob("fovea-*.log"):
        for line in log.read_text(errors="replace").splitlines():
            if line.startswith(str(folder)) and line.endswith(" ms"):
                answers[line.split("  ")[0]] += 1
    expect("pictures whose answer was printed twice", sum(count > 1 for count in answers.values()), 0)
    say(f"answers printed: {len(answers)} (those of killed processes may be lost)")
    states = collections.Counter()
    for line in call("scontrol", "show", "job", str(job), "-o").splitlines():
        fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
        states[fields["JobState"], fields["ExitCode"]] += 1
    with_bad = duckdb.sql(f"""SELECT count(DISTINCT shard) FROM read_ndjson('{shards}/*.jsonl',
        union_by_name = true) WHERE state = 'bad'""").fetchone()[0]
    wanted = {("COMPLETED", "0:0"): TASKS - with_bad, ("FAILED", "2:0"): with_bad}
    expect("how the tasks ended", dict(states), {key: count for key, count in wanted.items() if count})
    missing = subprocess.run([FOVEA, "explain", folder, "--out", OUT, *OPTIONS, "--missing"], capture_output=True, text=True)
    expect("--missing: status, lines", (missing.returncode, missing.stdout), (2, ""))
    if f"0 of {PICTURES} pictures are missing, {BAD} are bad" not in missing.stderr:
        raise SystemExit(f"FAILED: --missing says: {missing.stderr}")


OPTIONS = ["--model", "mnist", "--no-layers", "--device", "cpu"]


def main():
    folder = draw()
    configure()
    begun = daemons()
    try:
        say(f"Slurm {call('sinfo', '--version').split()[-1]}: {TASKS} tasks, {PICTURES} pictures, {BAD} of them bad, {KILLS} kills")
        words = ["sbatch", "--parsable", f"--array=1-{TASKS}", f"--output={WORK}/%x-%A_%a.log", str(BATCH)]
        job = int(call(*words, str(folder), str(OUT), *OPTIONS))
        say(f"all killed: {work_through(job)}")
        check(folder, job)
    except BaseException:
        for log in sorted(WORK.glob("fovea-*.log"))[:3]:
            print(log.name, log.read_text(errors="replace")[-1500:], sep="\n")
        raise
    finally:
        end(begun)
    left = [pid for pid in ours("SLURM_CONF", str(WORK / "slurm.conf")) if pid != os.getpid()]
    expect("processes left behind", len(left), 0)
    print(f"Slurm: passed after {time.monotonic() - start:.0f} s")


main()
