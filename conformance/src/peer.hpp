#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "event_log.hpp"
#include "target.hpp"

namespace antiphon::conformance {

/// What the peer did and saw. Counts and octets are of its first connection.
struct PeerRecord {
  std::uint64_t sent = 0;      ///< octets of the stream
  std::uint64_t read = 0;      ///< octets
  std::int64_t wrong_at = -1;  ///< the first octet read that is not the stream's
  std::string end;             ///< "eof", "close-notify", "cut" (TLS without close_notify), "reset" or empty
  bool aborted = false;        ///< it reset the connection, or closed it with something unread
  bool connected_anyway = false;  ///< expect_refused, but it was let in
  bool refused = false;           ///< a connect that had to succeed did not
  bool loop_hung = false;         ///< stop_loop, but the loop did not end
  Json steps = Json::array();     ///< each step with its result
  Trace seen_at_hang;  ///< the server's events when a step took too long; what follows is the kit's own doing
};

/// Where a peer script plays.
struct Stage {
  Target& target;
  EventLog& log;
  Endpoint endpoint;
  std::chrono::milliseconds limit = hang_limit;  ///< for each step; against a hang
};

/// Runs a peer script in the calling thread: the steps of the adapter protocol, and the kit's own between
/// them, which go to the target instead:
///   ["act", c, [actions]]   runs actions on connection c inside the loop
///   ["drain"]               until the loop has nothing due
///   ["stop"]                closes the listener
///   ["stop_loop"]           stops the loop, whatever is open; nothing of the target may follow
///   ["peer", k]             the steps that follow are of the k-th connection, from 0
///   ["read_available"]      what has arrived, without waiting
///   ["close_all"]           closes every connection
///   ["expect_refused"]      a connection that must not be let in
///   ["limit_descriptors"], ["free_descriptors"]   the server can open nothing more; it can again
/// Throws HarnessError if a step takes longer than the limit or is unknown; `record` then has what was seen
/// until there.
void run_peer(const Json& steps, const Stage& stage, PeerRecord& record);

/// The steps as they are for a transport: over TLS a handshake follows each connect, unless the script deals
/// with TLS itself.
[[nodiscard]] Json steps_for(const std::string& transport, const Json& steps);

}  // namespace antiphon::conformance
