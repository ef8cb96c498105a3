// Asio, compiled once: the other translation units see its declarations only.
#include <boost/asio/impl/src.hpp>
