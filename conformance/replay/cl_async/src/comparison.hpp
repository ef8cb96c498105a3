#pragma once

#include <string>
#include <vector>

#include "trace_file.hpp"

namespace antiphon::conformance::cl_async {

/// What is not the same in both, one line each; empty: they are equal. Pure.
///
/// Every event and every result of the peer is compared, in order, field by field, but for
///   - `same_iteration` and `class`, which belong to libuv's loop and to Lisp, and `detail` (prose);
///   - `text`, where the recorder left a long one out (null, or no field): then `n` or `bytes` says it;
///   - `cond` and `msg` of errors that are none of cl-async's: Lisp's types have no names here, so that there
///     is such an error is all that counts; `msg` of warnings: only whether there is one;
///   - `is_tcp_eof` and `is_tcp_error`: upstream's are false for the very events that they name (QUIRK
///     CL-055); ours must be true exactly for those;
///   - `n` of a written text that is not ASCII, which may count characters or octets;
///   - `server_events_so_far`, the recorder's own remark;
///   - the fields `is_*` and `msg`, where `expected` has none: declared outcomes leave them out.
[[nodiscard]] std::vector<std::string> compare(const Outcome& expected, const Outcome& ours);

/// The two lists of events side by side, for people: one a line, those that differ marked.
[[nodiscard]] std::string render(const Outcome& expected, const Outcome& ours);

}  // namespace antiphon::conformance::cl_async
