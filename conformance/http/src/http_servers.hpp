#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "http_client.hpp"

namespace antiphon::http_conformance {

/// The server could not be started: says why.
class ServerError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A server under test. Ends with the object.
class HttpServerUnderTest {
 public:
  HttpServerUnderTest() = default;
  HttpServerUnderTest(const HttpServerUnderTest&) = delete;
  HttpServerUnderTest& operator=(const HttpServerUnderTest&) = delete;
  virtual ~HttpServerUnderTest() = default;

  [[nodiscard]] const Address& address() const noexcept { return address_; }

 protected:
  Address address_;
};

/// Which limits one of our own servers runs with.
enum class Limits {
  usual,
  short_ones,  ///< times of 300 ms: for the cases that wait for them
  small_ones,  ///< a body of 100 octets: a server that differs
};

/// What a name stands for on the command line: "asio", "cl-async" (in this process), the same with "-tls"
/// behind (HTTPS), "node", "nginx" (a child process, with an app that is like ours as far as it goes), or
/// HOST:PORT or https://HOST:PORT (somebody's).
struct TargetKind {
  std::string name;
  bool own = false;     ///< ours: every case must pass
  bool has_app = true;  ///< serves the shared app's routes
};
TargetKind target_kind(const std::string& name);

/// `peers`: the folder of node_app.js and nginx.conf. Throws ServerError; std::invalid_argument for a name
/// that is none.
std::unique_ptr<HttpServerUnderTest> start_server(const std::string& name, Limits limits,
                                                  const std::filesystem::path& peers);

}  // namespace antiphon::http_conformance
