#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "transport.hpp"

namespace antiphon::conformance::reference {

/// A listening socket. Every method runs in the loop's thread.
class Server : public std::enable_shared_from_this<Server> {
 public:
  /// Makes the application's side of a connection.
  using Factory = std::function<Protocol&(std::shared_ptr<Transport>)>;

  Server(Context& context, Factory factory) noexcept : context_(context), factory_(std::move(factory)) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  /// On loopback, at a free port, which it returns. Throws std::system_error.
  std::uint16_t listen_tcp(int backlog);
  /// A socket file that is there already is replaced; another file is not (AS-038, AS-039).
  void listen_unix(const std::string& path, int backlog);
  void use_tls(std::shared_ptr<SSL_CTX> tls) noexcept { tls_ = std::move(tls); }
  void close();

 private:
  void listen(int backlog);
  void accept_ready();
  void accepted(int fd);
  void watch();

  Context& context_;
  Factory factory_;
  std::shared_ptr<SSL_CTX> tls_;
  int fd_ = -1;
  int backlog_ = 0;
  int accepts_ = 0;
  bool closed_ = false;
  Callback held_back_;  // by the mutant made_out_of_order
};

}  // namespace antiphon::conformance::reference
