#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace antiphon::bench {

enum class Service { echo, http };

/// The largest upload that is measured has 1 GiB.
inline constexpr std::uint64_t largest_body = std::uint64_t{1} << 31U;

/// A server under measurement, on a free port of loopback. HTTP: the shared app and POST /sink, which counts
/// the body's octets; the bare ones answer /, /bytes/{n} and /sink with the same octets.
class Server {
 public:
  using Listening = std::function<void(std::uint16_t port)>;

  Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  virtual ~Server() = default;

  /// Serves on the calling thread until stop(); calls listening once.
  virtual void run(const Listening& listening) = 0;
  /// From any thread, after listening was called.
  virtual void stop() = 0;
};

using Factory = std::unique_ptr<Server> (*)(Service);
std::unique_ptr<Server> make_bare_epoll(Service service);
std::unique_ptr<Server> make_bare_asio(Service service);
std::unique_ptr<Server> make_bare_libuv(Service service);
std::unique_ptr<Server> make_bare_epoll_llhttp(Service service);
std::unique_ptr<Server> make_bare_asio_llhttp(Service service);
std::unique_ptr<Server> make_bare_libuv_llhttp(Service service);
std::unique_ptr<Server> make_asio_style(Service service);
std::unique_ptr<Server> make_cl_async_style(Service service);

struct Contender {
  std::string_view name;
  Factory make;
};
inline constexpr std::array contenders{
    Contender{"asio_style", make_asio_style}, Contender{"cl_async_style", make_cl_async_style},
    Contender{"bare_asio", make_bare_asio}, Contender{"bare_libuv", make_bare_libuv},
    Contender{"bare_epoll", make_bare_epoll}};
/// The bare ones with llhttp alone, in place of the styles' parser: what strictness costs.
inline constexpr std::array without_checks{Contender{"bare_asio_llhttp", make_bare_asio_llhttp},
                                           Contender{"bare_libuv_llhttp", make_bare_libuv_llhttp},
                                           Contender{"bare_epoll_llhttp", make_bare_epoll_llhttp}};

}  // namespace antiphon::bench
