"""How long a poll takes at a steady rate."""

from tools.bench.client import Client, at_rate
from tools.bench.figures import Row, Samples
from tools.bench.photos import small_photo

RATE = 200
SECONDS = 15


async def poll_completed(client: Client, *, seconds: float = SECONDS) -> Samples:
    """Polls ten completed jobs in turn: the largest answer that a poll can get."""
    jobs = [(await client.submit(small_photo())).job_id for _number in range(10)]
    for job in jobs:
        await client.completed(job)
    samples = Samples()
    turns = iter(range(10**9))

    async def poll() -> None:
        with samples.measure():
            await client.status(jobs[next(turns) % len(jobs)])

    await at_rate(RATE, seconds, poll)
    return samples


async def measure(client: Client) -> list[Row]:
    """The row of the table."""
    samples = await poll_completed(client)
    return [Row(what=f"status of completed jobs at {RATE} requests/s", figure=samples.milliseconds())]
