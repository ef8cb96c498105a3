#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "antiphon/http/headers.hpp"

namespace antiphon::http {

/// What an HTTP request says. Values only: no connection, no callback.
///
/// Reusable: clear() keeps the memory, but for that of a body of more than 64 KiB, so that a connection that
/// keeps one Request allocates nothing per request. Views handed out are valid until the next change of the
/// object.
class Request {
 public:
  [[nodiscard]] std::string_view method() const noexcept { return method_; }
  /// As it stood in the request line.
  [[nodiscard]] std::string_view target() const noexcept { return target_; }
  /// The target's path with %XX decoded; of an absolute-form target the path behind the authority.
  [[nodiscard]] std::string_view path() const noexcept {
    return path_is_decoded_ ? std::string_view(path_)
                            : std::string_view(target_).substr(path_at_, path_size_);
  }
  /// What follows the first '?', as it stood; empty without one.
  [[nodiscard]] std::string_view query() const noexcept { return std::string_view(target_).substr(query_); }
  [[nodiscard]] unsigned version_major() const noexcept { return version_major_; }
  [[nodiscard]] unsigned version_minor() const noexcept { return version_minor_; }
  [[nodiscard]] const Headers& headers() const noexcept { return headers_; }
  /// The whole body, if the route asked for it to be collected (Body::buffered); else empty.
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  /// The client's address, "127.0.0.1:4711".
  [[nodiscard]] std::string_view peer() const noexcept { return peer_; }
  /// The client wants the connection kept for another request (RFC 9112, 9.3).
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
  /// Octets of the body as announced; none if chunked. 0 without a body.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept { return content_length_; }
  [[nodiscard]] bool chunked() const noexcept { return !content_length_; }
  /// The client waits for 100 Continue before it sends the body.
  [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }
  /// What the route's {name} stood for; empty if the route has no such name.
  [[nodiscard]] std::string_view param(std::string_view name) const noexcept;

  // For those who make requests: the parser's listeners and tests.

  void clear() noexcept;
  void set_method(std::string_view method) { method_ = method; }
  /// Sets target, path and query; false if the target's escapes are malformed.
  [[nodiscard]] bool set_target(std::string_view target);
  void set_version(unsigned major, unsigned minor) noexcept {
    version_major_ = major;
    version_minor_ = minor;
  }
  void set_keep_alive(bool keep_alive) noexcept { keep_alive_ = keep_alive; }
  /// None means chunked.
  void set_content_length(std::optional<std::uint64_t> length) noexcept { content_length_ = length; }
  void set_expects_continue(bool expects) noexcept { expects_continue_ = expects; }
  void set_peer(std::string_view peer) { peer_ = peer; }
  [[nodiscard]] Headers& headers() noexcept { return headers_; }
  void append_body(std::string_view octets) { body_ += octets; }
  /// `name` must outlive the request (it is the route's); `value` is a part of path(). At most max_params are
  /// kept.
  void add_param(std::string_view name, std::string_view value) noexcept;
  void clear_params() noexcept { param_count_ = 0; }

  static constexpr std::size_t max_params = 8;

 private:
  struct Param {
    std::string_view name;
    std::uint32_t offset = 0;  // in path(): an offset survives copies and moves of the request
    std::uint32_t size = 0;
  };

  std::string method_;
  std::string target_;
  std::string path_;  // if it has escapes; else the path is the part of the target
  std::string body_;
  std::string peer_;
  Headers headers_;
  std::array<Param, max_params> params_{};
  std::optional<std::uint64_t> content_length_ = 0;
  std::size_t param_count_ = 0;
  std::size_t query_ = 0;
  std::size_t path_at_ = 0;
  std::size_t path_size_ = 0;
  unsigned version_major_ = 1;
  unsigned version_minor_ = 1;
  bool keep_alive_ = true;
  bool expects_continue_ = false;
  bool path_is_decoded_ = false;
};

}  // namespace antiphon::http
