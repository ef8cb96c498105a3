#pragma once

#include <string>
#include <vector>

#include "trace_file.hpp"

namespace antiphon::conformance::cl_async {

/// A decision of cl_async_style/differences.json that accounts for a difference.
struct Decided {
  std::string rule;    ///< "CL-146"
  std::string reason;  ///< what ours does instead
};

/// Whether all that is not the same follows from what was decided: the decisions that account for it, or none
/// if anything is left that they do not. Pure.
///
/// A trace of this folder that differs is declared by its name, with all of what is to be seen instead; this
/// is for others. Each decision is looked for where its reason is given in the recorded run (data that waited
/// when the peer ended, a loop that had to be killed, ...), and takes back only what it brings about there:
///   - CL-082, CL-087: upstream's warning of a handle that it lost;
///   - CL-146: after socket-eof what was written is sent, not canceled, so the peer may get more;
///   - CL-119: so does a write with callbacks that a close follows in the same tick;
///   - CL-128: a graceful close ends without a reset, and so does the loop's end, which upstream takes so
///   long
///     for that the peer can send meanwhile;
///   - CL-130: nothing is called on a socket that a graceful close has closed;
///   - CL-030: an error leaves the loop at the end of the iteration, so that more is called and sent;
///   - CL-105: connect_cb is called also after a write with callbacks before the connection;
///   - CL-108, CL-244, CL-247, CL-248: of TLS. Where upstream's way ends (stream mode, a write with
///   callbacks)
///     nothing behind that can be compared;
///   - what a callback did goes with the callback;
///   - CL-016, CL-017, CL-133: ours ends where upstream had to be killed.
[[nodiscard]] std::vector<Decided> decided(const Json& server_script, const Outcome& recorded,
                                           const Outcome& ours);

}  // namespace antiphon::conformance::cl_async
