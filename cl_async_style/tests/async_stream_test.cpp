#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <istream>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

std::string text_from(async_io_stream& stream, std::size_t at_most) {
  std::string text(at_most, '\0');
  text.resize(stream.read_sequence(std::as_writable_bytes(std::span(text))));
  return text;
}

/// A server in stream mode and one peer.
template <typename Script>
void serve(const stream_read_callback& read_cb, Script script, server_options options = {}) {
  std::thread thread;
  options.close_cb = [](socket&, const event_error*) { exit_event_loop(); };
  start_event_loop([&] {
    const auto server = tcp_server("127.0.0.1", 0, read_cb, options);
    thread = std::thread([port = server_port(*server), script] {
      peer client(port);
      script(client);
    });
  });
  thread.join();
}

TEST(async_stream, a_write_can_replace_its_read_cb_CL_105) {
  std::string second;
  serve(
      [&](socket& which, async_io_stream& stream) {
        stream.clear_input();
        EXPECT_THROW(write_socket_data(which, "", {.read_cb = [](socket&, std::span<const std::byte>) {}}),
                     std::invalid_argument);
        write_socket_data(which, "1", {.stream_read_cb = [&](socket&, async_io_stream& later) {
                            second += text_from(later, 10);
                            later.close();
                          }});
      },
      [](peer& client) {
        client.send("a");
        EXPECT_EQ(client.read(1), "1");
        client.send("b");
        client.read_all();
      });
  EXPECT_EQ(second, "b");
}

TEST(async_stream, takes_what_has_come_and_keeps_the_rest_CL_096_CL_186_CL_192) {
  std::vector<std::string> got;
  serve(
      [&](socket& which, async_io_stream& stream) {
        EXPECT_EQ(&stream.stream_socket(), &which) << "CL-185";
        EXPECT_EQ(socket_stream(which), &stream);
        EXPECT_TRUE(stream.open_stream_p());
        if (got.empty()) {
          got.push_back(text_from(stream, 2));
          write_socket_data(which, "more");
          return;
        }
        got.push_back(text_from(stream, 10));
        EXPECT_EQ(stream.read_byte(), std::nullopt) << "CL-187";
        stream.close();
        EXPECT_FALSE(stream.open_stream_p());
      },
      [](peer& client) {
        client.send("abcde");
        EXPECT_EQ(client.read(4), "more");
        client.send("fg");
        client.read_all();
      });
  EXPECT_THAT(got, testing::ElementsAre("ab", "cdefg"));
}

TEST(async_stream, writes_by_the_rules_of_the_socket_and_close_sends_it_all_CL_189_CL_191) {
  std::string got;
  serve(
      [](socket&, async_io_stream& stream) {
        EXPECT_EQ(stream.read_byte(), std::byte{'x'});
        stream.write_sequence("by");
        stream.write_byte(std::byte{'e'});
        stream.clear_output();  // nothing (CL-190)
        EXPECT_FALSE(stream.peek().empty());
        stream.close(true);  // drops the input, not the output
        EXPECT_TRUE(stream.peek().empty());
        stream.write_sequence("ignored");
      },
      [&](peer& client) {
        client.send("xyz");
        got = client.read_all();
      });
  EXPECT_EQ(got, "bye");
}

TEST(async_stream, force_output_hands_over_at_once_CL_190) {
  serve(
      [](socket& which, async_io_stream& stream) {
        stream.write_sequence("now");
        EXPECT_EQ(write_buffer_size(which), 3U);
        stream.force_output();
        EXPECT_EQ(write_buffer_size(which), 0U);
        stream.close();
      },
      [&](peer& client) {
        client.send("x");
        EXPECT_EQ(client.read_all(), "now");
      });
}

TEST(async_stream, without_a_read_cb_nothing_is_kept_CL_188) {
  std::thread thread;
  start_event_loop([&] {
    const auto server = tcp_server("127.0.0.1", 0, {},
                                   {.event_cb =
                                        [](const std::exception& event) {
                                          EXPECT_TRUE(socket_stream(*event_socket(event))->peek().empty());
                                          exit_event_loop();
                                        },
                                    .stream = true});
    thread = std::thread([port = server_port(*server)] {
      peer client(port);
      client.send("thrown away");
      client.shutdown_write();
      client.read_all();
    });
  });
  thread.join();
}

TEST(async_stream, stream_mode_and_octets_exclude_each_other_CL_096) {
  start_event_loop([] {
    const auto octets = [](socket&, std::span<const std::byte>) {};
    EXPECT_THROW(tcp_server("127.0.0.1", 0, octets, {.stream = true}), std::invalid_argument);
    EXPECT_THROW(tcp_connect("127.0.0.1", 1, octets, {.stream = true}), std::invalid_argument);
    EXPECT_EQ(socket_stream(*tcp_connect("127.0.0.1", 1, octets)), nullptr);
    exit_event_loop();
  });
}

TEST(async_stream, an_iostream_reads_and_writes_over_it) {
  std::string word;
  int number = 0;
  std::string got;
  serve(
      [&](socket&, async_io_stream& stream) {
        async_streambuf buffer(stream);
        std::iostream io(&buffer);
        io >> word >> number;
        EXPECT_TRUE(io.good());
        EXPECT_EQ(io.get(), '\n');
        EXPECT_EQ(io.peek(), std::iostream::traits_type::eof()) << "nothing now";
        io.clear();
        std::string rest(4, '?');
        io.read(rest.data(), 4);
        EXPECT_EQ(io.gcount(), 0);
        io.clear();
        io << word << ' ' << number + 1 << std::flush;
        EXPECT_EQ(write_buffer_size(stream.stream_socket()), 0U) << "flush is force_output";
        stream.close();
        io << "lost";
        EXPECT_FALSE(io.good()) << "and said so";
      },
      [&](peer& client) {
        client.send("answer 41\n");
        got = client.read_all();
      });
  EXPECT_EQ(word, "answer");
  EXPECT_EQ(got, "answer 42");
}

TEST(async_stream, a_client_has_one_too_and_may_drop_what_is_left_CL_149_CL_170) {
  for (const bool keep : {true, false}) {
    const door server;
    const helper other_side([&] {
      peer accepted(peer::adopt_t(), server.accept());
      accepted.send("abc");
      EXPECT_EQ(accepted.read(2), "ok");
      accepted.send("def");
      accepted.read_all();
    });
    std::string got;
    start_event_loop([&] {
      tcp_connect("127.0.0.1", server.port(),
                  [&](socket&, async_io_stream& stream) {
                    got += text_from(stream, 1);
                    if (got.size() == 1) stream.write_sequence("ok");
                    if (got.size() == 2) stream.close();
                  },
                  {.dont_drain_read_buffer = keep});
    });
    EXPECT_EQ(got, keep ? "ab" : "ad");
  }
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
