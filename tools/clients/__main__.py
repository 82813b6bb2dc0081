"""`make clients`: the copy of the OpenAPI document, and what is made of it for the clients."""

from tools.clients import python_types, typescript


def main() -> None:
    """Writes everything that `tests/contract` holds to be fresh."""
    for path, text in python_types.files().items():
        path.write_text(text)
    typescript.write()


if __name__ == "__main__":
    main()
