#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server.hpp"

namespace antiphon::bench {

/// The load: a number of kept connections, each with one message under way. A batch sends on all and then
/// reads all the answers, which are checked, so that a wrong server cannot be a fast one.
class Client {
 public:
  /// `size`: of an echoed message. For HTTP the first answer is looked at whole, and tells the length of the
  /// others.
  Client(const Server& server, Service service, std::size_t connections, std::size_t size);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// Throws std::runtime_error if an answer is wrong.
  void batch();
  /// The last answer, of the first connection.
  [[nodiscard]] const std::string& answer() const noexcept { return answer_; }

 private:
  void send(int fd) const;
  void receive(int fd);
  void learn(int fd);

  Service service_;
  std::string message_;
  std::string expected_;  // of an HTTP answer all but the date
  std::string answer_;
  std::vector<int> sockets_;
};

}  // namespace antiphon::bench
