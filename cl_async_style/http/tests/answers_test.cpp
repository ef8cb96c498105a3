// send_response, start_response, with_chunking: what leaves through a response.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "antiphon/cl_async_style/http/config.hpp"
#include "web.hpp"

namespace antiphon::cl_async_style::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(answers, a_second_answer_is_an_error_that_sends_nothing_WK_081_T13) {
  web server([] {
    defroute("GET", "/", [](const request&, response& to, const auto&) {
      send_response(to, {.body = "one"});
      EXPECT_THROW(send_response(to, {.body = "two"}), response_already_sent);
      throw std::runtime_error("after the answer");
    });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/"), "one");
  EXPECT_EQ(peer.get("/"), "one") << "nothing of another answer came between";
  EXPECT_THAT(server.log(), testing::Contains("after the answer"));
}

TEST(answers, a_streamed_answer_is_chunked_WK_089_WK_090) {
  web server([] {
    defroute("GET", "/", [](const request&, response& to, const auto&) {
      start_response(to, 201, {{"X-Kind", "stream"}});
      write_response(to, "abc");
      write_response(to, "defg");
      finish_response(to);
    });
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string all = peer.read_to("0\r\n\r\n");
  EXPECT_THAT(all, testing::StartsWith("HTTP/1.1 201 Created\r\n"));
  EXPECT_THAT(all, HasSubstr("X-Kind: stream\r\n"));
  EXPECT_THAT(all, testing::EndsWith("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"));
}

TEST(answers, with_chunking_gets_every_piece_whenever_it_is_called_WK_062_WK_064) {
  web server([] {
    defroute("POST", "/now",
             [](const request&, response& to, const auto&) {
               with_chunking(to,
                             [&to, all = std::string()](std::span<const std::byte> piece, bool last) mutable {
                               all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                               if (last) send_response(to, {.body = all});
                             });
             },
             {.chunk = true});
    defroute("POST", "/late",
             [](const request&, response& to, const auto&) {
               to.after(std::chrono::milliseconds(5), [&to] {
                 with_chunking(to, [&to](std::span<const std::byte> piece, bool last) {
                   if (last) send_response(to, {.body = std::to_string(piece.size())});
                 });
               });
             },
             {.chunk = true});
  });
  client peer(server);
  peer.send(
      "POST /now HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(peer.answer(), "abcde");
  peer.send(post("/late", "12345"));
  EXPECT_EQ(peer.answer(), "5");
}

TEST(answers, an_answer_without_a_body_argument_has_length_0_and_204_none_WK_084_WK_087) {
  web server([] {
    defroute("GET", "/empty", [](request&, response& to, const auto&) { send_response(to, {}); });
    defroute("GET", "/none",
             [](request&, response& to, const auto&) { send_response(to, {.status = 204, .body = "x"}); });
  });
  client peer(server);
  peer.send("GET /empty HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(peer.read_to("\r\n\r\n"), HasSubstr("Content-Length: 0\r\n"));
  peer.send("GET /none HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  const std::string all = peer.read_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 204 "));
  EXPECT_THAT(all, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(all, testing::EndsWith("\r\n\r\n"));
}

TEST(answers, the_responses_own_fields_come_before_those_of_the_call_WK_083) {
  web server([] {
    defroute("GET", "/", [](request&, response& to, const auto&) {
      response_headers(to).add("X-Own", "1");
      response_headers(to).add("X-Own", "2");
      send_response(to, {.headers = {{"X-Call", "3"}}});
    });
    defroute("GET", "/plain", [](request&, response& to, const auto&) { send_response(to, {}); });
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(peer.read_to("\r\n\r\n"), HasSubstr("X-Own: 1\r\nX-Own: 2\r\nX-Call: 3\r\n"));
  peer.send("GET /plain HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(peer.read_to("\r\n\r\n"), Not(HasSubstr("X-Own"))) << "fresh for each request (T12)";
}

TEST(answers, the_server_field_is_sent_if_wanted_WK_012_WK_086) {
  web server([] {
    config().hide_version = false;
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.status = 299}); });
  });
  client peer(server);
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  const std::string head = peer.read_to("\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 299 Unknown\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nServer: Antiphon ("));
  EXPECT_THAT(head, HasSubstr("\r\nDate: "));
}

TEST(answers, a_field_that_would_split_the_response_is_a_500_WK_088) {
  web server([] {
    defroute("GET", "/", [](request&, response& to, const auto&) {
      send_response(to, {.headers = {{"X-Bad", "a\r\nSet-Cookie: b"}}, .body = "secret"});
    });
  });
  client peer(server);
  unsigned status = 0;
  EXPECT_EQ(peer.get("/", &status), "internal server error\n");
  EXPECT_EQ(status, 500U);
}

TEST(answers, close_ends_the_connection_behind_the_answer_WK_100_WK_103) {
  web server([] {
    defroute("GET", "/close",
             [](request&, response& to, const auto&) { send_response(to, {.body = "bye", .close = true}); });
    defroute("GET", "/stream", [](request&, response& to, const auto&) {
      start_response(to);
      write_response(to, "bye");
      finish_response(to, true);
    });
  });
  client once(server);
  once.send("GET /close HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(once.read_all(), testing::EndsWith("bye"));
  client again(server);
  again.send("GET /stream HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(again.read_all(), testing::EndsWith("3\r\nbye\r\n0\r\n\r\n"));
}

TEST(answers, a_client_that_asks_for_the_close_gets_it_in_any_spelling_WK_101) {
  web server([] {
    defroute("*", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "ok"}); });
  });
  for (const char* fields : {"Connection: close\r\n", "Connection: Close\r\n", "Connection: x, close\r\n",
                             "Connection: close\r\nTransfer-Encoding: chunked\r\n"}) {
    client peer(server);
    const bool chunked = std::string_view(fields).find("chunked") != std::string_view::npos;
    peer.send("POST / HTTP/1.1\r\nHost: t\r\n" + std::string(fields) + "\r\n" + (chunked ? "0\r\n\r\n" : ""));
    EXPECT_THAT(peer.read_all(), testing::EndsWith("ok")) << fields;
  }
}

TEST(answers, a_second_request_waits_for_a_streamed_answers_end_WK_091) {
  web server([] {
    defroute("GET", "/stream", [](request&, response& to, const auto&) {
      start_response(to);
      write_response(to, "part1");
      to.after(std::chrono::milliseconds(30), [&to] {
        write_response(to, "part2");
        finish_response(to);
      });
    });
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "hi"}); });
  });
  client peer(server);
  peer.send("GET /stream HTTP/1.1\r\nHost: t\r\n\r\n");
  peer.read_to("part1\r\n");
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(peer.read_to("0\r\n\r\n"), "5\r\npart2\r\n0\r\n\r\n");
  EXPECT_EQ(peer.answer(), "hi");
}

TEST(answers, a_handle_answers_later_or_says_why_it_cannot_WK_082) {
  std::string second;
  std::string gone;
  std::function<void()> answer_gone;
  web server([&] {
    defroute("GET", "/late", [&](request&, response& to, const auto&) {
      delay([&second, hold = response_handle(to)] {
        send_response(hold.get(), {.body = "late"});
        try {
          send_response(hold.get(), {.body = "again"});
        } catch (const response_already_sent& error) {
          second = error.type_name();
        }
      });
    });
    defroute("GET", "/gone", [&](request&, response& to, const auto&) {
      answer_gone = [&gone, hold = response_handle(to)] {
        try {
          send_response(hold.get(), {});
        } catch (const streamish_closed& error) {
          gone = error.type_name();
        }
      };
    });
  });
  client peer(server);
  EXPECT_EQ(peer.get("/late"), "late");
  EXPECT_EQ(peer.get("/late"), "late") << "nothing of a second answer was taken for this request's";
  {
    client leaves(server);
    leaves.send("GET /gone HTTP/1.1\r\nHost: t\r\n\r\n");
    while (!server.in_loop([&](http_server&) { return bool(answer_gone); })) std::this_thread::yield();
    leaves.reset();
  }
  while (server.in_loop([](http_server& s) { return s.connections(); }) > 1) std::this_thread::yield();
  server.in_loop([&](http_server&) { answer_gone(); });
  server.stop(std::chrono::seconds(10));
  EXPECT_EQ(second, "response-already-sent");
  EXPECT_EQ(gone, "streamish-closed");
}

TEST(answers, a_100_continue_may_be_sent_by_the_handler_once_WK_073_WK_070) {
  web server([] {
    defroute("POST", "/",
             [](request& of, response& to, const auto&) {
               to.after(std::chrono::milliseconds(1), [&to, &of] {
                 send_100_continue(to);
                 send_100_continue(to);
                 with_chunking(of, [&to, n = std::size_t(0)](auto piece, bool last) mutable {
                   n += piece.size();
                   if (last) send_response(to, {.body = std::to_string(n)});
                 });
               });
             },
             {.chunk = true, .suppress_100 = true});
  });
  client peer(server);
  peer.send("POST / HTTP/1.1\r\nHost: t\r\nExpect: 100-Continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(peer.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("body");
  peer.shutdown();
  const std::string all = peer.read_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(all, testing::EndsWith("\r\n\r\n4"));
}

// RFC 9110, 10.1.1.
TEST(answers, no_100_is_sent_for_a_body_that_has_come_with_its_head_WK_070) {
  web server([] {
    add_hook(hook::parsed_headers, [](request& of) {
      if (of.path() != "/late") return promise();
      return make_promise([](const resolver& done) { delay([done] { done.resolve(); }); });
    });
    const auto echo = [](request& of, response& to, const auto&) {
      send_response(to, {.body = request_body(of)});
    };
    defroute("POST", "/whole", echo);
    defroute("POST", "/late", echo);
    defroute("POST", "/pieces",
             [](request& of, response& to, const auto&) {
               with_chunking(of, [&to, octets = std::size_t{0}](auto piece, bool last) mutable {
                 octets += piece.size();
                 if (last) send_response(to, {.body = std::to_string(octets)});
               });
             },
             {.chunk = true});
  });
  const auto ask = [](const std::string& path) {
    return "POST " + path + " HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody";
  };
  client peer(server);
  peer.send(ask("/whole") + ask("/pieces") + ask("/late"));
  peer.shutdown();
  const std::string all = peer.read_all();
  EXPECT_THAT(all, testing::ContainsRegex(
                       "^HTTP/1.1 200 .*\r\n\r\nbodyHTTP/1.1 200 .*\r\n\r\n4HTTP/1.1 200 .*\r\n\r\nbody$"));
  EXPECT_THAT(all, testing::Not(HasSubstr("100 Continue")));
}

TEST(answers, an_expectation_is_met_only_for_a_route_WK_071_WK_072) {
  web server([] {});
  client peer(server);
  peer.send("POST /none HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  const std::string all = peer.read_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 404 ")) << "at once, without the body";
  EXPECT_THAT(all, HasSubstr("\r\nConnection: close\r\n")) << "for the body may still come";
}

TEST(answers, an_answer_before_the_body_leaves_the_rest_of_it_behind_WK_133) {
  web server([] {
    defroute("POST", "/early",
             [](request&, response& to, const auto&) { send_response(to, {.body = "early"}); },
             {.chunk = true});
    defroute("GET", "/", [](request&, response& to, const auto&) { send_response(to, {.body = "hi"}); });
  });
  client peer(server);
  peer.send("POST /early HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n01234");
  EXPECT_EQ(peer.answer(), "early");
  peer.send("56789GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(peer.answer(), "hi");
}

TEST(answers, pieces_stay_with_the_client_if_they_are_not_to_be_kept_WK_064) {
  web server([] {
    defroute("POST", "/",
             [](request& of, response& to, const auto&) {
               to.after(std::chrono::milliseconds(5), [&of, &to] {
                 with_chunking(
                     of,
                     [&of, &to, all = std::string()](std::span<const std::byte> piece, bool last) mutable {
                       all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                       if (last) send_response(to, {.body = all + "=" + std::string(request_body(of))});
                     },
                     {.store_body = true});
               });
             },
             {.chunk = true, .buffer_body = false});
  });
  client peer(server);
  peer.send(post("/", "12345"));
  EXPECT_EQ(peer.answer(), "12345=12345") << "and stored if wanted (WK-062)";
  peer.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(peer.answer(), "=") << "without a body the last piece comes all the same (WK-063)";
}

TEST(answers, chunks_come_without_their_framing_WK_065) {
  web server([] {
    defroute("POST", "/",
             [](request& of, response& to, const auto&) {
               with_chunking(of,
                             [&to, all = std::string()](std::span<const std::byte> piece, bool last) mutable {
                               all.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                               if (last) send_response(to, {.body = all});
                             });
             },
             {.chunk = true});
  });
  client peer(server);
  peer.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  peer.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(peer.answer(), "abcde");
}

TEST(answers, a_body_above_the_limit_for_stored_ones_is_413_WK_011_WK_150_WK_151_WK_152) {
  bool dispatched = false;
  web server([&] {
    config().max_body_size = 8;
    defroute("POST", "/stored", [&](request& of, response& to, const auto&) {
      dispatched = dispatched || of.body().size() > 8;
      send_response(to, {.body = of.body()});
    });
    defroute("POST", "/chunks",
             [](request& of, response& to, const auto&) {
               with_chunking(of, [&to](auto, bool last) {
                 if (last) send_response(to, {.body = "all"});
               });
             },
             {.chunk = true});
  });
  client peer(server);
  peer.send(post("/stored", "12345678"));
  EXPECT_EQ(peer.answer(), "12345678") << "exactly the limit is within it";
  peer.send(post("/chunks", "1234567890"));
  EXPECT_EQ(peer.answer(), "all") << "what is not stored has no such limit";
  for (const std::string& text :
       {post("/stored", "123456789"), std::string("POST /stored HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: "
                                                  "chunked\r\n\r\n5\r\n12345\r\n5\r\n12345\r\n0"
                                                  "\r\n\r\n")}) {
    client big(server);
    big.send(text + "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    big.shutdown();
    const std::string all = big.read_all();
    EXPECT_THAT(all, StartsWith("HTTP/1.1 413 "));
    EXPECT_EQ(all.rfind("HTTP/1.1 "), 0U) << "one answer";
  }
  server.stop(std::chrono::seconds(10));
  EXPECT_FALSE(dispatched);
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
