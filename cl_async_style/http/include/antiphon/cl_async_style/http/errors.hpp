#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "antiphon/cl_async_style/conditions.hpp"
#include "antiphon/cl_async_style/socket.hpp"

namespace antiphon::cl_async_style {

class request;
class response;

/// Wookie's conditions (WK-108):
///
///     event_error
///     └── wookie_error                (with a message and the socket concerned)
///         ├── parse_error             (octets that are no HTTP request; with the status of the answer)
///         ├── route_error             (with the resource asked for)
///         │   └── route_not_found
///         └── response_error
///             └── response_already_sent
class wookie_error : public event_error {
 public:
  explicit wookie_error(std::string message, std::shared_ptr<cl_async_style::socket> which = nullptr)
      : event_error(0, std::move(message)), socket_(std::move(which)) {}
  [[nodiscard]] std::string_view wookie_error_msg() const noexcept { return event_errmsg(); }
  /// Null where none is concerned.
  [[nodiscard]] const std::shared_ptr<cl_async_style::socket>& wookie_error_socket() const noexcept {
    return socket_;
  }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "wookie-error"; }

 private:
  std::shared_ptr<cl_async_style::socket> socket_;
};

/// What a client sent, or did not send in time, was refused. It has got its answer already; the listener's
/// event_cb is told.
class parse_error : public wookie_error {
 public:
  parse_error(unsigned status, std::string message, std::shared_ptr<cl_async_style::socket> which)
      : wookie_error(std::move(message), std::move(which)), status_(status) {}
  [[nodiscard]] unsigned status() const noexcept { return status_; }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "parse-error"; }

 private:
  unsigned status_;
};

class route_error : public wookie_error {
 public:
  explicit route_error(std::string resource, std::shared_ptr<cl_async_style::socket> which = nullptr)
      : wookie_error("no route for " + resource, std::move(which)), resource_(std::move(resource)) {}
  [[nodiscard]] const std::string& route_error_resource() const noexcept { return resource_; }
  [[nodiscard]] std::string_view type_name() const noexcept override { return "route-error"; }

 private:
  std::string resource_;
};
/// No route fits (WK-045): 404 unless an error handler has another answer.
class route_not_found : public route_error {
 public:
  using route_error::route_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "route-not-found"; }
};

class response_error : public wookie_error {
 public:
  using wookie_error::wookie_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "response-error"; }
};
/// A second answer to one request (WK-081).
class response_already_sent : public response_error {
 public:
  using response_error::response_error;
  [[nodiscard]] std::string_view type_name() const noexcept override { return "response-already-sent"; }
};

/// Gets the events of the sockets of a listener, and the errors of its requests; the socket may be closed
/// already, and is null where none is concerned.
using listener_event_callback =
    std::function<void(const std::exception& event, const std::shared_ptr<socket>& which)>;

/// What becomes of an event (WK-104): an `event_cb` gets it and nothing else is done. Without one, if a
/// request on that socket waits for its answer, it is given: the error handlers are asked, most specific
/// class first, then 404 for route_not_found, nothing for the end of a connection, 500 for anything else. The
/// 500 does not tell the error's text (unlike upstream, WK-111). For the event_cb of a listener that wants
/// the default treatment too.
void main_event_handler(const std::exception& event, const std::shared_ptr<socket>& which,
                        const listener_event_callback& event_cb = {});
/// The same for an event that carries its socket (WK-106).
void listener_event_handler(const std::exception& event, const listener_event_callback& event_cb = {});

/// Gets an error of a request before the default answer is given. True: it has answered, or will.
using error_handler = std::function<bool(const std::exception&, request&, response&)>;

namespace detail {
/// A class of errors, and how two of them are compared without an object of either.
struct error_class {
  bool (*covers)(const std::exception&);  ///< the error is of this class
  void (*throw_pointer)();                ///< throws a null pointer to the class
  bool (*catches)(void (*)());            ///< a pointer to the class catches what the function throws
};
template <typename Condition>
inline constexpr error_class error_class_of{
    [](const std::exception& error) { return condition_cast<Condition>(error) != nullptr; },
    [] { throw static_cast<const Condition*>(nullptr); },
    [](void (*thrower)()) {
      try {
        thrower();
      } catch (const Condition*) {
        return true;
      } catch (...) {
        return false;
      }
      return false;
    }};
void add_error_handler(const error_class& kind, error_handler handler);
}  // namespace detail

/// Adds a handler for errors of one class and those below it. The handlers of the most specific class are
/// asked first; those of one class in the order in which they were added. `handler` takes
/// (const Condition&, request&, response&) and returns whether it has answered; returning nothing means yes.
template <typename Condition = std::exception, typename Handler>
void add_error_handler(Handler handler) {
  detail::add_error_handler(
      detail::error_class_of<Condition>,
      [handler = std::move(handler)](const std::exception& error, request& of, response& to) {
        const auto& condition = dynamic_cast<const Condition&>(error);
        if constexpr (std::is_void_v<decltype(handler(condition, of, to))>) {
          handler(condition, of, to);
          return true;
        } else {
          return handler(condition, of, to);
        }
      });
}
void clear_error_handlers();

}  // namespace antiphon::cl_async_style
