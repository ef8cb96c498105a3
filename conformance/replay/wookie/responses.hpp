#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace antiphon::wookie_replay {

/// Octets that a server sent, as a list of its responses, so that two servers' answers can be compared by
/// what they say:
///
///     "200 content-type=text/plain transfer-encoding=chunked [hello][ world]"
///     "200 content-length=2 'hi'"
///     "404 built-in"                  the server's own answer, whatever its words
///     "200 content-length=3 '' (3 octets less)"
///     "unparsed: ..."                 what is no response
///
/// Field names are in small letters and sorted; repeated ones keep their order. Left away, for they are known
/// to differ in every answer: Date and Connection (ours), Server (Wookie's, if its version is told), the
/// reason phrase, and the Content-Type of ours for its own answers.
[[nodiscard]] nlohmann::json normal_responses(std::string_view octets);

/// What is wrong with every response of ours that has no Date, or more than one; empty if nothing is.
[[nodiscard]] std::string date_problem(std::string_view octets);

}  // namespace antiphon::wookie_replay
