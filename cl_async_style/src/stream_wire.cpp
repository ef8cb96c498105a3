// libuv's side of a socket: octets in and out, and the end of the handle.

#include <sys/socket.h>

#include <array>

#include "stream.hpp"

namespace antiphon::cl_async_style {

namespace {

stream& of(void* data) noexcept {
  return *static_cast<stream*>(data);
}

}  // namespace

void stream::start_reading() {
  uv_read_start(
      uv(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        const std::span<char> room = of(handle->data).in().input();
        *buffer = uv_buf_init(room.data(), static_cast<unsigned>(room.size()));
      },
      [](uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
        stream& which = of(handle->data);
        which.in().polled();
        if (count >= 0)
          which.came(std::as_bytes(std::span(buffer->base, static_cast<std::size_t>(count))));
        else if (count == UV_EOF)
          which.input_ended();
        else
          which.input_failed(static_cast<int>(count));
      });
}

/// Over unread input the descriptor's close would be a reset, which takes from the peer what it has not read.
void stream::drop_pending() noexcept {
  uv_os_fd_t fd = -1;
  if (uv_fileno(&handle_.any, &fd) != 0) return;
  std::array<char, 4096> dropped;
  for (int rounds = 256; rounds > 0; --rounds)  // who sends faster than that gets the reset
    if (::recv(fd, dropped.data(), dropped.size(), MSG_DONTWAIT) <= 0) return;
}

int stream::start_write(std::string_view octets) {
  if (refused_ != 0 && in().polled_next()) {  // libuv would fail, too, but a read would find it first
    in().completed([this] { write_ended(UV_EPIPE); }, self());
    return 0;
  }
  const uv_buf_t buffer = view(octets);
  return uv_write(&write_request_, uv(), &buffer, 1,
                  [](uv_write_t* request, int status) { of(request->data).write_ended(status); });
}

int stream::send_fin() {
  request_.shutdown.data = this;
  return uv_shutdown(&request_.shutdown, uv(),
                     [](uv_shutdown_t* request, int) { of(request->data).fin_sent(); });
}

void stream::close_handle() {
  uv_close(&handle_.any, [](uv_handle_t* handle) { of(handle->data).let_go(); });
}

}  // namespace antiphon::cl_async_style
