"""What each process holds, and how long the system takes to be there."""

from deploy.local.stack import Stack
from tools.bench.client import Client, by_clients
from tools.bench.figures import Row
from tools.bench.machine import resident_megabytes
from tools.bench.photos import small_photo

JOBS = 200
CLIENTS = 10


def resident(stack: Stack) -> dict[str, float]:
    """Megabytes of each process by name."""
    return {name: resident_megabytes(child.process.pid) for name, child in stack.children.items()}


async def measure(stack: Stack, client: Client) -> list[Row]:
    """Memory at rest and after two hundred jobs with the lite engines."""
    at_rest = resident(stack)

    async def job() -> None:
        accepted = await client.submit(small_photo())
        await client.completed(accepted.job_id)

    await by_clients(CLIENTS, JOBS, job)
    after = resident(stack)
    return [
        Row(what=f"memory of {name}", figure=f"{at_rest[name]:.0f} MB at rest, {after[name]:.0f} MB after {JOBS} jobs")
        for name in at_rest
    ]
