#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>

namespace antiphon::cl_async_style {

class socket;
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
///     └── streamish_info                   (with the socket concerned)
///         ├── streamish_eof
///         ├── streamish_error              (also event_error)
///         │   └── closed, broken_pipe, canceled, enoent
///         └── socket_info
///             └── socket_error             (also streamish_error)
///                 ├── reset, timeout, refused, aborted, address_in_use, accept_error
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
  event_error(int code = 0, std::string message = {});
  /// The negative libuv number, or 0 where cl-async gives none (CL-060).
  [[nodiscard]] int event_errcode() const noexcept { return code_; }
  /// Text for people; may be empty.
  [[nodiscard]] std::string_view event_errmsg() const noexcept { return message_; }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "event-error"; }
  [[nodiscard]] const char* what() const noexcept override {
    return message_.empty() ? "event-error" : message_.c_str();
  }

 private:
  int code_;
  std::string message_;
};

class streamish_info : public virtual event_info {
 public:
  /// The socket concerned; it may be closed already (CL-070). Null for a listener's events.
  [[nodiscard]] const std::shared_ptr<cl_async_style::socket>& streamish() const noexcept { return socket_; }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "streamish-info"; }

 private:
  friend struct detail::condition_factory;
  std::shared_ptr<cl_async_style::socket> socket_;
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
  [[nodiscard]] const char* what() const noexcept override { return event_error::what(); }
};

/// The peer sends no more.
class socket_eof : public socket_error, public streamish_eof {
 public:
  using socket_error::socket_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "socket-eof"; }
  [[nodiscard]] const char* what() const noexcept override { return "socket-eof"; }
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
class socket_accept_error : public socket_error {
 public:
  using socket_error::socket_error;
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

class filesystem_error : public event_error {
 public:
  using event_error::event_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "filesystem-error"; }
};
/// Where a listener may not be opened: a privileged port, say (CL-088).
class filesystem_eacces : public filesystem_error {
 public:
  using filesystem_error::filesystem_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "filesystem-eacces"; }
};

/// An operation on a delay or interval that has fired or was freed (CL-203).
class event_freed : public event_error {
 public:
  using event_error::event_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "event-freed"; }
};
/// A trigger of a notifier that was freed (CL-222).
class notifier_freed : public event_error {
 public:
  using event_error::event_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "notifier-freed"; }
};

/// The event as a `Condition` if it is one, else null:
/// `if (condition_cast<socket_eof>(event)) ...`
template <typename Condition>
[[nodiscard]] const Condition* condition_cast(const std::exception& event) noexcept {
  return dynamic_cast<const Condition*>(&event);
}

/// The socket that an event concerns, or null.
[[nodiscard]] std::shared_ptr<socket> event_socket(const std::exception& event);

}  // namespace antiphon::cl_async_style
