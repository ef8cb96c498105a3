// What is compared must do the same work: every server gives the same octets.

#include <gtest/gtest.h>

#include <array>
#include <regex>

#include "client.hpp"

namespace antiphon::bench {
namespace {

constexpr std::array factories{make_bare_epoll, make_bare_asio, make_bare_libuv, make_asio_style,
                               make_cl_async_style};

TEST(bench, all_HTTP_servers_answer_alike_but_for_the_date) {
  std::string first;
  for (const Factory make : factories) {
    const auto server = make(Service::http);
    const Client client(*server, Service::http, 2, 0);
    const std::string answer = std::regex_replace(client.answer(), std::regex("Date: [^\r]*"), "Date: now");
    if (first.empty()) first = answer;
    EXPECT_EQ(answer, first);
  }
}

TEST(bench, all_echo_servers_echo_small_and_large) {
  for (const Factory make : factories)
    for (const std::size_t size : {1U, 64U, 16384U}) {
      const auto server = make(Service::echo);
      Client client(*server, Service::echo, 3, size);
      EXPECT_NO_THROW(client.batch());
    }
}

TEST(bench, system_calls_and_allocations_of_a_server_are_counted) {
  const auto server = make_bare_epoll(Service::http);
  Client client(*server, Service::http, 1, 0);
  const std::uint64_t before = syscalls();
  for (int i = 0; i < 100; ++i) client.batch();
  EXPECT_GE(syscalls() - before, 200U) << "a read and a write each";
  EXPECT_GT(allocations(), 0U);
  EXPECT_GT(server->cpu_ns(), 0);
}

}  // namespace
}  // namespace antiphon::bench
