#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "support.hpp"

// Others may live on the loop's io_context, and the loop on Asio's wait.

namespace antiphon::asio_style::test {
namespace {

namespace asio = boost::asio;
using detail::UniqueFd;
using testing::ElementsAre;

constexpr std::chrono::seconds never{30};  // against a hang

/// The loop waits for its selector without an operation of Asio's: this is what it relies on.
TEST(asio_wait, returns_for_each_edge_of_a_descriptor_for_which_nobody_waits) {
  const UniqueFd selector(::epoll_create1(EPOLL_CLOEXEC));
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event interest{};
  interest.events = EPOLLIN;
  ASSERT_EQ(::epoll_ctl(selector.get(), EPOLL_CTL_ADD, event.get(), &interest), 0);
  asio::io_context context;
  const auto work = asio::make_work_guard(context);
  asio::posix::stream_descriptor descriptor(context, selector.get());
  EXPECT_EQ(context.poll_one(), 0U);
  for (int times = 0; times < 3; ++times) {
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(event.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
    EXPECT_EQ(context.run_one_for(never), 1U);
    EXPECT_EQ(context.poll_one(), 0U) << "once only, though it is ready still";
  }
  descriptor.release();
}

class Guests : public testing::Test, protected Bench {};
using guests = Guests;

TEST_F(guests, what_another_thread_posts_wakes_the_loop_and_may_call_soon) {
  std::jthread other;
  loop.call_soon([&] {
    other = std::jthread([&] {
      asio::post(loop.native(), [&] {
        trace.add("posted");
        loop.call_soon([&] { trace.add("soon"); });
      });
    });
  });
  run_until("soon");
  EXPECT_THAT(events(), ElementsAre("posted", "soon"));
}

TEST_F(guests, a_timer_of_asios_and_one_of_the_loops_both_strike) {
  asio::steady_timer timer(loop.native(), std::chrono::milliseconds(5));
  timer.async_wait([&](const auto&) {
    trace.add("asio's");
    loop.call_later(std::chrono::milliseconds(5), [&] { trace.add("the loop's"); });
  });
  run_until("the loop's");
  EXPECT_THAT(events(), ElementsAre("asio's", "the loop's"));
}

TEST_F(guests, one_that_posts_for_ever_holds_nobody_up) {
  bool over = false;
  std::function<void()> again = [&] {
    if (!over) asio::post(loop.native(), again);
  };
  again();
  loop.call_later(std::chrono::milliseconds(5), [&] {
    trace.add("timer");
    over = true;
  });
  run_until("timer");
}

TEST_F(guests, callbacks_that_queue_themselves_for_ever_do_not_hold_up_a_guest) {
  std::function<void()> again = [&] { loop.call_soon(again); };
  again();
  asio::post(loop.native(), [&] { trace.add("posted"); });
  run_until("posted");
}

TEST_F(guests, a_guest_may_stop_the_loop) {
  asio::post(loop.native(), [&] { loop.stop(); });
  loop.run_forever();
  EXPECT_FALSE(loop.is_running());
}

/// Both sides write to each other through the kernel: an edge that is missed is a hang.
TEST_F(guests, an_echo_of_the_loops_and_a_reader_of_asios_keep_each_other_going) {
  constexpr int rounds = 1000;
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
  const UniqueFd ours(ends[0]);
  loop.add_reader(ours.get(), [&] {
    char octet = 0;
    if (::recv(ours.get(), &octet, 1, 0) == 1) {
      EXPECT_EQ(::send(ours.get(), &octet, 1, 0), 1);
    }
  });
  asio::posix::stream_descriptor theirs(loop.native(), ends[1]);
  char octet = 'x';
  int done = 0;
  std::function<void()> ask = [&] {
    ASSERT_EQ(::send(theirs.native_handle(), &octet, 1, 0), 1);
    asio::async_read(theirs, asio::buffer(&octet, 1), [&](const auto& error, std::size_t) {
      ASSERT_FALSE(error);
      ++done == rounds ? trace.add("done") : ask();
    });
  };
  ask();
  run_until("done");
  loop.remove_reader(ours.get());
}

/// More than one look at the selector can take.
TEST_F(guests, hundreds_of_descriptors_that_are_ready_at_once_are_all_seen) {
  std::vector<UniqueFd> events_of;
  std::size_t seen = 0;
  for (int i = 0; i < 600; ++i) {
    events_of.emplace_back(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    const int fd = events_of.back().get();
    ASSERT_GE(fd, 0);
    loop.add_reader(fd, [&, fd] {
      loop.remove_reader(fd);
      if (++seen == events_of.size()) trace.add("all");
    });
  }
  run_until("all");
}

}  // namespace
}  // namespace antiphon::asio_style::test
