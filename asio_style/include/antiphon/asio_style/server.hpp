#pragma once

#include <memory>
#include <vector>

#include "antiphon/asio_style/address.hpp"
#include "antiphon/asio_style/task.hpp"

namespace antiphon::asio_style {

class EventLoop;

/// One or more listening sockets; what create_server gives. Thread: the loop's thread only.
/// Lifetime: shared. Letting go of the last reference does not stop it: close does.
class Server : public std::enable_shared_from_this<Server> {
 public:
  Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server() = default;

  /// Stops listening at once and for good (AS-065); connections live on (AS-066), accepted ones that the
  /// protocol does not know of yet too (AS-064). Those that the kernel still holds are reset (AS-068). Ends a
  /// pending serve_forever (AS-079). Repeated: no-op (AS-067).
  virtual void close() = 0;

  /// Extension: Python has these since 3.13, 3.11 leaves it to the application (AS-083). close, or abort, on
  /// every connection that this server made and that is not lost yet. Call them after close, lest new ones
  /// come.
  virtual void close_clients() = 0;
  virtual void abort_clients() = 0;

  /// Called before close: waits until close was called and the last connection is lost (AS-074).
  /// Called after close: returns at once, as in Python 3.11 (AS-075).
  virtual Task<void> wait_closed() = 0;

  /// Begins to accept; no-op if it does already (AS-072).
  /// TypeError on a closed server, which calls itself serving from then on, as asyncio's does (AS-073): do
  /// not count on either. Lets the loop turn once.
  virtual Task<void> start_serving() = 0;

  /// start_serving, then waits to be cancelled, which closes the server (AS-077, AS-078). RuntimeError if one
  /// waits already (AS-080) or the server is closed (AS-081).
  virtual Task<void> serve_forever() = 0;

  /// True from the start of serving until close (AS-070). For a closed server see start_serving.
  [[nodiscard]] virtual bool is_serving() const = 0;

  /// Views of the listening sockets; empty after close (AS-069). Their order means nothing (AS-014).
  [[nodiscard]] virtual std::vector<TransportSocket> sockets() const = 0;

  [[nodiscard]] virtual EventLoop& get_loop() const = 0;  ///< AS-071
};

}  // namespace antiphon::asio_style
