#include "antiphon/cl_async_style/conditions.hpp"

#include <algorithm>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "antiphon/cl_async_style/events.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

/// A number that libuv knows as such; not one of cl-async's own, as the -1 of streamish-closed.
std::string in_words(int code, const std::string& message) {
  if (code == 0 || message.empty()) return message;
  // libuv's texts are the system's, or its own for what the system does not know.
  const std::string name = uv_err_name(code);
  return name.starts_with("Unknown") ? message : std::string(uv_strerror(code)) + " (" + name + ")";
}

/// As the keyword that upstream prints: EAI-NONAME.
std::string name_of(int number) {
  std::string name = uv_err_name(number);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

/// The right half of CL-060's table: nothing is known of a socket. Calls `use` with the condition.
template <typename Use>
auto without_socket(int number, const std::string& about, Use use) {
  switch (number) {
    case UV_EADDRINUSE:
      return use(socket_address_in_use(number, "address already in use", about));
    case UV_ENOENT:
      return use(filesystem_enoent(number, name_of(number), about));
    case UV_EACCES:
      return use(filesystem_eacces(number, name_of(number), about));
    case UV_EPERM:
      return use(filesystem_eperm(number, name_of(number), about));
    case UV_EAI_NONAME:
      return use(dns_error(number, "DNS lookup fail", about));
    case UV_EAI_NODATA:
      return use(dns_error(number, name_of(number), about));
    case UV_EFAULT:
      // NOLINTNEXTLINE(bugprone-throw-keyword-missing): `use` may throw it
      return use(event_error(number, "bad address in system call argument", about));
    default:
      // NOLINTNEXTLINE(bugprone-throw-keyword-missing): the same
      return use(event_error(number, name_of(number), about));
  }
}

/// The left half of the table: a socket is concerned.
template <typename Use>
auto with_socket(int number, Use use) {
  switch (number) {
    case UV_EOF:
      return use(socket_eof());
    case UV_ECONNRESET:
      return use(socket_reset(number, "connection reset"));
    case UV_ETIMEDOUT:
      return use(socket_timeout(number, "connection timed out"));
    case UV_ECONNREFUSED:
      return use(socket_refused(number, "connection refused"));
    case UV_ECONNABORTED:
      return use(socket_aborted(number, "connection aborted"));
    case UV_EPIPE:
      return use(streamish_broken_pipe());
    case UV_ECANCELED:
      return use(streamish_canceled());
    case UV_ENOENT:
      return use(streamish_enoent());
    default:
      return use(streamish_error(number, name_of(number)));
  }
}

}  // namespace

event_error::event_error(int code, std::string message, const std::string& about)
    : code_(code), message_(std::move(message)), text_(in_words(code_, message_)) {
  if (!about.empty()) text_ = about + ": " + text_;
}

event_freed::event_freed(std::shared_ptr<event> which)
    : event_error(0, "Freed event being operated on"), event_(std::move(which)) {}

notifier_freed::notifier_freed(std::shared_ptr<notifier> which)
    : event_error(0, "Freed notifier being operated on"), notifier_(std::move(which)) {}

std::shared_ptr<socket> event_socket(const std::exception& event) {
  const auto* info = condition_cast<streamish_info>(event);
  return info == nullptr ? nullptr : info->streamish();
}

std::shared_ptr<const event_error> errno_event(int number, bool of_socket) {
  return of_socket ? detail::condition_factory::from_errno(number, nullptr)
                   : detail::condition_factory::unattached(number, {});
}

namespace detail {

std::shared_ptr<const event_error> condition_factory::from_errno(int number,
                                                                 const std::shared_ptr<socket>& of) {
  return with_socket(number, [&](auto condition) -> std::shared_ptr<const event_error> {
    static_cast<streamish_info&>(condition).socket_ = of;
    return std::make_shared<decltype(condition)>(std::move(condition));
  });
}

std::shared_ptr<const event_error> condition_factory::unattached(int number, const std::string& about) {
  return without_socket(number, about, [](auto condition) -> std::shared_ptr<const event_error> {
    return std::make_shared<decltype(condition)>(std::move(condition));
  });
}

void condition_factory::raise(int number, const std::string& about,
                              const std::shared_ptr<socket_server>& server) {
  without_socket(number, about, [&](auto condition) {
    if constexpr (std::is_base_of_v<streamish_info, decltype(condition)>)
      static_cast<streamish_info&>(condition).server_ = server;
    throw std::move(condition);  // NOLINT(misc-throw-by-value-catch-by-reference): by value, moved
  });
  std::abort();  // without_socket always threw
}

void condition_factory::raise_closed(const std::shared_ptr<socket>& of) {
  streamish_closed condition(-1, "Trying to operate on a closed streamish");
  static_cast<streamish_info&>(condition).socket_ = of;
  throw condition;  // NOLINT(misc-throw-by-value-catch-by-reference): it is completed above
}

void condition_factory::raise_of(int number, const std::shared_ptr<socket>& of) {
  with_socket(number, [&](auto condition) {
    static_cast<streamish_info&>(condition).socket_ = of;
    throw std::move(condition);  // NOLINT(misc-throw-by-value-catch-by-reference): by value, moved
  });
  std::abort();  // with_socket always threw
}

}  // namespace detail

}  // namespace antiphon::cl_async_style
