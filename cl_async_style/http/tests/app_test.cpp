#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

TEST(shared_app, serves_every_route_on_one_connection) {
  web server([] { mount(app()); });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/"), "hello, world\n");
  peer.send(post("/echo", "back"));
  EXPECT_EQ(peer.answer(), "back");
  EXPECT_EQ(peer.get("/bytes/1000").size(), 1000U);
  EXPECT_EQ(peer.get("/delay/1"), "waited\n");
  EXPECT_THAT(peer.get("/headers"), testing::HasSubstr("[\"Host\", \"t\"]"));
  peer.send("GET /stream/2 HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(peer.read_to("0\r\n\r\n"), testing::HasSubstr("8\r\nchunk 0\n\r\n8\r\nchunk 1\n\r\n"));
  peer.send("HEAD /bytes/7 HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(peer.read_to("\r\n\r\n"), testing::HasSubstr("Content-Length: 7\r\n"));
  peer.get("/nothing", &status);
  EXPECT_EQ(status, 404U);
  peer.get("/echo", &status);
  EXPECT_EQ(status, 405U);
}

TEST(shared_app, a_slow_reader_costs_the_high_mark_and_a_piece) {
  web server([] { mount(app()); });
  client slow(server, 16384);
  slow.send("GET /bytes/67108864 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  std::size_t most = 0;
  client other(server);
  for (int i = 0; i < 200; ++i) {
    other.get("/");
    most = std::max(most, server.in_loop([](http_server& it) { return it.buffered(); }));
  }
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, 65536U + 2 * 16384U);
  const std::string all = slow.read_all();
  EXPECT_EQ(all.size() - all.find("\r\n\r\n") - 4, 67108864U);
}

TEST(shared_app, ten_mebibytes_are_echoed_while_they_come) {
  web server([] { mount(app()); });
  client peer(server);
  const std::string body(10U << 20U, 'e');
  std::thread sender([&] { peer.send(post("/echo", body)); });
  const std::string back = peer.answer();
  sender.join();
  EXPECT_TRUE(back == body);
}

TEST(shared_app, an_echo_whose_answer_is_not_read_is_not_read_either) {
  web server([] { mount(app()); });
  client slow(server, 4096);
  const std::string body(32U << 20U, 's');
  std::thread sender([&] { slow.send(post("/echo", body)); });
  const auto buffered = [&] { return server.in_loop([](http_server& it) { return it.buffered(); }); };
  while (buffered() == 0) std::this_thread::yield();
  std::size_t most = 0;
  client other(server);
  for (int i = 0; i < 200; ++i) {  // the body would have come meanwhile, were it read
    EXPECT_EQ(other.get("/"), "hello, world\n");
    most = std::max(most, buffered());
  }
  EXPECT_LE(most, 65536U + 2 * 65536U) << "the high mark, and what one read brings";
  const std::string back = slow.answer();
  sender.join();
  EXPECT_TRUE(back == body);
}

TEST(shared_app, a_client_that_goes_cancels_its_exchange_once) {
  int cancelled = 0;
  bool waiting = false;
  web server([&] {
    defroute("GET", "/wait", [&](const request&, response& to, const auto&) {
      waiting = true;
      to.on_cancel([&] { ++cancelled; });
      to.after(std::chrono::hours(1), [] { FAIL() << "cancelled with the exchange"; });
    });
  });
  {
    client peer(server);
    peer.send("GET /wait HTTP/1.1\r\nHost: t\r\n\r\n");
    while (!server.in_loop([&](http_server&) { return waiting; })) std::this_thread::yield();
    peer.reset();
  }
  while (server.in_loop([](http_server& it) { return it.connections(); }) != 0) std::this_thread::yield();
  server.stop(std::chrono::seconds(10));
  EXPECT_EQ(cancelled, 1);
}

TEST(shared_app, draining_lets_an_answer_finish_and_says_that_it_is_the_last) {
  response* held = nullptr;
  web server([&] {
    mount(app());
    defroute("GET", "/hold", [&](const request&, response& to, const auto&) { held = &to; });
  });
  client idle(server);
  EXPECT_EQ(idle.get("/"), "hello, world\n");
  client busy(server);
  busy.send("GET /hold HTTP/1.1\r\nHost: t\r\n\r\n");
  while (!server.in_loop([&](http_server&) { return held != nullptr; })) std::this_thread::yield();
  server.begin_stop(std::chrono::seconds(20));
  EXPECT_EQ(idle.read_all(), "") << "the idle one is closed at once";
  server.in_loop([&](http_server&) { send_response(*held, {.body = "the last"}); });
  const std::string answer = busy.read_all();
  EXPECT_THAT(answer, testing::HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("the last"));
  EXPECT_EQ(server.stop(std::chrono::seconds(20)), 0U);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
