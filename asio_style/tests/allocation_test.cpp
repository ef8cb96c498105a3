#include <gtest/gtest.h>
#include <sys/socket.h>
#include <antiphon/test_support/counted_new.hpp>

#include <array>
#include <atomic>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using test_support::allocations_of_this_thread;

/// Echoes, and stops the loop after so many messages.
struct CountingEcho : Protocol {
  void connection_made(std::shared_ptr<Transport> made) override { transport = std::move(made); }
  void data_received(std::span<const std::byte> data) override {
    transport->write(data);
    if (--left == 0) get_running_loop().stop();
  }
  std::shared_ptr<Transport> transport;
  int left = 0;
};

TEST(allocation, a_warm_echo_allocates_nothing) {
  EventLoop loop;
  const auto protocol = std::make_shared<CountingEcho>();
  const auto server = loop.run_until_complete(loop.create_server([&] { return protocol; }, "127.0.0.1", 0));
  const auto port = server->sockets().at(0).getsockname().port;
  constexpr int warm = 100;
  constexpr int measured = 1000;
  std::atomic<bool> over = false;
  std::thread client([&] {
    const Peer peer(port);
    std::array<char, 64> message{};
    while (!over) {
      if (::send(peer.fd(), message.data(), message.size(), MSG_NOSIGNAL) <= 0) return;
      if (::recv(peer.fd(), message.data(), message.size(), MSG_WAITALL) <= 0) return;
    }
  });
  protocol->left = warm;
  loop.run_forever();
  protocol->left = measured;
  const std::size_t before = allocations_of_this_thread();
  loop.run_forever();
  const std::size_t during = allocations_of_this_thread() - before;
  over = true;
  protocol->transport->close();
  protocol->left = -1;
  loop.close();
  client.join();
  EXPECT_EQ(during, 0U) << "in " << measured << " echoes";
}

TEST(allocation, a_warm_stream_under_back_pressure_allocates_nothing) {
  struct Streaming : Protocol {
    void connection_made(std::shared_ptr<Transport> made) override {
      transport = std::move(made);
      // Fixed, or the kernel lets the buffer grow until it takes a whole block.
      std::any_cast<TransportSocket>(transport->get_extra_info("socket"))
          .setsockopt(SOL_SOCKET, SO_SNDBUF, 32 * 1024);
      transport->set_write_buffer_limits(
          0);  // each block finds the buffer empty, so that it is always the same size
      transport->write(block);
    }
    void resume_writing() override {
      if (--left == 0) return get_running_loop().stop();
      transport->write(block);
    }
    std::string block = std::string(512 * 1024, 'x');
    std::shared_ptr<Transport> transport;
    int left = 0;
  };
  EventLoop loop;
  const auto protocol = std::make_shared<Streaming>();
  const auto server = loop.run_until_complete(loop.create_server([&] { return protocol; }, "127.0.0.1", 0));
  const auto port = server->sockets().at(0).getsockname().port;
  std::thread client([&] {
    const Peer peer(port, 16 * 1024);
    std::array<char, 16 * 1024> taken{};
    while (::recv(peer.fd(), taken.data(), taken.size(), 0) > 0) {
    }
  });
  protocol->left = 20;
  loop.run_forever();
  protocol->transport->write(protocol->block);
  protocol->left = 20;
  const std::size_t before = allocations_of_this_thread();
  loop.run_forever();
  const std::size_t during = allocations_of_this_thread() - before;
  loop.close();
  client.join();
  EXPECT_EQ(during, 0U);
}

}  // namespace
}  // namespace antiphon::asio_style::test
