#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace antiphon::cl_async_style {

class socket;
class socket_server;
class event;
class notifier;
namespace detail {
struct condition_factory;
}

/// The conditions of cl-async (CL-050 to CL-060): what an event callback is handed and what a failing call
/// throws.
///
/// A hierarchy to be asked with condition_cast:
///
///     event_info
///     ├── event_error                      (with code and message)
///     │   ├── filesystem_error             (enoent, eacces, eperm)
///     │   └── dns_error, event_freed, notifier_freed
///     └── streamish_info                   (with the socket concerned)
///         ├── streamish_eof
///         ├── streamish_error              (also event_error)
///         │   └── closed, broken_pipe, canceled, enoent
///         └── socket_info
///             └── socket_error             (also streamish_error)
///                 ├── reset, timeout, refused, aborted, address_in_use, accept_error, tcp_ssl_error
///                 └── socket_eof           (also streamish_eof: the end of data is an error, CL-054)
///
/// All are std::exceptions, since in C++ that is what can be thrown.
class event_info : public std::exception {
 public:
  /// cl-async's name of the type: "socket-eof".
  [[nodiscard]] virtual std::string_view type_name() const noexcept { return "event-info"; }
  [[nodiscard]] const char* what() const noexcept override { return "event-info"; }
};

class event_error : public virtual event_info {
 public:
  /// `about` names the thing concerned, for what(): "127.0.0.1:80", say.
  event_error(int code = 0, std::string message = {}, const std::string& about = {});
  /// The negative libuv number, or 0 where cl-async gives none (CL-060).
  [[nodiscard]] int event_errcode() const noexcept { return code_; }
  /// cl-async's text, or the number's name: "EHOSTUNREACH"; empty where cl-async gives none.
  [[nodiscard]] std::string_view event_errmsg() const noexcept { return message_; }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "event-error"; }
  /// For people: what it is about and what the system says.
  [[nodiscard]] const char* what() const noexcept override {
    return text_.empty() ? type_name().data() : text_.c_str();
  }

 private:
  int code_;
  std::string message_;
  std::string text_;
};

class streamish_info : public virtual event_info {
 public:
  /// The socket concerned (upstream also: tcp-socket, socket); it may be closed already (CL-070). Null for a
  /// listener's events.
  [[nodiscard]] const std::shared_ptr<cl_async_style::socket>& streamish() const noexcept { return socket_; }
  /// The listener, where opening it failed (CL-088).
  [[nodiscard]] const std::shared_ptr<socket_server>& server() const noexcept { return server_; }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "streamish-info"; }

 private:
  friend struct detail::condition_factory;
  std::shared_ptr<cl_async_style::socket> socket_;
  std::shared_ptr<socket_server> server_;
};

class streamish_eof : public virtual streamish_info {
 public:
  [[nodiscard]] std::string_view type_name() const noexcept override { return "streamish-eof"; }
};

class streamish_error : public event_error, public virtual streamish_info {
 public:
  using event_error::event_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "streamish-error"; }
  [[nodiscard]] const char* what() const noexcept override { return event_error::what(); }
};

class streamish_enoent : public streamish_error {
 public:
  using streamish_error::streamish_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "streamish-enoent"; }
};
/// An operation on a closed socket (CL-056).
class streamish_closed : public streamish_error {
 public:
  using streamish_error::streamish_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "streamish-closed"; }
};
class streamish_broken_pipe : public streamish_error {
 public:
  using streamish_error::streamish_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "streamish-broken-pipe"; }
};
/// A write under way was given up by a forced close (CL-118).
class streamish_canceled : public streamish_error {
 public:
  using streamish_error::streamish_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "streamish-canceled"; }
};

class socket_info : public virtual streamish_info {
 public:
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-info"; }
};
class socket_error : public streamish_error, public socket_info {
 public:
  using streamish_error::streamish_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-error"; }
  [[nodiscard]] const char* what() const noexcept override { return streamish_error::what(); }
};

/// The peer sends no more.
class socket_eof : public socket_error, public streamish_eof {
 public:
  using socket_error::socket_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-eof"; }
  [[nodiscard]] const char* what() const noexcept override { return socket_error::what(); }
};
class socket_reset : public socket_error {
 public:
  using socket_error::socket_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-reset"; }
};
class socket_timeout : public socket_error {
 public:
  using socket_error::socket_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-timeout"; }
};
class socket_refused : public socket_error {
 public:
  using socket_error::socket_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-refused"; }
};
class socket_aborted : public socket_error {
 public:
  using socket_error::socket_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-aborted"; }
};
class socket_address_in_use : public socket_error {
 public:
  using socket_error::socket_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-address-in-use"; }
};
/// Declared, never made, as upstream (CL-057): a failed accept is an event_error without a socket (CL-094).
class socket_accept_error : public socket_error {
 public:
  using socket_error::socket_error;
  [[nodiscard]] const std::shared_ptr<socket_server>& socket_accept_error_listener() const noexcept {
    return server();
  }
  [[nodiscard]] const std::shared_ptr<socket_server>& socket_accept_error_server() const noexcept {
    return server();
  }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-accept-error"; }
};

/// The old names. Upstream's match no real event (QUIRK CL-055); these do.
using tcp_info = socket_info;
using tcp_error = socket_error;
using tcp_eof = socket_eof;
using tcp_reset = socket_reset;
using tcp_timeout = socket_timeout;
using tcp_refused = socket_refused;
using tcp_accept_error = socket_accept_error;
using socket_closed = streamish_closed;

/// What TLS found wrong (CL-059, CL-244).
class tcp_ssl_error : public tcp_error {
 public:
  using tcp_error::tcp_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "tcp-ssl-error"; }
  /// The engine's words; the number is only a rough one: EPROTO, or EOF for octets that ended too early.
  [[nodiscard]] const char* what() const noexcept override {
    return event_errmsg().empty() ? type_name().data() : event_errmsg().data();
  }
};

/// Declared, never made, as upstream (CL-057): a bind that fails throws what CL-088 says.
class tcp_server_bind_error : public tcp_error {
 public:
  using tcp_error::tcp_error;
  [[nodiscard]] const std::string& tcp_server_bind_error_addr() const noexcept { return address_; }
  [[nodiscard]] std::uint16_t tcp_server_bind_error_port() const noexcept { return port_; }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "tcp-server-bind-error"; }

 private:
  std::string address_;
  std::uint16_t port_ = 0;
};

/// A name that does not resolve (CL-226).
class dns_error : public event_error {
 public:
  using event_error::event_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "dns-error"; }
};

class filesystem_error : public event_error {
 public:
  using event_error::event_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "filesystem-error"; }
};
class filesystem_enoent : public filesystem_error {
 public:
  using filesystem_error::filesystem_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "filesystem-enoent"; }
};
/// Where a listener may not be opened: a privileged port, say (CL-088).
class filesystem_eacces : public filesystem_error {
 public:
  using filesystem_error::filesystem_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "filesystem-eacces"; }
};
class filesystem_eperm : public filesystem_error {
 public:
  using filesystem_error::filesystem_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "filesystem-eperm"; }
};

/// An operation on a delay or interval that has fired or was freed (CL-203).
class event_freed : public event_error {
 public:
  explicit event_freed(std::shared_ptr<event> which);
  [[nodiscard]] const std::shared_ptr<event>& event_freed_event() const noexcept { return event_; }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "event-freed"; }

 private:
  std::shared_ptr<event> event_;
};
/// A trigger of a notifier that was freed (CL-222).
class notifier_freed : public event_error {
 public:
  explicit notifier_freed(std::shared_ptr<notifier> which);
  [[nodiscard]] const std::shared_ptr<notifier>& notifier_freed_notifier() const noexcept {
    return notifier_;
  }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "notifier-freed"; }

 private:
  std::shared_ptr<notifier> notifier_;
};

/// The event as a `Condition` if it is one, else null:
/// `if (condition_cast<socket_eof>(event)) ...`
template <typename Condition>
[[nodiscard]] const Condition* condition_cast(const std::exception& event) noexcept {
  return dynamic_cast<const Condition*>(&event);
}

/// The condition that an error number of libuv's becomes (CL-060), where a socket is concerned and where none
/// is.
[[nodiscard]] std::shared_ptr<const event_error> errno_event(int number, bool of_socket);

/// The socket that an event concerns, or null.
[[nodiscard]] std::shared_ptr<socket> event_socket(const std::exception& event);

}  // namespace antiphon::cl_async_style
