#pragma once

#include <functional>
#include <utility>

#include "antiphon/asio_style/handle.hpp"

namespace antiphon::asio_style::detail {

/// One queued callback. Shared between the loop's queues and the user's Handle.
struct HandleState {
  HandleState(std::function<void()> callback, const char* what) : fn(std::move(callback)), name(what) {}

  std::function<void()> fn;
  TimePoint when;
  const char* name;  ///< for messages: "call_soon", "connection_made"
  bool cancelled = false;
};

}  // namespace antiphon::asio_style::detail
