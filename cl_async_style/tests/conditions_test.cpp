#include <gtest/gtest.h>

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

TEST(conditions, a_listeners_numbers_are_thrown_CL_088) {
  using detail::condition_factory;
  EXPECT_THROW(condition_factory::raise(UV_EADDRINUSE, "x"), socket_address_in_use);
  EXPECT_THROW(condition_factory::raise(UV_EACCES, "x"), filesystem_eacces);
  EXPECT_THROW(condition_factory::raise(UV_EADDRNOTAVAIL, "x"), event_error);
}

}  // namespace
}  // namespace antiphon::cl_async_style
