#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http_case.hpp"
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

/// What a name stands for on the command line: "asio", "cl-async" (in this process), the same with "-tls"
/// behind (HTTPS), "node", "nginx" (a child process, with an app that is like ours as far as it goes), or
/// HOST:PORT or https://HOST:PORT (somebody's).
struct TargetKind {
  std::string name;
  bool own = false;     ///< ours: every case must pass
  bool has_app = true;  ///< serves the shared app's routes
  /// It answers a client that has half-closed. Over TLS that is close_notify, which in asyncio's model ends
  /// both directions (AS-229).
  bool half_closes = true;
};
TargetKind target_kind(const std::string& name);

/// `peers`: the folder of node_app.js and nginx.conf. Throws ServerError; std::invalid_argument for a name
/// that is none.
std::unique_ptr<HttpServerUnderTest> start_server(const std::string& name, Limits limits,
                                                  const std::filesystem::path& peers);

/// One target as a whole suite needs it: a server for each kind of limits, started when it is first asked.
class ServersUnderTest {
 public:
  ServersUnderTest(const std::string& name, std::filesystem::path peers);
  /// Whether the target has what the case needs.
  [[nodiscard]] bool can_be_asked(const HttpCase& one) const;
  /// The server for a case; throws as start_server does.
  [[nodiscard]] const Address& address(const HttpCase& one);

 private:
  TargetKind kind_;
  std::filesystem::path peers_;
  std::map<Limits, std::unique_ptr<HttpServerUnderTest>> servers_;
};

}  // namespace antiphon::http_conformance
