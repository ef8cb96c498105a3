#pragma once

#include <pthread.h>
#include <sys/sendfile.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>

#include "antiphon/asio_style/event_loop.hpp"
#include "sending.hpp"

namespace antiphon::asio_style::detail {

/// sendfile(2) knows no MSG_NOSIGNAL: while this lives, a SIGPIPE of this thread's making is kept back and
/// then thrown away. errno stays as it is.
class NoBrokenPipeSignal {
 public:
  NoBrokenPipeSignal() noexcept {
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;  // somebody else's
    ::sigemptyset(&only_);
    ::sigaddset(&only_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &only_, &before_);
  }
  NoBrokenPipeSignal(const NoBrokenPipeSignal&) = delete;
  NoBrokenPipeSignal& operator=(const NoBrokenPipeSignal&) = delete;
  ~NoBrokenPipeSignal() {
    const int error = errno;
    const timespec at_once{};
    if (!was_pending_) ::sigtimedwait(&only_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }

 private:
  sigset_t only_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

/// A file on its way into a socket, and how far it is. Lives in the coroutine that waits for it.
struct FileSending {
  FileSending(EventLoop& loop, int descriptor, std::int64_t begin, std::uint64_t size, std::uint64_t& count)
      : file(descriptor), offset(begin), left(size), sent(count), done(loop) {}

  /// One offer to the kernel. False and errno for an error; `left` becomes 0 at the file's end.
  [[nodiscard]] bool step(int socket) {
    const ssize_t count = [&] {
      const NoBrokenPipeSignal guard;
      return ::sendfile(socket, file, &offset, static_cast<std::size_t>(std::min(left, most)));
    }();
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
