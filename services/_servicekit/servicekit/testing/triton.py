"""A real tritonserver on the CPU with the project's own model repository and tiny models.

The server is the one of the nvidia-pytriton wheel, unpacked beside the environment by `make build/triton/ready`; the
Python backend runs on this interpreter and its packages.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import tritonclient.grpc as grpcclient
from tritonclient.utils import InferenceServerException

from servicekit import ports
from servicekit.weights import WeightStore

START_SECONDS: Final = 60
LOAD_SECONDS: Final = 400
"""A model loads torch and its packages in a process of its own."""


class TritonServer:
    """A server whose models are loaded when a test asks for them."""

    def __init__(self, installation: Path, repository: Path, folder: Path, weights: Path) -> None:
        self._folder = folder
        (self.port,) = ports.free(1)
        """Of the gRPC endpoint."""
        command = [
            str(installation / "bin" / "tritonserver"),
            f"--model-repository={repository}",
            f"--backend-directory={_backends(installation, folder)}",
            "--model-control-mode=explicit",
            "--grpc-address=127.0.0.1",
            f"--grpc-port={self.port}",
            "--allow-http=false",
            "--allow-metrics=false",
        ]
        libraries = [sysconfig.get_config_var("LIBDIR"), str(installation.parent.parent / "nvidia_pytriton.libs")]
        environ = {
            # the Python backend finds its interpreter, and through it our packages, as the first python3 on the path
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LD_LIBRARY_PATH": ":".join(libraries),
            "OMP_NUM_THREADS": "1",
            "MODOMO_WEIGHTS": str(weights),
        }
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, env=environ, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - our own command
        self._client = grpcclient.InferenceServerClient(self.address)
        self._loaded: set[str] = set()

    @property
    def address(self) -> str:
        """`host:port` of the gRPC endpoint."""
        return f"127.0.0.1:{self.port}"

    def wait(self) -> None:
        """Returns when the server answers."""
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                if self._client.is_server_live():
                    return
            except InferenceServerException:
                pass
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"tritonserver did not start:\n{self.log()}")
            time.sleep(0.2)  # between two questions whether the server has started

    def load(self, names: Sequence[str]) -> None:
        """Loads models unless they are, side by side: each has a process of its own to start."""
        missing = [name for name in names if name not in self._loaded]
        with ThreadPoolExecutor(max_workers=len(names)) as threads:
            list(threads.map(self._load, missing))
        self._loaded.update(missing)

    def _load(self, name: str) -> None:
        try:
            self._client.load_model(name, client_timeout=LOAD_SECONDS)
        except InferenceServerException as error:
            raise RuntimeError(f"{error}\n{self.log()}") from error

    def log(self) -> str:
        """The end of what the server wrote."""
        return (self._folder / "log").read_text("utf-8", errors="replace")[-6000:]

    def stop(self) -> None:
        """Ends the server and its models' processes."""
        self._client.close()
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def start_triton(
    installation: Path, repository: Path, folder: Path, *, weights: Path | None = None
) -> Iterator[TritonServer]:
    """A server on a model repository; `folder` takes what it writes."""
    server = TritonServer(installation, repository, folder, weights or folder)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def triton_installation(pytestconfig: pytest.Config) -> Path:
    """Where the server is unpacked; skips where it is not."""
    directory = pytestconfig.rootpath / "build" / "triton" / "pytriton" / "tritonserver"
    if not directory.is_dir():
        pytest.skip("no tritonserver under build/triton; `make build/triton/ready` gets it")
    return directory


@pytest.fixture(scope="session")
def triton_server(
    pytestconfig: pytest.Config,
    triton_installation: Path,
    tmp_path_factory: pytest.TempPathFactory,
    tiny_vision: WeightStore,
) -> Iterator[TritonServer]:
    """The project's model repository with tiny models, one server a session."""
    repository = pytestconfig.rootpath / "deploy" / "triton" / "models"
    folder = tmp_path_factory.mktemp("triton")
    with start_triton(triton_installation, repository, folder, weights=tiny_vision.directory) as server:
        yield server


def _backends(installation: Path, folder: Path) -> Path:
    """The server's backends with the Python backend made for this interpreter."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    directory = folder / "backends"
    shutil.copytree(installation / "backends", directory)
    shutil.copy2(installation / "python_backend_stubs" / version / "triton_python_backend_stub", directory / "python")
    return directory
