"""The plain way to do a job: one FastAPI process, everything in the request.

It reads the upload, optimises it with the gateway's own code, writes it to a directory, runs four stages that do
nothing and twenty steps that do nothing, writes result, thumbnail and before/after, and answers. No queue, no other
process, nothing that survives a crash.
"""

import asyncio
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, File, Form

from tools.bench.image_work import optimise, pictures

app = FastAPI()
directory = Path(tempfile.mkdtemp(prefix="modomo-baseline-"))


@app.post("/transform")
async def transform(file: Annotated[bytes, File()], style: Annotated[str, Form()]) -> dict[str, str]:
    """Does the whole job and answers when it is done."""
    photo = await asyncio.to_thread(optimise, file)
    name = uuid.uuid4().hex
    await asyncio.to_thread((directory / f"{name}-original.jpg").write_bytes, photo)
    for _stage in range(4):
        await asyncio.sleep(0)  # a stage that does nothing
    for _step in range(20):
        await asyncio.sleep(0)  # a step that does nothing
    for kind, data in (await asyncio.to_thread(pictures, photo)).items():
        await asyncio.to_thread((directory / f"{name}-{kind}.jpg").write_bytes, data)
    return {"job_id": name, "style": style}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
