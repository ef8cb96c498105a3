"""aiohttp's server with the same body and fields. Prints the port that it listens on."""

import asyncio

from aiohttp import web


async def hello(_):
    return web.Response(text="hello, world\n")


async def main():
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print("listening", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
