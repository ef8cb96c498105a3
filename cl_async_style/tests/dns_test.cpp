#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "peer.hpp"

namespace antiphon::cl_async_style::test {
namespace {

TEST(dns, tells_the_first_address_later_even_of_a_literal_CL_226) {
  std::string found;
  start_event_loop([&] {
    EXPECT_TRUE(dns_lookup("127.0.0.1", [&](const std::string& address, address_family family) {
      found = address;
      EXPECT_EQ(family, address_family::inet);
    }));
    EXPECT_EQ(found, "");
  });
  EXPECT_EQ(found, "127.0.0.1");
}

TEST(dns, looks_for_the_family_asked_for_CL_226) {
  std::string found;
  start_event_loop([&] {
    dns_lookup("::1",
               [&](const std::string& address, address_family family) {
                 found = address;
                 EXPECT_EQ(family, address_family::inet6);
               },
               {.family = address_family::inet6});
  });
  EXPECT_EQ(found, "::1");
}

TEST(dns, a_name_that_does_not_resolve_is_an_event_CL_226) {
  std::vector<std::string> log;
  start_event_loop([&] {
    dns_lookup("no-such-host.invalid", [](const std::string&, address_family) { ADD_FAILURE(); },
               {.event_cb = [&](const std::exception& event) {
                 log.emplace_back(condition_cast<event_error>(event) != nullptr ? "event" : "?");
                 EXPECT_THAT(event.what(), testing::HasSubstr("no-such-host.invalid"));
                 EXPECT_EQ(event_socket(event), nullptr);
               }});
  });
  EXPECT_THAT(log, testing::ElementsAre("event"));
}

TEST(dns, an_error_of_event_cb_is_not_sent_to_it_again_CL_036_CL_071) {
  int calls = 0;
  EXPECT_THROW(start_event_loop([&] {
                 dns_lookup("no-such-host.invalid", [](const std::string&, address_family) {},
                            {.event_cb = [&](const std::exception&) {
                              ++calls;
                              throw std::domain_error("of my own");
                            }});
               }),
               std::domain_error);
  EXPECT_EQ(calls, 1);
}

TEST(dns, tells_the_name_of_an_address_CL_227) {
  std::string host;
  std::string service;
  start_event_loop([&] {
    reverse_dns_lookup("127.0.0.1", [&](const std::string& name, const std::string& port) {
      host = name;
      service = port;
    });
    EXPECT_THROW(reverse_dns_lookup("localhost", [](const std::string&, const std::string&) {}),
                 std::invalid_argument);
  });
  EXPECT_NE(host, "");
  EXPECT_NE(service, "");
}

TEST(dns, leaving_the_loop_tells_nothing_of_what_is_under_way_CL_014) {
  start_event_loop([] {
    // The last moment at which one can be begun.
    add_event_loop_exit_callback(
        [] { dns_lookup("localhost", [](const std::string&, address_family) { ADD_FAILURE(); }); });
  });
}

}  // namespace
}  // namespace antiphon::cl_async_style::test
