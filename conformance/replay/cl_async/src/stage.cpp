#include "stage.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "certificate.hpp"

namespace antiphon::conformance::cl_async {

namespace {

/// A socket of 127.0.0.1 that is bound and does not listen: nobody else can take its port meanwhile.
std::pair<int, std::uint16_t> bound_socket() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(where);
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&where), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) != 0)
    throw HarnessError("no port of 127.0.0.1 can be had");
  return {fd, ntohs(where.sin_port)};
}

bool is_name(const Json& what) {
  return what.is_string() && what.get_ref<const std::string&>().starts_with('$');
}

void close_once(int& fd) {
  if (fd >= 0) ::close(std::exchange(fd, -1));
}

}  // namespace

Stage::Stage() {
  std::tie(peer_listener_, ports_["$PEER"]) = bound_socket();
  std::tie(listening_fd_, ports_["$FDPORT"]) = bound_socket();
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw HarnessError("no pipe can be made");
  pipe_read_ = ends[0];
  pipe_write_ = ends[1];
}

Stage::~Stage() {
  for (int* fd : {&peer_listener_, &listening_fd_, &pipe_read_, &pipe_write_}) close_once(*fd);
}

std::uint16_t Stage::port(const Json& port) const {
  if (port.is_number_unsigned()) return port.get<std::uint16_t>();
  if (!is_name(port)) throw HarnessError("no port: " + port.dump());
  const std::scoped_lock lock(mutex_);
  const auto& name = port.get_ref<const std::string&>();
  if (const auto found = ports_.find(name); found != ports_.end()) return found->second;
  if (name.starts_with("$PORT")) return 0;
  throw HarnessError("unknown port '" + name + "'");
}

void Stage::set_port(const Json& name, std::uint16_t port) {
  if (!is_name(name)) return;
  const std::scoped_lock lock(mutex_);
  ports_.emplace(name.get<std::string>(), port);
}

std::string Stage::path(const Json& path) {
  if (!path.is_string()) throw HarnessError("no path: " + path.dump());
  const auto& name = path.get_ref<const std::string&>();
  if (!is_name(path)) return name;
  const std::scoped_lock lock(mutex_);
  if (name == "$CERT" || name == "$KEY") {
    if (!std::exchange(certificates_made_, true))
      make_certificate(folder_.path("cert.pem"), folder_.path("key.pem"));
    return folder_.path(name == "$CERT" ? "cert.pem" : "key.pem");
  }
  if (name.starts_with("$SOCK")) return folder_.path("sock" + name.substr(5));
  throw HarnessError("unknown path '" + name + "'");
}

int Stage::descriptor(const Json& fd) {
  if (fd.is_number_integer()) return fd.get<int>();
  const std::scoped_lock lock(mutex_);
  if (fd == "$FD") return listening_fd_;
  if (fd == "$PFD") return pipe_read_;
  throw HarnessError("unknown descriptor " + fd.dump());
}

void Stage::give_away(const Json& fd) {
  const std::scoped_lock lock(mutex_);
  if (fd == "$FD") listening_fd_ = -1;
}

void Stage::write_pipe(const std::string& octets) const {
  if (::write(pipe_write_, octets.data(), octets.size()) < 0) throw HarnessError("pipe_write failed");
}

void Stage::fail(const std::string& message) {
  const std::scoped_lock lock(mutex_);
  if (!failure_) failure_ = message;
}

std::optional<std::string> Stage::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

}  // namespace antiphon::conformance::cl_async
