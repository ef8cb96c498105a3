#pragma once

#include "antiphon/asio_style/http/http_protocol.hpp"

namespace antiphon::asio_style {

/// Runs a callback of the loop's, then settles what it has left to do, and once even if callbacks nest.
template <class Fn>
void HttpProtocol::inside(Fn fn) {
  if (inside_) return fn();
  inside_ = true;
  struct Leave {
    bool& inside;
    ~Leave() { inside = false; }
  } const leave{inside_};
  fn();
  settle();
}

}  // namespace antiphon::asio_style
