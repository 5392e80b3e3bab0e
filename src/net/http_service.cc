#include <algorithm>
#include <cerrno>

#include "net/connection.h"

namespace gleaner::net {

void HttpService::split_target(HttpRequest& request) {
  std::string_view target = request.target;
  if (const auto scheme = target.find("://"); scheme != std::string_view::npos && target[0] != '/') {
    const auto slash = target.find('/', scheme + 3);  // a proxy's form: http://host/path
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  const auto mark = target.find('?');
  request.path = percent_decode(target.substr(0, mark));
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
}

bool HttpService::reserve(HttpRequest& request, std::size_t bytes) {
  if (!options.budget || bytes <= request.reservation.bytes()) return true;
  auto more = options.budget->try_reserve(bytes - request.reservation.bytes());
  if (!more) return ++stats.refused, false;
  request.reservation.absorb(std::move(more));
  return true;
}

Task<HttpResponse> HttpService::answer(HttpRequest request) {
  const auto name = request.headers.get("content-encoding");
  if (!request.body_error && !name.empty()) {
    const auto& known = options.compression_algorithms;
    const auto encoding = encoding_named(name);
    if (!encoding || std::find(known.begin(), known.end(), name) == known.end()) {
      request.body_error = Error{Fault::permanent, "unsupported Content-Encoding: " + std::string(name)};
      request.body.clear();
    } else if (!request.body.empty()) {
      // Never more than the budget has left: what would not fit then is refused, not unpacked and thrown
      // away.
      const std::size_t room =
          options.budget ? std::min(options.max_body, request.reservation.bytes() + options.budget->free())
                         : options.max_body;
      auto plain = decompress(*encoding, request.body, {.max_bytes = room});
      request.body.clear();
      if (!plain && plain.error().sys == EMSGSIZE && room < options.max_body) {
        ++stats.refused;
        co_return handler.refuse(request);
      }
      if (plain) {
        if (!reserve(request, plain->size())) co_return handler.refuse(request);
        request.body.append(std::move(*plain));
      } else {
        if (plain.error().sys == EMSGSIZE) plain.error().what = "http: request body too large";
        request.body_error = std::move(plain.error());
      }
    }
  }
  co_return co_await handler.handle(std::move(request));
}

std::optional<HttpResponse> redirect_to_clean_path(const HttpRequest& request) {
  const std::string clean = clean_path(request.path);
  if (clean == request.path || request.method == "CONNECT") return std::nullopt;
  HttpResponse response;
  response.status = 307;
  const std::string where = request.query.empty() ? clean : clean + "?" + request.query;
  response.headers.add("location", where);
  if (request.method == "GET" || request.method == "HEAD") {
    response.headers.add("content-type", "text/html; charset=utf-8");
    response.body.append(Bytes::copy("<a href=\"" + where + "\">Temporary Redirect</a>.\n\n"));
  }
  return response;
}

}  // namespace gleaner::net
