#include <gmock/gmock.h>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class ServerScope : public testing::Test, protected Bench {};
using server_scope = ServerScope;
using server_clients = ServerScope;

// ---- async with server

TEST_F(server_scope, leaving_it_closes_the_server_and_entering_it_does_not_start_it_AS_082) {
  listen({.start_serving = false});
  loop.run_until_complete(with(server, [this]() -> Task<void> {
    EXPECT_FALSE(server->is_serving());
    co_await server->start_serving();
    EXPECT_TRUE(server->is_serving());
  }));
  EXPECT_FALSE(server->is_serving());
  EXPECT_TRUE(server->sockets().empty());
}

TEST_F(server_scope, what_the_body_gives_or_throws_comes_out_AS_082) {
  listen();
  EXPECT_EQ(loop.run_until_complete(with(server, []() -> Task<int> { co_return 42; })), 42);
  listen();
  EXPECT_EQ(describe(thrown_by([&] {
              loop.run_until_complete(with(server, []() -> Task<int> {
                co_await sleep(0ns);
                throw ValueError("boom");
              }));
            })),
            "ValueError: boom");
  EXPECT_TRUE(server->sockets().empty());
}

// The trace server_async_with: serve_forever in the scope, cancelled from outside.
TEST_F(server_scope, serve_forever_inside_it_ends_by_cancellation_AS_078_AS_082) {
  listen({.start_serving = false});
  const auto serving =
      loop.create_task(with(server, [this]() -> Task<void> { co_await server->serve_forever(); }));
  turn();
  EXPECT_TRUE(server->is_serving());
  const Peer peer(port());
  run_until("CM");
  serving.cancel();
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(serving); })), "CancelledError");
  EXPECT_FALSE(server->is_serving());
  transport().write("still there");  // connections are not the server's to close (AS-066)
  EXPECT_EQ(peer.read(11), "still there");
}

// ---- close_clients and abort_clients, extensions to 3.11 (AS-083)

TEST_F(server_clients, close_clients_flushes_and_ends_every_connection_of_this_server_AS_083) {
  listen();
  const auto first = server;
  const Peer a(port());
  const Peer b(port());
  run_until("CM", 2);
  listen();  // another server on the same loop
  const Peer c(port());
  run_until("CM", 3);
  for (std::size_t i = 0; i < 3; ++i) transport(i).write("last words");
  first->close();
  first->close_clients();
  run_until("CL", 2);
  turn();
  EXPECT_EQ(a.read_to_end().bytes, "last words");
  EXPECT_EQ(b.read_to_end().bytes, "last words");
  EXPECT_FALSE(transport(2).is_closing());
  EXPECT_EQ(trace.count("CL None"), 2U);
}

TEST_F(server_clients, with_wait_closed_begun_before_it_is_a_complete_shutdown_AS_074_AS_083) {
  listen();
  const Peer peer(port());
  run_until("CM");
  const auto closed = loop.create_task(server->wait_closed());
  turn();
  server->close();
  server->close_clients();
  loop.run_until_complete(closed);
  EXPECT_THAT(events(), ElementsAre("CM", "CL None"));
}

class ServerClientsFull : public testing::Test, protected Connected {};
using server_clients_full = ServerClientsFull;

TEST_F(server_clients_full, abort_clients_does_not_wait_for_peers_that_do_not_read_AS_083) {
  connect();
  transport().write(std::string(big, 'x'));
  server->close();
  server->close_clients();
  turn();
  EXPECT_EQ(trace.count("CL"), 0U);
  server->abort_clients();
  run_until("CL None");
  EXPECT_EQ(trace.count("handler"), 0U);
}

TEST_F(server_clients, both_are_harmless_without_clients_and_after_the_loop_AS_083) {
  std::shared_ptr<Server> kept;
  {
    EventLoop other;
    kept = other.run_until_complete(
        other.create_server([] { return std::make_shared<Protocol>(); }, "127.0.0.1", 0));
    kept->close_clients();
    kept->close();
  }
  kept->close_clients();
  kept->abort_clients();
}

}  // namespace
}  // namespace antiphon::asio_style::test
