"""The walk of one request, folded by layer."""

import unittest

from antiphon_report import walk
from tests.support import WithFolder


class Names(unittest.TestCase):
    def test_a_function_is_told_without_what_all_share(self):
        for whole, short in (
                ("antiphon::asio_style::detail::LoopCore::turn()", "LoopCore::turn"),
                ("antiphon::(anonymous namespace)::hello(antiphon::http::Request const&, antiphon::http::Exchange&)", "hello"),
                ("antiphon::asio_style::StreamTransport::write(std::span<std::byte const, 18446744073709551615ul>)", "StreamTransport::write"),
                ("antiphon::asio_style::Listener::arm()::{lambda(boost::system::error_code const&)#1}::operator()(boost::system::error_code const&) const",
                 "lambda in Listener::arm"),
                ("antiphon::http::Headers::find(std::basic_string_view<char, std::char_traits<char> >) const", "Headers::find"),
                ("void antiphon::cl_async_style::loop::guard<antiphon::x::{lambda()#1}>(antiphon::x::{lambda()#1}&&)", "loop::guard"),
                ("bool antiphon::http::operator==(antiphon::http::Field const&, antiphon::http::Field const&)", "operator=="),
                ("antiphon::http::Guard::operator()() const", "Guard::operator()"), ("main", "main")):
            with self.subTest(whole):
                self.assertEqual(walk.short(whole), short)

    def test_the_file_names_the_layer(self):
        for file, layer in (("asio_style/src/loop_core.cpp", "loop"), ("asio_style/src/stream_writing.cpp", "transport"),
                            ("asio_style/http/src/http_protocol.cpp", "HTTP"), ("common/src/app.cpp", "app"), ("common/src/router.cpp", "app"),
                            ("common/src/parser.cpp", "HTTP"), ("cl_async_style/src/timers.cpp", "loop"),
                            ("cl_async_style/http/src/conversation.cpp", "HTTP"), ("cl_async_style/src/socket.cpp", "transport")):
            self.assertEqual(walk.layer_of(file), layer, file)


class Folded(WithFolder):
    def test_stretches_follow_the_layers(self):
        found = self.walk("asio_style")
        self.assertEqual([(one.layer, one.count, one.landmarks) for one in found.stretches],
                         [("loop", 1, ["LoopCore::turn"]), ("transport", 1, ["Listener::on_readable"]),
                          ("HTTP", 2, ["HttpProtocol::connection_made", "HttpProtocol::data_received"]), ("app", 1, ["hello"]),
                          ("transport", 2, ["StreamTransport::write"])])

    def test_repeated_steps_are_one_line(self):
        self.assertEqual([times for _, times in self.walk("asio_style").stretches[-1].steps], [2])

    def test_what_only_makes_a_value_is_counted_but_not_told(self):
        found = self.walk("asio_style")
        self.assertEqual((len(found.steps), len(found.told), found.distinct), (8, 7, 7))
        self.assertNotIn("Request::Request", [step.name for step in found.told])
