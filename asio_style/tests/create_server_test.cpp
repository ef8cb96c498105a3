#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include "resolve.hpp"
#include "support.hpp"
#include "unique_fd.hpp"

namespace {

int refused_family = -1;  // a family that the kernel does not know, for a test

}  // namespace

// Stands before the C library's: a kernel without IPv6 is not at hand everywhere.
extern "C" int socket(int family, int type, int protocol) noexcept {
  if (family != refused_family) return static_cast<int>(::syscall(SYS_socket, family, type, protocol));
  errno = EAFNOSUPPORT;
  return -1;
}

namespace antiphon::asio_style::test {
namespace {

using detail::UniqueFd;
using testing::HasSubstr;
using testing::StartsWith;

UniqueFd bound_socket(int type, int family = AF_INET) {
  UniqueFd fd(::socket(family, type | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

class CreateServer : public testing::Test, protected Bench {
 protected:
  std::shared_ptr<Server> create(Hosts host, std::optional<std::uint16_t> with_port,
                                 CreateServerOptions options = {}) {
    return loop.run_until_complete(loop.create_server(
        [this] { return std::make_shared<Scripted>(trace, hooks); }, std::move(host), with_port, options));
  }
  std::string refused(Hosts host, std::optional<std::uint16_t> with_port, CreateServerOptions options = {}) {
    return describe(thrown_by([&] { create(std::move(host), with_port, options); }));
  }
  static std::vector<SocketAddress> addresses(const Server& of) {
    std::vector<SocketAddress> found;
    for (const auto& socket : of.sockets()) found.push_back(socket.getsockname());
    return found;
  }
};
using create_server = CreateServer;

// ---- arguments

TEST_F(create_server, nothing_given_is_refused_AS_007) {
  EXPECT_EQ(refused(std::nullopt, std::nullopt), "ValueError: Neither host/port nor sock were specified");
}

TEST_F(create_server, sock_with_host_or_port_is_refused_AS_006) {
  const auto fd = bound_socket(SOCK_STREAM);
  const CreateServerOptions options{.sock = fd.get()};
  const std::string both = "ValueError: host/port and sock can not be specified at the same time";
  EXPECT_EQ(refused("127.0.0.1", 0, options), both);
  EXPECT_EQ(refused(std::nullopt, 0, options), both);
  EXPECT_EQ(refused("127.0.0.1", std::nullopt, options), both);
}

TEST_F(create_server, a_sock_that_is_no_stream_is_refused_AS_008) {
  const auto fd = bound_socket(SOCK_DGRAM);
  EXPECT_THAT(refused(std::nullopt, std::nullopt, {.sock = fd.get()}),
              StartsWith("ValueError: A Stream Socket"));
}

TEST_F(create_server, sock_with_host_is_refused_before_its_type_is_looked_at_AS_009) {
  const auto fd = bound_socket(SOCK_DGRAM);
  EXPECT_THAT(refused("127.0.0.1", std::nullopt, {.sock = fd.get()}),
              StartsWith("ValueError: host/port and sock"));
}

TEST_F(create_server, a_refused_sock_stays_the_callers_AS_009) {
  const auto fd = bound_socket(SOCK_DGRAM);
  static_cast<void>(refused(std::nullopt, std::nullopt, {.sock = fd.get()}));
  EXPECT_EQ(TransportSocket(fd.get()).type(), SOCK_DGRAM);
}

// ---- addresses

TEST_F(create_server, a_host_without_a_port_gets_a_free_port_AS_015) {
  const auto made = create("127.0.0.1", std::nullopt);
  EXPECT_GT(addresses(*made).at(0).port, 0);
}

TEST_F(create_server, no_host_and_the_empty_host_mean_every_interface_AS_010_AS_011_AS_027) {
  for (const Hosts& hosts : {Hosts(std::nullopt), Hosts("")}) {
    const auto made = create(hosts, 0);
    std::set<std::string> found;
    for (const auto& socket : made->sockets()) {
      found.insert(socket.getsockname().host);
      EXPECT_TRUE(socket.family() != AF_INET6 || socket.getsockopt(IPPROTO_IPV6, IPV6_V6ONLY) == 1);
    }
    EXPECT_TRUE(found.contains("0.0.0.0"));
    EXPECT_EQ(found.size(), made->sockets().size());  // one socket per family
    made->close();
  }
}

TEST_F(create_server, a_list_of_hosts_binds_each_with_a_port_of_its_own_AS_012_AS_014_AS_015) {
  const auto made = create({"127.0.0.1", "127.0.0.2"}, 0);
  std::set<std::string> hosts;
  std::set<std::uint16_t> ports;
  for (const auto& address : addresses(*made)) {
    hosts.insert(address.host);
    ports.insert(address.port);
  }
  EXPECT_EQ(hosts, (std::set<std::string>{"127.0.0.1", "127.0.0.2"}));
  EXPECT_EQ(ports.size(), 2U);
}

TEST_F(create_server, a_host_given_twice_is_bound_once_AS_013) {
  EXPECT_EQ(create({"127.0.0.1", "127.0.0.1"}, 0)->sockets().size(), 1U);
}

TEST_F(create_server, a_numeric_host_needs_no_resolver_AS_018) {
  EXPECT_TRUE(detail::numeric("127.0.0.1", 80, AF_UNSPEC));
  EXPECT_TRUE(detail::numeric("::1", 80, AF_UNSPEC));
  EXPECT_FALSE(detail::numeric("localhost", 80, AF_UNSPEC));
  EXPECT_FALSE(detail::numeric("127.0.0.1", 80, AF_INET6));  // AS-019
  EXPECT_FALSE(detail::numeric("::1", 80, AF_INET));
}

TEST_F(create_server, a_name_is_resolved_and_family_restricts_it_AS_019) {
  const auto made = create("localhost", 0, {.family = AF_INET});
  ASSERT_EQ(made->sockets().size(), 1U);
  EXPECT_EQ(addresses(*made).at(0).host, "127.0.0.1");
}

TEST_F(create_server, flags_go_to_the_resolver_AS_020) {
  constexpr int ai_numeric_host = 4;
  EXPECT_THAT(refused("localhost", 0, {.flags = ai_numeric_host}), StartsWith("GaiError"));
}

TEST_F(create_server, a_name_that_does_not_resolve_is_named_and_leaves_nothing_open_AS_017) {
  static_cast<void>(
      refused("no such host", 0));  // the resolver may keep something of its own from the first time
  const auto before = open_descriptors();
  EXPECT_THAT(refused({"127.0.0.1", "no such host"}, 0), HasSubstr("no such host"));
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(create_server, an_address_that_is_not_ours_is_named_AS_029) {
  EXPECT_EQ(refused("192.0.2.1", 7),
            "OSError: [Errno 99] error while attempting to bind on address ('192.0.2.1', 7): cannot assign "
            "requested "
            "address");
}

TEST_F(create_server, a_port_in_use_is_named_AS_024_AS_029) {
  const auto first = create("127.0.0.1", 0);
  const std::string taken = std::to_string(addresses(*first).at(0).port);
  EXPECT_EQ(refused("127.0.0.1", addresses(*first).at(0).port),
            "OSError: [Errno 98] error while attempting to bind on address ('127.0.0.1', " + taken +
                "): address already in use");
}

TEST_F(create_server, a_bind_failure_closes_what_was_bound_before_AS_030) {
  const auto first = create("127.0.0.1", 0);
  const auto taken = addresses(*first).at(0).port;
  EXPECT_THAT(refused({"127.0.0.2", "127.0.0.1"}, taken), StartsWith("OSError: [Errno 98]"));
  EXPECT_EQ(addresses(*create("127.0.0.2", taken)).at(0).port, taken);  // free again
}

// ---- socket options

TEST_F(create_server, the_address_is_reused_unless_forbidden_AS_021_AS_022) {
  const auto reuse = [](const Server& of) { return of.sockets().at(0).getsockopt(SOL_SOCKET, SO_REUSEADDR); };
  EXPECT_EQ(reuse(*create("127.0.0.1", 0)), 1);
  EXPECT_EQ(reuse(*create("127.0.0.1", 0, {.reuse_address = true})), 1);
  EXPECT_EQ(reuse(*create("127.0.0.1", 0, {.reuse_address = false})), 0);
}

TEST_F(create_server, two_servers_share_a_port_only_if_both_say_so_AS_023) {
  const auto first = create("127.0.0.1", 0, {.reuse_port = true});
  const auto shared = addresses(*first).at(0).port;
  EXPECT_EQ(addresses(*create("127.0.0.1", shared, {.reuse_port = true})).at(0).port, shared);
  EXPECT_THAT(refused("127.0.0.1", shared), StartsWith("OSError: [Errno 98]"));
}

TEST_F(create_server, an_ipv6_socket_takes_ipv6_only_AS_019_AS_027) {
  std::shared_ptr<Server> made;
  const std::string failed = describe(thrown_by([&] { made = create("::1", 0, {.family = AF_INET6}); }));
  if (made) {
    EXPECT_EQ(made->sockets().at(0).getsockopt(IPPROTO_IPV6, IPV6_V6ONLY), 1);
  } else {  // a machine without IPv6 says so
    EXPECT_THAT(failed, HasSubstr("('::1', 0, 0, 0)"));
  }
}

TEST_F(create_server, a_callers_socket_is_used_as_it_is_AS_026_AS_031) {
  auto fd = bound_socket(SOCK_STREAM);
  const auto made = create(std::nullopt, std::nullopt, {.sock = fd.release()});
  const auto socket = made->sockets().at(0);
  EXPECT_EQ(socket.getsockopt(SOL_SOCKET, SO_REUSEADDR), 0);
  EXPECT_EQ(socket.getsockopt(SOL_SOCKET, SO_REUSEPORT), 0);
  const Peer peer(socket.getsockname().port);  // it listens
  run_until("CM");
}

TEST_F(create_server, a_callers_socket_made_with_protocol_0_gets_no_nodelay_AS_058_AS_059) {
  for (const int proto : {0, static_cast<int>(IPPROTO_TCP)}) {
    auto fd = bound_socket(SOCK_STREAM);
    const auto made = create(std::nullopt, std::nullopt, {.sock = fd.release(), .sock_proto = proto});
    bool nodelay = false;
    hooks.connection_made = [&](Scripted& it) {
      const auto socket = std::any_cast<TransportSocket>(it.transport->get_extra_info("socket"));
      nodelay = socket.getsockopt(IPPROTO_TCP, TCP_NODELAY) != 0;
    };
    const Peer peer(made->sockets().at(0).getsockname().port);
    run_until("CM");
    EXPECT_EQ(nodelay, proto == IPPROTO_TCP);
    made->close();
    trace.clear();
  }
}

TEST_F(create_server, a_callers_unix_socket_serves_too_AS_036_AS_045) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)),
            0);  // autobind: abstract
  std::shared_ptr<Scripted> made;
  server = loop.run_until_complete(
      loop.create_server([&] { return made = std::make_shared<Scripted>(trace, hooks); }, std::nullopt,
                         std::nullopt, {.sock = fd.release()}));
  const auto bound_at = server->sockets().at(0).getsockname();
  EXPECT_EQ(bound_at.family, AF_UNIX);
  ASSERT_EQ(bound_at.host.size(), 6U);  // NUL and five digits
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  bound_at.host.copy(to.sun_path, sizeof to.sun_path);
  const UniqueFd peer(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(sa_family_t) + 6), 0);
  run_until("CM");
  EXPECT_EQ(std::any_cast<SocketAddress>(made->transport->get_extra_info("sockname")).host, bound_at.host);
  EXPECT_EQ(std::any_cast<SocketAddress>(made->transport->get_extra_info("peername")).host, "");
}

TEST_F(create_server, a_family_the_kernel_does_not_know_is_left_out_and_named_in_debug_mode_AS_028) {
  refused_family = AF_INET6;
  const auto quiet = create({"127.0.0.1", "::1"}, 0);
  EXPECT_EQ(addresses(*quiet).size(), 1U);
  EXPECT_TRUE(events().empty());
  loop.set_debug(true);
  const auto loud = create({"127.0.0.1", "::1"}, 0);
  EXPECT_EQ(addresses(*loud).size(), 1U);
  EXPECT_THAT(events(), testing::Contains("log create_server() failed to create socket for [::1]:0"));
  refused_family = -1;
}

// ---- serving

TEST_F(create_server, it_listens_when_create_server_returns_AS_001_AS_034) {
  const auto made = create("127.0.0.1", 0);
  EXPECT_TRUE(made->is_serving());
  EXPECT_EQ(made->sockets().at(0).getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 1);
}

TEST_F(create_server, it_only_binds_if_told_not_to_serve_AS_034) {
  const auto made = create("127.0.0.1", 0, {.start_serving = false});
  EXPECT_FALSE(made->is_serving());
  EXPECT_EQ(made->sockets().at(0).getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 0);
  EXPECT_NE(thrown_by([&] { Peer(made->sockets().at(0).getsockname().port); }), nullptr);
  loop.run_until_complete(made->start_serving());
  EXPECT_TRUE(made->is_serving());
  const Peer peer(made->sockets().at(0).getsockname().port);
  run_until("CM");
}

TEST_F(create_server, one_turn_of_the_loop_passes_before_it_returns_AS_035) {
  const auto creating = [](EventLoop& on, Trace& to) -> Task<void> {
    on.call_soon([&to] { to.add("a turn"); });
    const auto made = co_await on.create_server([] { return std::make_shared<Protocol>(); }, "127.0.0.1", 0);
    to.add("created");
  };
  loop.run_until_complete(creating(loop, trace));
  EXPECT_THAT(events(), testing::ElementsAre("a turn", "created"));
}

TEST_F(create_server, a_backlog_of_zero_accepts_nothing_AS_033) {
  const auto made = create("127.0.0.1", 0, {.backlog = 0});
  const Peer peer(made->sockets().at(0).getsockname().port);  // the kernel completes it
  turn(10);
  EXPECT_TRUE(events().empty());
}

}  // namespace
}  // namespace antiphon::asio_style::test
