"""How long a poll takes at a steady rate."""

from tests.load.client import Client, at_rate
from tests.load.figures import Row, Samples
from tests.load.photos import small_photo

RATE = 200
SECONDS = 15


async def measure(client: Client) -> list[Row]:
    """Polls ten completed jobs in turn: the largest answer that a poll can get."""
    jobs = [(await client.submit(small_photo())).job_id for _number in range(10)]
    for job in jobs:
        await client.completed(job)
    samples = Samples()
    turns = iter(range(10**9))

    async def poll() -> None:
        with samples.measure():
            await client.status(jobs[next(turns) % len(jobs)])

    await at_rate(RATE, SECONDS, poll)
    return [Row(what=f"status of completed jobs at {RATE} requests/s", figure=samples.milliseconds())]
