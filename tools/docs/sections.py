"""Parts of a page that a program writes: each lies between markers of its own name and is replaced as a whole."""

import re


def replace(text: str, name: str, block: str) -> str:
    """A page with what lies between `<!-- name -->` and `<!-- end of name -->` replaced.

    Raises ValueError where the page lacks either marker.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"the page lacks {begin} or {end}")
    return pattern.sub(lambda _: f"{begin}\n{block}\n{end}", text, count=1)
