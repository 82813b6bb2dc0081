"""Programs that build images: docker, podman or buildah, whichever is there."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
KNOWN: Final = ("docker", "podman", "buildah")


@dataclass(frozen=True, kw_only=True)
class Builder:
    """One such program; its storage, isolation and login are those of its own settings and variables."""

    program: str

    @property
    def daemonless(self) -> bool:
        """Whether it is buildah, whose commands are its own."""
        return self.program == "buildah"

    def build(self, dockerfile: str, reference: str, arguments: Mapping[str, str], options: Sequence[str] = ()) -> None:
        """Builds from the repository's root; raises CalledProcessError. Its output is what the caller sees."""
        given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        # of Docker's form: OCI's own has no health check
        form = [] if self.program == "docker" else ["--format", "docker"]
        command = [self.program, "bud" if self.daemonless else "build", *form, "--file", dockerfile, *given, *options]
        subprocess.run([*command, "--tag", reference, "."], cwd=ROOT, check=True)

    def python(self, reference: str, program: str) -> str:
        """What an image's Python prints for a program; raises CalledProcessError."""
        if not self.daemonless:
            command = [
                self.program,
                "run",
                "--rm",
                "--network",
                "none",
                "--entrypoint",
                "python",
                reference,
                "-c",
                program,
            ]
            return self._out(*command)
        with self.container(reference) as container:
            return self._out("buildah", "run", container, "--", "python", "-c", program)

    @contextmanager
    def container(self, reference: str) -> Iterator[str]:
        """A working container of buildah's, gone afterwards."""
        container = self._out("buildah", "from", "--pull-never", reference).strip()
        try:
            yield container
        finally:
            self._out("buildah", "rm", container)

    def save(self, reference: str, archive: Path) -> None:
        """Writes an image as an archive of layers; raises CalledProcessError."""
        if self.daemonless:
            self._out("buildah", "push", reference, f"docker-archive:{archive}:{reference}")
        else:
            self._out(self.program, "save", "--output", str(archive), reference)

    def push(self, reference: str) -> None:
        """Sends an image to its registry; raises CalledProcessError."""
        subprocess.run([self.program, "push", reference], check=True)

    @staticmethod
    def _out(*command: str) -> str:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, shlex.join(command), done.stdout, done.stderr)
        return done.stdout


def find(name: str = "") -> Builder:
    """The program of a name, or the first that is there and works; raises ValueError saying what was looked for."""
    if name and name not in KNOWN:
        raise ValueError(f"{name!r} is none of {', '.join(KNOWN)}")
    wanted = (name,) if name else KNOWN
    for program in wanted:
        # docker may be there without the daemon that it needs
        if shutil.which(program) and not subprocess.run([program, "info"], capture_output=True, check=False).returncode:
            return Builder(program=program)
    raise ValueError(f"images are built by docker, podman or buildah: {' and '.join(wanted)} cannot be run here")
