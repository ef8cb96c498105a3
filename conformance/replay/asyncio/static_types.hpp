#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "antiphon/asio_style.hpp"

/// The oracle gives wrong types to a language that looks at them when the call is made. Here the compiler
/// looks. Each wrong argument of a scenario is a `requires` expression below: as long as it is false the
/// replay records the TypeError that Python raises; if the API ever took such an argument, the call would be
/// made.
namespace antiphon::asyncio_replay::static_types {

template <class Argument>
concept writable = requires(asio_style::Transport& transport, Argument argument) {
  transport.write(argument);
};

template <class Argument>
concept exception_handler = requires(asio_style::EventLoop& loop, Argument argument) {
  loop.set_exception_handler(argument);
};

template <class Argument>
concept delay = requires(asio_style::EventLoop& loop, Argument argument) {
  loop.call_later(argument, [] {});
};

template <class Argument>
concept moment = requires(asio_style::EventLoop& loop, Argument argument) {
  loop.call_at(argument, [] {});
};

template <class Argument>
concept signal_number = requires(asio_style::EventLoop& loop, Argument argument) {
  loop.add_signal_handler(argument, [] {});
};

template <class Callback>
concept signal_callback = requires(asio_style::EventLoop& loop, Callback callback) {
  loop.add_signal_handler(1, callback);
};

template <class Argument>
concept backlog = requires(asio_style::CreateServerOptions& options, Argument argument) {
  options.backlog = argument;
};

template <class Argument, class Options = asio_style::CreateServerOptions>
concept tls_context = requires(Options& options, Argument argument) {
  options.ssl = argument;
};

template <class Argument>
concept listening_socket = requires(asio_style::CreateServerOptions& options, Argument argument) {
  options.sock = argument;
};

template <class Argument>
concept stream_to_upgrade = requires(std::shared_ptr<asio_style::Transport>& slot, Argument argument) {
  slot = argument;
};

static_assert(writable<std::span<const std::byte>> && writable<std::string_view>);
static_assert(exception_handler<std::nullptr_t> && !exception_handler<int>);
static_assert(delay<std::chrono::milliseconds> && moment<asio_style::TimePoint>);

}  // namespace antiphon::asyncio_replay::static_types
