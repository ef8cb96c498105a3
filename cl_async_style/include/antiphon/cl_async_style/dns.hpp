#pragma once

#include <functional>
#include <string>

#include "antiphon/cl_async_style/event_loop.hpp"

namespace antiphon::cl_async_style {

/// cl-async's +af-inet+, +af-inet6+, +af-unspec+.
enum class address_family { unspec, inet, inet6 };

struct dns_options {
  event_callback event_cb{};  ///< gets dns_error, or event_error for other failures
  address_family family = address_family::inet;
};
/// Gets the first address only, as text.
using resolve_callback = std::function<void(const std::string& address, address_family family)>;
/// Resolves in a thread of libuv's; calls `resolve_cb` or event_cb from the loop (CL-226). True. A lookup
/// that is under way keeps the loop running, and leaving the loop waits for it: the system's resolver cannot
/// be interrupted.
bool dns_lookup(const std::string& host, resolve_callback resolve_cb, dns_options options = {});

struct reverse_dns_options {
  event_callback event_cb{};
};
using reverse_resolve_callback = std::function<void(const std::string& host, const std::string& service)>;
/// The name of an IPv4 or IPv6 address (CL-227). Throws std::invalid_argument for anything else.
bool reverse_dns_lookup(const std::string& address, reverse_resolve_callback resolve_cb,
                        reverse_dns_options options = {});

}  // namespace antiphon::cl_async_style
