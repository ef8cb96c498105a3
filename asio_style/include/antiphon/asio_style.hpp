#pragma once

/// Everything of the asyncio-shaped style: a loop, an object per connection, a transport to answer through.
#include "antiphon/asio_style/address.hpp"
#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/event_loop.hpp"
#include "antiphon/asio_style/executor.hpp"
#include "antiphon/asio_style/future.hpp"
#include "antiphon/asio_style/handle.hpp"
#include "antiphon/asio_style/options.hpp"
#include "antiphon/asio_style/protocol.hpp"
#include "antiphon/asio_style/server.hpp"
#include "antiphon/asio_style/ssl.hpp"
#include "antiphon/asio_style/task.hpp"
#include "antiphon/asio_style/transport.hpp"
#include "antiphon/asio_style/waiting.hpp"
