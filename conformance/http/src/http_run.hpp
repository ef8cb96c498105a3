#pragma once

#include <string>

#include "http_case.hpp"
#include "http_client.hpp"

namespace antiphon::http_conformance {

/// How a case is sent.
enum class Cutting {
  as_written,
  octet_by_octet,  ///< each octet in a system call of its own
};

/// Holds the conversation of a case with a server. Returns why the server did not pass; empty if it did.
std::string run_case(const HttpCase& one, const Address& server, Cutting cutting = Cutting::as_written);

/// What any response has to be, whatever was asked; empty if it is so. `to_http_1_0`: the request was of that
/// version.
std::string check_response(const Response& response, bool to_http_1_0);

}  // namespace antiphon::http_conformance
