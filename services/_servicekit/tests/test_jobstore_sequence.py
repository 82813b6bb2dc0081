"""What counts as the number of an event."""

import pytest

from servicekit.errors import InvalidArgument
from servicekit.jobstore.sequence import MAX_SEQ, validate_seq


@pytest.mark.parametrize("value", [0, 1, MAX_SEQ])
def test_the_number_of_an_event_is_taken_as_it_is(value: int) -> None:
    assert validate_seq(value) == value


@pytest.mark.parametrize("value", [-1, MAX_SEQ + 1, 2**64 - 1])
def test_a_number_that_no_event_has_is_refused_by_the_name_of_its_field(value: int) -> None:
    with pytest.raises(InvalidArgument, match="last-seen is no event's number") as refused:
        validate_seq(value, field="last-seen")
    assert (refused.value.reason, refused.value.metadata["field"]) == ("OUT_OF_RANGE", "last-seen")
