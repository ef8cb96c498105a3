#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "antiphon/cl_async_style/events.hpp"
#include "antiphon/cl_async_style/http/request.hpp"
#include "antiphon/http/body_plan.hpp"
#include "antiphon/http/exchange.hpp"
#include "antiphon/http/parser.hpp"
#include "antiphon/http/response_writer.hpp"
#include "state.hpp"

namespace antiphon::cl_async_style {

/// An answer that waits for the :response-started hooks.
struct held_answer {
  unsigned status;
  http::Headers fields;
  std::string body;
  std::optional<std::uint64_t> length;
  bool whole;  ///< given by respond; else by start, and `body` is what was written since
  bool finished;
};

/// What a connection needs only while a request is under way: lent by the server, so that idle connections
/// stay small and busy ones find warm memory.
struct turn {
  turn(http::RequestParserListener& listener, const http::ParserLimits& limits, http::DateCache& date)
      : parser(listener, limits), writer(date) {}

  http::RequestParser parser;
  cl_async_style::request request;
  http::Headers headers;            // response_headers
  std::vector<http::Field> fields;  // those and the answer's own, together
  http::ResponseWriter writer;
  route_match route;
  std::size_t routes_tried = 0;
  http::BodyPlan plan;
  std::string ahead;  // octets that came too early
  std::string early;  // what came of the body before with_chunking was called, or waits for a hook
  std::unique_ptr<held_answer> held;
  http::Exchange::Callback on_writable;
  http::Exchange::Callback on_cancel;
  http::Exchange::BodyCallback on_body;
  std::vector<std::shared_ptr<event>> timers;
  std::chrono::steady_clock::time_point began;  // the request, if somebody wants to know
  bool registered = false;                      // drop_callbacks has something to drop

  void drop_callbacks() {
    if (!std::exchange(registered, false)) return;
    on_writable = nullptr;
    on_body = nullptr;
    on_cancel = nullptr;
    early.clear();
    for (const auto& timer : timers)
      if (!event_freed_p(*timer)) free_event(*timer);
    timers.clear();
  }
};

}  // namespace antiphon::cl_async_style
