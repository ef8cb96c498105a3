#pragma once

#include <string_view>

namespace antiphon::cl_async_style::detail {

/// That event_cb stands where it stood in old versions (CL-081). Once a process: a program that does it does
/// it every time.
void warn_of_positional_event_cb(std::string_view function);

}  // namespace antiphon::cl_async_style::detail
