#include "recorded_app.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "antiphon/cl_async_style/http/hooks.hpp"
#include "antiphon/cl_async_style/http/plugins/cookie.hpp"
#include "antiphon/cl_async_style/http/plugins/directory_router.hpp"
#include "antiphon/cl_async_style/http/plugins/get.hpp"
#include "antiphon/cl_async_style/http/plugins/http_var.hpp"
#include "antiphon/cl_async_style/http/plugins/multipart.hpp"
#include "antiphon/cl_async_style/http/plugins/post.hpp"
#include "antiphon/cl_async_style/http/routes.hpp"
#include "responses.hpp"

namespace antiphon::wookie_replay {

namespace as = cl_async_style;
using as::request;
using as::response;
using as::route_args;
using as::send_response;
using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds late{80};  // the recorder's handlers that answer later

json text_or_null(std::optional<std::string_view> text) {
  return text ? json(*text) : json();
}
json size_or_null(std::string_view body) {
  return body.empty() ? json() : json(body.size());
}

/// Defines routes whose handlers log themselves.
class routes {
 public:
  explicit routes(event_log& log) : log_(log) {}

  template <typename Handler>
  void add(const as::route_methods& methods, std::string_view resource, const std::string& name,
           Handler handler, as::defroute_options options = {}) {
    names_.insert(name);
    as::defroute(
        methods, resource,
        [&log = log_, name, handler](request& of, response& to, const route_args& args) {
          std::string method(of.method());
          std::transform(method.begin(), method.end(), method.begin(),
                         [](char c) { return static_cast<char>(c + ('a' - 'A')); });
          json event{{"event", "handler"},
                     {"route", name},
                     {"method", method},
                     {"resource", of.target()},
                     {"body", size_or_null(as::request_body(of))}};
          if (!args.empty()) event["groups"] = args;
          log.add(std::move(event));
          handler(of, to);
        },
        std::move(options));
  }
  void say(const as::route_methods& methods, std::string_view resource, const std::string& name,
           const std::string& text, as::defroute_options options = {}) {
    add(
        methods, resource, name, [text](request&, response& to) { send_response(to, {.body = text}); },
        std::move(options));
  }
  [[nodiscard]] bool knows(const std::string& name) const { return names_.contains(name); }

 private:
  event_log& log_;
  std::set<std::string> names_;
};

void log_chunks(request& of, response& to, event_log& log, std::string_view answer) {
  as::with_chunking(of, [&to, &log, answer](std::span<const std::byte> piece, bool last) {
    log.add({{"event", "chunk"},
             {"n", piece.size()},
             {"text", std::string(reinterpret_cast<const char*>(piece.data()), piece.size())},
             {"last", last}});
    if (last) send_response(to, {.body = answer});
  });
}

/// What a peer asks for in a trace.
struct asked {
  std::string method;
  std::string resource;
  std::string host;
};

std::vector<asked> requests_of(const json& trace) {
  std::string sent;
  for (const json& step : trace["peer_script"])
    if (step[0] == "send_text") sent += step[1].get<std::string>();
  std::vector<asked> out;
  for (std::size_t at = 0; (at = sent.find(" HTTP/1.", at)) != std::string::npos; ++at) {
    const std::size_t line = sent.rfind('\n', at) == std::string::npos ? 0 : sent.rfind('\n', at) + 1;
    const std::string start = sent.substr(line, at - line);
    const std::size_t space = start.find(' ');
    if (space == std::string::npos) continue;
    const std::size_t end = std::min(sent.find("\r\n\r\n", at), sent.size());
    const std::size_t host = sent.find("Host: ", at);
    out.push_back({start.substr(0, space), start.substr(space + 1),
                   host < end ? sent.substr(host + 6, sent.find("\r\n", host) - host - 6) : ""});
  }
  return out;
}

/// The answers that a trace has recorded, in order.
struct recorded_answer {
  unsigned status;
  std::string body;
};

std::vector<recorded_answer> answers_of(const json& trace) {
  std::vector<recorded_answer> out;
  for (const json& event : trace["peer_events"]) {
    const std::string text = event.value("result", json::object()).value("text", "");
    for (std::size_t at = text.find("HTTP/1.1 "); at != std::string::npos;
         at = text.find("HTTP/1.1 ", at + 1)) {
      const std::size_t body = text.find("\r\n\r\n", at);
      if (body == std::string::npos) break;
      const auto status = static_cast<unsigned>(std::stoul(text.substr(at + 9, 3)));
      const std::size_t next = std::min(text.find("HTTP/1.1 ", at + 1), text.size());
      if (status != 100) out.push_back({status, text.substr(body + 4, next - body - 4)});
    }
  }
  return out;
}

std::string path_of(const std::string& resource) {
  http::Request decoder;
  return decoder.set_target(resource) ? std::string(decoder.path()) : resource;
}

/// Routes for handlers that only the trace knows: the n-th request whose handler is unknown got the n-th
/// answer.
void define_unknown_handlers(const json& trace, routes& app) {
  const auto requests = requests_of(trace);
  const auto answers = answers_of(trace);
  if (requests.size() != answers.size()) return;
  std::size_t next = 0;
  for (const json& event : trace["events"]) {
    if (event["event"] != "handler") continue;
    const std::string resource = event["resource"];
    while (next < requests.size() && requests[next].resource != resource) ++next;
    if (next == requests.size()) return;
    const asked& what = requests[next];
    const recorded_answer& answer = answers[next++];
    const std::string name = event["route"];
    if (app.knows(name)) continue;
    const bool several_hosts = std::any_of(requests.begin(), requests.end(), [&](const asked& other) {
      return other.resource == what.resource && other.host != what.host;
    });
    app.add(what.method, path_of(resource), name,
            [answer](request&, response& to) {
              send_response(to, {.status = answer.status, .body = answer.body});
            },
            {.regex = false, .replace = false, .vhost = several_hosts ? what.host : ""});
  }
}

}  // namespace

void define_recorded_app(const json& trace, event_log& log, script_clock& clock) {
  routes app(log);
  const as::defroute_options chunk{.chunk = true};
  app.say("GET", "/hello", "hello", "hi");
  app.say("*", "/any", "any", "any");
  app.add("POST", "/echo", "echo", [](request& of, response& to) {
    send_response(to, {.body = as::request_body(of).empty() ? "(none)" : as::request_body(of)});
  });
  app.say("GET", "/CASE", "case", "case");
  app.say("GET", "/NOCASE", "nocase", "nocase", {.case_sensitive = false});
  app.say({"PUT", "DELETE"}, "/multi", "multi", "multi");
  app.say("GET", "/item/([0-9]+)/([a-z]+)", "item", "item");
  app.say("GET", "/lit.eral", "literal", "lit", {.regex = false});
  app.say("GET", "/alt|/other", "alt", "alt");
  app.say("GET", "/prio", "prio-0", "p0", {.replace = false});
  app.say("GET", "/prio", "prio-5", "p5", {.replace = false, .priority = 5});
  app.add("GET", "/next", "next-1", [](request&, response&) { as::next_route(); }, {.replace = false});
  app.say("GET", "/next", "next-2", "second", {.replace = false});
  app.add("GET", "/nextnone", "nextnone", [](request&, response&) { as::next_route(); });
  app.add("GET", "/error", "error", [](request&, response&) { throw std::runtime_error("route boom"); });
  app.add("GET", "/werror", "werror", [](request&, response&) { throw as::wookie_error("w-boom"); });
  app.add("GET", "/never", "never", [](request&, response&) {});
  app.add("GET", "/late", "late", [&](request&, response& to) {
    clock.later(late, [&log, hold = as::response_handle(to)] {
      try {
        send_response(hold.get(), {.body = "late"});
      } catch (const as::streamish_closed&) {
        log.add({{"event", "log"}, {"label", "socket-closed"}});
      }
    });
  });
  app.add("GET", "/double", "double", [&](request&, response& to) {
    send_response(to, {.body = "one"});
    try {
      send_response(to, {.body = "two"});
    } catch (const as::response_already_sent& error) {
      log.add({{"event", "log"}, {"label", error.type_name()}});
    }
  });
  app.add("GET", "/headers", "headers", [](request&, response& to) {
    as::response_headers(to).add("X-On-Object", "1");
    send_response(to, {.status = 299,
                       .headers = {{"Content-Type", "text/x"},
                                   {"Set-Cookie", "a=1"},
                                   {"Set-Cookie", "b=2"},
                                   {"X-Inject", "v"}},
                       .body = "h"});
  });
  app.add("GET", "/nobody", "nobody", [](request&, response& to) { send_response(to, {.status = 204}); });
  app.add("GET", "/close", "close",
          [](request&, response& to) { send_response(to, {.body = "bye", .close = true}); });
  app.add("GET", "/stream", "stream", [](request&, response& to) {
    as::start_response(to, 200, {{"Content-Type", "text/plain"}});
    as::write_response(to, "hello");
    as::write_response(to, " world");
    as::finish_response(to);
  });
  app.add("GET", "/streamlate", "streamlate", [&](request&, response& to) {
    as::start_response(to);
    as::write_response(to, "part1");
    clock.later(late, [&to] {
      as::write_response(to, "part2");
      as::finish_response(to);
    });
  });
  app.add("POST", "/no100", "no100", [](request&, response& to) { send_response(to, {.body = "ok"}); },
          {.suppress_100 = true});
  app.add(
      "POST", "/early", "early", [](request&, response& to) { send_response(to, {.body = "early"}); }, chunk);
  app.add(
      "POST", "/chunk", "chunk", [&](request& of, response& to) { log_chunks(of, to, log, "chunks done"); },
      chunk);
  app.add(
      "POST", "/lateck", "lateck",
      [&](request& of, response& to) {
        clock.later(late, [&of, &to, &log] { log_chunks(of, to, log, "late chunks"); });
      },
      chunk);
  if (!trace["server_script"].value("plugins", false)) define_unknown_handlers(trace, app);
}

void define_plugin_app(event_log& log, const std::filesystem::path& folder) {
  routes app(log);
  const auto ok = [](response& to) { send_response(to, {.body = "ok"}); };
  app.say("GET", "/over", "over-get", "get");
  app.say("PUT", "/over", "over-put", "put");
  app.add("GET", "/getvar", "getvar", [&log, ok](request& of, response& to) {
    log.add({{"event", "log"},
             {"label", "get"},
             {"a", text_or_null(as::get_var(of, "a"))},
             {"b", text_or_null(as::get_var(of, "b"))}});
    ok(to);
  });
  app.add("POST", "/postvar", "postvar", [&log, ok](request& of, response& to) {
    log.add({{"event", "log"},
             {"label", "post"},
             {"a", text_or_null(as::post_var(of, "a"))},
             {"http_var", text_or_null(as::http_var(of, "a"))}});
    ok(to);
  });
  app.add("POST", "/form", "form", [&log, ok](request& of, response& to) {
    log.add({{"event", "log"},
             {"label", "form"},
             {"a", text_or_null(as::form_var(of, "a"))},
             {"file", as::file_upload(of, "file") != nullptr}});
    ok(to);
  });
  app.add("GET", "/cookie", "cookie", [&log, ok](request& of, response& to) {
    log.add({{"event", "log"},
             {"label", "cookie"},
             {"a", text_or_null(as::cookie_var(of, "a"))},
             {"b", text_or_null(as::cookie_var(of, "b"))}});
    as::set_cookie(to, "c1", "v1", {.max_age = std::chrono::seconds(5), .path = "/", .http_only = true});
    as::set_cookie(to, "c2", "v2");
    ok(to);
  });
  as::def_directory_route("/static", folder);
  as::def_directory_route("/nolist", folder, {.disable_directory_listing = true});
}

void define_hooks(const std::string& what, event_log& log, const std::function<int(as::socket&)>& number) {
  const auto note = [&log](const char* name, json more) {
    json event{{"event", "hook"}, {"name", name}};
    event.update(more);
    log.add(std::move(event));
  };
  // What the script wants of a kind beside the note of it.
  const auto act = [what, &log](std::string_view kind) -> as::promise {
    if (what == std::string(kind) + "-error" || (what == "error" && kind == "pre-route"))
      throw std::runtime_error("hook boom");
    if (what != std::string(kind) + "-defer") return {};
    return as::make_promise([&log](const as::resolver& done) {
      as::delay([&log, done] {
        log.add({{"event", "log"}, {"label", "promise resolved"}});
        done.resolve();
      });
    });
  };
  as::add_hook(as::hook::connect, [=](as::socket& which) {
    note("connect", {{"sock", number(which)}});
    return act("connect");
  });
  as::add_hook(as::hook::parsed_headers, [=](request& of) {
    note("parsed-headers", {{"resource", "#<QURI.URI:URI " + std::string(of.target()) + ">"}});
    return act("parsed-headers");
  });
  as::add_hook(as::hook::pre_route, [=](request& of, response&) {
    note("pre-route", {{"body", size_or_null(as::request_body(of))}});
    return act("pre-route");
  });
  as::add_hook(as::hook::body_chunk, [=](request&, std::span<const std::byte> chunk, bool last) {
    note("body-chunk", {{"n", chunk.size()}, {"last", last}});
    return act("body-chunk");
  });
  as::add_hook(as::hook::body_complete, [=](request& of) {
    note("body-complete", {{"body", size_or_null(as::request_body(of))}});
    return act("body-complete");
  });
  as::add_hook(as::hook::response_started,
               [=](response&, request&, unsigned status, std::span<const http::Field>, std::string_view) {
                 note("response-started", {{"status", status}});
                 return act("response-started");
               });
  as::add_hook(as::hook::post_route, [=](request&, response& to) {
    note("post-route", {{"finished", as::response_finished_p(to)}});
    return act("post-route");
  });
}

void write_files(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "sub");
  const std::map<std::string, std::string> files{{"hello.txt", "hello file\n"},
                                                 {"p.html", "<p>"},
                                                 {"blob.zzz", "zz"},
                                                 {"empty.txt", ""},
                                                 {"../secret.txt", "SECRET"}};
  for (const auto& [name, text] : files) std::ofstream(folder / name, std::ios::binary) << text;
}

}  // namespace antiphon::wookie_replay
