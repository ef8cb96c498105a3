#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "peer.hpp"

namespace {

thread_local bool counting = false;
std::atomic<std::size_t> allocations = 0;

void* counted(std::size_t size) {
  if (counting) ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// Not inlined: GCC would see malloc behind new and free behind delete, and call the pair mismatched.
[[gnu::noinline]] void* operator new(std::size_t size) {
  return counted(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace antiphon::cl_async_style::test {
namespace {

TEST(allocation, an_echo_makes_none_once_warm) {
  std::thread thread;
  int rounds = 0;
  start_event_loop([&] {
    const auto server = tcp_server("127.0.0.1", 0,
                                   [&](socket& which, std::span<const std::byte> octets) {
                                     if (++rounds == 10) counting = true;
                                     if (rounds == 1010) counting = false;
                                     write_socket_data(which, octets);
                                   },
                                   {.close_cb = [](socket&, const event_error*) { exit_event_loop(); }});
    thread = std::thread([port = server_port(*server)] {
      const peer client(port);
      for (int i = 0; i < 1020; ++i) {
        client.send("hello");
        ASSERT_EQ(client.read(5), "hello");
      }
    });
  });
  thread.join();
  EXPECT_GE(rounds, 1010);
  EXPECT_EQ(allocations, 0U);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
