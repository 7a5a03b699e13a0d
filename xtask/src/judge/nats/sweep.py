"""Deletes the streams of an environment: the broker, the prefix."""

import asyncio
import sys

import nats
from nats.js.errors import NotFoundError


async def main(url, prefix):
    client = await nats.connect(url)
    for name in ["jobs", "events", "mainstay-tasks"]:
        try:
            await client.jetstream().delete_stream(f"{prefix}-{name}")
        except NotFoundError:
            pass
    await client.close()


asyncio.run(main(*sys.argv[1:]))
