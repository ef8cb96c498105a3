#include "antiphon/asio_style/executor.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <thread>
#include <utility>

#include "antiphon/asio_style/errors.hpp"

namespace antiphon::asio_style {

struct ThreadPoolExecutor::Pool {
  explicit Pool(std::size_t workers) : threads(workers) {}
  boost::asio::thread_pool threads;
  std::atomic<bool> is_shut_down = false;
};

ThreadPoolExecutor::ThreadPoolExecutor(std::size_t max_workers) {
  const std::size_t usual = std::min<std::size_t>(32, std::thread::hardware_concurrency() + 4U);
  pool_ = std::make_unique<Pool>(max_workers != 0 ? max_workers : usual);
}

ThreadPoolExecutor::~ThreadPoolExecutor() {
  pool_->threads.join();
}

void ThreadPoolExecutor::submit(std::function<void()> work) {
  if (pool_->is_shut_down) throw RuntimeError("cannot schedule new futures after shutdown");
  boost::asio::post(pool_->threads, std::move(work));
}

void ThreadPoolExecutor::shutdown(bool wait, bool cancel_pending) {
  pool_->is_shut_down = true;
  if (cancel_pending) pool_->threads.stop();
  if (wait) pool_->threads.join();
}

}  // namespace antiphon::asio_style
