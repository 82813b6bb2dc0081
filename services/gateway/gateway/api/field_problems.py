"""All that is wrong with the fields of a request, told in one answer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from servicekit.errors import InvalidArgument, ServiceError


class InvalidFields(InvalidArgument):
    """Several fields are unusable; reason, message and `field` are those of the first."""

    def __init__(self, problems: Sequence[InvalidArgument]) -> None:
        """One or more."""
        first = problems[0]
        super().__init__(first.reason, first.message, field=first.metadata["field"])
        self.problems = tuple(problems)


class FieldProblems:
    """Collects what checks that do not depend on each other raise."""

    def __init__(self) -> None:
        self._found: list[InvalidArgument] = []

    def __bool__(self) -> bool:
        """Whether anything was wrong."""
        return bool(self._found)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Keeps an InvalidArgument of the block, which ends there; other errors leave it."""
        try:
            yield
        except InvalidArgument as error:
            self._found += of_each_field(error)

    def check(self) -> None:
        """Raises InvalidFields where anything was wrong."""
        if self._found:
            raise InvalidFields(self._found)


def of_each_field(error: ServiceError) -> list[InvalidArgument]:
    """One error a field that is to blame; none where no field is."""
    if isinstance(error, InvalidFields):
        return list(error.problems)
    return [error] if isinstance(error, InvalidArgument) else []
