#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <unordered_map>

#include "loop_core.hpp"

namespace antiphon::asio_style::detail {

/// What the core asks of Asio: to wait, to be woken from other
/// threads, one timer, the signals.
struct LoopCore::Engine {
  // One thread runs it, so the reactor needs no locks per descriptor; posting from other threads stays safe.
  boost::asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  // Not any_io_executor, whose copies cost a tenth of a wake-up.
  using Executor = boost::asio::io_context::executor_type;
  boost::asio::executor_work_guard<Executor> work{context.get_executor()};
  boost::asio::posix::basic_stream_descriptor<Executor> selector{context};
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer{context};
  boost::asio::signal_set signals{context};
  std::unordered_map<int, std::shared_ptr<Callback>> signal_handlers;
  bool waiting_for_signals = false;
};

}  // namespace antiphon::asio_style::detail
