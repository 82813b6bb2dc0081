"""`python -m gateway api` or `python -m gateway worker`."""

import argparse

from servicekit import process


def main() -> None:
    """Runs one of the gateway's two processes; imports only what it needs."""
    parser = argparse.ArgumentParser(prog="gateway", description=__doc__)
    parser.add_argument("process", choices=("api", "worker"))
    match parser.parse_args().process:
        case "api":
            from gateway.api.main import main as api  # noqa: PLC0415 - only where chosen

            process.run(api)
        case "worker":
            from gateway.worker.main import main as worker  # noqa: PLC0415 - only where chosen

            process.run(worker)


if __name__ == "__main__":
    main()
