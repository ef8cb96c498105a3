#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "loop_core.hpp"
#include "support.hpp"

namespace {

int accept_error = 0;         // what accept4 fails with; 0: it works
int accept_errors_left = -1;  // how often; -1: until it is reset

}  // namespace

// Stands before the C library's, since the kernel has few of these errors to order.
extern "C" int accept4(int fd, sockaddr* address, socklen_t* length, int flags) {
  if (accept_error == 0 || accept_errors_left == 0) {
    return static_cast<int>(::syscall(SYS_accept4, fd, address, length, flags));
  }
  if (accept_errors_left > 0) --accept_errors_left;
  errno = accept_error;
  return -1;
}

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

class Accepting : public testing::Test, protected Bench {
 protected:
  Accepting() {
    accept_error = 0;
    accept_errors_left = -1;
  }
};
using accepting = Accepting;
using server_life = Accepting;

// ---- accepting

TEST_F(accepting, a_burst_is_taken_in_one_turn_and_told_in_order_AS_046_AS_053_AS_063) {
  hooks.factory = [this] { trace.add("factory"); };
  listen();
  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) peers.emplace_back(port());
  run_until("CM", 3);
  EXPECT_THAT(events(), ElementsAre("factory", "factory", "factory", "CM", "CM", "CM"));
  for (std::size_t i = 0; i < peers.size(); ++i) {
    sockaddr_in own{};
    socklen_t length = sizeof own;
    ASSERT_EQ(::getsockname(peers[i].fd(), reinterpret_cast<sockaddr*>(&own), &length), 0);
    EXPECT_EQ(std::any_cast<SocketAddress>(transport(i).get_extra_info("peername")).port,
              ntohs(own.sin_port));
  }
}

// The trace accept_burst_backlog2.
TEST_F(accepting, the_backlog_bounds_the_accepts_of_one_event_AS_032_AS_046) {
  hooks.factory = [this] { trace.add("factory"); };
  listen({.backlog = 2});
  std::vector<Peer> peers;
  for (int i = 0; i < 3; ++i) peers.emplace_back(port());
  run_until("CM", 3);
  EXPECT_THAT(events(), ElementsAre("factory", "factory", "CM", "CM", "factory", "CM"));
}

TEST_F(accepting, the_accepted_socket_is_non_blocking_without_delay_AS_057_AS_058) {
  listen();
  const Peer peer(port());
  run_until("CM");
  const auto socket = std::any_cast<TransportSocket>(transport().get_extra_info("socket"));
  EXPECT_EQ(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
  char octet = 0;
  EXPECT_EQ(::recv(socket.fileno(), &octet, 1, 0), -1);
  EXPECT_EQ(errno, EAGAIN);
}

// Python knows with which protocol number a socket was made, and leaves those with 0 alone. A descriptor does
// not tell: the kernel says TCP, and so it gets what TCP gets.
TEST_F(accepting, a_callers_socket_made_with_protocol_0_gives_connections_without_delay_too_AS_059) {
  auto sock = bound_to("127.0.0.1");
  listen({.sock = sock.release()});
  const Peer peer(port());
  run_until("CM");
  const auto socket = std::any_cast<TransportSocket>(transport().get_extra_info("socket"));
  EXPECT_EQ(socket.proto(), IPPROTO_TCP);
  EXPECT_EQ(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
}

TEST_F(accepting, extra_info_knows_both_ends_and_the_socket_AS_217_AS_219_AS_220_AS_222) {
  listen();
  const Peer peer(port());
  run_until("CM");
  const auto sockname = std::any_cast<SocketAddress>(transport().get_extra_info("sockname"));
  EXPECT_EQ(sockname.to_string(), "127.0.0.1:" + std::to_string(port()));
  const auto peername = std::any_cast<SocketAddress>(transport().get_extra_info("peername"));
  EXPECT_EQ(peername.host, "127.0.0.1");
  const auto socket = std::any_cast<TransportSocket>(transport().get_extra_info("socket"));
  EXPECT_EQ(socket.family(), AF_INET);
  EXPECT_EQ(socket.type(), SOCK_STREAM);
  EXPECT_EQ(socket.proto(), IPPROTO_TCP);
  EXPECT_EQ(socket.getsockname(), sockname);
  EXPECT_EQ(socket.getpeername(), peername);
  EXPECT_FALSE(transport().get_extra_info("sslcontext").has_value());
  EXPECT_FALSE(transport().get_extra_info("nonsense").has_value());
  EXPECT_EQ(std::any_cast<int>(transport().get_extra_info("nonsense", 7)), 7);
}

TEST_F(accepting, on_a_wildcard_address_the_local_name_is_the_connections_own_AS_219) {
  server = loop.run_until_complete(loop.create_server(
      [this] {
        protocols.push_back(std::make_shared<Scripted>(trace, hooks));
        return protocols.back();
      },
      "0.0.0.0", 0));
  const Peer peer(port());
  run_until("CM");
  EXPECT_EQ(std::any_cast<SocketAddress>(transport().get_extra_info("sockname")).host, "127.0.0.1");
}

TEST_F(accepting, a_peer_that_was_reset_before_the_accept_still_has_a_name_AS_220) {
  listen();
  Peer(port()).reset();
  run_until("CL");
  EXPECT_EQ(trace.count("CM"), 1U);
  EXPECT_EQ(std::any_cast<SocketAddress>(transport().get_extra_info("peername")).host, "127.0.0.1");
}

TEST_F(accepting, a_factory_that_throws_costs_one_connection_silently_AS_054_AS_055_AS_056) {
  hooks.factory = [this] {
    trace.add("factory");
    if (trace.count("factory") == 1) throw ValueError("boom");
  };
  listen();
  const Peer unlucky(port());
  run_until("factory");
  EXPECT_EQ(unlucky.read_to_end().bytes, "");  // closed, not left hanging
  const Peer next(port());
  run_until("CM");
  EXPECT_THAT(events(), ElementsAre("factory", "factory", "CM"));
}

TEST_F(accepting, in_debug_mode_the_factorys_exception_is_reported_AS_054) {
  hooks.factory = [] { throw ValueError("boom"); };
  loop.set_debug(true);
  listen();
  const Peer peer(port());
  run_until("handler");
  EXPECT_THAT(events(),
              ElementsAre("handler Error on transport creation for incoming connection: ValueError: boom"));
}

TEST_F(accepting, a_factory_without_a_protocol_is_a_factory_that_fails_AS_106) {
  loop.set_debug(true);
  server = loop.run_until_complete(
      loop.create_server([] { return std::shared_ptr<BaseProtocol>(); }, "127.0.0.1", 0));
  const Peer peer(port());
  run_until("handler Error on transport creation for incoming connection: TypeError");
  EXPECT_EQ(peer.read_to_end().bytes, "");
}

// Python 3.11 reports, and arms a timer, once for each try of the event: 100 times (AS-049).
TEST_F(accepting, without_descriptors_it_reports_once_pauses_and_serves_later_AS_048_AS_049_AS_050_AS_051) {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    trace.clear();
    std::vector<std::string_view> keys;
    loop.set_exception_handler([&](EventLoop&, const ExceptionContext& context) {
      keys = context.keys();
      trace.add("handler " + context.message);
      EXPECT_EQ(errno_of(context.exception), error);
    });
    listen();
    Peer waits(port());
    accept_error = error;
    run_until("handler");
    turn(20);
    EXPECT_THAT(events(), ElementsAre("handler socket.accept() out of system resource"));
    EXPECT_THAT(keys, ElementsAre("exception", "message", "socket"));
    EXPECT_EQ(loop.core().selector().poll(), 0U);  // nobody spins on the listener meanwhile
    accept_error = 0;
    run_until("CM");  // after the pause, the same connection
    waits.close();
    run_until("CL");
    server->close();
  }
}

TEST_F(accepting, a_server_closed_during_the_pause_stays_closed_AS_048_AS_065) {
  listen();
  const Peer waits(port());
  accept_error = EMFILE;
  run_until("handler");
  accept_error = 0;
  server->close();
  loop.run_until_complete(loop.sleep(1100ms));  // the retry's second, which must find nothing to retry
  EXPECT_EQ(trace.count("CM"), 0U);
}

TEST_F(accepting, errors_that_pass_end_the_round_silently_AS_047) {
  for (const int error : {EINTR, ECONNABORTED, EAGAIN}) {
    trace.clear();
    listen();
    const Peer peer(port());
    accept_error = error;
    accept_errors_left = 3;
    run_until("CM");
    EXPECT_EQ(accept_errors_left, 0);
    EXPECT_EQ(trace.count("handler"), 0U);
    server->close();
  }
}

TEST_F(accepting, any_other_error_is_a_failed_callback_and_the_server_goes_on_AS_052) {
  listen();
  const Peer peer(port());
  accept_error = EPROTO;
  accept_errors_left = 1;
  run_until("CM");
  EXPECT_THAT(events(),
              ElementsAre("handler Exception in callback reader: OSError: [Errno 71] Protocol error", "CM"));
}

// ---- the server's life

TEST_F(server_life, close_stops_listening_and_leaves_connections_open_AS_065_AS_066_AS_069_AS_070) {
  hooks.data_received = [](Scripted& self) { self.transport->write(self.received); };
  listen();
  const Peer peer(port());
  run_until("CM");
  const auto was = port();
  EXPECT_EQ(server->sockets().size(), 1U);
  server->close();
  EXPECT_FALSE(server->is_serving());
  EXPECT_TRUE(server->sockets().empty());
  EXPECT_NE(thrown_by([&] { Peer second(was); }), nullptr);
  peer.send("ping");
  run_until("DR");
  EXPECT_EQ(peer.read(4), "ping");
  server->close();  // AS-067
}

TEST_F(server_life, the_server_knows_its_loop_AS_071) {
  listen();
  EXPECT_EQ(&server->get_loop(), &loop);
}

TEST_F(server_life, connections_that_were_not_accepted_are_ended_by_the_kernel_AS_068) {
  listen();
  const Peer waits(port());
  server->close();
  turn();
  EXPECT_TRUE(waits.read_to_end().reset);
  EXPECT_TRUE(events().empty());
}

TEST_F(server_life, an_accepted_connection_is_made_although_the_server_was_closed_meanwhile_AS_064) {
  hooks.factory = [this] { server->close(); };
  listen();
  const Peer peer(port());
  run_until("CM");
}

TEST_F(server_life, it_goes_on_when_nobody_keeps_it) {
  listen();
  const auto at = port();
  server.reset();
  const Peer peer(at);
  run_until("CM");
}

TEST_F(server_life, start_serving_twice_is_harmless_and_after_close_an_error_AS_072_AS_073) {
  listen();
  loop.run_until_complete(server->start_serving());
  EXPECT_TRUE(server->is_serving());
  server->close();
  EXPECT_FALSE(server->is_serving());
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(server->start_serving()); })), "TypeError");
  EXPECT_TRUE(server->is_serving());
  EXPECT_TRUE(server->sockets().empty());
}

TEST_F(server_life, wait_closed_waits_for_close_and_for_the_last_connection_AS_062_AS_074) {
  listen();
  const Peer first(port());
  const Peer second(port());
  run_until("CM", 2);
  const auto closed = loop.create_task(server->wait_closed());
  transport(0).close();
  run_until("CL", 1);
  turn();
  EXPECT_FALSE(closed.done());
  server->close();
  turn();
  EXPECT_FALSE(closed.done());  // one is still there
  transport(1).close();
  loop.run_until_complete(closed);
  EXPECT_EQ(trace.count("CL"), 2U);
}

TEST_F(server_life, wait_closed_without_connections_ends_with_close_AS_074) {
  listen();
  const auto closed = loop.create_task(server->wait_closed());
  turn();
  EXPECT_FALSE(closed.done());
  server->close();
  loop.run_until_complete(closed);
}

TEST_F(server_life, wait_closed_after_close_returns_at_once_AS_075) {
  listen();
  const Peer peer(port());
  run_until("CM");
  server->close();
  loop.run_until_complete(server->wait_closed());
  EXPECT_EQ(trace.count("CL"), 0U);
}

TEST_F(server_life, close_inside_connection_lost_is_fine_AS_067) {
  hooks.connection_lost = [this](Scripted&) { server->close(); };
  listen();
  const Peer peer(port());
  run_until("CM");
  const auto closed = loop.create_task(server->wait_closed());
  turn();
  transport().close();
  loop.run_until_complete(closed);
  EXPECT_EQ(trace.count("handler"), 0U);
}

TEST_F(server_life, serve_forever_serves_until_cancelled_and_closes_AS_077_AS_078) {
  listen({.start_serving = false});
  const auto at = port();
  const auto serving = loop.create_task(server->serve_forever());
  turn();
  EXPECT_TRUE(server->is_serving());
  const Peer peer(at);
  run_until("CM");
  EXPECT_FALSE(serving.done());
  serving.cancel();
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(serving); })), "CancelledError");
  EXPECT_FALSE(server->is_serving());
  EXPECT_TRUE(server->sockets().empty());
}

TEST_F(server_life, close_cancels_a_pending_serve_forever_AS_079) {
  listen();
  const auto serving = loop.create_task(server->serve_forever());
  turn();
  server->close();
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(serving); })), "CancelledError");
}

TEST_F(server_life, a_second_serve_forever_and_one_after_close_are_errors_AS_080_AS_081) {
  listen();
  const auto first = loop.create_task(server->serve_forever());
  turn();
  EXPECT_THAT(describe(thrown_by([&] { loop.run_until_complete(server->serve_forever()); })),
              testing::AllOf(
                  testing::StartsWith("RuntimeError: server <Server sockets=(<asyncio.TransportSocket fd="),
                  testing::EndsWith(">,)> is already being awaited on serve_forever()")));
  EXPECT_FALSE(first.done());
  server->close();
  turn();
  EXPECT_EQ(describe(thrown_by([&] { loop.run_until_complete(server->serve_forever()); })),
            "RuntimeError: server <Server sockets=()> is closed");
  EXPECT_TRUE(first.cancelled());
}

TEST_F(server_life, closing_the_loop_closes_the_listening_sockets_AS_285) {
  listen();
  const auto at = port();
  const auto waiting = loop.create_task(server->wait_closed());
  turn();
  loop.close();
  EXPECT_TRUE(server->sockets().empty());
  EXPECT_FALSE(server->is_serving());
  server->close();
  EXPECT_NE(thrown_by([&] { Peer late(at); }), nullptr);
}

TEST_F(server_life, closing_the_loop_between_accept_and_factory_closes_the_connection_AS_285) {
  hooks.factory = [this] { trace.add("factory"); };
  listen();
  const Peer peer(port());
  loop.stop();
  loop.run_forever();  // one turn: accepted, and no more
  loop.close();
  EXPECT_EQ(peer.read_to_end().bytes, "");
  EXPECT_TRUE(events().empty());
}

}  // namespace
}  // namespace antiphon::asio_style::test
