#include "http_client.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>

namespace antiphon::http_conformance {

namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::uint64_t number(std::string_view text, int base, const char* what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    throw BadAnswer(std::string(what) + " is no number: '" + std::string(text) + "'");
  return value;
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

/// While it lives, calls on the descriptor do not wait.
class NonBlocking {
 public:
  explicit NonBlocking(int fd) : fd_(fd), before_(::fcntl(fd, F_GETFL)) {
    ::fcntl(fd_, F_SETFL, before_ | O_NONBLOCK);
  }
  NonBlocking(const NonBlocking&) = delete;
  NonBlocking& operator=(const NonBlocking&) = delete;
  ~NonBlocking() { ::fcntl(fd_, F_SETFL, before_); }

 private:
  int fd_;
  int before_;
};

}  // namespace

HttpClient::HttpClient(const Address& to) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found);
      error != 0)
    throw std::runtime_error("cannot resolve " + to.host + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr && fd_ < 0; one = one->ai_next) {
    fd_ = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (fd_ >= 0 && ::connect(fd_, one->ai_addr, one->ai_addrlen) != 0) {
      const int error = errno;
      ::close(std::exchange(fd_, -1));
      errno = error;
    }
  }
  if (fd_ < 0)
    throw std::runtime_error("cannot connect to " + to.host + ":" + std::to_string(to.port) + ": " +
                             std::strerror(errno));
  const timeval limit{patience_seconds, 0};
  const int on = 1;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (to.tls) shake_hands();
}

HttpClient::~HttpClient() {
  if (ssl_) SSL_shutdown(ssl_.get());
  if (fd_ >= 0) ::close(fd_);
}

void HttpClient::shake_hands() {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return made;
  }();
  ssl_ = std::shared_ptr<SSL>(SSL_new(context), SSL_free);
  SSL_set_fd(ssl_.get(), fd_);
  ERR_clear_error();
  if (SSL_connect(ssl_.get()) != 1) throw BadAnswer("the TLS handshake failed");
}

std::ptrdiff_t HttpClient::write_some(std::string_view octets) {
  errno = 0;
  ERR_clear_error();
  if (!ssl_) return ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
  return SSL_write(ssl_.get(), octets.data(),
                   static_cast<int>(std::min<std::size_t>(octets.size(), INT_MAX)));
}

std::ptrdiff_t HttpClient::read_some(std::span<char> room) {
  errno = 0;
  ERR_clear_error();
  if (!ssl_) return ::recv(fd_, room.data(), room.size(), 0);
  return SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()));
}

void HttpClient::send(std::string_view octets) {
  const NonBlocking now(fd_);
  while (!octets.empty()) {
    const std::ptrdiff_t count = write_some(octets);
    if (count > 0) {
      octets.remove_prefix(static_cast<std::size_t>(count));
    } else if (would_block()) {
      wait_for_room();
    } else {
      return;
    }
  }
}

/// Until the server takes more, and takes in what it says until then: one that answers while it is sent to
/// may wait for its answer to be read.
void HttpClient::wait_for_room() {
  pollfd which{fd_, static_cast<short>(over_ ? POLLOUT : POLLIN | POLLOUT), 0};
  if (::poll(&which, 1, patience_seconds * 1000) <= 0) throw BadAnswer("the server takes no more octets");
  if (over_ || (which.revents & POLLIN) == 0) return;
  std::array<char, 65536> piece{};
  const std::ptrdiff_t count = read_some(piece);
  if (count >= 0 || !would_block()) take_in(count, {piece.data(), piece.size()});
}

void HttpClient::half_close() {
  if (ssl_)
    SSL_shutdown(ssl_.get());
  else
    ::shutdown(fd_, SHUT_WR);
}

bool HttpClient::receive() {
  if (over_) return false;
  std::array<char, 65536> piece{};
  const std::ptrdiff_t count = read_some(piece);
  if (count < 0 && would_block()) throw BadAnswer("nothing came in time");
  return take_in(count, {piece.data(), piece.size()});
}

/// What a read brought; false at the end.
bool HttpClient::take_in(std::ptrdiff_t count, std::string_view octets) {
  if (count <= 0) {
    over_ = true;
    reset_ = count < 0 && errno == ECONNRESET;
    cut_ = ssl_ && SSL_get_error(ssl_.get(), static_cast<int>(count)) != SSL_ERROR_ZERO_RETURN;
    return false;
  }
  received_.erase(0, std::exchange(used_, 0));
  received_.append(octets.substr(0, static_cast<std::size_t>(count)));
  return true;
}

std::string HttpClient::use(std::size_t count) {
  std::string octets(pending().substr(0, count));
  used_ += octets.size();
  return octets;
}

std::string HttpClient::line() {
  std::size_t from = 0;
  while (true) {
    const std::size_t end = pending().find("\r\n", from);
    if (end != std::string::npos) {
      std::string text = use(end + 2);
      text.resize(end);
      if (text.find_first_of("\r\n") != std::string::npos)
        throw BadAnswer("a bare CR or LF in a line of the response");
      return text;
    }
    from = pending().empty() ? 0 : pending().size() - 1;
    if (!receive())
      throw BadAnswer("the connection ended inside a line of the response: '" + std::string(pending()) + "'");
  }
}

std::string HttpClient::take(std::size_t count) {
  while (pending().size() < count)
    if (!receive())
      throw BadAnswer("the connection ended after " + std::to_string(pending().size()) + " of " +
                      std::to_string(count) + " octets of a body");
  return use(count);
}

void HttpClient::chunks(std::string& body) {
  while (true) {
    const std::string size_line = line();
    const auto size = number(std::string_view(size_line).substr(0, size_line.find(';')), 16, "a chunk size");
    if (size == 0) break;
    body += take(static_cast<std::size_t>(size));
    if (take(2) != "\r\n") throw BadAnswer("a chunk without CR LF behind it");
  }
  while (!line().empty()) {
  }
}

Response HttpClient::read(bool to_head) {
  Response response;
  if (pending().empty() && !receive()) return response;
  std::string text = line();
  response.head = text + "\r\n";
  if (text.size() < 13 || !text.starts_with("HTTP/1.") || text[7] < '0' || text[7] > '1' || text[8] != ' ' ||
      text[12] != ' ')
    throw BadAnswer("no status line: '" + text + "'");
  response.minor = static_cast<unsigned>(text[7] - '0');
  response.status = static_cast<unsigned>(number(std::string_view(text).substr(9, 3), 10, "the status"));
  while (!(text = line()).empty()) {
    response.head += text + "\r\n";
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || !is_token(std::string_view(text).substr(0, colon)))
      throw BadAnswer("no field line: '" + text + "'");
    std::string_view value = std::string_view(text).substr(colon + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    response.fields.add(std::string_view(text).substr(0, colon), value);
  }
  // RFC 9112, 6.3, in its order.
  if (to_head || response.status < 200 || response.status == 204 || response.status == 304) return response;
  if (const auto coding = response.fields.get("Transfer-Encoding")) {
    if (!http::equal_ignoring_case(*coding, "chunked")) throw BadAnswer("an unknown transfer coding");
    chunks(response.body);
  } else if (const auto length = response.fields.get("Content-Length")) {
    response.body = take(static_cast<std::size_t>(number(*length, 10, "Content-Length")));
  } else {
    response.to_close = true;
    response.body = read_to_end();
  }
  return response;
}

bool HttpClient::ended() {
  return pending().empty() && !receive();
}

std::string HttpClient::read_to_end() {
  while (receive()) {
  }
  return use(std::string::npos);
}

}  // namespace antiphon::http_conformance
