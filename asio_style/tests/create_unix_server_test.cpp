#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <antiphon/test_support/temporary_folder.hpp>

#include <filesystem>
#include <fstream>

#include "connecting.hpp"
#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using detail::UniqueFd;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

UniqueFd unix_socket(int type = SOCK_STREAM) {
  return UniqueFd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
}

class UnixServing : public testing::Test, protected Bench {
 protected:
  std::shared_ptr<Server> serve(std::optional<std::string> at, CreateUnixServerOptions options = {}) {
    server = loop.run_until_complete(loop.create_unix_server(factory(), std::move(at), options));
    return server;
  }
  std::string refused(std::optional<std::string> at, CreateUnixServerOptions options = {}) {
    return describe(thrown_by([&] { serve(std::move(at), options); }));
  }
  test_support::TemporaryFolder folder;
  std::string path = folder.path("socket");
};
using create_unix_server = UnixServing;
using create_unix_connection = UnixServing;

TEST_F(create_unix_server, serves_at_a_path_and_knows_both_names_AS_037_AS_045) {
  serve(path);
  EXPECT_EQ(server->sockets().at(0).getsockname().host, path);
  const Peer peer(path);
  run_until("CM");
  EXPECT_EQ(std::any_cast<SocketAddress>(transport().get_extra_info("sockname")).host, path);
  EXPECT_EQ(std::any_cast<SocketAddress>(transport().get_extra_info("peername")),
            (SocketAddress{AF_UNIX, "", 0, 0}));
  peer.send("ping");
  run_until("DR");
  transport().write("pong");
  EXPECT_EQ(peer.read(4), "pong");
  peer.shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "ER", "CL None"));
}

TEST_F(create_unix_server, a_leading_nul_means_the_abstract_namespace_AS_037) {
  const std::string name = std::string("\0antiphon-", 10) + std::to_string(::getpid());
  serve(name);
  EXPECT_EQ(server->sockets().at(0).getsockname().host, name);
  EXPECT_FALSE(std::filesystem::exists(path));
  const Peer peer(name);
  run_until("CM");
}

TEST_F(create_unix_server, unix_transports_end_their_direction_too_AS_176) {
  serve(path);
  const Peer peer(path);
  run_until("CM");
  EXPECT_TRUE(transport().can_write_eof());
  transport().write_eof();
  EXPECT_EQ(peer.read_to_end().bytes, "");
}

TEST_F(create_unix_server, a_stale_socket_file_is_replaced_AS_038) {
  {
    const auto dead = unix_socket();
    const auto name = detail::unix_name(path);
    ASSERT_EQ(::bind(dead.get(), name.get(), name.length), 0);
  }
  ASSERT_TRUE(std::filesystem::is_socket(path));
  serve(path);
  const Peer peer(path);
  run_until("CM");
}

TEST_F(create_unix_server, even_the_file_of_a_living_server_is_taken_over_AS_038) {
  const auto first = serve(path);
  serve(path);
  const Peer peer(path);
  run_until("CM");
  first->close();
}

TEST_F(create_unix_server, a_file_that_is_no_socket_is_left_alone_AS_039) {
  std::ofstream(path) << "precious";
  EXPECT_EQ(refused(path), "OSError: [Errno 98] Address '" + path + "' is already in use");
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(create_unix_server, a_directory_that_is_not_there_is_named) {
  const auto missing = folder.path("missing/socket");
  EXPECT_EQ(refused(missing), "FileNotFoundError: [Errno 2] No such file or directory: '" + missing + "'");
}

TEST_F(create_unix_server, closing_leaves_the_file_AS_040) {
  serve(path)->close();
  EXPECT_TRUE(std::filesystem::is_socket(path));
}

TEST_F(create_unix_server, a_path_too_long_is_refused_with_the_limit) {
  EXPECT_EQ(refused(std::string(200, 'x')),
            "ValueError: AF_UNIX path too long: 200 octets, the limit is 107");
}

TEST_F(create_unix_server, path_and_sock_together_are_refused_AS_041) {
  const auto fd = unix_socket();
  EXPECT_EQ(refused(path, {.sock = fd.get()}),
            "ValueError: path and sock can not be specified at the same time");
}

TEST_F(create_unix_server, neither_path_nor_sock_is_refused_AS_042) {
  EXPECT_EQ(refused(std::nullopt), "ValueError: path was not specified, and no sock specified");
}

TEST_F(create_unix_server, an_empty_path_is_refused_and_does_not_become_a_name_of_the_kernels_choice) {
  EXPECT_EQ(refused(""), "ValueError: path must not be empty");
}

TEST_F(create_unix_server, a_sock_of_another_kind_is_refused_and_stays_the_callers_AS_043) {
  const UniqueFd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto datagram = unix_socket(SOCK_DGRAM);
  for (const int fd : {tcp.get(), datagram.get()}) {
    EXPECT_THAT(refused(std::nullopt, {.sock = fd}),
                StartsWith("ValueError: A UNIX Domain Stream Socket was expected, got <socket.socket fd="));
    EXPECT_NO_THROW(static_cast<void>(TransportSocket(fd).type()));
  }
}

TEST_F(create_unix_server, a_bound_sock_is_served_AS_043) {
  auto fd = unix_socket();
  const auto name = detail::unix_name(path);
  ASSERT_EQ(::bind(fd.get(), name.get(), name.length), 0);
  serve(std::nullopt, {.sock = fd.release()});
  const Peer peer(path);
  run_until("CM");
}

TEST_F(create_unix_server, without_start_serving_clients_are_refused_until_it_starts_AS_034_AS_044) {
  serve(path, {.start_serving = false});
  EXPECT_FALSE(server->is_serving());
  EXPECT_THAT(describe(thrown_by([&] { const Peer early(path); })), HasSubstr("refused"));
  loop.run_until_complete(server->start_serving());
  const Peer peer(path);
  run_until("CM");
}

TEST_F(create_unix_server, the_backlog_bounds_the_accepts_of_one_event_AS_044) {
  hooks.factory = [this] { trace.add("factory"); };
  serve(path, {.backlog = 2});
  const Peer a(path);
  const Peer b(path);
  const Peer c(path);
  run_until("CM", 3);
  EXPECT_THAT(events(), ElementsAre("factory", "factory", "CM", "CM", "factory", "CM"));
}

// ---- create_unix_connection

TEST_F(create_unix_connection, connects_to_a_path) {
  serve(path);
  const auto client = loop.run_until_complete(loop.create_unix_connection(factory(), path));
  run_until("CM", 2);
  EXPECT_EQ(std::any_cast<SocketAddress>(client.transport->get_extra_info("peername")).host, path);
  client.transport->write("hello");
  run_until("DR");
  client.transport->close();
  run_until("CL", 2);
}

TEST_F(create_unix_connection, a_path_where_nobody_listens_is_named) {
  EXPECT_EQ(
      describe(thrown_by([&] { loop.run_until_complete(loop.create_unix_connection(factory(), path)); })),
      "FileNotFoundError: [Errno 2] Connect call failed '" + path + "'");
  EXPECT_TRUE(protocols.empty());
}

TEST_F(create_unix_connection, argument_errors_name_the_argument) {
  const auto refused_with = [&](std::optional<std::string> to, CreateUnixConnectionOptions options) {
    return describe(
        thrown_by([&] { loop.run_until_complete(loop.create_unix_connection(factory(), to, options)); }));
  };
  const auto fd = unix_socket(SOCK_DGRAM);
  EXPECT_EQ(refused_with(path, {.sock = fd.get()}),
            "ValueError: path and sock can not be specified at the same time");
  EXPECT_EQ(refused_with(std::nullopt, {}), "ValueError: no path and sock were specified");
  EXPECT_THAT(refused_with(std::nullopt, {.sock = fd.get()}),
              StartsWith("ValueError: A UNIX Domain Stream Socket was expected"));
}

}  // namespace
}  // namespace antiphon::asio_style::test
