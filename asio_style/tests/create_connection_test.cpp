#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "fake_names.hpp"
#include "resolve.hpp"
#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using detail::UniqueFd;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

class Connecting : public testing::Test, protected Bench {
 protected:
  Connecting() {
    hooks.factory = [this] { trace.add("factory"); };
  }
  ~Connecting() override { fake_names.clear(); }

  Connection connect(std::optional<std::string> host, std::optional<std::uint16_t> to,
                     CreateConnectionOptions options = {}) {
    return loop.run_until_complete(
        loop.create_connection(factory(), std::move(host), to, std::move(options)));
  }
  std::string refused(std::optional<std::string> host, std::optional<std::uint16_t> to,
                      CreateConnectionOptions options = {}) {
    return describe(thrown_by([&] { connect(std::move(host), to, std::move(options)); }));
  }
  static SocketAddress name(const Transport& of, const char* which) {
    return std::any_cast<SocketAddress>(of.get_extra_info(which));
  }
};
using create_connection = Connecting;
using connect_accepted_socket = Connecting;

// ---- create_connection

TEST_F(create_connection, it_completes_with_transport_and_protocol_once_connection_made_was_called_AS_087) {
  const Listening remote;
  const auto [transport, protocol] = connect("127.0.0.1", remote.port());
  EXPECT_THAT(events(), ElementsAre("factory", "CM"));
  EXPECT_EQ(protocol, protocols.at(0));
  EXPECT_EQ(transport, protocols.at(0)->transport);
  EXPECT_EQ(transport->get_protocol(), protocol);
  EXPECT_EQ(name(*transport, "peername").to_string(), "127.0.0.1:" + std::to_string(remote.port()));

  const Peer peer = remote.accept();
  transport->write("ping");
  EXPECT_EQ(peer.read(4), "ping");
  peer.send("pong");
  peer.shutdown_write();
  run_until("CL");
  EXPECT_EQ(protocols.at(0)->received, "pong");
  EXPECT_THAT(events(), ElementsAre("factory", "CM", "DR", "ER", "CL None"));
}

TEST_F(create_connection, the_socket_has_no_delay_AS_058) {
  const Listening remote;
  const auto made = connect("127.0.0.1", remote.port());
  const auto socket = std::any_cast<TransportSocket>(made.transport->get_extra_info("socket"));
  EXPECT_EQ(socket.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
}

TEST_F(create_connection, a_number_needs_no_resolver_and_a_name_does) {
  const Listening remote;
  const int before = resolver_calls();
  static_cast<void>(connect("127.0.0.1", remote.port()));
  EXPECT_EQ(resolver_calls(), before);
  fake_names["server.test"] = {"127.0.0.1"};
  static_cast<void>(connect("server.test", remote.port()));
  EXPECT_EQ(resolver_calls(), before + 1);
}

TEST_F(create_connection, addresses_are_tried_in_order_until_one_answers_AS_087) {
  const Listening remote("127.0.0.3");
  fake_names["several.test"] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
  const auto made = connect("several.test", remote.port());
  EXPECT_EQ(name(*made.transport, "peername").host, "127.0.0.3");
  EXPECT_THAT(events(), ElementsAre("factory", "CM"));  // one factory call, whatever failed before
}

TEST_F(create_connection, one_refusal_is_that_error_and_no_protocol_is_made_AS_088) {
  const Refusing nobody;
  EXPECT_EQ(refused("127.0.0.1", nobody.port()),
            "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', " +
                std::to_string(nobody.port()) + ")");
  EXPECT_TRUE(events().empty());
}

TEST_F(create_connection, several_different_refusals_are_all_named_AS_088) {
  const Refusing nobody;
  fake_names["several.test"] = {"127.0.0.1", "127.0.0.2"};
  const auto port_text = std::to_string(nobody.port());
  const auto failed = thrown_by([&] { connect("several.test", nobody.port()); });
  EXPECT_EQ(describe(failed), "OSError: Multiple exceptions: [Errno 111] Connect call failed ('127.0.0.1', " +
                                  port_text + "), [Errno 111] Connect call failed ('127.0.0.2', " +
                                  port_text + ")");
  EXPECT_TRUE(events().empty());
}

TEST_F(create_connection, several_equal_refusals_are_one_AS_088) {
  const Refusing nobody;
  fake_names["twice.test"] = {"127.0.0.1", "127.0.0.1"};
  EXPECT_THAT(refused("twice.test", nobody.port()), StartsWith("ConnectionRefusedError: [Errno 111]"));
}

TEST_F(create_connection, a_name_nobody_knows_is_an_error_that_names_it_AS_017) {
  EXPECT_THAT(refused("no-such-host.invalid", 1), HasSubstr("no-such-host.invalid"));
}

TEST_F(create_connection, a_resolver_that_knows_no_address_is_an_error_AS_016) {
  fake_names["empty.test"] = {};
  EXPECT_THAT(refused("empty.test", 1), HasSubstr("getaddrinfo('empty.test') returned empty list"));
}

TEST_F(create_connection, family_and_flags_go_to_the_resolver) {
  const Listening remote;
  fake_names["mixed.test"] = {"::1", "127.0.0.1"};
  const auto made = connect("mixed.test", remote.port(), {.family = AF_INET});
  EXPECT_EQ(name(*made.transport, "peername").host, "127.0.0.1");
  EXPECT_THAT(refused("localhost", remote.port(), {.flags = 4 /* AI_NUMERICHOST */}), StartsWith("GaiError"));
}

// ---- arguments

TEST_F(create_connection, nothing_given_is_refused_AS_089) {
  EXPECT_EQ(refused(std::nullopt, std::nullopt),
            "ValueError: host and port was not specified and no sock specified");
}

TEST_F(create_connection, sock_with_host_or_port_is_refused_before_its_type_is_looked_at_AS_089) {
  const UniqueFd datagram(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const CreateConnectionOptions options{.sock = datagram.get()};
  const std::string both = "ValueError: host/port and sock can not be specified at the same time";
  EXPECT_EQ(refused("127.0.0.1", 1, options), both);
  EXPECT_EQ(refused("127.0.0.1", std::nullopt, options), both);
  EXPECT_EQ(refused(std::nullopt, 1, options), both);
}

TEST_F(create_connection, a_sock_that_is_no_stream_is_refused_and_stays_the_callers_AS_089) {
  const UniqueFd datagram(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(refused(std::nullopt, std::nullopt, {.sock = datagram.get()}),
            "ValueError: A Stream Socket was expected, got <socket.socket fd=" +
                std::to_string(datagram.get()) + ", family=2, type=2, proto=17, laddr=('0.0.0.0', 0)>");
  EXPECT_EQ(TransportSocket(datagram.get()).type(), SOCK_DGRAM);
}

TEST_F(create_connection, a_connected_sock_is_taken_over) {
  const Listening remote;
  UniqueFd sock(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(remote.port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(sock.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  const int fd = sock.release();
  const auto made = connect(std::nullopt, std::nullopt, {.sock = fd});
  const Peer peer = remote.accept();
  made.transport->close();
  run_until("CL");
  EXPECT_EQ(peer.read_to_end().bytes, "");
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);  // closed with the transport
}

// ---- local_addr

TEST_F(create_connection, local_addr_is_bound_before_connecting_AS_091) {
  const Listening remote;
  const auto made = connect("127.0.0.1", remote.port(), {.local_addr = {{"127.0.0.9", 0}}});
  EXPECT_EQ(name(*made.transport, "sockname").host, "127.0.0.9");
  EXPECT_EQ(TransportSocket(remote.accept().fd()).getpeername().host, "127.0.0.9");
}

TEST_F(create_connection, local_addresses_of_another_family_are_skipped_AS_091) {
  const Listening remote;
  fake_names["local.test"] = {"::1", "127.0.0.9"};
  const auto made = connect("127.0.0.1", remote.port(), {.local_addr = {{"local.test", 0}}});
  EXPECT_EQ(name(*made.transport, "sockname").host, "127.0.0.9");
  fake_names["local.test"] = {"::1"};
  EXPECT_EQ(refused("127.0.0.1", remote.port(), {.local_addr = {{"local.test", 0}}}),
            "OSError: no matching local address with family=2 found");
}

TEST_F(create_connection, a_local_address_that_is_taken_is_named_and_the_next_one_tried_AS_091) {
  const Listening remote;
  const Listening taken("127.0.0.9");
  fake_names["local.test"] = {"127.0.0.9", "127.0.0.8"};
  const auto made = connect("127.0.0.1", remote.port(), {.local_addr = {{"local.test", taken.port()}}});
  EXPECT_EQ(name(*made.transport, "sockname").host, "127.0.0.8");
  EXPECT_EQ(refused("127.0.0.1", remote.port(), {.local_addr = {{"127.0.0.9", taken.port()}}}),
            "OSError: [Errno 98] error while attempting to bind on address ('127.0.0.9', " +
                std::to_string(taken.port()) + "): address already in use");
}

// ---- happy eyeballs

/// An address at which connecting neither succeeds nor fails: the kernel's queue is full.
class Silent {
 public:
  explicit Silent(const char* host, std::uint16_t port) : listening_(host, 0, port) {
    const auto address = detail::numeric(host, listening_.port(), AF_INET);
    for (auto& one : filling_) {
      one.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      ::connect(one.get(), address->name.get(), address->name.length);
    }
  }

 private:
  Listening listening_;
  std::array<UniqueFd, 4> filling_;
};

TEST_F(create_connection, a_silent_address_does_not_hold_up_the_next_one_AS_092) {
  const Listening remote("127.0.0.1");
  const Silent silent("127.0.0.2", remote.port());
  fake_names["several.test"] = {"127.0.0.2", "127.0.0.1"};
  const auto made = connect("several.test", remote.port(), {.happy_eyeballs_delay = 1ms});
  EXPECT_EQ(name(*made.transport, "peername").host, "127.0.0.1");
  EXPECT_THAT(events(), ElementsAre("factory", "CM"));
}

TEST_F(create_connection, a_refusal_starts_the_next_attempt_without_the_delay_AS_092) {
  const Listening remote("127.0.0.1");
  fake_names["several.test"] = {"127.0.0.2", "127.0.0.1"};
  const auto made = connect("several.test", remote.port(), {.happy_eyeballs_delay = 1h});
  EXPECT_EQ(name(*made.transport, "peername").host, "127.0.0.1");
}

TEST_F(create_connection, if_all_of_the_race_fail_all_are_named_AS_088_AS_092) {
  const Refusing nobody;
  fake_names["several.test"] = {"127.0.0.1", "127.0.0.2"};
  const auto failed = refused("several.test", nobody.port(), {.happy_eyeballs_delay = 1h});
  EXPECT_THAT(failed, StartsWith("OSError: Multiple exceptions: "));
  EXPECT_THAT(failed, HasSubstr("('127.0.0.2', "));
}

TEST_F(create_connection, cancelling_the_race_closes_every_socket_AS_092) {
  const Listening remote("127.0.0.1");
  const Silent first("127.0.0.2", remote.port());
  const Silent second("127.0.0.3", remote.port());
  fake_names["several.test"] = {"127.0.0.2", "127.0.0.3"};
  static_cast<void>(connect("127.0.0.1", remote.port()));  // whatever is opened once only is open now
  const auto before = open_descriptors();
  const auto connecting = loop.create_task(
      loop.create_connection(factory(), "several.test", remote.port(), {.happy_eyeballs_delay = 0ms}));
  look_until([&] { return open_descriptors() == before + 2; });
  connecting.cancel();
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(connecting); })), "CancelledError");
  turn();
  EXPECT_EQ(open_descriptors(), before);
}

// ---- cancelling

TEST_F(create_connection, cancelled_inside_connection_made_the_transport_is_closed_AS_093) {
  const Listening remote;
  std::optional<Future<Connection>> connecting;
  hooks.connection_made = [&](Scripted&) { connecting->cancel(); };
  connecting = loop.create_task(loop.create_connection(factory(), "127.0.0.1", remote.port()));
  EXPECT_EQ(type_name(thrown_by([&] { loop.run_until_complete(*connecting); })), "CancelledError");
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("factory", "CM", "CL None"));
}

TEST_F(create_connection, closing_the_loop_while_it_connects_is_safe_AS_285) {
  const Listening remote("127.0.0.1");
  const Silent silent("127.0.0.2", remote.port());
  const auto connecting = loop.create_task(loop.create_connection(factory(), "127.0.0.2", remote.port()));
  turn();
  EXPECT_FALSE(connecting.done());
  loop.close();
  EXPECT_TRUE(events().empty());
}

TEST_F(create_connection, a_factory_that_throws_closes_the_socket_and_its_error_comes_out) {
  const Listening remote;
  hooks.factory = [] { throw ValueError("boom"); };
  EXPECT_EQ(refused("127.0.0.1", remote.port()), "ValueError: boom");
  EXPECT_EQ(remote.accept().read_to_end().bytes, "");
}

// ---- connect_accepted_socket

TEST_F(connect_accepted_socket, makes_a_transport_that_no_server_counts_AS_084_AS_086) {
  const Listening listening;
  listen();
  const Peer client(listening.port());
  Peer accepted = listening.accept();
  const int fd = ::dup(accepted.fd());
  accepted.close();
  const auto made = loop.run_until_complete(loop.connect_accepted_socket(factory(), fd));
  EXPECT_THAT(events(), ElementsAre("factory", "CM"));
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);

  const auto waiting = loop.create_task(server->wait_closed());
  turn();
  server->close();
  loop.run_until_complete(waiting);  // although the connection is open
  made.transport->write("hello");
  EXPECT_EQ(client.read(5), "hello");
}

TEST_F(connect_accepted_socket, a_sock_that_is_no_stream_is_refused_and_stays_the_callers_AS_085) {
  const UniqueFd datagram(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto failed =
      thrown_by([&] { loop.run_until_complete(loop.connect_accepted_socket(factory(), datagram.get())); });
  EXPECT_THAT(describe(failed),
              StartsWith("ValueError: A Stream Socket was expected, got <socket.socket fd="));
  EXPECT_EQ(TransportSocket(datagram.get()).type(), SOCK_DGRAM);
}

TEST_F(connect_accepted_socket, of_a_peer_that_is_gone_the_transport_is_made_without_a_peername_AS_221) {
  const Listening listening;
  Peer(listening.port()).reset();
  Peer accepted = listening.accept();
  const int fd = ::dup(accepted.fd());
  accepted.close();
  const auto made = loop.run_until_complete(loop.connect_accepted_socket(factory(), fd));
  EXPECT_FALSE(made.transport->get_extra_info("peername").has_value());
  EXPECT_TRUE(made.transport->get_extra_info("sockname").has_value());
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("factory", "CM", StartsWith("CL ConnectionResetError")));
}

}  // namespace
}  // namespace antiphon::asio_style::test
