// What is compared must do the same work: every server gives the same octets.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <regex>
#include <string>
#include <vector>

#include "loads.hpp"
#include "message_pair.hpp"
#include "server_thread.hpp"

namespace antiphon::bench {
namespace {

std::string ask(std::uint16_t port, const std::string& request) {
  const int fd = connect_to(port);
  send_all(fd, request);
  const std::string answer = receive_response(fd);
  ::close(fd);
  return std::regex_replace(answer, std::regex("Date: [^\r]*"), "Date: now");
}

std::vector<Contender> http_servers() {
  std::vector<Contender> all(contenders.begin(), contenders.end());
  all.insert(all.end(), without_checks.begin(), without_checks.end());
  return all;
}

void all_answer_alike(const std::string& request) {
  std::string first;
  for (const Contender& contender : http_servers()) {
    const ServerThread server(contender.make(Service::http));
    const std::string answer = ask(server.port(), request);
    if (first.empty()) first = answer;
    EXPECT_EQ(answer, first) << contender.name << " to " << request;
  }
}

TEST(bench, all_HTTP_servers_answer_alike_but_for_the_date) {
  all_answer_alike("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  all_answer_alike("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  all_answer_alike("GET /bytes/200000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  all_answer_alike("POST /sink HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(bench, all_echo_servers_echo_what_is_small_and_what_no_socket_takes_at_once) {
  for (const Contender& contender : contenders)
    for (const std::uint64_t size : {1U, 64U, 16384U, 1U << 24U}) {
      const ServerThread server(contender.make(Service::echo));
      const LoadOptions options{
          .port = server.port(), .echo = true, .connections = 3, .requests = 6, .size = size};
      const LoadResult result = closed_loop(options, [] {});
      EXPECT_EQ(result.requests, 6U) << contender.name;
    }
}

TEST(bench, all_HTTP_servers_take_pipelined_requests_downloads_uploads_and_closes) {
  for (const Contender& contender : http_servers()) {
    const ServerThread server(contender.make(Service::http));
    LoadOptions options{.port = server.port(), .connections = 4, .requests = 256, .depth = 32};
    EXPECT_EQ(closed_loop(options, [] {}).requests, 256U) << contender.name;
    options = {.port = server.port(), .requests = 2, .size = 3'000'000};
    EXPECT_EQ(download(options, [] {}).octets, 6'000'000U) << contender.name;
    EXPECT_EQ(upload(options, [] {}).octets, 6'000'000U) << contender.name;
    const WatchedServer nobody({}, "");
    EXPECT_EQ(connection_per_request(options, nobody, [] {}).requests, 2U) << contender.name;
  }
}

TEST(bench, a_client_that_takes_nothing_for_a_while_gets_the_whole_download) {
  for (const Contender& contender : http_servers()) {
    const ServerThread server(contender.make(Service::http));
    const int fd = connect_to(server.port());
    send_all(fd, "GET /bytes/50000000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ask(server.port(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");  // meanwhile others are served
    std::string octets(65536, '\0');
    std::size_t got = 0;
    for (ssize_t count; (count = ::recv(fd, octets.data(), octets.size(), 0)) > 0;)
      got += static_cast<std::size_t>(count);
    ::close(fd);
    EXPECT_GT(got, 50'000'000U) << contender.name;
    EXPECT_LT(got, 50'001'000U) << contender.name;
  }
}

TEST(bench, a_bare_server_refuses_what_its_parser_refuses) {
  const auto answers = [](const Contender& contender) {
    const ServerThread server(contender.make(Service::http));
    const int fd = connect_to(server.port());
    send_all(fd, "GET / HTTP/1.1\r\n\r\n");  // no Host: RFC 9112, 3.2
    char first = 0;
    const bool answered = ::recv(fd, &first, 1, 0) == 1;
    ::close(fd);
    return answered;
  };
  for (const Contender& contender : {contenders[2], contenders[3], contenders[4]})
    EXPECT_FALSE(answers(contender)) << contender.name;
  for (const Contender& contender : without_checks) EXPECT_TRUE(answers(contender)) << contender.name;
}

TEST(bench, system_calls_allocations_and_copies_of_a_server_are_counted) {
  const ServerThread server(make_bare_epoll(Service::echo));
  const LoadOptions options{.port = server.port(), .echo = true, .requests = 100, .size = 64};
  std::uint64_t calls = 0;
  closed_loop(options, [&] { calls = syscalls(); });
  EXPECT_GE(syscalls() - calls, 200U) << "a read and a send each";
  EXPECT_GT(allocations(), 0U);
  EXPECT_GT(server.cpu_ns(), 0);
}

}  // namespace
}  // namespace antiphon::bench
