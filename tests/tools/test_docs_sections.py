"""Parts of a page that programs write."""

import pytest

from tools.docs import sections


def test_only_what_lies_between_the_markers_is_replaced() -> None:
    page = "# Page\n<!-- one -->\nold \\1\n<!-- end of one -->\n<!-- two -->\nstays\n<!-- end of two -->\n"
    assert sections.replace(page, "one", r"new \1") == page.replace("old \\1", r"new \1")


@pytest.mark.parametrize("page", ["# Page", "<!-- one -->\nno end"])
def test_a_page_without_its_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="<!-- one -->"):
        sections.replace(page, "one", "")
