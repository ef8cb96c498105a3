#include "support.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <stdexcept>

#include "connecting.hpp"
#include "resolve.hpp"

namespace antiphon::asio_style::test {

// ---- trace

void Trace::add(std::string event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  changed_.notify_all();
  if (on_change) on_change();
}

std::vector<std::string> Trace::events() const {
  const std::lock_guard lock(mutex_);
  return events_;
}

std::size_t Trace::count(std::string_view event) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(events_.begin(), events_.end(),
                                                [&](const auto& seen) { return seen.starts_with(event); }));
}

bool Trace::wait(std::string_view event, std::size_t times) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] {
    return static_cast<std::size_t>(std::count_if(events_.begin(), events_.end(), [&](const auto& seen) {
             return seen.starts_with(event);
           })) >= times;
  });
}

void Trace::clear() {
  const std::lock_guard lock(mutex_);
  events_.clear();
}

// ---- protocol

Scripted::Scripted(Trace& trace, const Hooks& hooks, std::string name)
    : trace_(&trace), hooks_(&hooks), name_(std::move(name)) {}

void Scripted::tell(const std::string& event, const Hook& hook) {
  trace_->add(name_ + event);
  if (hook) hook(*this);
}

void Scripted::connection_made(std::shared_ptr<Transport> made) {
  transport = std::move(made);
  tell("CM", hooks_->connection_made);
}

void Scripted::data_received(std::span<const std::byte> data) {
  received.append(reinterpret_cast<const char*>(data.data()), data.size());
  ++blocks;
  largest = std::max(largest, data.size());
  const auto seen = trace_->events();
  if (!seen.empty() && seen.back() == name_ + "DR") {
    if (trace_->on_change) trace_->on_change();
    if (hooks_->data_received) hooks_->data_received(*this);
  } else {
    tell("DR", hooks_->data_received);
  }
}

bool Scripted::eof_received() {
  tell("ER", nullptr);
  return hooks_->eof_received && hooks_->eof_received(*this);
}

void Scripted::connection_lost(std::exception_ptr exc) {
  lost = exc;
  tell("CL " + describe(exc), hooks_->connection_lost);
}

void Scripted::pause_writing() {
  tell("PW", hooks_->pause_writing);
}
void Scripted::resume_writing() {
  tell("RW", hooks_->resume_writing);
}

// ---- bench

Bench::Bench() {
  loop.set_exception_handler([this](EventLoop&, const ExceptionContext& context) {
    trace.add("handler " + context.message + ": " + describe(context.exception));
  });
  loop.set_logger([this](LogLevel level, std::string_view message) {
    if (level >= LogLevel::warning) trace.add("log " + std::string(message));
  });
}

Bench::~Bench() {
  loop.close();
  trace.on_change = nullptr;
}

ProtocolFactory Bench::factory() {
  return [this] {
    if (hooks.factory) hooks.factory();
    protocols.push_back(std::make_shared<Scripted>(trace, hooks));
    return protocols.back();
  };
}

void Bench::listen(CreateServerOptions options) {
  server = loop.run_until_complete(options.sock
                                       ? loop.create_server(factory(), std::nullopt, std::nullopt, options)
                                       : loop.create_server(factory(), "127.0.0.1", 0, options));
}

std::uint16_t Bench::port() const {
  return server->sockets().at(0).getsockname().port;
}

void Bench::run_until(std::string_view event, std::size_t times) {
  run_until_true([&] { return trace.count(event) >= times; });
  if (trace.count(event) < times)
    ADD_FAILURE() << "no " << event << " in: " << testing::PrintToString(events());
}

void Bench::run_until_true(const std::function<bool()>& holds) {
  if (holds()) return;
  bool late = false;
  auto limit = loop.call_later(patience, [&] {
    late = true;
    loop.stop();
  });
  trace.on_change = [&] {
    if (holds()) loop.stop();
  };
  loop.run_forever();
  trace.on_change = nullptr;
  limit.cancel();
  if (late) ADD_FAILURE() << "too late; so far: " << testing::PrintToString(events());
}

void Bench::look_until(const std::function<bool()>& holds) {
  const auto late = Clock::now() + patience;
  loop.run_until_complete(
      [](EventLoop& turning, const std::function<bool()>& condition, TimePoint limit) -> Task<void> {
        while (!condition() && turning.time() < limit) co_await turning.sleep(std::chrono::microseconds(100));
      }(loop, holds, late));
  if (!holds()) ADD_FAILURE() << "too late; so far: " << testing::PrintToString(events());
}

void Bench::turn(int turns) {
  loop.run_until_complete([](EventLoop& turning, int times) -> Task<void> {
    for (int i = 0; i < times; ++i) co_await turning.sleep(std::chrono::nanoseconds(0));
  }(loop, turns));
}

// ---- peer

namespace {

void must(bool fine, const char* what) {
  if (!fine)
    throw std::runtime_error(std::string("peer: ") + what + ": " + std::generic_category().message(errno));
}

}  // namespace

Peer::Peer(std::uint16_t port, int receive_buffer) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  must(fd_ >= 0, "socket");
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  set_limits();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  must(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "connect");
}

Peer::Peer(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  must(fd_ >= 0, "socket");
  set_limits();
  const auto name = detail::unix_name(path);
  must(::connect(fd_, name.get(), name.length) == 0, "connect");
}

Peer::Peer(detail::UniqueFd connected) : fd_(connected.release()) {
  set_limits();
}

void Peer::set_limits() const {
  const timeval limit{patience.count(), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Peer::~Peer() {
  if (fd_ >= 0) ::close(fd_);
}

void Peer::send(std::string_view data) const {
  while (!data.empty()) {
    const ssize_t sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
    must(sent > 0, "send");
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string Peer::read(std::size_t count) const {
  std::string data(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = ::recv(fd_, data.data() + have, count - have, 0);
    must(got > 0, "recv");
    have += static_cast<std::size_t>(got);
  }
  return data;
}

Peer::Rest Peer::read_to_end() const {
  Rest rest;
  std::string block(64 * 1024, '\0');
  for (;;) {
    const ssize_t got = ::recv(fd_, block.data(), block.size(), 0);
    if (got == 0) return rest;
    if (got < 0 && errno == ECONNRESET) {
      rest.reset = true;
      return rest;
    }
    must(got > 0, "recv");
    rest.bytes.append(block, 0, static_cast<std::size_t>(got));
  }
}

void Peer::shutdown_write() const {
  must(::shutdown(fd_, SHUT_WR) == 0, "shutdown");
}

void Peer::close() {
  ::close(fd_);
  fd_ = -1;
}

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

// ---- sockets of the kernel's alone

detail::UniqueFd bound_to(const char* host, std::uint16_t port) {
  const auto address = detail::numeric(host, port, AF_UNSPEC);
  must(address.has_value(), "numeric address");
  detail::UniqueFd fd(::socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  must(static_cast<bool>(fd), "socket");
  must(::bind(fd.get(), address->name.get(), address->name.length) == 0, "bind");
  return fd;
}

Listening::Listening(const char* host, int backlog, std::uint16_t on_port) : fd_(bound_to(host, on_port)) {
  must(::listen(fd_.get(), backlog) == 0, "listen");
}

Peer Listening::accept() const {
  detail::UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  must(static_cast<bool>(fd), "accept");
  return Peer(std::move(fd));
}

Refusing::Refusing(const char* host) : fd_(bound_to(host)) {}

// ---- connected

void Connected::connect() {
  listen();
  peer.emplace(port(), 16 * 1024);
  run_until("CM");
}

Peer::Rest Connected::drain() {
  Peer::Rest rest;
  std::thread reader([&] { rest = peer->read_to_end(); });
  run_until("CL");
  reader.join();
  return rest;
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                       std::filesystem::directory_iterator());
}

std::string pattern(std::size_t count) {
  std::string data(count, '\0');
  for (std::size_t i = 0; i < count; ++i) data[i] = static_cast<char>(i % 251);
  return data;
}

}  // namespace antiphon::asio_style::test
