#pragma once

#include <sys/sendfile.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "antiphon/asio_style/event_loop.hpp"
#include "sending.hpp"

namespace antiphon::asio_style::detail {

/// A file on its way into a socket, and how far it is. Lives in the coroutine that waits for it.
struct FileSending {
  FileSending(EventLoop& loop, int descriptor, std::int64_t begin, std::uint64_t size, std::uint64_t& count)
      : file(descriptor), offset(begin), left(size), sent(count), done(loop) {}

  /// One offer to the kernel. False and errno for an error; `left` becomes 0 at the file's end.
  [[nodiscard]] bool step(int socket) {
    const ssize_t count = ::sendfile(socket, file, &offset, static_cast<std::size_t>(std::min(left, most)));
    if (count < 0) return try_again(errno);
    left = count == 0 ? 0 : left - static_cast<std::uint64_t>(count);  // 0: the file became shorter
    sent += static_cast<std::uint64_t>(count);
    return true;
  }

  /// Whether sendfile(2) complains of the file; the connection is none the worse then.
  [[nodiscard]] static bool is_of_the_file(int error) noexcept {
    constexpr std::array of_the_file = {EBADF, EINVAL, EIO, EOVERFLOW, ENOMEM, EISDIR};
    return std::find(of_the_file.begin(), of_the_file.end(), error) != of_the_file.end();
  }

  int file;
  off_t offset;
  std::uint64_t left;
  std::uint64_t& sent;
  Future<> done;

 private:
  static constexpr std::uint64_t most = 0x7ffff000;  // of one sendfile(2)
};

}  // namespace antiphon::asio_style::detail
