#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "antiphon/cl_async_style/conditions.hpp"
#include "antiphon/cl_async_style/event_loop.hpp"

namespace antiphon::cl_async_style {

/// Octets came; the view is valid only during the call (CL-140). Never empty (unlike upstream, CL-142).
using read_callback = std::function<void(socket&, std::span<const std::byte> octets)>;
class async_io_stream;
/// In stream mode: more input can be taken from the stream (CL-096).
using stream_read_callback = std::function<void(socket&, async_io_stream&)>;
/// A connection was accepted (CL-091), or a write was taken by the kernel (CL-108).
using socket_callback = std::function<void(socket&)>;
/// Extension: the connection has ended. `cause` is null after a local close or the peer's end of data.
using close_callback = std::function<void(socket&, const event_error* cause)>;

/// One connection. Callbacks are handed a reference; ref() keeps the object beyond the call. Every function
/// here is safe on a closed socket.
///
/// The life of a socket: connect_cb (once, before any read_cb), then any number of read_cb and write_cb, then
/// at most one socket_eof or read error on event_cb (and one for each write that failed or was given up,
/// CL-076), then close_cb. A local close is told by close_cb only (CL-125), though writes that were already
/// asked for are still told of (CL-126, CL-127). Nothing after close_cb.
///
/// It belongs to the loop's thread and is to be let go of there.
class socket : public std::enable_shared_from_this<socket> {
 public:
  socket(const socket&) = delete;
  socket& operator=(const socket&) = delete;
  virtual ~socket() = default;
  [[nodiscard]] std::shared_ptr<socket> ref() { return shared_from_this(); }

 protected:
  socket() = default;

 private:
  friend std::any& socket_data(socket& of) noexcept;
  std::any data_;
};

struct write_options {
  std::size_t start = 0;                                      ///< octet of `data` to begin at (CL-101)
  std::size_t end = std::numeric_limits<std::size_t>::max();  ///< octet to end before
  read_callback read_cb{};     ///< these three replace the socket's for good, just
  socket_callback write_cb{};  ///< before the data is written (CL-105)
  event_callback event_cb{};
  stream_read_callback stream_read_cb{};  ///< in stream mode, instead of read_cb
  bool force = false;                     ///< hand to the kernel now, not at the end of the tick
};

/// Writes. The octets of one tick are gathered and sent together at its end (CL-102); `force`, or
/// buffer_writes(false), sends all that is gathered so far at once (CL-103); before the connection is made
/// everything waits for it (CL-104). The order of the calls is the order on the wire, always (unlike
/// upstream, CL-103, CL-107). The data is copied, or sent before the call returns: 16 KiB and more go to the
/// kernel at once if nothing waits before them, though nobody is told before the tick (CL-117). On a closed
/// socket: nothing (CL-111). Throws std::invalid_argument for a read_cb that is not of the socket's mode.
///
/// write_cb belongs to the socket, not to the write (CL-109). It is called when the kernel has taken all:
/// once for what one tick gathered, once for those of its writes that brought callbacks, once for each forced
/// write (CL-108); an empty write counts (CL-116).
void write_socket_data(socket& to, std::span<const std::byte> data, write_options options);
void write_socket_data(socket& to, std::span<const std::byte> data);
void write_socket_data(socket& to, std::string_view data, write_options options);
void write_socket_data(socket& to, std::string_view data);

struct close_options {
  bool force = false;  ///< drop what is not sent yet
};
/// Graceful: what was written is sent first, however long that takes (CL-121, CL-128); also what was written
/// before the connection is made (unlike upstream, CL-133). Forced: all at once (CL-122). No further read_cb.
/// A second call does nothing, forced or not (CL-124); abort_socket does.
void close_socket(socket& which, close_options options = {});
/// True from close_socket on, and when event_cb is told of the end (CL-070, CL-120).
[[nodiscard]] bool socket_closed_p(const socket& which) noexcept;

// The streamish interface: the same under the names of cl-async's base class (CL-132).
inline void close_streamish(socket& which, close_options options = {}) {
  close_socket(which, options);
}
[[nodiscard]] inline bool streamish_closed_p(const socket& which) noexcept {
  return socket_closed_p(which);
}
inline void streamish_write(socket& to, std::span<const std::byte> data, write_options options = {}) {
  write_socket_data(to, data, std::move(options));
}
inline void streamish_write(socket& to, std::string_view data, write_options options = {}) {
  write_socket_data(to, data, std::move(options));
}
/// Throws streamish_closed (CL-056).
void check_streamish_open(socket& which);

/// A place for the application's own; empty at first, kept after the close (CL-132).
[[nodiscard]] std::any& socket_data(socket& of) noexcept;

/// Ends the connection with socket_timeout if nothing is read, or nothing of waiting output is taken, for
/// that long (CL-157). None, zero or negative: no limit (CL-155); may be called again (unlike upstream,
/// CL-158, CL-159). The two cannot be told apart (CL-161). Throws streamish_closed (CL-156).
void set_socket_timeouts(socket& which, std::optional<std::chrono::milliseconds> read,
                         std::optional<std::chrono::milliseconds> write);

// Extensions: what cl-async has not, in its idiom.

/// Extension: closes at once whatever is still to be sent, also what a graceful close is waiting for.
void abort_socket(socket& which);

/// Extension: stops and restarts reading; the peer is held back by the kernel (upstream: "not implemented",
/// CL-144).
void disable_socket(socket& which);
void enable_socket(socket& which);
[[nodiscard]] bool socket_enabled_p(const socket& which) noexcept;

/// Extension: ends the sending side once what was written is sent; reading goes on. Writes after it are
/// dropped.
void shutdown_socket(socket& which);

/// Extension: octets written and not yet taken by the kernel, and those of this tick.
[[nodiscard]] std::size_t write_buffer_size(const socket& of) noexcept;
/// Extension: the marks around which pause_write_cb and resume_write_cb are called, strictly above high and
/// at or below low. One given sets the other, none restores 65536 and 16384. Throws std::invalid_argument
/// unless high >= low.
void set_write_buffer_limits(socket& of, std::optional<std::size_t> high,
                             std::optional<std::size_t> low = std::nullopt);
struct write_buffer_limits {
  std::size_t low;
  std::size_t high;
};
[[nodiscard]] write_buffer_limits get_write_buffer_limits(const socket& of) noexcept;

/// Extension: "127.0.0.1:4711"; kept after the close if it was asked for before. Empty if it could not be
/// found out.
[[nodiscard]] const std::string& peer_name(socket& of);

}  // namespace antiphon::cl_async_style
