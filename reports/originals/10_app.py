# An app over HTTP with routes of its own, on aiohttp: the shape is Sanic's, too, which Debian 12 does not have.

import asyncio
import signal
import sys

from aiohttp import web


async def hello(request):
    return web.Response(text="hello, world\n")


# [stream] Counts to ten, a line each tenth of a second: a coroutine that sleeps. The client that hangs up ends it: the
# next `write` raises.
async def count(request):
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for number in range(1, 11):
        await response.write(b"%d\n" % number)
        await asyncio.sleep(0.1)
    return response


async def greet(request):
    name = request.match_info["name"]
    # [slowly] An answer that is not ready yet: the handler awaits it.
    if name == "slowly":
        await asyncio.sleep(0.1)
    return web.Response(text="hello, %s\n" % name)


# [routes] A table of coroutines.
routes = [web.get("/", hello), web.get("/count", count), web.get("/greet/{name}", greet)]


# [listen] `web.run_app` would be the whole main; the parts of it, since we say what we do.
async def main(port):
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, shutdown_timeout=15).start()
    # [stop] At a signal what is under way is finished first.
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    print("listening on http://%s:%d" % runner.addresses[0], flush=True)
    await stop.wait()
    print("finishing what is under way", flush=True)
    await runner.cleanup()


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
