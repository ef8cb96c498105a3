#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "options.hpp"

namespace antiphon::bench {

/// One message and the answer it must get: what the load sends and how it knows that all has come. The answer
/// is learnt from the server once, looked at whole; later ones are held against its length and, where they
/// were read, its octets but for the date. So no wrong server can be a fast one.
class MessagePair {
 public:
  /// Connects once. Throws std::runtime_error if the answer is no good one.
  explicit MessagePair(const LoadOptions& options);

  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] std::size_t answer_size() const noexcept { return answer_.size(); }
  [[nodiscard]] const std::string& answer() const noexcept { return answer_; }
  /// Throws std::runtime_error with the octets if they are not the answer.
  void check(std::string_view octets) const;

 private:
  std::string message_;
  std::string answer_;
};

/// A connected socket with TCP_NODELAY; blocking, with a time limit against a hang.
int connect_to(std::uint16_t port);
/// Blocking. Throw std::runtime_error if the server has gone.
void send_all(int fd, std::string_view octets);
void receive_exactly(int fd, char* to, std::size_t size);
/// Head and body of an HTTP response with a Content-Length.
std::string receive_response(int fd);

}  // namespace antiphon::bench
