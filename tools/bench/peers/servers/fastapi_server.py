"""A plain FastAPI app that answers with the picture it was given."""

import asyncio
import sys
from typing import Annotated

import uvicorn
from fastapi import FastAPI, File, Form, Response

STAGES, STEPS = 4, 20

app = FastAPI()


@app.post("/transform")
async def transform(file: Annotated[bytes, File()], style: Annotated[str, Form()]) -> Response:
    """Every stage and step lets others go on and does nothing else."""
    for _turn in range(STAGES + STEPS):
        await asyncio.sleep(0)
    return Response(file, media_type="image/jpeg", headers={"X-Style": style})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
