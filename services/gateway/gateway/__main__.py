"""The gateway's programs: `python -m gateway api`, `… worker`, `… firstlook`, and `… keys new TENANT`, for API keys."""

import sys

from servicekit import process


def main() -> None:
    """Runs one of them; imports only what it needs."""
    match sys.argv[1:]:
        case ["api"]:
            from gateway.api.main import main as api  # noqa: PLC0415 - only where chosen

            process.run(api)
        case ["worker"]:
            from gateway.worker.main import main as worker  # noqa: PLC0415 - only where chosen

            process.run(worker)
        case ["firstlook"]:
            from gateway.worker.first_look.main import main as first_look  # noqa: PLC0415 - only where chosen

            process.run(first_look)
        case ["keys", *arguments]:
            from gateway.api.auth.keys_command import main as keys  # noqa: PLC0415 - only where chosen

            sys.exit(keys(arguments))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
