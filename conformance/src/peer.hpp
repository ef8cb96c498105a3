#pragma once

#include <cstdint>

#include "event_log.hpp"

namespace antiphon::conformance {

/// What the peer did and saw.
struct PeerRecord {
  std::uint64_t sent = 0;      ///< octets of the stream
  std::uint64_t read = 0;      ///< octets
  std::int64_t wrong_at = -1;  ///< the first octet read that is not the stream's
  std::string end;             ///< "eof", "reset" or empty
  Json steps = Json::array();  ///< each step with its result
};

/// Runs a peer script of the adapter protocol against a port of loopback, in the calling thread. Throws
/// HarnessError if a step takes longer than hang_limit or is unknown; `record` then has what was seen until
/// there.
void run_peer(const Json& steps, std::uint16_t port, EventLog& log, PeerRecord& record);

}  // namespace antiphon::conformance
