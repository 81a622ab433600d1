"""An event loop in a thread of its own, so that scenarios need none."""

import asyncio
import threading

loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()


def wait(coroutine, seconds=20):
    async def bounded():
        return await asyncio.wait_for(coroutine, seconds)

    return asyncio.run_coroutine_threadsafe(bounded(), loop).result()
