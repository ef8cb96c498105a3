#include "antiphon/cl_async_style/socket.hpp"

#include <algorithm>
#include <stdexcept>

#include "stream.hpp"

namespace antiphon::cl_async_style {

namespace {

// Every socket is a stream: the base class only hides libuv.
stream& stream_of(socket& which) noexcept {
  return static_cast<stream&>(which);
}
const stream& stream_of(const socket& which) noexcept {
  return static_cast<const stream&>(which);
}

/// CL-144.
void refuse_as_upstream() {
  const loop* in = loop::current_or_null();
  if (in != nullptr && in->upstream_quirks()) throw std::logic_error("not implemented");
}

}  // namespace

void write_socket_data(socket& to, std::span<const std::byte> data, write_options options) {
  const std::size_t end = std::min(options.end, data.size());
  data =
      options.start < end ? data.subspan(options.start, end - options.start) : std::span<const std::byte>();
  if (options.read_cb || options.write_cb || options.event_cb || options.stream_read_cb)
    stream_of(to).write_replacing(data, std::move(options));
  else
    stream_of(to).write(data, options.force);
}
void write_socket_data(socket& to, std::span<const std::byte> data) {
  stream_of(to).write(data, false);
}
void write_socket_data(socket& to, std::string_view data, write_options options) {
  write_socket_data(to, std::as_bytes(std::span(data)), std::move(options));
}
void write_socket_data(socket& to, std::string_view data) {
  stream_of(to).write(std::as_bytes(std::span(data)), false);
}

void close_socket(socket& which, close_options options) {
  stream_of(which).close(options.force);
}
bool socket_closed_p(const socket& which) noexcept {
  return stream_of(which).closed();
}
void abort_socket(socket& which) {
  stream_of(which).abort();
}
void check_streamish_open(socket& which) {
  if (stream_of(which).closed()) detail::condition_factory::raise_closed(which.ref());
}
std::any& socket_data(socket& of) noexcept {
  return of.data_;
}

void set_socket_timeouts(socket& which, std::optional<std::chrono::milliseconds> read,
                         std::optional<std::chrono::milliseconds> write) {
  stream_of(which).set_timeouts(read, write);
}

void disable_socket(socket& which) {
  refuse_as_upstream();
  stream_of(which).set_reading(false);
}
void enable_socket(socket& which) {
  refuse_as_upstream();
  stream_of(which).set_reading(true);
}
bool socket_enabled_p(const socket& which) noexcept {
  return stream_of(which).reading();
}

void shutdown_socket(socket& which) {
  stream_of(which).shutdown();
}

std::size_t write_buffer_size(const socket& of) noexcept {
  return stream_of(of).buffered();
}
void set_write_buffer_limits(socket& of, std::optional<std::size_t> high, std::optional<std::size_t> low) {
  stream_of(of).set_marks(high, low);
}
write_buffer_limits get_write_buffer_limits(const socket& of) noexcept {
  return {stream_of(of).marks().low(), stream_of(of).marks().high()};
}
const std::string& peer_name(socket& of) {
  return stream_of(of).peer_name();
}
async_io_stream* socket_stream(socket& of) noexcept {
  return stream_of(of).async();
}

}  // namespace antiphon::cl_async_style
