#include <gmock/gmock.h>

#include <array>

#include "support.hpp"

namespace antiphon::asio_style::test {
namespace {

using testing::ElementsAre;

class Buffered : public BufferedProtocol {
 public:
  explicit Buffered(Trace& trace) : trace_(&trace) {}
  void connection_made(std::shared_ptr<Transport> made) override {
    transport = std::move(made);
    trace_->add("CM");
  }
  std::span<std::byte> get_buffer(std::ptrdiff_t sizehint) override {
    EXPECT_EQ(sizehint, -1);  // AS-108
    trace_->add("GB");
    if (fail_get_buffer) throw ValueError("no buffer");
    if (next) transport->set_protocol(next);
    return std::span(memory).first(room);
  }
  void buffer_updated(std::size_t nbytes) override {
    EXPECT_GT(nbytes, 0U);
    EXPECT_LE(nbytes, room);  // AS-112
    received.append(reinterpret_cast<const char*>(memory.data()), nbytes);
    trace_->add("BU");
    if (fail_buffer_updated) throw ValueError("no update");
  }
  bool eof_received() override {
    trace_->add("ER");
    return false;
  }
  void connection_lost(std::exception_ptr exc) override { trace_->add("CL " + describe(exc)); }

  std::shared_ptr<Transport> transport;
  std::array<std::byte, 64> memory{};
  std::size_t room = 4;
  std::string received;
  bool fail_get_buffer = false;
  std::shared_ptr<BaseProtocol> next;  // takes over in get_buffer
  bool fail_buffer_updated = false;

 private:
  Trace* trace_;
};

class BufferedReading : public testing::Test, protected Bench {
 protected:
  void serve() {
    made = std::make_shared<Buffered>(trace);
    server = loop.run_until_complete(loop.create_server([this] { return made; }, "127.0.0.1", 0));
  }
  std::shared_ptr<Buffered> made;
};
using buffered_reading = BufferedReading;

TEST_F(buffered_reading, bytes_go_into_the_protocols_own_memory_AS_107_AS_108_AS_110_AS_112) {
  serve();
  Peer peer(port());
  peer.send("123456");
  peer.shutdown_write();
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "GB", "BU", "GB", "BU", "GB", "ER", "CL None"));
  EXPECT_EQ(made->received, "123456");
}

TEST_F(buffered_reading, an_empty_buffer_is_a_fatal_error_AS_109) {
  serve();
  made->room = 0;
  Peer peer(port());
  peer.send("x");
  run_until("CL");
  EXPECT_THAT(events(), ElementsAre("CM", "GB",
                                    "handler Fatal error: protocol.get_buffer() call failed.: RuntimeError: "
                                    "get_buffer() returned an empty buffer",
                                    "CL RuntimeError: get_buffer() returned an empty buffer"));
}

TEST_F(buffered_reading, an_exception_of_get_buffer_is_fatal_AS_111) {
  serve();
  made->fail_get_buffer = true;
  Peer peer(port());
  peer.send("x");
  run_until("CL");
  EXPECT_THAT(events(),
              ElementsAre("CM", "GB",
                          "handler Fatal error: protocol.get_buffer() call failed.: ValueError: no buffer",
                          "CL ValueError: no buffer"));
}

TEST_F(buffered_reading, an_exception_of_buffer_updated_is_fatal_AS_111_AS_210) {
  serve();
  made->fail_buffer_updated = true;
  Peer peer(port());
  peer.send("x");
  run_until("CL");
  EXPECT_THAT(
      events(),
      ElementsAre("CM", "GB", "BU",
                  "handler Fatal error: protocol.buffer_updated() call failed.: ValueError: no update",
                  "CL ValueError: no update"));
}

TEST_F(buffered_reading, set_protocol_from_plain_to_buffered_takes_effect_with_the_next_read_AS_215) {
  const auto second = std::make_shared<Buffered>(trace);
  hooks.data_received = [&](Scripted& self) { self.transport->set_protocol(second); };
  listen();
  Peer peer(port());
  peer.send("x");
  run_until("DR");
  peer.send("ab");
  run_until("BU");
  EXPECT_THAT(events(), ElementsAre("CM", "DR", "GB", "BU"));
  EXPECT_EQ(second->received, "ab");
}

TEST_F(buffered_reading, a_plain_protocol_set_in_get_buffer_gets_the_bytes_AS_215) {
  const auto second = std::make_shared<Scripted>(trace, hooks, "B.");
  made = std::make_shared<Buffered>(trace);
  made->next = second;
  server = loop.run_until_complete(loop.create_server([this] { return made; }, "127.0.0.1", 0));
  Peer peer(port());
  peer.send("ab");
  run_until("B.DR");
  EXPECT_THAT(events(), ElementsAre("CM", "GB", "B.DR"));
  EXPECT_EQ(second->received, "ab");
}

}  // namespace
}  // namespace antiphon::asio_style::test
