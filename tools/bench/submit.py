"""How long a person waits for the answer to an upload."""

import time

from tools.bench.client import Client, by_clients
from tools.bench.figures import Row, Samples
from tools.bench.image_work import optimise, optimise_with_pillow
from tools.bench.photos import phone_photo

SEQUENTIAL = 40
CLIENTS = 20
TOGETHER = 100
ROUNDS = 8


async def measure(client: Client) -> list[Row]:
    """Submits a 12-megapixel photo alone and from twenty clients at a time."""
    photo = phone_photo()
    alone, together = Samples(), Samples()

    async def submit(samples: Samples) -> None:
        with samples.measure():
            await client.submit(photo)

    for _warm_up in range(3):
        await client.submit(photo)
    for _request in range(SEQUENTIAL):
        await submit(alone)
    await by_clients(CLIENTS, TOGETHER, lambda: submit(together))
    size = f"{len(phone_photo()) / 1e6:.1f} MB, 12 megapixels"
    return [
        Row(what=f"submit ({size}), one after the other", figure=alone.milliseconds()),
        Row(what=f"submit, {CLIENTS} clients at a time", figure=together.milliseconds()),
    ]


def measure_image_work() -> Row:
    """The gateway's decode, orient, resize and encode against plain Pillow's, on the same photo in turns."""
    photo = phone_photo()
    ours, plain = Samples(), Samples()
    for _round in range(ROUNDS):
        with ours.measure():
            optimise(photo)
        with plain.measure():
            optimise_with_pillow(photo)
        time.sleep(0.05)  # lets caches and clocks settle between rounds
    ratio = plain.quantile(0.5) / ours.quantile(0.5)
    return Row(
        what="image work of a submit alone",
        figure=f"p50 {ours.quantile(0.5) * 1000:.0f} ms",
        baseline=f"Pillow decode, resize, encode: p50 {plain.quantile(0.5) * 1000:.0f} ms",
        ratio=f"{ratio:.1f}× faster",
    )
