#include "client.hpp"

#include <atomic>
#include <stdexcept>

#include "antiphon/cl_async_style/dns.hpp"
#include "deprecated.hpp"

namespace antiphon::cl_async_style {

namespace detail {

std::shared_ptr<stream> make_client(stream::kind kind, read_callback read_cb,
                                    stream_read_callback stream_read_cb, connect_options& options,
                                    std::shared_ptr<const tls_settings> tls) {
  loop& in = loop::to_open_in();
  if (read_cb && options.stream)
    throw std::invalid_argument("in stream mode read_cb takes (socket&, async_io_stream&)");
  const bool keep_input = options.dont_drain_read_buffer.value_or(options.stream);
  if (keep_input && !options.stream) {
    if (!in.upstream_quirks())
      throw std::invalid_argument("dont_drain_read_buffer without stream: there is nothing to keep input in");
    read_cb = [](socket&, std::span<const std::byte>) {  // CL-149
      throw std::logic_error("dont_drain_read_buffer without stream: there is nothing to keep input in");
    };
  }
  stream_settings settings{.marks = {},
                           .allow_half_open = options.allow_half_open,
                           .stream_mode = options.stream,
                           .keep_input = keep_input,
                           .tls = std::move(tls)};
  if (options.high_water || options.low_water)
    settings.marks = WaterMarks(options.high_water, options.low_water);
  auto callbacks = std::make_shared<const stream_callbacks>(
      stream_callbacks{.read_cb = std::move(read_cb),
                       .stream_read_cb = std::move(stream_read_cb),
                       .write_cb = std::move(options.write_cb),
                       .event_cb = std::move(options.event_cb),
                       .connect_cb = std::move(options.connect_cb),
                       .close_cb = std::move(options.close_cb),
                       .pause_write_cb = std::move(options.pause_write_cb),
                       .resume_write_cb = std::move(options.resume_write_cb)});
  auto made = std::make_shared<stream>(in, kind, stream::direction::outgoing, std::move(callbacks), settings);
  in.adopt(made);
  made->write(std::as_bytes(std::span(options.data)), false);
  if (options.read_timeout || options.write_timeout)
    made->set_timeouts(options.read_timeout, options.write_timeout);  // CL-160
  return made;
}

std::shared_ptr<socket> start_tcp(const std::string& host, std::uint16_t port, read_callback read_cb,
                                  stream_read_callback stream_read_cb, connect_options& options,
                                  std::shared_ptr<const tls_settings> tls) {
  auto made =
      make_client(stream::kind::tcp, std::move(read_cb), std::move(stream_read_cb), options, std::move(tls));
  if (const auto where = socket_address::parse(host, port)) {
    made->connect(*where);
    return made;
  }
  try {
    dns_lookup(host,
               [made, port](const std::string& address, address_family) {
                 if (const auto found = socket_address::parse(address, port)) made->connect(*found);
               },
               {.event_cb = [made](const std::exception& event) { made->not_resolved(event); }});
  } catch (...) {
    made->abort();  // nothing is left behind when the call throws
    throw;
  }
  return made;
}

}  // namespace detail

namespace {

std::shared_ptr<socket> start_pipe(const std::string& name, read_callback read_cb,
                                   stream_read_callback stream_read_cb, connect_options& options) {
  auto made = detail::make_client(stream::kind::pipe, std::move(read_cb), std::move(stream_read_cb), options);
  made->connect_pipe(name);
  return made;
}

}  // namespace

std::shared_ptr<socket> tcp_connect(const std::string& host, std::uint16_t port, read_callback read_cb,
                                    connect_options options) {
  return detail::start_tcp(host, port, std::move(read_cb), {}, options);
}

std::shared_ptr<socket> tcp_connect(const std::string& host, std::uint16_t port, read_callback read_cb,
                                    event_callback event_cb, connect_options options) {
  detail::warn_of_positional_event_cb("tcp_connect");
  if (event_cb) options.event_cb = std::move(event_cb);
  return tcp_connect(host, port, std::move(read_cb), std::move(options));
}

std::shared_ptr<socket> pipe_connect(const std::string& name, read_callback read_cb,
                                     connect_options options) {
  return start_pipe(name, std::move(read_cb), {}, options);
}

namespace detail {

std::shared_ptr<socket> connect_tcp(const std::string& host, std::uint16_t port, stream_read_callback read_cb,
                                    connect_options options) {
  options.stream = true;
  return start_tcp(host, port, {}, std::move(read_cb), options);
}

std::shared_ptr<socket> connect_tcp(const std::string& host, std::uint16_t port, stream_read_callback read_cb,
                                    event_callback event_cb, connect_options options) {
  warn_of_positional_event_cb("tcp_connect");
  if (event_cb) options.event_cb = std::move(event_cb);
  return connect_tcp(host, port, std::move(read_cb), std::move(options));
}

std::shared_ptr<socket> connect_pipe(const std::string& name, stream_read_callback read_cb,
                                     connect_options options) {
  options.stream = true;
  return start_pipe(name, {}, std::move(read_cb), options);
}

void warn_of_positional_event_cb(std::string_view function) {
  static std::atomic_flag warned;  // on stderr
  loop& in = loop::current();
  const bool before =
      in.has_warning_cb() ? std::exchange(in.warned_of_position, true) : warned.test_and_set();
  if (!before)
    in.warn(std::string(function) +
            "'s event_cb as an argument of its own is deprecated: use {.event_cb = ...}");
}

}  // namespace detail

}  // namespace antiphon::cl_async_style
