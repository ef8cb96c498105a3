#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

/// send and sendmsg without waiting, and without the signal that a closed connection would raise.
namespace antiphon::asio_style::detail {

[[nodiscard]] inline bool try_again(int error) noexcept {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/// Octets that the kernel took at once: 0 if it is full, -1 and errno for an error.
[[nodiscard]] inline ssize_t send_now(int fd, std::span<const std::byte> data) noexcept {
  const ssize_t sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
  return sent < 0 && try_again(errno) ? 0 : sent;
}

/// Parts of one write, and how far they are sent.
class Parts {
 public:
  explicit Parts(std::span<const std::span<const std::byte>> parts) : parts_(parts) {}

  [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
  [[nodiscard]] std::span<const std::byte> front() const noexcept { return parts_.front().subspan(offset_); }
  void pop_front() noexcept {
    parts_ = parts_.subspan(1);
    offset_ = 0;
  }

  /// Sends until all is gone or the kernel is full. False and errno for an error.
  [[nodiscard]] bool send_now(int fd) noexcept {
    while (!parts_.empty()) {
      std::array<iovec, per_call> pieces;
      msghdr message{};
      message.msg_iov = pieces.data();
      message.msg_iovlen = std::min(parts_.size(), pieces.size());
      std::size_t offered = 0;
      for (std::size_t i = 0; i < message.msg_iovlen; ++i) {
        const auto piece = parts_[i].subspan(i == 0 ? offset_ : 0);
        pieces[i] = {const_cast<std::byte*>(piece.data()), piece.size()};  // sendmsg only reads
        offered += piece.size();
      }
      const ssize_t sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
      if (sent < 0) return try_again(errno);
      skip(static_cast<std::size_t>(sent));
      if (static_cast<std::size_t>(sent) < offered) return true;
    }
    return true;
  }

 private:
  static constexpr std::size_t per_call = 64;  // keeps the array for the kernel small and on the stack

  void skip(std::size_t count) noexcept {
    while (!parts_.empty() && count >= front().size()) {
      count -= front().size();
      pop_front();
    }
    offset_ += count;
  }

  std::span<const std::span<const std::byte>> parts_;
  std::size_t offset_ = 0;  // octets of the first part that are sent
};

}  // namespace antiphon::asio_style::detail
