#pragma once

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/protocol.hpp"

namespace antiphon::asio_style::detail {

/// A protocol as what it is: one of the two that can take a stream.
struct Receiver {
  Protocol* plain = nullptr;
  BufferedProtocol* buffered = nullptr;
};

/// TypeError for a protocol that is neither.
[[nodiscard]] inline Receiver receiver_of(BaseProtocol* protocol) {
  if (auto* plain = dynamic_cast<Protocol*>(protocol)) return {plain, nullptr};
  if (auto* buffered = dynamic_cast<BufferedProtocol*>(protocol)) return {nullptr, buffered};
  throw TypeError("a Protocol or a BufferedProtocol is needed");
}

}  // namespace antiphon::asio_style::detail
