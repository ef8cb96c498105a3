#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <array>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using detail::UniqueFd;
using testing::ElementsAre;
using testing::StartsWith;

class Readers : public testing::Test, protected Bench {
 protected:
  Readers() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
  }
  void tell(const char* text) const {
    EXPECT_EQ(::send(theirs.get(), text, std::string_view(text).size(), 0),
              static_cast<ssize_t>(std::string_view(text).size()));
  }
  void take() const {
    char octet = 0;
    static_cast<void>(::recv(ours.get(), &octet, 1, 0));
  }
  UniqueFd ours;
  UniqueFd theirs;
};
using readers = Readers;

TEST_F(readers, a_reader_is_called_in_every_turn_in_which_something_is_there) {
  loop.add_reader(ours.get(), [this] {
    take();
    trace.add("readable");
  });
  turn();
  EXPECT_TRUE(events().empty());
  tell("ab");
  run_until("readable", 2);
  turn();
  EXPECT_EQ(trace.count("readable"), 2U);
  EXPECT_TRUE(loop.remove_reader(ours.get()));
  tell("c");
  turn();
  EXPECT_EQ(trace.count("readable"), 2U);
  EXPECT_FALSE(loop.remove_reader(ours.get()));
}

TEST_F(readers, a_writer_may_remove_itself_and_a_reader_stays) {
  loop.add_reader(ours.get(), [this] {
    take();
    trace.add("readable");
  });
  loop.add_writer(ours.get(), [this] {
    trace.add("writable");
    loop.remove_writer(ours.get());
  });
  run_until("writable");
  tell("x");
  run_until("readable");
  turn();
  EXPECT_THAT(events(), ElementsAre("writable", "readable"));
}

TEST_F(readers, of_one_descriptor_both_removed_by_the_reader_the_writer_is_not_called) {
  loop.add_reader(ours.get(), [this] {
    trace.add("readable");
    loop.remove_reader(ours.get());
    loop.remove_writer(ours.get());
  });
  tell("x");
  loop.add_writer(ours.get(), [this] { trace.add("writable"); });
  run_until("readable");
  turn();
  EXPECT_THAT(events(), ElementsAre("readable"));
}

TEST_F(readers, a_second_reader_replaces_the_first_even_from_inside_it) {
  loop.add_reader(ours.get(), [this] {
    trace.add("first");
    loop.add_reader(ours.get(), [this] {
      take();
      trace.add("second");
    });
  });
  tell("x");
  run_until("second");
  turn();
  EXPECT_THAT(events(), ElementsAre("first", "second"));
}

TEST_F(readers, what_a_reader_throws_goes_to_the_exception_handler_AS_274) {
  loop.add_reader(ours.get(), [this] {
    take();
    throw ValueError("boom");
  });
  tell("x");
  run_until("handler");
  EXPECT_THAT(events(), ElementsAre("handler Exception in callback reader: ValueError: boom"));
}

TEST_F(readers, the_descriptor_of_a_transport_is_refused) {
  listen();
  const Peer peer(port());
  run_until("CM");
  const int fd = std::any_cast<TransportSocket>(transport().get_extra_info("socket")).fileno();
  EXPECT_EQ(describe(thrown_by([&] { loop.add_reader(fd, [] {}); })),
            "RuntimeError: File descriptor " + std::to_string(fd) + " is used by a transport or a server");
  EXPECT_FALSE(loop.remove_reader(fd));
}

TEST_F(readers, wrong_descriptors_and_no_callback_are_refused_by_name) {
  EXPECT_EQ(describe(thrown_by([&] { loop.add_reader(-1, [] {}); })),
            "ValueError: Invalid file descriptor: -1");
  EXPECT_THAT(describe(thrown_by([&] { loop.add_writer(ours.get(), nullptr); })), StartsWith("TypeError: "));
  const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_THAT(describe(thrown_by([&] { loop.add_reader(file.get(), [] {}); })),
              StartsWith("PermissionError"));
  EXPECT_FALSE(loop.remove_reader(file.get()));
}

TEST_F(readers, closing_the_loop_frees_the_callbacks_AS_284_AS_285) {
  const auto held = std::make_shared<int>(1);
  loop.add_reader(ours.get(), [held] {});
  loop.add_writer(ours.get(), [held] {});
  EXPECT_EQ(held.use_count(), 3);
  loop.close();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_THAT(describe(thrown_by([&] { loop.add_reader(ours.get(), [] {}); })), StartsWith("RuntimeError"));
}

}  // namespace
}  // namespace antiphon::asio_style::test
