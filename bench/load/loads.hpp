#pragma once

#include <functional>

#include "options.hpp"
#include "watched_server.hpp"

namespace antiphon::bench {

/// Called when the warm-up is over, before the first octet that counts.
using WarmedUp = std::function<void()>;

// All throw std::runtime_error if an answer is wrong or the server goes.

/// Every connection sends its next message when its answer is complete, until all requests are answered.
LoadResult closed_loop(const LoadOptions& options, const WarmedUp& warmed_up);
/// One batch after another: the server is stopped, each connection sends, the server goes on, all answers are
/// read, the server falls asleep. So the same octets always meet the same server, and its counts are exact.
/// With one connection it need not be stopped. All in all `requests`, rounded down to whole batches.
LoadResult held_batches(const LoadOptions& options, const WatchedServer& server, const WarmedUp& warmed_up);
/// One after another: connects, asks with "Connection: close", reads to the end. With a server that may be
/// watched, waits until it sleeps before each.
LoadResult connection_per_request(const LoadOptions& options, const WatchedServer& server,
                                  const WarmedUp& warmed_up);
/// GET /bytes/{size} and POST /sink of that size on one connection, `requests` times.
LoadResult download(const LoadOptions& options, const WarmedUp& warmed_up);
LoadResult upload(const LoadOptions& options, const WarmedUp& warmed_up);
/// Opens as many connections as each line of standard input says in all, each with one request answered, and
/// prints a line when they are there; ends at the end of input.
void idle_connections(const LoadOptions& options);

}  // namespace antiphon::bench
