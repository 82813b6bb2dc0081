"""`python -m deploy.local.conversion`: converts what `make run MODOMO_ENGINE=cpu` computes in OpenVINO, once.

The last step of `make weights TIER=cpu`. Variables that are set win over what the engine `cpu` means, as they do there.
"""

import os
import subprocess
import sys

from deploy.local.layout import CPU


def main() -> int:
    """Runs the command; returns its exit status."""
    settings = {"MODOMO_DIFFUSION_DEVICE": "cpu", **CPU["diffusion"], **os.environ}
    return subprocess.run([sys.executable, "-m", "diffusion.sd.openvino"], env=settings, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
