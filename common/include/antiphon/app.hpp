#pragma once

#include "antiphon/http/router.hpp"

namespace antiphon {

/// The app that both styles serve.
///
///   GET  /            hello, world
///   POST /echo        the body back, streamed, any size
///   GET  /stream/{n}  n chunks
///   GET  /bytes/{n}   n octets with Content-Length, octet i being i mod 251, made on demand
///   GET  /delay/{ms}  answers after that time (at most 60 s)
///   GET  /headers     the request's fields as a JSON list of [name, value]
///
/// HEAD for each GET. Immutable after its making: any number of servers and threads may share it.
[[nodiscard]] const http::Router& app();

}  // namespace antiphon
