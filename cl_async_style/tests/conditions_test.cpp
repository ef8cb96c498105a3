#include <gtest/gtest.h>

#include <type_traits>

#include "antiphon/cl_async_style.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {
namespace {

TEST(conditions, the_end_of_data_is_an_error_of_every_kind_CL_054) {
  const auto event = detail::condition_factory::from_errno(UV_EOF, {});
  const std::exception& told = *event;
  EXPECT_TRUE(condition_cast<socket_eof>(told));
  EXPECT_TRUE(condition_cast<socket_error>(told));
  EXPECT_TRUE(condition_cast<streamish_error>(told));
  EXPECT_TRUE(condition_cast<streamish_eof>(told));
  EXPECT_TRUE(condition_cast<event_error>(told));
  EXPECT_TRUE(condition_cast<tcp_eof>(told)) << "the old name matches (CL-055)";
  EXPECT_FALSE(condition_cast<socket_reset>(told));
  EXPECT_EQ(event->event_errcode(), 0);
  EXPECT_EQ(event->event_errmsg(), "");
}

TEST(conditions, numbers_become_conditions_as_the_table_has_it_CL_060) {
  const auto name = [](int number) {
    return std::string(detail::condition_factory::from_errno(number, {})->type_name());
  };
  EXPECT_EQ(name(UV_ECONNRESET), "socket-reset");
  EXPECT_EQ(name(UV_ETIMEDOUT), "socket-timeout");
  EXPECT_EQ(name(UV_ECONNREFUSED), "socket-refused");
  EXPECT_EQ(name(UV_ECONNABORTED), "socket-aborted");
  EXPECT_EQ(name(UV_EPIPE), "streamish-broken-pipe");
  EXPECT_EQ(name(UV_ECANCELED), "streamish-canceled");
  EXPECT_EQ(name(UV_ENOENT), "streamish-enoent");
  EXPECT_EQ(name(UV_EADDRINUSE), "streamish-error");
  EXPECT_EQ(name(UV_EINVAL), "streamish-error");
  EXPECT_EQ(detail::condition_factory::from_errno(UV_EPIPE, {})->event_errcode(), 0);
  EXPECT_EQ(detail::condition_factory::from_errno(UV_ECONNRESET, {})->event_errcode(), UV_ECONNRESET);
}

struct row {
  int number;
  const char* with_socket;
  const char* without;
  const char* text_without;
};

TEST(conditions, names_codes_and_texts_are_those_of_the_table_CL_060) {
  const row rows[] = {
      {UV_EOF, "socket-eof", "event-error", "EOF"},
      {UV_ECONNRESET, "socket-reset", "event-error", "ECONNRESET"},
      {UV_ETIMEDOUT, "socket-timeout", "event-error", "ETIMEDOUT"},
      {UV_ECONNREFUSED, "socket-refused", "event-error", "ECONNREFUSED"},
      {UV_ECONNABORTED, "socket-aborted", "event-error", "ECONNABORTED"},
      {UV_EADDRINUSE, "streamish-error", "socket-address-in-use", "address already in use"},
      {UV_EPIPE, "streamish-broken-pipe", "event-error", "EPIPE"},
      {UV_ECANCELED, "streamish-canceled", "event-error", "ECANCELED"},
      {UV_ENOENT, "streamish-enoent", "filesystem-enoent", "ENOENT"},
      {UV_EACCES, "streamish-error", "filesystem-eacces", "EACCES"},
      {UV_EPERM, "streamish-error", "filesystem-eperm", "EPERM"},
      {UV_EHOSTUNREACH, "streamish-error", "event-error", "EHOSTUNREACH"},
      {UV_EFAULT, "streamish-error", "event-error", "bad address in system call argument"},
      {UV_EAI_NONAME, "streamish-error", "dns-error", "DNS lookup fail"},
      {UV_EAI_NODATA, "streamish-error", "dns-error", "EAI-NODATA"},
  };
  for (const row& each : rows) {
    EXPECT_EQ(detail::condition_factory::from_errno(each.number, {})->type_name(), each.with_socket);
    const auto alone = detail::condition_factory::unattached(each.number, "");
    EXPECT_EQ(alone->type_name(), each.without);
    EXPECT_EQ(alone->event_errmsg(), each.text_without);
    EXPECT_EQ(alone->event_errcode(), each.number);
  }
  EXPECT_EQ(detail::condition_factory::from_errno(UV_ECONNRESET, {})->event_errmsg(), "connection reset");
  EXPECT_EQ(detail::condition_factory::from_errno(UV_EAI_NONAME, {})->event_errmsg(), "EAI-NONAME");
}

TEST(conditions, what_is_for_people_names_the_thing_and_the_number) {
  EXPECT_STREQ(detail::condition_factory::unattached(UV_EADDRNOTAVAIL, "192.0.2.1:80")->what(),
               "192.0.2.1:80: address not available (EADDRNOTAVAIL)");
  EXPECT_STREQ(detail::condition_factory::from_errno(UV_EPIPE, {})->what(), "streamish-broken-pipe");
}

TEST(conditions, errno_event_tells_a_sockets_numbers_from_others_CL_060) {
  EXPECT_EQ(errno_event(UV_ENOENT, true)->type_name(), "streamish-enoent");
  EXPECT_EQ(errno_event(UV_ENOENT, false)->type_name(), "filesystem-enoent");
  EXPECT_EQ(errno_event(UV_EOF, false)->event_errcode(), UV_EOF);
}

TEST(conditions, a_listeners_numbers_are_thrown_CL_088) {
  using detail::condition_factory;
  EXPECT_THROW(condition_factory::raise(UV_EADDRINUSE, "x"), socket_address_in_use);
  EXPECT_THROW(condition_factory::raise(UV_EACCES, "x"), filesystem_eacces);
  EXPECT_THROW(condition_factory::raise(UV_EADDRNOTAVAIL, "x"), event_error);
}

template <typename Condition, typename... Bases>
constexpr bool is_a = (std::is_base_of_v<Bases, Condition> && ...);

// CL-050 to CL-053, CL-057, CL-059: the hierarchy, as types.
static_assert(is_a<event_error, event_info, std::exception>);
static_assert(is_a<streamish_info, event_info>);
static_assert(is_a<streamish_error, event_error, streamish_info>);
static_assert(is_a<streamish_enoent, streamish_error> && is_a<streamish_closed, streamish_error> &&
              is_a<streamish_broken_pipe, streamish_error> && is_a<streamish_canceled, streamish_error>);
static_assert(is_a<streamish_eof, streamish_info> && !is_a<streamish_eof, event_error>);
static_assert(is_a<socket_info, streamish_info>);
static_assert(is_a<socket_error, streamish_error, socket_info>);
static_assert(is_a<socket_reset, socket_error> && is_a<socket_timeout, socket_error> &&
              is_a<socket_refused, socket_error> && is_a<socket_aborted, socket_error> &&
              is_a<socket_address_in_use, socket_error> && is_a<socket_accept_error, socket_error>);
static_assert(is_a<socket_eof, streamish_eof, socket_error>);
static_assert(is_a<filesystem_enoent, filesystem_error> && is_a<filesystem_eacces, filesystem_error> &&
              is_a<filesystem_eperm, filesystem_error> && is_a<filesystem_error, event_error>);
static_assert(is_a<dns_error, event_error> && is_a<event_freed, event_error> &&
              is_a<notifier_freed, event_error>);
static_assert(is_a<tcp_ssl_error, tcp_error> && is_a<tcp_server_bind_error, tcp_error>);
static_assert(std::is_same_v<socket_closed, streamish_closed> && std::is_same_v<tcp_reset, socket_reset>);

TEST(conditions, the_declared_ones_that_are_never_made_have_their_accessors_CL_057) {
  EXPECT_EQ(socket_accept_error().socket_accept_error_listener(), nullptr);
  EXPECT_EQ(socket_accept_error().socket_accept_error_server(), nullptr);
  EXPECT_EQ(tcp_server_bind_error().tcp_server_bind_error_addr(), "");
  EXPECT_EQ(tcp_server_bind_error().tcp_server_bind_error_port(), 0);
}

TEST(conditions, one_made_by_hand_has_no_code_and_no_text_CL_050) {
  const event_error plain;
  EXPECT_EQ(plain.event_errcode(), 0);
  EXPECT_EQ(plain.event_errmsg(), "");
  EXPECT_STREQ(plain.what(), "event-error");
  EXPECT_EQ(socket_reset().streamish(), nullptr) << "CL-051";
}

}  // namespace
}  // namespace antiphon::cl_async_style
