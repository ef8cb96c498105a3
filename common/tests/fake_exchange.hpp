#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "antiphon/http/exchange.hpp"

namespace antiphon::http {

/// An exchange in memory whose client takes octets when the test says so.
class FakeExchange : public Exchange {
 public:
  using Exchange::respond;
  using Exchange::write;

  void respond(const ResponseView& response) override {
    start(response.status, response.fields, response.body.size());
    write(response.body);
    finish();
  }
  void start(unsigned with, std::span<const Field> fields, std::optional<std::uint64_t> of_length) override {
    status = with;
    length = of_length;
    for (const Field& field : fields) headers.add(field.name, field.value);
  }
  void write(std::span<const std::byte> octets) override {
    body.append(reinterpret_cast<const char*>(octets.data()), octets.size());
    waiting += octets.size();
    most_waiting = std::max(most_waiting, waiting);
  }
  void finish() override { finished = true; }
  [[nodiscard]] bool writable() const override { return waiting <= high; }
  void on_writable(Callback callback) override { writable_callback = std::move(callback); }
  void on_body(BodyCallback callback) override { body_callback = std::move(callback); }
  void pause_body() override { body_paused = true; }
  void resume_body() override { body_paused = false; }
  void after(std::chrono::milliseconds time, Callback callback) override {
    delay = time;
    timer = std::move(callback);
  }
  void on_cancel(Callback callback) override { cancel = std::move(callback); }

  /// The client took all that waits.
  void drain() {
    waiting = 0;
    const Callback callback = writable_callback;  // it may replace itself
    if (callback && !finished) callback();
  }

  unsigned status = 0;
  std::optional<std::uint64_t> length;
  Headers headers;
  std::string body;
  std::size_t waiting = 0;
  std::size_t most_waiting = 0;
  std::size_t high = 65536;
  bool finished = false;
  bool body_paused = false;
  std::chrono::milliseconds delay{};
  Callback writable_callback;
  Callback timer;
  Callback cancel;
  BodyCallback body_callback;
};

}  // namespace antiphon::http
