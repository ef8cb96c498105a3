#pragma once

/// All of cl-async's model: a loop, callbacks registered at the listener, conditions.

#include "antiphon/cl_async_style/async_stream.hpp"
#include "antiphon/cl_async_style/client.hpp"
#include "antiphon/cl_async_style/conditions.hpp"
#include "antiphon/cl_async_style/dns.hpp"
#include "antiphon/cl_async_style/event_loop.hpp"
#include "antiphon/cl_async_style/events.hpp"
#include "antiphon/cl_async_style/filesystem.hpp"
#include "antiphon/cl_async_style/process.hpp"
#include "antiphon/cl_async_style/socket.hpp"
#include "antiphon/cl_async_style/ssl.hpp"
#include "antiphon/cl_async_style/tcp_server.hpp"
