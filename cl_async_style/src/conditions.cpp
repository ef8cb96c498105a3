#include "antiphon/cl_async_style/conditions.hpp"

#include "loop.hpp"

namespace antiphon::cl_async_style {

event_error::event_error(int code, std::string message) : code_(code), message_(std::move(message)) {}

std::shared_ptr<socket> event_socket(const std::exception& event) {
  const auto* info = condition_cast<streamish_info>(event);
  return info == nullptr ? nullptr : info->streamish();
}

namespace detail {

std::shared_ptr<const event_error> condition_factory::from_errno(int number,
                                                                 const std::shared_ptr<socket>& of) {
  const std::string text = uv_strerror(number);
  switch (number) {
    case UV_EOF:
      return make<socket_eof>(of);
    case UV_ECONNRESET:
      return make<socket_reset>(of, number, text);
    case UV_ETIMEDOUT:
      return make<socket_timeout>(of, number, text);
    case UV_ECONNREFUSED:
      return make<socket_refused>(of, number, text);
    case UV_ECONNABORTED:
      return make<socket_aborted>(of, number, text);
    case UV_EPIPE:
      return make<streamish_broken_pipe>(of);
    case UV_ECANCELED:
      return make<streamish_canceled>(of);
    case UV_ENOENT:
      return make<streamish_enoent>(of);
    default:
      return make<streamish_error>(of, number, text);
  }
}

void condition_factory::raise(int number, const std::string& what) {
  const std::string text = what + ": " + uv_strerror(number);
  switch (number) {
    case UV_EADDRINUSE:
      throw socket_address_in_use(number, text);
    case UV_EACCES:
      throw filesystem_eacces(number, text);
    default:
      throw event_error(number, text);
  }
}

}  // namespace detail

}  // namespace antiphon::cl_async_style
