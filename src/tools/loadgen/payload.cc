#include "tools/loadgen/payload.h"

#include <fmt/format.h>

#include "otlp/writer.h"

namespace gleaner::loadgen {
namespace {

void attribute(otlp::Writer& out, std::uint32_t number, std::string_view key, std::string_view value) {
  out.message(number, [&] {
    out.text(1, key);
    out.message(2, [&] { out.text(1, value); });
  });
}

/// A request around `item(i)`, which writes one item.
template <class Item>
Bytes request(std::uint64_t count, std::size_t bytes_each, const Item& item) {
  otlp::Writer out(count * bytes_each);
  out.message(1, [&] {
    out.message(1, [&] {
      attribute(out, 1, "service.name", "checkout");
      attribute(out, 1, "telemetry.sdk.language", "cpp");
    });
    out.message(2, [&] {
      out.message(1, [&] { out.text(1, "loadgen"); });
      for (std::uint64_t i = 0; i < count; ++i) out.message(2, [&] { item(out, i); });
    });
  });
  return std::move(out).finish();
}

}  // namespace

Bytes spans(std::uint64_t count, std::uint64_t now) {
  return request(count, 512, [&](otlp::Writer& out, std::uint64_t i) {
    const std::string id = fmt::format("{:08x}", i);
    out.text(1, id + "01234567");
    out.text(2, id);
    out.text(4, "01234567");
    out.text(5, "GET /api/v1/orders/{id}");
    out.varint(6, 2);
    out.fixed64(7, now + i);
    out.fixed64(8, now + i + 1'500'000);
    attribute(out, 9, "http.request.method", "GET");
    attribute(out, 9, "http.route", "/api/v1/orders/{id}");
    attribute(out, 9, "url.path", fmt::format("/api/v1/orders/{}", i));
    attribute(out, 9, "http.response.status_code", "200");
    attribute(out, 9, "server.address", "orders.shop.svc.cluster.local");
    attribute(out, 9, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)");
  });
}

Bytes logs(std::uint64_t count, std::uint64_t now) {
  return request(count, 256, [&](otlp::Writer& out, std::uint64_t i) {
    out.fixed64(1, now + i);
    out.varint(2, 9);
    out.text(3, "INFO");
    out.message(5, [&] { out.text(1, fmt::format("order {} accepted, total 19.90 EUR", i)); });
    attribute(out, 6, "customer.id", fmt::format("cust-{}", i % 977));
    attribute(out, 6, "thread.name", "http-nio-8080-exec-7");
    attribute(out, 6, "logger", "shop.orders.Accept");
    out.text(9, fmt::format("{:08x}01234567", i));
    out.text(10, fmt::format("{:08x}", i));
    out.fixed64(11, now + i);
  });
}

}  // namespace gleaner::loadgen
