#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "session.hpp"

/// What the main steps wait with.
namespace antiphon::asyncio_replay {

/// A pause of the main steps.
asio_style::Task<void> pause(Session& session, std::chrono::milliseconds length);

/// Waits until the label was recorded `count` times; false after `limit`.
asio_style::Task<bool> wait_for_label(Session& session, std::string label, int count,
                                      std::chrono::milliseconds limit);

/// asyncio.wait_for without a limit: the awaited runs in a task of its own, and the waiter is told by a done
/// callback, so that it goes on two turns of the loop later. The traces were recorded with it.
template <class T>
asio_style::Task<T> in_own_task(Session& session, asio_style::Task<T> task) {
  auto future = session.loop.create_task(std::move(task));
  const auto done = session.loop.create_future<>();
  future.add_done_callback([done] { done.set_result(); });
  co_await done;
  co_return future.result();
}

}  // namespace antiphon::asyncio_replay
