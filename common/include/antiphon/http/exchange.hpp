#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "antiphon/http/response.hpp"

namespace antiphon::http {

class Request;

/// One request's answer under way: the only thing of a server that an app's handler sees beside the Request.
///
/// Each style implements it. It lives until its answer is finished or the client is gone; after that no
/// callback given to it is called. All calls and callbacks are made on the server's loop thread. Calls that
/// come too late are ignored.
class Exchange {
 public:
  using Callback = std::function<void()>;
  using BodyCallback = std::function<void(std::span<const std::byte> piece, bool last)>;

  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  // The answer: either respond(), or start(), any number of write(), finish().

  /// The whole answer at once. Views are read before it returns.
  virtual void respond(const ResponseView& response) = 0;
  /// Status and fields. With a length exactly that many octets must follow; without, they are sent in chunks.
  virtual void start(unsigned status, std::span<const Field> fields, std::optional<std::uint64_t> length) = 0;
  virtual void write(std::span<const std::byte> octets) = 0;
  virtual void finish() = 0;

  // Back-pressure towards the client.

  /// False while more than the high-water mark waits to be sent: write no more until on_writable's callback.
  [[nodiscard]] virtual bool writable() const = 0;
  /// Called each time the waiting octets fell to the low-water mark after writable() was false.
  virtual void on_writable(Callback callback) = 0;

  // The request's body, on routes that stream it.

  /// Called with each piece, the last time with last = true (then the piece may be empty).
  virtual void on_body(BodyCallback callback) = 0;
  /// Stops on_body's calls, and with them the reading from the client.
  virtual void pause_body() = 0;
  virtual void resume_body() = 0;

  /// Calls once, after the time; never if the exchange ended before.
  virtual void after(std::chrono::milliseconds delay, Callback callback) = 0;
  /// Called once if the client goes before the answer is finished; nothing is called after it.
  virtual void on_cancel(Callback callback) = 0;

  // Shorthands.

  void respond(const Response& response);
  void respond(unsigned status, std::string_view content_type, std::string_view body);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
};

using Handler = std::function<void(const Request&, Exchange&)>;

}  // namespace antiphon::http
