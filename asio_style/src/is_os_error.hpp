#pragma once

#include <exception>

#include "antiphon/asio_style/errors.hpp"

namespace antiphon::asio_style::detail {

/// What the kernel or the peer did, and no bug: such an end of a connection is not reported (AS-162).
[[nodiscard]] inline bool is_os_error(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const OSError&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace antiphon::asio_style::detail
