// The one file that compiles Boost.Beast.
#include <boost/beast/http/basic_parser.hpp>
#include <cerrno>

#include "net/http1.h"

namespace gleaner::net {
namespace {
namespace http = boost::beast::http;
using boost::beast::error_code;
using View = boost::beast::string_view;

/// Beast's events into our message.
template <bool is_request>
class Adapter final : public http::basic_parser<is_request> {
 public:
  explicit Adapter(Http1Parser& to) : to_(to) {}
  const Bytes* input = nullptr;
  Chain* body = nullptr;

 private:
  void on_request_impl(http::verb, View method, View target, int version, error_code&) override {
    to_.method.assign(method.data(), method.size());
    to_.target.assign(target.data(), target.size());
    to_.version = version;
  }
  void on_response_impl(int code, View, int version, error_code&) override {
    to_.status = code;
    to_.version = version;
  }
  void on_field_impl(http::field, View name, View value, error_code&) override {
    if (this->is_header_done()) return;  // trailers say nothing to us
    to_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(View part, error_code&) override { return take(part); }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View part, error_code&) override { return take(part); }
  void on_finish_impl(error_code&) override {}
  std::size_t take(View part) {
    body->append(input->slice(static_cast<std::size_t>(part.data() - input->data()), part.size()));
    return part.size();
  }
  Http1Parser& to_;
};

}  // namespace

struct Http1Parser::Impl {
  Adapter<true> request;
  Adapter<false> response;
  bool is_request;

  template <class F>
  auto with(F&& f) {
    return is_request ? f(request) : f(response);
  }
};

Http1Parser::Http1Parser(Http1Side side, std::size_t max_header, bool no_body)
    : is_request_(side == Http1Side::request), no_body_(no_body), max_header_(max_header) {
  restart();
}

void Http1Parser::restart() {
  impl_.reset(new Impl{Adapter<true>(*this), Adapter<false>(*this), is_request_});
  const auto limit = static_cast<std::uint32_t>(std::min<std::size_t>(max_header_, 16u << 20));
  impl_->request.header_limit(limit);
  impl_->response.header_limit(limit);
  impl_->request.body_limit(boost::none);
  impl_->response.body_limit(boost::none);
  if (no_body_) impl_->response.skip(true);
  headers.clear();
}
Http1Parser::~Http1Parser() = default;

Result<std::size_t> Http1Parser::feed(const Bytes& in, Chain& body) {
  return impl_->with([&](auto& parser) -> Result<std::size_t> {
    std::size_t used = 0;
    parser.input = &in;
    parser.body = &body;
    const bool in_body = parser.is_header_done();
    while (!parser.is_done() && used < in.size()) {
      // Beast asserts that it sees all of "0 CRLF CRLF", the shortest end of a chunked body, at once.
      if (in_body && parser.chunked() && in.size() - used < 5 && in.data()[used] == '0') break;
      error_code error;
      used += parser.put({in.data() + used, in.size() - used}, error);
      if (error == http::error::need_more) break;
      if (error == http::error::header_limit)
        return fail(Fault::permanent, "request header fields too large", EMSGSIZE);
      if (error) return fail(Fault::permanent, "malformed HTTP message: " + error.message());
      if (!in_body && parser.is_header_done()) break;
    }
    return used;
  });
}

Result<> Http1Parser::end() {
  return impl_->with([&](auto& parser) -> Result<> {
    if (!parser.got_some()) return fail(Fault::retryable, "EOF");
    error_code error;
    parser.put_eof(error);
    if (error) return fail(Fault::retryable, "unexpected EOF");
    return {};
  });
}

bool Http1Parser::head_done() const {
  return impl_->with([](auto& parser) { return parser.is_header_done(); });
}
bool Http1Parser::done() const {
  return impl_->with([](auto& parser) { return parser.is_done(); });
}
bool Http1Parser::keep_alive() const {
  return impl_->with([](auto& parser) { return parser.keep_alive(); });
}
bool Http1Parser::chunked() const {
  return impl_->with([](auto& parser) { return parser.chunked(); });
}
std::optional<std::uint64_t> Http1Parser::content_length() const {
  return impl_->with([](auto& parser) -> std::optional<std::uint64_t> {
    const auto length = parser.content_length();
    if (!length) return std::nullopt;
    return *length;
  });
}

}  // namespace gleaner::net
