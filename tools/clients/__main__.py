"""`make clients`: the copy of the OpenAPI document, and the types that the Python client stands on."""

from tools.clients import python_types


def main() -> None:
    """Writes everything that `tests/contract` holds to be fresh."""
    for path, text in python_types.files().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
