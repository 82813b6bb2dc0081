"""A worker process for chaos tests: takes jobs, writes updates, finishes, and prints one word for each outcome.

Run as `python chaos_worker.py STEPS SECONDS_A_STEP`; settings come from the environment as for any service.
"""

import asyncio
import sys

from servicekit import env
from servicekit.joblog import Cancelled, Claim, Ending, JobStatus, Superseded, Update
from servicekit.joblog.redis import JobLogSettings, connect


async def work(claim: Claim, *, steps: int, seconds: float) -> str:
    """Does one job; how it went."""
    try:
        for step in range(1, steps + 1):
            update = Update(
                status=JobStatus.TRANSFORMING, progress=step / (steps + 1), message="", step=step, total_steps=steps
            )
            await claim.append(update)
            await asyncio.sleep(seconds)  # the work itself
        await claim.finish(Ending(status=JobStatus.COMPLETED, message="Ready!", result=f'"{claim.job.payload}"'))
    except Superseded:
        return "superseded"
    except Cancelled:
        return "cancelled"
    return "completed"


async def main(steps: int, seconds: float) -> None:
    """Until it is killed."""
    queue = connect(env.read(JobLogSettings, prefix="MODOMO_")).queue
    while True:
        print(await work(await queue.claim(), steps=steps, seconds=seconds), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
