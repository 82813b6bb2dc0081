"""A Jina executor behind its own HTTP gateway that answers with the picture it was given."""

import asyncio
import sys

from docarray import BaseDoc, DocList
from jina import Executor, Flow, requests

STAGES, STEPS = 4, 20


class Photo(BaseDoc):  # type: ignore[misc]  # Jina is in an environment of its own
    """JSON has no bytes."""

    base64: str = ""
    style: str = ""


class Restyle(Executor):  # type: ignore[misc]  # as above
    """Every stage and step lets others go on and does nothing else."""

    @requests(on="/transform")  # type: ignore[untyped-decorator]  # as above
    async def transform(self, docs: DocList[Photo], **_settings: object) -> DocList[Photo]:
        """Answers with what came."""
        for _turn in range(STAGES + STEPS):
            await asyncio.sleep(0)
        return docs


if __name__ == "__main__":
    # a Deployment of its own loses bodies beyond 1 MiB on the way
    with Flow(protocol="http", port=int(sys.argv[1]), host="127.0.0.1", quiet=True).add(uses=Restyle) as flow:
        flow.block()
