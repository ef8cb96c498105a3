"""What a function is for: the groups that instructions are told by. Pure."""

import collections
import re

from .callgrind import plain, readable

LLHTTP, CHECKS, REQUEST, ROUTER, ANSWER, HANDLER, HTTP, TRANSPORT, ASIO, LIBUV, LIBC, OTHERS = (
    "llhttp", "parser: what RFC 9112 wants beyond llhttp", "request kept for the handler", "router", "answer",
    "handler, bench", "HTTP server of the style", "transport and loop", "Boost.Asio", "libuv", "libc and libstdc++", "others")

# By library first; then the first pattern that is found in the function's name without its arguments. Of a name of std::, what
# it was made for is in its template's arguments, which are kept.
LIBRARIES = ((r"^libuv\.", LIBUV), (r"^(libc|ld-linux|libstdc\+\+|libm|libgcc_s|libpthread|\[?vdso)", LIBC))
FUNCTIONS = (
    (r"^llhttp_", LLHTTP),
    (r"\b(http::(detail::)?(RequestParser\b|HeadScanner|ChunkScanner|FramingRules|check_|is_authority|is_token|trim_white_space|same_but_for_case|equal_ignoring_case)"
     r"|bench::(StylesParser|LlhttpAlone))", CHECKS),
    (r"\bhttp::Router\b", ROUTER),
    (r"^std::.*\bhttp::Exchange\b|^antiphon::(hello|app)\b|\bbench::(Echo\b|bench_app)", HANDLER),
    (r"\bhttp::(ResponseWriter|Response\b|ResponseView|DateCache|Exchange)|\bbench::Answers\b", ANSWER),
    (r"\bhttp::(Request\b|Headers|BodyPlan)", REQUEST),
    (r"\basio_style::(detail::)?(Http|Turn\b|Answer\b|serve\b)", HTTP),
    (r"\bcl_async_style::(conversation|wookie_|request\b|response\b|turn\b|route|response_handle|web\b|shared_list)", HTTP),
    (r"\b(asio_style|cl_async_style)::|\bbench::(Connection|EpollServer|AsioServer|LibuvServer)", TRANSPORT),
    (r"\b(bare_)?boost::", ASIO),
    (r"^(std|__gnu_cxx|operator)\b|^_(init|fini|start)|^\(below", LIBC),
)
ORDER = (LLHTTP, CHECKS, REQUEST, ROUTER, HANDLER, ANSWER, HTTP, TRANSPORT, ASIO, LIBUV, LIBC, OTHERS)
MOST = 12  # functions of a row's data


def group(function, library):
    """The group of a function, by the name and the file that callgrind gives."""
    for pattern, found in LIBRARIES:
        if re.search(pattern, library):
            return found
    name = plain(function)
    return next((found for pattern, found in FUNCTIONS if re.search(pattern, name)), OTHERS)


def by_group(costs):
    """Of costs by (function, library): one number for each group that has any, in ORDER."""
    sums = dict.fromkeys(ORDER, 0.0)
    for (function, library), cost in costs.items():
        sums[group(function, library)] += cost
    return {name: cost for name, cost in sums.items() if abs(cost) >= 0.05}


def breakdown(columns):
    """The data of a row: {server: costs} as one part a group; the parts of a column sum up to its figure. Of functions, those that
    differ most."""
    sums = {server: by_group(costs) for server, costs in columns.items()}
    parts = [{"name": name, "unit": "1", "values": [round(sums[server].get(name, 0.0), 1) for server in columns]}
             for name in ORDER if any(name in one for one in sums.values())]
    return {"columns": list(columns), "parts": parts, "functions": _differ(list(columns.values()))}


def _differ(columns):
    joined = [collections.Counter() for _ in columns]
    for one, costs in zip(joined, columns):
        for (function, _), cost in costs.items():
            one[readable(function)] += cost
    names = sorted(set().union(*joined), key=lambda name: (-abs(joined[0][name] - joined[-1][name]), name))[:MOST]
    return [{"name": name, "values": [round(one[name], 1) for one in joined]} for name in names if abs(joined[0][name] - joined[-1][name]) >= 0.5]
