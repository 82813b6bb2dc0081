"""Stands in for the images of Python that our Dockerfiles begin with, where no registry of images is in reach.

It is Debian's own Python 3.11. Packages come from where this machine has them from, with the certificates that it
trusts; what is built is the same but for the base.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.deploy.dockerfile import stages

ROOT: Final = Path(__file__).parents[2]
NAME: Final = "localhost/modomo-base"
PACKAGES: Final = "python3.11,python3-pip,python3-venv,binutils,ca-certificates"
_CERTIFICATES: Final = "/etc/ssl/certs/ca-certificates.crt"


def make(rootfs: Path) -> str:
    """Makes the image, in minutes, and returns its name; `rootfs` is filled where it is not yet."""
    if not (rootfs / "ready").exists():
        shutil.rmtree(rootfs, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(rootfs)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        _like_the_real_one(rootfs)
        (rootfs / "ready").touch()
    container = _buildah("from", "scratch")
    try:
        _buildah("copy", "--quiet", container, str(rootfs), "/")
        trust = ("--env", f"SSL_CERT_FILE={_CERTIFICATES}", "--env", "UV_NATIVE_TLS=1")
        _buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", *trust, "--cmd", "python3", container)
        _buildah("commit", "--quiet", container, NAME)
    finally:
        _buildah("rm", container)
    return NAME


def contexts(name: str) -> str:
    """Options of a build that takes this image for the bases of our Dockerfiles."""
    bases = sorted({stage.base for file in ROOT.glob("services/*/Dockerfile") for stage in stages(file)})
    return " ".join([*(f"--build-context {base}=container-image://{name}" for base in bases), "--network host"])


def _like_the_real_one(rootfs: Path) -> None:
    for name in ("python", "python3"):
        (rootfs / "usr/local/bin" / name).symlink_to("/usr/bin/python3.11")
    (rootfs / "usr/lib/python3.11/EXTERNALLY-MANAGED").unlink()
    shutil.copy(os.environ.get("SSL_CERT_FILE", _CERTIFICATES), f"{rootfs}{_CERTIFICATES}")


def _buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()
