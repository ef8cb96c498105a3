#pragma once

#include <exception>

#include "antiphon/asio_style/errors.hpp"

namespace antiphon::asio_style::detail {

/// Calls into the application. What it throws goes to `failed`, but for the two exceptions that leave the
/// loop (AS-212). True: it threw nothing.
template <class Call, class Failed>
bool guarded_call(Call call, Failed failed) {
  try {
    call();
    return true;
  } catch (const SystemExit&) {
    throw;
  } catch (const KeyboardInterrupt&) {
    throw;
  } catch (...) {
    failed(std::current_exception());
    return false;
  }
}

}  // namespace antiphon::asio_style::detail
