#pragma once

#include <exception>
#include <functional>

#include "antiphon/cl_async_style.hpp"
#include "trace_file.hpp"

namespace antiphon::conformance::cl_async {

/// What an application's own error is in the scripts (`error`).
class AppError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The fields that traces have for a condition: cond, code, msg, sock, closed, is_error, ...; `number` gives
/// sockets their number. What is no condition of cl-async is a "simple-error".
[[nodiscard]] Json describe(const std::exception& error,
                            const std::function<int(cl_async_style::socket&)>& number);

}  // namespace antiphon::conformance::cl_async
